"""The variants of SN5: sizes as printed, and that each runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_mnist_deep as mnist_deep
from snn_credit.experiments.lillicrap_deep import TEST
from snn_credit.harness import Context

PRESETS = mnist_deep.EXPERIMENT.presets


def test_the_papers_networks() -> None:
    found = PRESETS["paper"].variants()
    assert found.keys() == mnist_deep.EXPERIMENT.paper_numbers.keys() | {"FA, ReLU (control)"}
    assert found["FA, tanh"].hidden == (1500, 1500, 1500)
    local = found["FA, locally connected"]
    assert (local.hidden, local.maps, local.field) == ((1500, 1500), 6, 6)
    assert found["FA, locally connected, elastic"] == replace(local, elastic=True)
    assert found["BP, ten hidden layers"].hidden == (1000,) * 10
    assert found["FA, back-image"].data == "mnist-back-image"
    assert not any(variant.data for variant in PRESETS["laptop"].variants().values())


def test_every_variant_runs(tmp_path: Path) -> None:
    config = replace(PRESETS["smoke"], images=40)
    rows = mnist_deep.run(config, Context(tmp_path, seed=0))
    assert rows.keys() == config.variants().keys()
    assert unnamed(mnist_deep.EXPERIMENT, rows, {"back-image": "tanh"}) == []
    assert all(0 <= (row[TEST] or 0) <= 100 for row in rows.values())
    for name in ("learning.png", "fields.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_missing_files_are_missed_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(mnist_deep.deep, "train", lambda *_: pytest.fail("trained"))
    with pytest.raises(InputError, match=r"mnist-back-image"):
        mnist_deep.run(replace(PRESETS["smoke"], back_image=True), Context(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dropout": 1.0}, r"^dropout: a fraction from 0 to below 1 \(got 1\.0\)$"),
        ({"width": 0}, r"^width: at least 1 \(got 0\)$"),
        ({"eta": -1.0}, r"^eta: a finite number above 0 \(got -1\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(mnist_deep.Config(), **change)
