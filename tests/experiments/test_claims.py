"""What each experiment must show can be judged, and can fail.

That the rows and columns of a claim are those of a measured table is asked where the experiment's
other tests run it (`named_claims`); of the two whose tests do not, here.
"""

import random
from pathlib import Path

import pytest
from named_claims import unnamed

from snn_credit.experiments import TABLE, load
from snn_credit.harness import Context, judge

EACH = pytest.mark.parametrize("name", TABLE)


@EACH
def test_claims_are_sentences_about_some_cells(name: str) -> None:
    claims = load(name).claims
    assert 1 <= len(claims) <= 6
    assert len({claim.text for claim in claims}) == len(claims)
    for claim in claims:
        assert claim.text == claim.text.strip()
        assert len(claim.text) > 10
        assert claim.needs()


@EACH
def test_nothing_holds_without_numbers(name: str) -> None:
    for finding in judge(load(name).claims, {}):
        assert finding.holds is None
        assert "not measured" in finding.numbers


@EACH
def test_every_claim_can_be_judged_and_can_fail(name: str) -> None:
    rng = random.Random(0)
    for claim in load(name).claims:
        outcomes = set()
        for size in (1e-9, 1.0, 100.0, 1e9) * 10:
            table: dict[str, dict[str, float]] = {}
            for row, column in claim.needs():
                table.setdefault(row, {})[column] = rng.uniform(-size, size)
            outcomes.add(judge((claim,), table)[0].holds)
        assert False in outcomes
        assert None not in outcomes


@EACH
@pytest.mark.parametrize("preset", ["laptop", "paper"])
def test_every_preset_is_asked_something(name: str, preset: str) -> None:
    experiment = load(name)
    assert judge(experiment.claims, {}, preset=preset)
    for claim in experiment.claims:
        assert set(claim.presets) <= set(experiment.presets)


def test_a_preset_is_not_asked_for_the_networks_of_another() -> None:
    experiment = load("kunin-resnet")
    for preset in ("laptop", "paper"):
        table = {
            row: {f"{net}: top-1 accuracy %": 50.0 for net in experiment.preset(preset).networks}
            for row in experiment.preset(preset).methods
        }
        findings = judge(experiment.claims, table, preset=preset)
        assert None not in [finding.holds for finding in findings]


def test_a_tie_with_a_control_is_no_victory() -> None:
    for name, column in (
        ("spiking-rules", "control - rule"),
        ("spiking-node-perturbation", "points below its control"),
    ):
        claims = [c for c in load(name).claims if column in str(c.needs())]
        assert claims
        for claim in claims:
            table: dict[str, dict[str, float]] = {}
            for row, cell in claim.needs():
                table.setdefault(row, {})[cell] = 0.0
            assert judge((claim,), table)[0].holds is False


def test_the_digits_and_mnist_have_the_rows_that_are_claimed(tmp_path: Path) -> None:
    experiment = load("demo")
    table = experiment.run(experiment.preset("smoke"), Context(tmp_path, device="dense"))
    assert unnamed(experiment, table) == []
    assert unnamed(load("lillicrap-spiking"), table) == []  # the same run function
    assert ("rate Shallow", "test error %") in unnamed(experiment, {"spiking FA": table["chance"]})
