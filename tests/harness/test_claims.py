import math

import pytest

from snn_credit.harness import (
    Claim,
    Finding,
    Measured,
    NotMeasured,
    above,
    all_of,
    below,
    between,
    falls,
    judge,
    not_above,
    not_below,
    ordered,
    ratio,
    rises,
    within,
)

E = "test error %"
MEANS = {"BP": {E: 2.0, "angle": 10.0}, "FA": {E: 2.5, "angle": 40.0}, "Shallow": {E: 9.25},
         "RL": {E: None}}  # fmt: skip
SPREAD = {row: {E: 0.3} for row in MEANS}


def holds(claim: Claim) -> bool | None:
    return judge((claim,), MEANS)[0].holds


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (below("BP", E, 2.0), below("BP", E, 1.99)),
        (above("BP", E, 2.0), above("BP", E, 2.01)),
        (between("BP", E, 2, 3), between("BP", E, 2.1, 3)),
        (between("BP", E, 1, 2), between("BP", E, 1, 1.9)),
        (ordered(E, "BP", "FA", "Shallow"), ordered(E, "BP", "Shallow", "FA")),
        (ordered(E, "BP", "FA", "Shallow", by=0.5), ordered(E, "BP", "FA", "Shallow", by=0.6)),
        (rises("FA", E, "angle", by=37.5), rises("FA", E, "angle", by=38)),
        (rises("FA", E, "angle"), falls("FA", E, "angle")),
        (falls("FA", "angle", E, by=37.5), falls("FA", "angle", E, by=38)),
        (falls("FA", "angle", E), rises("FA", "angle", E)),
        (within(E, "FA", "BP", 0.5), within(E, "FA", "BP", 0.4)),
        (within(E, "BP", "FA", 0.5), within(E, "BP", "FA", 0.4)),
        (not_above(E, "FA", "BP", 0.5), not_above(E, "FA", "BP", 0.4)),
        (not_above(E, "BP", "Shallow", 0), not_above(E, "Shallow", "BP", 7)),
        (not_below(E, "BP", "FA", 0.5), not_below(E, "BP", "FA", 0.4)),
        (not_below(E, "Shallow", "BP", 0), not_below(E, "BP", "Shallow", 7)),
        (ratio(E, "FA", "BP", most=1.25), ratio(E, "FA", "BP", most=1.24)),
        (ratio(E, "FA", "BP", least=1.25), ratio(E, "FA", "BP", least=1.26)),
    ],
)
def test_each_constructor_judges_the_mean(true: Claim, false: Claim) -> None:
    assert holds(true) is True
    assert holds(false) is False


def test_rows_that_tie_are_not_in_order() -> None:
    tied = {"BP": {E: 2.0, "later": 2.0}, "FA": {E: 2.0}}
    for claim in (ordered(E, "BP", "FA"), rises("BP", E, "later"), falls("BP", E, "later")):
        assert judge((claim,), tied)[0].holds is False


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (below("BP", E, 2.6), "BP, test error %: at most 2.6"),
        (above("BP", E, 0.5), "BP, test error %: at least 0.5"),
        (between("BP", E, 1, 2), "BP, test error %: between 1 and 2"),
        (ordered(E, "BP", "FA"), "test error %: BP < FA"),
        (ordered(E, "FA", "Shallow", by=3), "test error %: FA < Shallow, by at least 3"),
        (ordered("a", "x", "y", "z", by=1), "a: x < y < z, each by at least 1"),
        (rises("FA", "before", "after"), "FA: after above before"),
        (falls("FA", "before", "after", by=2), "FA: after below before, by at least 2"),
        (within(E, "FA", "BP", 0.5), "test error %: FA within 0.5 of BP"),
        (not_above(E, "FA", "BP", 1), "test error %: FA at most 1 above BP"),
        (not_below(E, "FA", "BP", 1), "test error %: FA at most 1 below BP"),
        (ratio("n", "NP", "BP", least=5), "n: NP at least 5 times BP"),
        (ratio("n", "FA", "BP", least=0.5, most=2), "n: FA at least 0.5 and at most 2 times BP"),
        (all_of(below("a", "b", 1), above("c", "d", 2)), "a, b: at most 1; c, d: at least 2"),
        (below("BP", E, 2.6, text="BP learns"), "BP learns"),
    ],
)
def test_a_claim_reads_as_a_sentence(claim: Claim, text: str) -> None:
    assert claim.text == text


