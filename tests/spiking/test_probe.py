"""The mean update of a rule: what it would do, with nothing done."""

import numpy as np
import pytest

from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream
from snn_credit.spiking.probe import mean_update

SIZES = (6, 5, 4)
FORWARD = ("input_to_hidden1", "hidden1_to_output")


def simulation(rates, rule="FA", steps=30, device="dense", dtype="float64", chunk=30):
    circuit = network(SIZES, rule, classes=2, w_scale=1.0, b_scale=1.0, rates=rates, seed=3)
    tables = {"stimulus": np.random.default_rng(0).random((3, 6)), "target": np.eye(2)}
    shown = Stream.of(np.arange(3), [0, 1, 0], steps=steps)
    return Simulation(circuit, tables, shown, device=device, dtype=dtype, chunk_steps=chunk, seed=7)


def run(made):
    for _ in made.run():
        pass
    return made


def test_it_is_what_a_small_rate_does():
    """From the same start and with the same numbers, divided by the rate."""
    small = simulation({"eta": 1e-5})
    before = {name: small.matrix(name) for name in FORWARD}
    found = mean_update(small, small.stream, seed=7)
    run(small)
    assert set(found) == set(FORWARD)
    for name in FORWARD:
        change = (small.matrix(name) - before[name]) / 1e-5
        assert np.abs(change).max() > 0.1
        np.testing.assert_allclose(found[name] / 1e-5, change, rtol=1e-3, atol=1e-3)


def test_the_simulation_is_left_alone():
    made = run(simulation({"eta": 0.1}, dtype="float32", chunk=10))
    before = {key: values.copy() for key, values in made.state.items()}
    shown = Stream.of(np.arange(3), [0, 1, 0], steps=40)
    mean_update(made, shown)
    for key, values in before.items():
        np.testing.assert_array_equal(made.state[key], values, err_msg=key)


def test_it_goes_on_from_the_present_state():
    """Weights, biases and potentials are the simulation's: other weights, another update."""
    made = simulation({"eta": 0.1})
    first = mean_update(made, made.stream)
    made.set_matrix("hidden1_to_output", "w", 5 * made.matrix("hidden1_to_output"))
    second = mean_update(made, made.stream)
    np.testing.assert_array_equal(mean_update(made, made.stream)["input_to_hidden1"],
                                  second["input_to_hidden1"])  # fmt: skip
    assert np.abs(first["input_to_hidden1"] - second["input_to_hidden1"]).max() > 1e-3


def test_it_is_in_units_of_the_rate():
    one, ten = (mean_update(simulation({"eta": eta}), simulation({"eta": eta}).stream)
                for eta in (0.1, 1.0))  # fmt: skip
    for name in FORWARD:
        np.testing.assert_allclose(ten[name], 10 * one[name], rtol=1e-3, atol=1e-5)


def test_layers_that_do_not_learn_have_no_entry():
    made = simulation({"eta": (0.0, 0.1)})
    assert set(mean_update(made, made.stream)) == {"hidden1_to_output"}


def test_decay_has_its_share_and_no_more():
    """What decays is lam w a step, however small eta is made."""
    plain, decays = simulation({"eta": 0.1}), simulation({"eta": 0.1, "lam": 1e-3})
    found = [mean_update(made, made.stream) for made in (plain, decays)]
    for name in FORWARD:
        lost = -1e-3 * plain.stream.total_steps * plain.matrix(name)
        np.testing.assert_allclose(found[1][name] - found[0][name], lost, rtol=0.01, atol=1e-3)


@pytest.mark.parametrize("rule", ["WE", "NP feedback"])
def test_feedback_stays_as_it_is(rule: str) -> None:
    """However fast B learns, the update is that of the present B."""
    found = []
    for etab in (0.0, 0.2):
        made = simulation({"eta": 0.1, "etab": etab}, rule, steps=100)
        found.append(mean_update(made, made.stream)["input_to_hidden1"])
    assert np.abs(found[0]).max() > 0.01
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-3 * np.abs(found[0]).max())


def test_long_streams_may_decay() -> None:
    made = simulation({"eta": 0.1, "lam": 0.02})
    shown = Stream.of(np.arange(40) % 3, 0, steps=1000)
    for change in mean_update(made, shown).values():
        assert np.all(np.isfinite(change))


@pytest.mark.parametrize("eligibility", [None, 4.0])
def test_frozen_streams_have_no_update(eligibility):
    circuit = network(SIZES, "NP", classes=2, w_scale=1.0, eligibility_ms=eligibility,
                      rates={"eta": 0.1})  # fmt: skip
    tables = {"stimulus": np.random.default_rng(0).random((3, 6)), "target": np.eye(2)}
    shown = Stream.of(np.arange(3), [0, 1, 0], steps=9)
    made = Simulation(circuit, tables, shown, device="dense", dtype="float64", chunk_steps=9)
    frozen = Stream.of(np.arange(3), [0, 1, 0], steps=9, plastic=False)
    for name, change in mean_update(made, frozen).items():
        np.testing.assert_array_equal(change, 0, err_msg=name)
