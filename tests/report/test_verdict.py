"""Verdicts and the counts behind them, case by case."""

import pytest
from report_runs import ERROR, errors, run_of

from snn_credit.harness import Table
from snn_credit.harness.claims import Finding
from snn_credit.report.pool import Pooled, pool
from snn_credit.report.verdict import Pair, Verdict, Word, meets, reach

PAPER = errors(BP=2.4, FA=2.1, shallow=10.0)
HOLDS, FAILS, OPEN = (Finding("a claim", holds, "FA 2") for holds in (True, False, None))


def measured(table: Table, spread: Table | None = None, seeds: int = 1) -> Pooled:
    (pooled,) = pool([run_of(tuple(range(seeds)), table, spread)])
    return pooled


def verdict(*findings: Finding, paper: Table = PAPER, **rows: float | None) -> Verdict:
    return reach(findings, measured(errors(**rows), seeds=3), paper)


def test_all_claims_and_numbers_are_a_reproduction() -> None:
    found = verdict(HOLDS, HOLDS, BP=2.5, FA=2.0, shallow=10.5)
    assert found.word == "reproduced"
    assert found.counts == "claims 2 of 2, numbers 3 of 3, pairs 3 of 3"
    assert found.why == (
        "All 2 claims hold. All 3 numbers of the paper are met. All 3 pairs that the paper sets "
        "apart come in its order."
    )


@pytest.mark.parametrize(
    ("seeds", "word"), [(1, "same order"), (2, "same order"), (3, "reproduced")]
)
def test_fewer_than_three_seeds_reproduce_nothing(seeds: int, word: str) -> None:
    pooled = measured(PAPER, seeds=seeds)
    found = reach([HOLDS], pooled, PAPER)
    assert found.word == word
    assert ("Fewer than 3 seeds reproduce nothing." in found.why) is (seeds < 3)
    assert ("One seed: there is no spread to judge by." in found.why) is (seeds == 1)
    assert reach([], measured({"FA": {ERROR: 2.1}}, seeds=seeds), errors(FA=2.1)).word == word


def test_a_spread_that_meets_everything_meets_nothing() -> None:
    wide = measured(
        errors(BP=60.0, FA=50.0, shallow=80.0), errors(BP=40.0, FA=40.0, shallow=40.0), 3
    )
    found = reach([HOLDS], wide, PAPER)
    assert found.word is Word.SAME_ORDER
    assert set(found.met.values()) == {False}


def test_numbers_alone_can_be_a_reproduction() -> None:
    found = verdict(BP=2.4, FA=2.1, shallow=10.0)
    assert found.word is Word.REPRODUCED
    assert found.counts == "numbers 3 of 3, pairs 3 of 3"
    assert found.why.startswith("The experiment states no claim. ")


def test_claims_alone_can_be_a_reproduction() -> None:
    found = verdict(HOLDS, paper={}, FA=9.0)
    assert found.word is Word.REPRODUCED
    assert found.counts == "claims 1 of 1"
    assert "no number of the paper" in found.why


def test_the_order_without_the_numbers_is_the_same_order() -> None:
    found = verdict(HOLDS, BP=7.0, FA=5.0, shallow=20.0)
    assert found.word is Word.SAME_ORDER
    assert found.counts == "claims 1 of 1, numbers 0 of 3, pairs 3 of 3"


def test_one_number_that_is_not_met_is_the_same_order() -> None:
    assert verdict(HOLDS, BP=2.4, FA=2.1, shallow=20.0).word is Word.SAME_ORDER


def test_a_claim_that_fails_is_no_reproduction() -> None:
    found = verdict(HOLDS, FAILS, BP=2.4, FA=2.1, shallow=10.0)
    assert found.word is Word.NOT_REPRODUCED
    assert found.counts == "claims 1 of 2, numbers 3 of 3, pairs 3 of 3"


def test_a_claim_that_cannot_be_judged_does_not_hold() -> None:
    found = verdict(HOLDS, OPEN, BP=2.4, FA=2.1, shallow=10.0)
    assert found.word is Word.NOT_REPRODUCED
    assert "1 of 2 claims hold; 1 cannot be judged, as numbers are missing." in found.why


def test_a_reversed_pair_is_no_reproduction() -> None:
    found = verdict(HOLDS, BP=2.3, FA=2.31, shallow=10.0)  # every number is met
    assert found.word is Word.NOT_REPRODUCED
    assert found.reversed_pairs == [Pair(ERROR, "FA", "BP", False)]
    assert found.counts == "claims 1 of 1, numbers 3 of 3, pairs 2 of 3"
    assert "(1 reversed)" in found.why


def test_a_number_that_is_missed_with_nothing_else_is_no_reproduction() -> None:
    found = verdict(paper=errors(FA=2.1), FA=5.0)
    assert found.word is Word.NOT_REPRODUCED
    assert found.counts == "numbers 0 of 1"


def test_without_claims_and_numbers_there_is_nothing_to_compare() -> None:
    found = verdict(paper={}, FA=5.0)
    assert found.word is Word.MEASURED_ONLY
    assert found.counts == ""


