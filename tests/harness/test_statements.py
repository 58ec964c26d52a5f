import pytest

from snn_credit.harness import (
    Claim,
    above,
    all_of,
    at,
    below,
    between,
    clearly,
    falls,
    judge,
    more_than,
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


def holds(claim: Claim) -> bool | None:
    return judge((claim,), MEANS)[0].holds


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (below("BP", E, 2.0), below("BP", E, 1.99)),
        (above("BP", E, 2.0), above("BP", E, 2.01)),
        (more_than("BP", E, 1.99), more_than("BP", E, 2.0)),
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


def test_one_part_that_fails_decides_a_whole() -> None:
    good, bad, unknown = below("BP", E, 3), below("BP", E, 1), below("RL", E, 1)
    assert holds(all_of(good, good)) is True
    assert holds(all_of(good, unknown)) is None
    assert holds(all_of(unknown, bad)) is False


@pytest.mark.parametrize(
    ("seeds", "sd", "holds"),
    [(3, 0.3, True), (2, 0.3, False), (2, None, True), (1, 0.3, True)],  # 2 sqrt(2 * 0.3^2 / n)
)
def test_clearly_is_by_two_standard_errors(seeds: int, sd: float | None, holds: bool) -> None:
    claim, spread = clearly(ordered(E, "BP", "FA")), {row: {E: sd} for row in MEANS}
    (finding,) = judge((claim,), MEANS, spread, seeds)
    assert finding.text == "test error %: BP < FA (clearly)"
    assert finding.holds is holds
    assert ("within the spread" in finding.numbers) is not holds
    assert judge((clearly(ordered(E, "FA", "BP")),), MEANS, spread, seeds)[0].holds is False
    assert judge((clearly(ordered(E, "RL", "BP")),), MEANS, spread, seeds)[0].holds is None


def test_clearly_is_not_led_astray_by_its_neighbours() -> None:
    spread = {row: {E: 0.3} for row in MEANS}
    near, far = ordered(E, "BP", "FA"), clearly(ordered(E, "BP", "Shallow"))
    for pair in ((near, far), (far, near)):
        (finding,) = judge((all_of(*pair),), MEANS, spread, 2)
        assert finding.holds is True
        assert "within the spread" in finding.numbers


def test_a_claim_is_asked_at_its_presets() -> None:
    claims = (below("BP", E, 3), at("paper", below("BP", E, 1)))
    texts = {
        preset: [finding.text for finding in judge(claims, MEANS, preset=preset)]
        for preset in ("laptop", "paper", None)
    }
    both = [claim.text for claim in claims]
    assert texts == {"laptop": both[:1], "paper": both, None: both}
