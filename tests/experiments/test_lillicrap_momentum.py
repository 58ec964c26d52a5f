"""Momentum at reduced size: the same start, the same examples, another pace."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_momentum import EXPERIMENT, NSE, SAME, SHARE, Config, run
from snn_credit.harness import Context, Table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("momentum")
    return out, run(EXPERIMENT.presets["smoke"], Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_momentum_is_faster(found: tuple[Path, Table]) -> None:
    out, rows = found
    none, some, much = rows.values()
    assert list(rows) == ["FA, alpha 0", "FA, alpha 0.5", "FA, alpha 0.9"]
    assert none[SHARE] == 1
    assert (much[SHARE] or 1) < (some[SHARE] or 1) < 1
    assert (much[SAME] or 0) == (much[SHARE] or 0) * (none[SAME] or 0)
    assert (much[NSE] or 1) < (none[NSE] or 0)
    assert (out / "momentum.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": (0.0, 1.0)}, r"^alphas: from 0 up to, not at, 1 \(got 0\.0, 1\.0\)$"),
        ({"batch": 0}, r"^batch: at least 1 \(got 0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
