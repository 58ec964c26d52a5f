"""SN6 and SN7 on made files of the official layouts, and on files that are not there."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.data import svhn
from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_svhn, lillicrap_timit
from snn_credit.experiments.lillicrap_deep import TEST
from snn_credit.harness import Context

BOTH = pytest.mark.parametrize("module", [lillicrap_svhn, lillicrap_timit], ids=["svhn", "timit"])


@BOTH
def test_bp_and_fa_learn_what_is_in_the_made_files(module: ModuleType, tmp_path: Path) -> None:
    config = module.EXPERIMENT.presets["smoke"]
    if module is lillicrap_svhn:
        config = replace(config, images=2000, width=30)
    rows = module.run(config, Context(tmp_path, seed=0))
    assert unnamed(module.EXPERIMENT, rows) == []
    first, second = list(rows.values())[:2]
    assert (first[TEST] or 0) < 20
    assert (second[TEST] or 0) < 40
    assert all(0 <= (row[TEST] or 0) <= 100 for row in rows.values())
    assert (tmp_path / "learning.png").read_bytes().startswith(b"\x89PNG")


def test_the_papers_networks() -> None:
    found = lillicrap_svhn.EXPERIMENT.presets["paper"].variants()
    assert found["FA, tanh"].hidden == (3000,) * 4
    local = found["FA, locally connected"]
    assert (local.hidden, local.maps, local.field) == ((3000,) * 3, 8, 10)
    assert found["FA, locally connected, leaky"] == replace(local, activation="leaky")
    assert lillicrap_timit.EXPERIMENT.presets["paper"].width == 1000


def test_the_made_images_are_read_by_the_official_reader(tmp_path: Path) -> None:
    made = lillicrap_svhn._made(tmp_path)
    assert made.shape == (1, 32, 32)
    images, labels = svhn.read(tmp_path / svhn.TEST)
    assert images.shape == (40, 3, 32, 32)
    assert sorted(set(labels.tolist())) == list(range(10))


@BOTH
def test_files_that_are_not_there(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"SNN_CREDIT_DATA"):
        module.run(module.EXPERIMENT.presets["laptop"], Context(tmp_path))


@BOTH
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, r"^width: at least 1 \(got 0\)$"),
        ({"gain": 0.0}, r"^gain: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(module: ModuleType, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(module.Config(), **change)
