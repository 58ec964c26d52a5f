"""Weight estimation: every part runs, goes on, and says what cannot be."""

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.spiking_weight_estimation import (
    CHANGE,
    CONTROL,
    EXPERIMENT,
    FIXED,
    TEST,
    VALIDATION,
    Config,
    cost,
    run,
)
from snn_credit.experiments.weight_estimates import describe, neurons
from snn_credit.harness import Context


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, Any]:
    """Run ``smoke`` once."""
    out = tmp_path_factory.mktemp("estimation")
    context = Context(out, seed=1, device="dense")
    return context, run(EXPERIMENT.preset("smoke"), context)


def test_what_the_claims_name_is_measured(whole: tuple[Context, Any]) -> None:
    assert unnamed(EXPERIMENT, whole[1], {"LIF, WE, random sign": "LIF, WE"}) == []


def test_every_row_is_there(whole: tuple[Context, Any]) -> None:
    _, table = whole
    config = EXPERIMENT.preset("smoke")
    learned = [f"Bernoulli, {rule}" for rule in config.rules]
    learned += [f"LIF, {rule}" for rule in config.lif_rules]
    learned += [f"rate, {rule}" for rule in config.rate_rules]
    assert set(table) == {f"W fixed: {name}" for name in FIXED} | set(learned)
    for name in learned:
        assert 0 <= table[name][TEST] <= 100
        assert 0 <= table[name][VALIDATION] <= 100
    for matrix in ("W2", "W3"):
        row = table["W fixed: Bernoulli, s - p"]
        assert -1 <= row[f"r {matrix}"] <= 1
        assert isfinite(row[f"mean z {matrix}"])
        # The output layer has its error, so W3 learns whatever B is.
        assert table[f"Bernoulli, {CONTROL}"][f"{CHANGE}, W3"] > 0


def test_the_figures_are_there(whole: tuple[Context, Any]) -> None:
    context, _ = whole
    names = ("scatter", "following", "raster_bernoulli", "raster_lif")
    assert all((context.out / f"{name}.png").stat().st_size > 5000 for name in names)


def test_a_finished_run_is_read_again(whole: tuple[Context, Any]) -> None:
    context, table = whole
    files = [p for p in context.out.iterdir() if p.suffix in (".h5", ".npz")]
    before = {path: path.stat().st_mtime_ns for path in files}
    again = run(EXPERIMENT.preset("smoke"), replace(context, resume=True))
    assert {path: path.stat().st_mtime_ns for path in files} == before
    for name, row in table.items():
        for column, number in row.items():
            np.testing.assert_equal(again[name][column], number, err_msg=f"{name}, {column}")


def test_what_is_said_of_estimates() -> None:
    random = np.random.default_rng(0)
    w = random.normal(size=(20, 30))
    blocks = w + 0.1 * random.normal(size=(40, 20, 30))
    right = describe({"W2": np.array([w, *blocks])})
    assert right["r W2"] > 0.999
    assert right["slope W2"] == pytest.approx(1, abs=0.01)
    assert abs(right["mean z W2"]) < 0.15
    assert 0.9 < right["sd of z W2"] < 1.2
    wrong = describe({"W2": np.array([w, *(0.5 * blocks + 0.1)])})
    assert wrong["slope W2"] == pytest.approx(0.5, abs=0.02)
    assert wrong["mean z W2"] > 3
    assert wrong["sd of z W2"] > 10


@pytest.mark.parametrize("kind", ["Bernoulli", "LIF"])
def test_the_control_has_noise_of_its_own(kind: str) -> None:
    own, control = (neurons(kind, noise)["forward"] for noise in ("own", "random sign"))
    assert "rand() < 0.5" not in "".join(step.code for step in own.steps)
    assert "rand() < 0.5" in "".join(step.code for step in control.steps)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": 1}, r"^blocks: at least 2 \(got 1\)$"),
        ({"images": (0, 5)}, r"^images: at least 1 \(got 0, 5\)$"),
        ({"common": 0.0}, r"^common: a number above 0 \(got 0\.0\)$"),
        ({"etab": (1e-3, -1.0)}, r"^etab: a number above 0 \(got 0\.001, -1\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)


def test_a_long_run_says_what_it_costs() -> None:
    assert cost(EXPERIMENT.preset("smoke")) is None
    said = cost(EXPERIMENT.preset("paper"))
    assert said is not None
    assert said.startswith("19 networks: about ")
