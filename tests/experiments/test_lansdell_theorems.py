"""Theorems 1 and 2 and the corollary at reduced size, the biases, and the controls that fail."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lansdell_theorems import ANGLE, EXPERIMENT, Config, run
from snn_credit.harness import Context, Table

THEOREMS = [
    "Theorem 1: one hidden layer of tanh, W2",
    "Theorem 2: linear, W3",
    "Corollary 1: linear, direct, W3W2",
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("theorems")
    return out, run(EXPERIMENT.presets["smoke"], Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_errors_fall_as_the_root_of_presentations(found: tuple[Path, Table]) -> None:
    for name in THEOREMS:
        row = found[1][name]
        assert row["exponent of T"] == pytest.approx(-0.5, abs=0.15)
        assert row["error at the last T, of that expected"] == pytest.approx(1.0, abs=0.4)
        assert (row["at T to infinity"] or 0) < 1e-3
    assert found[1]["beyond: two hidden layers of tanh, W3"]["at T to infinity"] is None
    lower = found[1]["Theorem 2: linear, W2"]
    assert (lower["relative error at T = 100,000"] or 9) < (
        lower["relative error at T = 1,000"] or 0
    )
    assert (found[0] / "theorems.png").read_bytes().startswith(b"\x89PNG")


def test_biases(found: tuple[Path, Table]) -> None:
    tanh = found[1]["Theorem 1: one hidden layer of tanh, bias, W2"]
    assert tanh["exponent of c"] == pytest.approx(2.0, abs=0.05)
    skewed = found[1]["Theorem 2: linear, skewed noise, bias, W3"]
    assert skewed["exponent of c"] == pytest.approx(1.0, abs=0.05)
    linear = found[1]["Theorem 2: linear, bias, W3"]
    assert linear["exponent of c"] is None
    assert (linear["relative bias at c = 1"] or 1) < 1e-9
    for row in (tanh, skewed, linear):
        apart = (row["its square from samples"] or 0) - (row["its square"] or 0)
        assert abs(apart) < 5 * (row["standard error"] or 0)
    # what samples can tell apart at this size
    assert (tanh["its square"] or 0) > 5 * (tanh["standard error"] or 1)


def test_without_a3_w_is_missed_and_the_error_sent_down_is_not(found: tuple[Path, Table]) -> None:
    row = found[1]["A3 fails: linear, narrowing, W2"]
    left = row["at T to infinity"] or 0
    assert left > 0.4
    assert row["relative error at T = 100,000"] == pytest.approx(left, rel=0.2)
    assert (row[ANGLE] or 90) < 10


def test_the_controls_fail(found: tuple[Path, Table]) -> None:
    others = found[1]["control: another presentation's loss"]
    assert (others[ANGLE] or 0) > 60
    undivided = found[1]["control: not divided by c^2"]
    for row in (others, undivided):
        assert row["relative error at T = 100,000"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 2}, r"^runs: at least 3 \(got 2\)$"),
        ({"shallow": (3, 0, 2)}, r"^shallow: at least 1 \(got 3, 0, 2\)$"),
        ({"c": 0.0}, r"^c: a finite number above 0 \(got 0\.0\)$"),
        ({"quiet": (0.1, -1.0)}, r"^quiet: a finite number above 0 \(got 0\.1, -1\.0\)$"),
        ({"presentations": (100, 0)}, r"^presentations: at least 1 \(got 100, 0\)$"),
        ({"presentations": (100, 10)}, r"^presentations: ascending \(got 100, 10\)$"),
        ({"fit_from": 3_000_000}, r"^fit_from: at most the last but one of presentations \(got 3"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
