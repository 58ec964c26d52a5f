"""SF14 and Note 16 at reduced size: a jump, a recovery, and no gradient."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_switch import ASYMMETRY, EXPERIMENT, Config, run
from snn_credit.harness import Context, Table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("switch")
    return out, run(EXPERIMENT.presets["smoke"], Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_the_error_jumps_and_recovers(found: tuple[Path, Table]) -> None:
    out, rows = found
    row = rows["FA after BP"]
    before, high, end = (
        row[name] or 0
        for name in ("NSE before the switch", "highest NSE after the switch", "NSE at the end")
    )
    assert row["NSE before the switch"] == rows["BP"]["NSE at the end"]
    assert high > 1.5 * before
    assert end < 0.8 * high
    assert (out / "switch.png").read_bytes().startswith(b"\x89PNG")


def test_bp_goes_on_without_a_jump(found: tuple[Path, Table]) -> None:
    row = found[1]["control: BP goes on"]
    assert row["highest NSE after the switch"] == row["NSE before the switch"]


def test_a_minimum_is_a_rest_for_bp_alone(found: tuple[Path, Table]) -> None:
    name = "speed of the weights, share of BP's first"
    assert (found[1]["FA after BP"][name] or 0) > (found[1]["BP"][name] or 1)


def test_fa_is_no_gradient(found: tuple[Path, Table]) -> None:
    rows = found[1]
    for bp, fa in (("BP", "FA after BP"), ("scalar net with biases, BP",
                                           "scalar net with biases, FA")):  # fmt: skip
        assert (rows[bp][ASYMMETRY] or 0) < 1e-6
        assert (rows[fa][ASYMMETRY] or 0) > 0.01
    scalar = rows["scalar net with biases, FA"]
    assert (scalar["largest error of eq 79, corrected"] or 0) < 1e-7
    assert (scalar["largest error of eq 79, as printed"] or 0) > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"few": 0}, r"^few: at least 1 \(got 0\)$"),
        ({"eta": 0.0}, r"^eta: a finite number above 0 \(got 0\.0\)$"),
        ({"sizes": (2, -1, 2)}, r"^sizes: at least 1 \(got 2, -1, 2\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
