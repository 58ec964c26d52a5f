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
    judge,
    not_above,
    ordered,
    ratio,
)

E = "test error %"
MEANS = {"BP": {E: 2.0, "angle": 10.0}, "FA": {E: 2.5, "angle": 40.0}, "Shallow": {E: 9.25},
         "RL": {E: None}}  # fmt: skip
SPREAD = {row: {E: 0.3} for row in MEANS}


def holds(claim: Claim) -> bool | None:
    return judge((claim,), MEANS)[0].holds


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
