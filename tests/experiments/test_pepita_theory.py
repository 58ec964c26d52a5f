"""Appendix E at reduced size: the steps of the proof in every run, and the controls."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.pepita_theory import EXPERIMENT, Config, run
from snn_credit.harness import Context, Table

SMALL = replace(EXPERIMENT.presets["smoke"], runs=6, together=40.0)
FLOWS = ["simultaneous", "simultaneous, presynaptic terms of the modulated pass"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("pepita")
    return out, run(SMALL, Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_the_decoupled_flow(found: tuple[Path, Table]) -> None:
    out, rows = found
    row = rows["decoupled"]
    assert row["runs"] == 6
    for name in ("runs in which |A|^2 grows in phase 1", "runs with tr(FEA'A) < 0 after phase 1"):
        assert row[name] == 6
    # It begins to fall in every run, and in so small a net may be above its start again at the end.
    assert (row["change of tr(FWA) in phase 2, mean"] or 0) < 0
    # what eq 26 concludes does not follow
    assert (row["runs with tr(FE) < 0 after phase 1"] or 0) < 6
    assert (out / "pepita.png").read_bytes().startswith(b"\x89PNG")


def test_the_simultaneous_flow_and_its_mirror(found: tuple[Path, Table]) -> None:
    for name in FLOWS:
        assert found[1][name]["runs with tr(FWA) < 0 at the end"] == 6
    mirrored = found[1]["control: the input is x - F e"]
    assert mirrored["runs with tr(FWA) < 0 at the end"] == 0


def test_the_end_is_that_of_the_eigenvalues(found: tuple[Path, Table]) -> None:
    for name in (*FLOWS, "control: the input is x - F e"):
        row = found[1][name]
        expected = row["tr(FWA) at rest, expected"] or 0
        assert row["tr(FWA) at the end, mean"] == pytest.approx(expected, rel=0.1)


def test_another_matrix_is_neither(found: tuple[Path, Table]) -> None:
    falls = found[1]["control: an F that is not the net's own"]["runs whose tr(FWA) falls"]
    assert 0 < (falls or 0) < 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 1}, r"^runs: at least 2 \(got 1\)$"),
        ({"samples": 1}, r"^samples: at least 2 \(got 1\)$"),
        ({"growth": 1.0}, r"^growth: a finite number above 1 \(got 1\.0\)$"),
        ({"wait": 0.0}, r"^wait: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
