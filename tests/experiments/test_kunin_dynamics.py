"""Fig 2a-c, D.1 and D.2 at reduced size: what eigenvalues say and what flows do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.kunin_dynamics import EXPERIMENT, Config, run
from snn_credit.harness import Context, Table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("dynamics")
    return out, run(EXPERIMENT.presets["smoke"], Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_weight_mirror_grows_stays_and_falls(found: tuple[Path, Table]) -> None:
    for sign, grows, falls in (("<", 100, 0), ("=", 0, 0), (">", 0, 100)):
        row = found[1][f"WM, lambda {sign} x^2"]
        assert row["synapses whose symmetric part grows, %"] == grows
        assert row["falls, %"] == falls


def test_eigenvalues_and_the_text_s_slips(found: tuple[Path, Table]) -> None:
    for name, slip in (("SA", 2), ("AA", 2), ("WM, lambda < x^2", 1)):
        row = found[1][name]
        assert (row["largest distance from the formulas"] or 0) < 1e-9
        assert row["skew eigenvalue, of that printed"] == pytest.approx(slip)
        assert row["whose skew part falls, %"] == 100
        assert (row["largest relative distance of closed form and integrator"] or 1) < 1e-7
    assert found[1]["SA"]["of the skew-symmetric part"] == pytest.approx(2)
    for name in ("SA", "AA"):
        assert found[1][name]["eigenvalue of the symmetric part"] == pytest.approx(0, abs=1e-12)


def test_which_minima_attract(found: tuple[Path, Table]) -> None:
    for rule in ("BP", "FA", "SA"):
        row = found[1][f"minima, {rule}"]
        assert (row["largest distance of eigenvalues from differences"] or 1) < 1e-6
        assert (row["of those that attract come back, %"] or 0) > 95
        assert (row["minima that attract, %"] == 100) == (rule != "FA")
    assert found[1]["minima, FA"]["of the others come back, %"] == 0


def test_nothing_ends_at_a_minimum_that_does_not_attract(found: tuple[Path, Table]) -> None:
    for rule in ("BP", "FA", "SA"):
        row = found[1][f"random starts, {rule}"]
        assert (row["starts that end at a minimum, %"] or 0) > 95
        assert row["of them at one that attracts, %"] == 100


def test_both_figures_are_drawn(found: tuple[Path, Table]) -> None:
    for name in ("figure2.png", "minima.png"):
        assert (found[0] / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minima": 1}, r"^minima: at least 2 \(got 1\)$"),
        ({"push": 0.0}, r"^push: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
