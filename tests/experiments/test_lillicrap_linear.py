"""Fig 2 at reduced size: who learns, who cannot, and the angle."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_linear import (
    EXPERIMENT,
    FIRST_ANGLE,
    FLOOR,
    LAST_ANGLE,
    LOWEST,
    TIME,
    Config,
    run,
)
from snn_credit.harness import Context, Table

SMALL = replace(
    EXPERIMENT.presets["smoke"],
    sizes=(6, 4, 2), eta_shallow=1.0, eta_bp=0.03, eta_fa=0.03, examples=1000, examples_np=300,
)  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("linear")
    return out, run(SMALL, Context(out, seed=1))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_bp_and_fa_learn_and_shallow_cannot(found: tuple[Path, Table]) -> None:
    out, rows = found
    assert list(rows) == ["Shallow", "NP", "BP", "FA"]
    assert 0 < (rows["BP"][TIME] or 0) < 1000
    assert 0 < (rows["FA"][TIME] or 0) < 1000
    assert rows["Shallow"][TIME] is None
    # Of six dimensions four reach the hidden neurons.
    floor = rows["Shallow"][FLOOR] or 0
    assert 0.1 < floor < 0.6
    assert floor * 0.95 < (rows["Shallow"][LOWEST] or 0) < 0.9
    assert (out / "linear.png").read_bytes().startswith(b"\x89PNG")


def test_the_angle_falls_and_is_not_nought(found: tuple[Path, Table]) -> None:
    row = found[1]["FA"]
    assert 0 < (row[LAST_ANGLE] or 0) < 60
    assert (row[LAST_ANGLE] or 0) < (row[FIRST_ANGLE] or 0) < 150
    assert all(FIRST_ANGLE not in found[1][rule] for rule in ("Shallow", "NP", "BP"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"examples": 0}, r"^examples: at least 1 \(got 0\)$"),
        ({"sizes": (30, 0, 10)}, r"^sizes: at least 1 \(got 30, 0, 10\)$"),
        ({"sigma": 0.0}, r"^sigma: a finite number above 0 \(got 0\.0\)$"),
        ({"eta_fa": float("inf")}, r"^eta_fa: a finite number above 0 \(got inf\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
