"""SF11 and SF12 at reduced size: signs in every run, and less spread in the larger net."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_deterministic import EXPERIMENT, Config, run
from snn_credit.harness import Context, Table

TINY = replace(EXPERIMENT.presets["smoke"], runs=8, sizes=(15, 10, 5), large=(30, 20, 10))
REGIMES = ["alternating once", "alternating often"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("deterministic")
    return out, run(TINY, Context(out, seed=2))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1], {"30-20-10": "15-10-5", "100-50-20": "30-20-10"}) == []


def test_all_runs_have_the_signs_of_the_paper(found: tuple[Path, Table]) -> None:
    out, rows = found
    assert list(rows) == [*(f"{r}, 15-10-5" for r in REGIMES), "together, 15-10-5",
                          "together, 30-20-10"]  # fmt: skip
    for row in rows.values():
        assert row["runs"] == 8
        for name, value in row.items():
            if name.startswith("runs"):
                assert value == 8, name
    assert (out / "deterministic.png").read_bytes().startswith(b"\x89PNG")


def test_the_first_block_does_nothing_and_the_second_does(found: tuple[Path, Table]) -> None:
    row = found[1]["alternating often, 15-10-5"]
    assert abs(row["largest change of NSE in A's first block, %"] or 99) < 15
    assert (row["smallest fall of NSE in A's second block, %"] or 0) > 5
    assert row["runs whose NSE falls in A's second block"] == 8


def test_the_larger_net_differs_less_between_runs(found: tuple[Path, Table]) -> None:
    small, large = (found[1][f"together, {size}"] for size in ("15-10-5", "30-20-10"))
    for quantity in ("tr(A'BE)", "tr(BW)"):
        name = f"s.d. of {quantity} between runs, % of its mean"
        assert (large[name] or 0) < (small[name] or 0)


def test_regimes_last_as_long() -> None:
    config = Config()
    for regime in (*REGIMES, "together"):
        assert sum(time for _, time in config.blocks(regime)) == pytest.approx(3.0)
    assert [learns for learns, _ in config.blocks("alternating once")] == ["A", "W"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 1}, r"^runs: at least 2 \(got 1\)$"),
        ({"pairs": 1}, r"^pairs: at least 2 \(got 1\)$"),
        ({"large": (1, 0, 1)}, r"^large: at least 1 \(got 1, 0, 1\)$"),
        ({"scale": -0.1}, r"^scale: a finite number of at least 0 \(got -0\.1\)$"),
        ({"block": 0.0}, r"^block: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
