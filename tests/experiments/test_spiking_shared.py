"""Where a rule's mean update points: BP's along the gradient, random feedback's not."""

from typing import Any

import numpy as np
import pytest

from snn_credit.data import load
from snn_credit.experiments import spiking_shared as shared
from snn_credit.models import neurons
from snn_credit.models.lillicrap_spiking import Anatomy, network
from snn_credit.spiking import Simulation, Stream

DATA = load("digits")
HIDDEN, OUTPUT = "input_to_hidden1", "hidden1_to_output"


def simulation(rule: str, **settings: Any) -> Simulation:
    circuit = network(
        (64, 12, 10), rule, error=neurons.graded_error(), w_scale=0.3, b_scale=0.3, **settings
    )
    tables = {"stimulus": [DATA.train_x], "target": np.eye(10)}
    return Simulation(circuit, tables, Stream.of([0], [0], 10), device="dense")


def test_bp_follows_the_gradient_and_random_feedback_does_not() -> None:
    transported = simulation("BP").circuit
    stream = shared.probe_stream(DATA, 300, 10)
    exact = shared.gradient_angles(simulation("BP"), stream)
    random = shared.gradient_angles(simulation("FA chain"), stream, transported)
    assert set(exact) == {f"{name}: gradient" for name in (HIDDEN, OUTPUT)}
    assert max(exact.values()) < 10
    assert 60 < random[f"{HIDDEN}: BP"] < 120
    # The output layer learns by the same rule in both.
    assert random[f"{OUTPUT}: BP"] < 5
    assert random[f"{HIDDEN}: BP to gradient"] < 10


def test_only_what_learns_has_an_angle() -> None:
    angles = shared.gradient_angles(simulation("Shallow"), shared.probe_stream(DATA, 100, 5))
    assert set(angles) == {f"{OUTPUT}: gradient"}


def test_a_copy_with_another_rule_has_the_same_weights_and_biases() -> None:
    one = simulation("FA chain")
    one.set_matrix(HIDDEN, "w", np.arange(12 * 64).reshape(12, 64) / 1000)
    one.state["hidden1.bias"] = np.arange(12.0)
    one.set_matrix(OUTPUT, "b", np.arange(10 * 12).reshape(10, 12) / 100)
    other = shared.with_weights_of(one, simulation("FA").circuit)
    np.testing.assert_array_equal(other.matrix(HIDDEN), one.matrix(HIDDEN))
    np.testing.assert_array_equal(other.matrix(OUTPUT, "b"), one.matrix(OUTPUT, "b"))
    np.testing.assert_array_equal(other.state["hidden1.bias"], np.arange(12.0))


def test_the_mean_field_update_is_a_step_down_its_loss() -> None:
    from snn_credit.theory import mean_field

    one = simulation("BP")
    stream = shared.probe_stream(DATA, 40, 5, images=20)
    assert len(np.unique(stream.stimulus)) == 20
    update = shared.mean_field_update(one, stream)
    weights = [one.matrix(name).astype(float) for name in update]
    biases = [np.zeros(len(w)) for w in weights]

    def loss(ws: list[np.ndarray]) -> float:
        first = np.clip(DATA.train_x[stream.stimulus].astype(float), 0, 0.95)
        wanted = np.eye(10)[stream.target]
        out = mean_field.rates(ws, biases, first)[-1]
        return 0.5 * float(np.mean(np.sum((out - wanted) ** 2, axis=1)))

    small = 1e-5
    moved = [w + small * u for w, u in zip(weights, update.values(), strict=True)]
    down = sum(float(np.sum(u**2)) for u in update.values())
    assert loss(moved) - loss(weights) == pytest.approx(-small * down, rel=1e-3)


def test_sparse_synapses_alone_are_compared() -> None:
    one = simulation("BP", anatomy=Anatomy(density=0.5))
    angles = shared.gradient_angles(one, shared.probe_stream(DATA, 300, 10))
    assert max(angles.values()) < 10