def test_large_numbers_are_written_out() -> None:
    claim = above("NP", "examples", 2000)
    assert judge((claim,), {"NP": {"examples": 2526.4}})[0].numbers == "NP 2526.4"


def test_numbers_say_what_it_was_judged_by() -> None:
    findings = judge(
        (
            ordered(E, "FA", "Shallow"),
            all_of(below("FA", E, 3), below("FA", "angle", 45)),
            all_of(below("FA", E, 3), below("BP", "angle", 45)),
        ),
        MEANS,
    )
    assert [finding.numbers for finding in findings] == [
        "FA 2.5, Shallow 9.25",
        "test error %: 2.5, angle: 40",
        "FA, test error %: 2.5, BP, angle: 10",
    ]


@pytest.mark.parametrize("gone", ["RL", "absent"])  # null, and no such row
def test_what_was_not_measured_is_not_judged(gone: str) -> None:
    assert judge((not_above(E, gone, "BP", 1),), MEANS) == [
        Finding(f"test error %: {gone} at most 1 above BP", None, f"{gone} not measured")
    ]
    assert holds(ordered(E, "BP", gone)) is None
    assert holds(ratio(E, gone, "BP", most=2)) is None
    assert holds(between(gone, E, 0, 1)) is None


def test_one_part_that_fails_decides_a_whole() -> None:
    good, bad, unknown = below("BP", E, 3), below("BP", E, 1), below("RL", E, 1)
    assert holds(all_of(good, good)) is True
    assert holds(all_of(good, unknown)) is None
    assert holds(all_of(unknown, bad)) is False


def test_a_free_check() -> None:
    claim = Claim(
        "BP's error is a whole number", lambda m: m.value("BP", E) == int(m.value("BP", E))
    )
    assert judge((claim,), MEANS) == [Finding(claim.text, True, "BP 2")]
    by_zero = Claim("impossible", lambda m: m.value("BP", E) / (m.value("BP", E) - 2) > 1)
    assert holds(by_zero) is None


def test_close_calls_are_said_and_the_mean_is_judged() -> None:
    # 0.5 apart; two standard errors of the difference: 2 sqrt(2 * 0.3^2 / n) = 0.85 / sqrt(n)
    claim = ordered(E, "BP", "FA")
    assert judge((claim,), MEANS, SPREAD, 2) == [
        Finding(claim.text, True, "BP 2, FA 2.5; within the spread")
    ]
    assert judge((claim,), MEANS, SPREAD, 3)[0].numbers == "BP 2, FA 2.5"
    # one number against a bound: 2 * 0.3 / sqrt(4) = 0.3
    assert "within" in judge((below("BP", E, 2.29),), MEANS, SPREAD, 4)[0].numbers
    assert "within" not in judge((below("BP", E, 2.31),), MEANS, SPREAD, 4)[0].numbers
    # of a ratio, the spread of the other row counts as many times
    assert "within" in judge((ratio(E, "Shallow", "BP", most=5),), MEANS, SPREAD, 16)[0].numbers
    assert "within" not in judge((ratio(E, "Shallow", "BP", most=5),), MEANS, SPREAD, 17)[0].numbers


@pytest.mark.parametrize(("spread", "seeds"), [({}, 3), (SPREAD, 1), ({"BP": {E: None}}, 3)])
def test_without_a_spread_nothing_is_close(spread: dict[str, dict[str, float]], seeds: int) -> None:
    assert judge((below("BP", E, 2.0),), MEANS, spread, seeds)[0].numbers == "BP 2"


def test_a_claim_knows_what_it_needs() -> None:
    claim = all_of(ordered(E, "BP", "FA"), below("NP", "angle", 45))
    assert claim.needs() == [("BP", E), ("FA", E), ("NP", "angle")]


def test_a_table_says_what_it_lacks() -> None:
    with pytest.raises(NotMeasured, match="NP, angle"):
        Measured(MEANS).value("NP", "angle")
    assert math.isclose(Measured(MEANS).value("FA", E), 2.5)
