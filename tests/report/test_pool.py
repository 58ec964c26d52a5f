"""Seeds of several runs are put together as if they had been one run."""

import numpy as np
import pytest
from report_runs import ERROR, errors, run_of

from snn_credit.harness.results import over_seeds
from snn_credit.report.collect import Run
from snn_credit.report.pool import Group, combine, pool


def group(values: np.ndarray) -> Group:
    return Group(len(values), float(values.mean()), float(values.std(ddof=1)))


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_groups_give_what_their_values_give(offset: float) -> None:
    values = offset + np.random.default_rng(0).normal(size=20)
    pieces = np.split(values, [3, 5, 12])
    whole = combine([group(piece) for piece in pieces])
    assert whole.n == 20
    assert whole.mean == pytest.approx(values.mean(), rel=1e-14)
    assert whole.sd == pytest.approx(values.std(ddof=1), rel=1e-9)


def test_single_seeds_give_a_spread() -> None:
    whole = combine([Group(1, 1.0, None), Group(1, 2.0, None), Group(1, 6.0, None)])
    assert whole == Group(3, 3.0, pytest.approx(7**0.5))


def test_one_seed_has_no_spread() -> None:
    assert combine([Group(1, 1.0, None)]) == Group(1, 1.0, None)


def test_a_seed_without_a_number_leaves_no_mean() -> None:
    assert combine([Group(1, 1.0, None), Group(1, None, None)]) == Group(2, None, None)


def test_a_spread_that_is_not_known_is_not_made_up() -> None:
    assert combine([Group(3, 1.0, None), Group(1, 2.0, None)]) == Group(4, 1.25, None)


def test_runs_of_single_seeds_are_one_measurement() -> None:
    tables = [errors(FA=2.0, BP=1.0), errors(FA=3.0, BP=1.5), errors(FA=7.0, BP=None)]
    (pooled,) = pool(run_of((seed,), table, finished=str(seed)) for seed, table in
                     zip((7, 0, 3), tables, strict=True))  # fmt: skip
    measured, spread = over_seeds(tables)
    assert pooled.seeds == (0, 3, 7)
    assert pooled.measured == measured
    assert pooled.spread == {
        "FA": {ERROR: pytest.approx(spread["FA"][ERROR])}, "BP": {ERROR: None}
    }  # fmt: skip
    assert pooled.present == {"BP": {ERROR: 2}}
    assert pooled.finished == "7"


def test_seconds_are_summed_where_all_are_known() -> None:
    runs = [run_of((seed,), errors(FA=1.0), seconds=60.0) for seed in range(2)]
    assert pool(runs)[0].seconds == 120
    assert pool([*runs, run_of((2,), errors(FA=1.0))])[0].seconds is None


def test_the_newer_run_of_a_seed_counts() -> None:
    old = run_of((0,), errors(FA=1.0), finished="2026-01-01")
    new = run_of((0,), errors(FA=5.0), finished="2026-01-02")
    for order in ([old, new], [new, old]):
        (pooled,) = pool(order)
        assert pooled.seeds == (0,)
        assert pooled.measured == errors(FA=5.0)
        assert pooled.notes == ("seed 0 was run twice; the newer run counts",)


def several(each: bool) -> Run:
    parts = tuple(run_of((seed,), errors(FA=float(seed)), finished="1") for seed in range(3))
    measured, spread = over_seeds([part.measured for part in parts])
    return run_of((0, 1, 2), measured, spread, finished="1", each=parts if each else ())


def test_a_newer_seed_takes_the_place_of_one_among_several() -> None:
    (pooled,) = pool([several(each=True), run_of((1,), errors(FA=7.0), finished="2")])
    assert pooled.seeds == (0, 1, 2)
    assert pooled.measured["FA"][ERROR] == pytest.approx(3.0)
    assert pooled.spread["FA"][ERROR] == pytest.approx(np.std([0, 7, 2], ddof=1))


def test_seeds_that_cannot_be_told_apart_are_left_out_and_named() -> None:
    pair = run_of((2, 3), errors(FA=7.0), finished="2")
    (pooled,) = pool([several(each=False), pair])
    assert pooled.seeds == (0, 1, 2)
    (note,) = pooled.notes
    assert note.startswith("seeds 3 of runs/2-3 are left out: its seed 2 counts elsewhere")


def test_one_newer_seed_does_not_cost_the_others() -> None:
    (pooled,) = pool([several(each=False), run_of((1,), errors(FA=7.0), finished="2")])
    assert pooled.seeds == (0, 1, 2)
    assert pooled.measured["FA"][ERROR] == pytest.approx(1.0)
    assert pooled.notes == ("seed 1 was run twice; the run of more seeds counts",)


def test_other_settings_are_another_measurement() -> None:
    runs = [
        run_of((0,), errors(FA=1.0)),
        run_of((1,), errors(FA=1.0), config={"eta": 0.2}),
        run_of((2,), errors(FA=1.0), preset="paper"),
    ]
    assert sorted(pooled.seeds for pooled in pool(runs)) == [(0,), (1,), (2,)]


def test_the_largest_preset_comes_first_then_most_seeds_then_the_newest() -> None:
    runs = [
        run_of((0,), errors(FA=1.0), preset="smoke", finished="9"),
        run_of((0,), errors(FA=1.0), preset="laptop", config={"eta": 1}, finished="3"),
        run_of((1,), errors(FA=1.0), preset="laptop", config={"eta": 2}, finished="4"),
        run_of((0, 1), errors(FA=1.0), preset="laptop", config={"eta": 3}, finished="1"),
        run_of((0,), errors(FA=1.0), preset="paper", finished="0"),
    ]
    assert [p.finished for p in pool(runs)] == ["0", "1", "4", "3", "9"]
    assert [p.finished for p in pool(reversed(runs))] == ["0", "1", "4", "3", "9"]
