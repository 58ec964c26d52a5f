"""Fig 5 at reduced size: W aligns, and only then does W0 learn anything."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_mechanics import (
    ANGLE,
    BELOW,
    EXPERIMENT,
    NSE,
    OTHER,
    PHASES,
    Config,
    run,
)
from snn_credit.harness import Context, Table

SMALL = replace(
    EXPERIMENT.presets["smoke"],
    sizes=(5, 100, 3), eta=0.01, examples=3000, phases=(400, 800, 400), looks=10,
)  # fmt: skip
LOWEST = "lowest NSE below the start, %"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("mechanics")
    return out, run(SMALL, Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_hidden_neurons_align(found: tuple[Path, Table]) -> None:
    out, rows = found
    start, end = rows["at the start"], rows["after learning"]
    assert abs((start[ANGLE] or 0) - 90) < 15
    assert abs((start[BELOW] or 0) - 50) < 20
    assert (end[ANGLE] or 90) < 70
    assert (end[BELOW] or 0) > 75
    assert (end[NSE] or 1) < 0.5 * (start[NSE] or 0)
    assert (out / "mechanics.png").read_bytes().startswith(b"\x89PNG")


def test_w0_learns_only_once_w_is_aligned(found: tuple[Path, Table]) -> None:
    before, between, after, other = (found[1][f"phase: {name}"] for name in (*PHASES, OTHER))
    assert abs(before["change of NSE by the end, %"] or 9) < 1
    assert before[ANGLE] == found[1]["at the start"][ANGLE]
    assert (between[ANGLE] or 90) < (before[ANGLE] or 0)
    assert after[ANGLE] == between[ANGLE]
    assert (after[LOWEST] or 0) > 2
    # The control starts from the same weights and has other feedback.
    assert other["NSE at the start"] == after["NSE at the start"]
    assert other[ANGLE] != after[ANGLE]
    assert (other[LOWEST] or 0) < (after[LOWEST] or 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phases": (1, 0, 1)}, r"^phases: at least 1 \(got 1, 0, 1\)$"),
        ({"b_scale": 0.0}, r"^b_scale: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
