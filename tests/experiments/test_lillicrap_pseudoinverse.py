"""SF13 and Theorem 2 at reduced size."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_pseudoinverse import EXPERIMENT, Config, run
from snn_credit.harness import Context, Table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("pseudoinverse")
    return out, run(EXPERIMENT.presets["smoke"], Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1], {r"omega = .*": "omega = 0.001"}) == []


def test_from_small_weights_b_acts_like_the_pseudoinverse(found: tuple[Path, Table]) -> None:
    out, rows = found
    small, large = rows["FA, omega = 0.001"], rows["FA, omega = 0.25"]
    for when in ("after 100 examples", "at the end"):
        to_pbp, to_bp = (small[f"angle to {name} {when}, degrees"] or 99 for name in ("PBP", "BP"))
        assert to_pbp < to_bp < 90
    # the larger W starts, the less it is shaped by B
    name = "angle to PBP at the end, degrees"
    assert (small[name] or 99) < (large[name] or 0)
    assert (out / "pseudoinverse.png").read_bytes().startswith(b"\x89PNG")


def test_theorem_2_and_its_control(found: tuple[Path, Table]) -> None:
    theorem = found[1]["Theorem 2, A = W = 0"]
    assert (theorem["largest |s B e - W+ e| / |W+ e|"] or 1) < 1e-6
    assert (theorem["the same with the paper's s"] or 0) > 0.1
    assert (theorem["largest angle of B e to W+ e, degrees"] or 1) < 1e-4
    control = found[1]["Theorem 2, omega = 0.25 (control)"]
    assert (control["largest angle of B e to W+ e, degrees"] or 0) > 20


def test_pseudobackprop_is_a_rule_that_learns_from_weights_of_some_size(
    found: tuple[Path, Table],
) -> None:
    for rule in ("FA", "BP", "pseudobackprop"):
        row = found[1][f"{rule} learns, omega = 0.25"]
        assert row["runs that reach NSE 1e-3"] == row["runs"] == 1
    away = found[1]["pseudobackprop learns, omega = 0.01"]
    assert away["runs that reach NSE 1e-3"] == 0
    assert away["examples to NSE 1e-3"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 0}, r"^runs: at least 1 \(got 0\)$"),
        ({"omegas": (0.1, 0.0)}, r"^omegas: a finite number above 0 \(got 0\.1, 0\.0\)$"),
        ({"look": 310}, r"^look: a multiple of every \(25\), up to 1000 \(got 310\)$"),
        ({"look": 1100}, r"^look: a multiple of every \(25\), up to 1000 \(got 1100\)$"),
        ({"pair_steps": 2}, r"^pair_steps: at least 3 \(got 2\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