def test_a_run_that_lacks_all_that_could_be_compared_is_measured_only() -> None:
    found = verdict(OPEN, DFA=5.0)
    assert found.word is Word.MEASURED_ONLY
    assert found.counts == "claims 0 of 1, numbers 0 of 3"


def test_what_is_not_measured_is_said_and_not_met() -> None:
    found = verdict(HOLDS, BP=2.4, FA=2.1, shallow=None)
    assert found.word is Word.SAME_ORDER
    assert found.counts == "claims 1 of 1, numbers 2 of 3, pairs 1 of 1"
    assert found.not_measured == [f"{ERROR} (shallow)"]
    assert "2 of 3 numbers of the paper are met; 1 not measured." in found.why
    assert verdict(HOLDS, DFA=1.0).not_measured == [ERROR]


@pytest.mark.parametrize(
    ("column", "paper", "mean", "sd", "met"),
    [
        ("epochs", 100, 110, None, True),  # a tenth
        ("epochs", 100, 110.1, None, False),
        ("epochs", 100, 120, 10, True),  # two standard deviations
        ("epochs", 100, 120.1, 10, False),
        ("epochs", 100, 125, 1000, True),  # a quarter at most
        ("epochs", 100, 125.1, 1000, False),
        ("test accuracy %", 98.0, 97.5, 10, True),
        ("test accuracy %", 98.0, 97.4, 10, False),
        ("epochs", 100, 109, 0.1, True),  # the wider of both
        ("test error %", 2.0, 2.2, 0, True),
        ("test error %", 2.0, 2.21, 0, False),
        ("test accuracy %", 98.0, 97.8, 0, True),  # the same number from the other side
        ("test accuracy %", 98.0, 97.79, 0, False),
        ("relative error, %", 150, 136, 0, True),
        ("angle, degrees", -10, -10.9, 0, True),
        ("angle, degrees", 0, 0.1, 0, False),
        ("epochs", 100, None, None, None),
    ],
)
def test_numbers_are_met(
    column: str, paper: float, mean: float | None, sd: float | None, met: bool | None
) -> None:
    assert meets(column, paper, mean, sd) is met


@pytest.mark.parametrize(
    ("fa", "sd", "seeds", "holds"),
    [
        (2.0, 5.0, 4, True),  # the paper's order, however wide the spread
        (3.0, 1.0, 4, None),  # other sign, 0.5 apart, two standard errors are 1.41
        (3.0, 0.35, 4, None),  # two standard errors are 0.495 times...
        (3.0, 0.3, 4, False),  # ...and 0.42: reversed
        (2.51, 0.0, 4, False),  # no spread at all
        (2.51, None, 1, False),  # one seed: any other sign
        (2.5, 0.0, 4, None),  # no difference
    ],
)
def test_pairs_are_reversed_beyond_two_standard_errors(
    fa: float, sd: float | None, seeds: int, holds: bool | None
) -> None:
    spread = errors(BP=sd, FA=sd)
    if sd == 0.35:
        spread = errors(BP=sd, FA=0.36)  # 2 sqrt((0.35^2 + 0.36^2) / 4) = 0.502 > 0.5
    pooled = measured(errors(BP=2.5, FA=fa), spread, seeds)
    (pair,) = reach([], pooled, errors(BP=2.4, FA=2.1)).pairs
    assert pair == Pair(ERROR, "FA", "BP", holds)


def test_undecided_pairs_do_not_count_against_a_run() -> None:
    pooled = measured(errors(BP=2.5, FA=2.55), errors(BP=1.0, FA=1.0), 4)
    found = reach([HOLDS], pooled, errors(BP=2.4, FA=2.1))
    assert found.word is Word.REPRODUCED  # both within two standard deviations
    assert found.counts == "claims 1 of 1, numbers 2 of 2, pairs 0 of 1"
    assert "(1 undecided)" in found.why
    assert "One seed" not in found.why


@pytest.mark.parametrize(
    ("column", "one", "other", "apart"),
    [
        ("test error %", 17.2, 17.4, False),
        ("test error %", 17.2, 18.9, True),
        ("test accuracy %", 98.63, 98.42, True),  # errors of 1.37 and 1.58
        ("test accuracy %", 82.8, 82.6, False),
        ("epochs", 100, 104, False),
        ("epochs", 100, 106, True),
        ("epochs", 100, 100, False),
    ],
)
def test_only_pairs_that_the_paper_sets_apart_count(
    column: str, one: float, other: float, apart: bool
) -> None:
    paper = {"a": {column: one}, "b": {column: other}}
    assert bool(reach([], measured(paper), paper).pairs) is apart


def test_pairs_are_within_a_column() -> None:
    paper = {"a": {"x": 1.0, "y": 5.0}, "b": {"x": 2.0, "y": 4.0}, "c": {"x": None, "z": 9.0}}
    found = reach([], measured(paper), paper)
    assert [(p.column, p.low, p.high) for p in found.pairs] == [("x", "a", "b"), ("y", "b", "a")]
