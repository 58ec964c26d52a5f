"""Exclusive or: the large net solves it by FA, and its W comes to resemble B."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_xor import CORRELATION, EXPERIMENT, MSE, SOLVED, Config, run
from snn_credit.harness import Context, Table

SMALL = replace(EXPERIMENT.presets["smoke"], updates_small=50, updates_large=600)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("xor")
    return out, run(SMALL, Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_the_large_net_solves_it_and_w_resembles_b(found: tuple[Path, Table]) -> None:
    out, rows = found
    row = rows["FA, 2-25-1"]
    assert row[SOLVED] == 100
    assert (row[f"{CORRELATION} after learning"] or 0) > 0.5
    assert (row[f"{CORRELATION} after learning"] or 0) > (
        row[f"{CORRELATION} before learning"] or 0
    )
    assert all(
        (out / name).read_bytes().startswith(b"\x89PNG") for name in ("xor.png", "w_and_b.png")
    )


def test_too_few_updates_do_not_solve_the_small_net(found: tuple[Path, Table]) -> None:
    for rule in ("BP", "FA"):
        assert found[1][f"{rule}, 2-2-1"][SOLVED] == 0
        assert (found[1][f"{rule}, 2-2-1"][MSE] or 0) > 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starts": 0}, r"^starts: at least 1 \(got 0\)$"),
        ({"eta": -0.5}, r"^eta: a finite number above 0 \(got -0\.5\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
