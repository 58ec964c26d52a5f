"""The paper's controls: learning that reaches the hidden layers, and the same without it."""

from dataclasses import replace

import numpy as np
import pytest

from snn_credit.data import load
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Pathway, Projection, Simulation, Stream, join

IMAGES, ETA, HIDDEN = 3000, 0.1, 60


def dealt_elsewhere(circuit, layer):
    """Deal each neuron's feedback to another one, further on by 37 places each time step."""
    hidden = circuit.population(layer)
    circuit = circuit.with_population(
        replace(
            hidden,
            equations=f"{hidden.equations}\ndealt : 1",
            cleared=(*hidden.cleared, "dealt"),
        )
    )
    feedback = next(p for p in circuit.populations if f"{layer}.fb_sum" in p.links.values())
    circuit = circuit.with_population(replace(feedback, links={"J": f"{layer}.dealt"}))
    code = f"dealt_post += fb_sum_pre*int((i + 37*timestep(t, dt)) % {HIDDEN} == j)"
    order = list(circuit.order)
    order.insert(order.index(f"{layer}_feedback_integrate"), f"{layer}_deal")
    pathway = Pathway("deal", f"{layer}_deal", code, on="step")
    projection = Projection(f"deal_{layer}", layer, layer, "", (pathway,))
    return replace(circuit, order=tuple(order), projections=(*circuit.projections, projection))


def accuracy(rates, shuffled=False, seed=0):
    """Train 64-60-60-100 by FA; return the fraction of validation images that are right."""
    circuit = network((64, HIDDEN, HIDDEN, 100), "FA", b_scale=1.0, rates=rates, seed=seed)
    for layer in ("hidden1", "hidden2") if shuffled else ():
        circuit = dealt_elsewhere(circuit, layer)
    return taught(circuit, seed)


def taught(circuit, seed=0):
    """Show digits to a circuit; return the fraction of validation images that are right."""
    data = load("digits")
    order = np.random.default_rng(seed).integers(0, len(data.train_y), IMAGES)
    tested = np.arange(len(data.validation_y))
    stream = join([
        Stream.of(order, data.train_y[order]),
        Stream.of(tested, data.validation_y, plastic=False, part=1),
    ])  # fmt: skip
    simulation = Simulation(
        circuit, {"stimulus": [data.train_x, data.validation_x], "target": np.eye(10)}, stream,
        device="dense", chunk_steps=2000, seed=seed,
    )  # fmt: skip
    guesses = np.concatenate([advance.guesses for advance in simulation.run()])
    return np.mean(guesses[IMAGES:] == data.validation_y)


@pytest.fixture(scope="module")
def learned():
    return accuracy({"eta": ETA})


def test_feedback_alignment_learns(learned):
    assert learned > 0.8


def test_hidden_layers_must_learn(learned):
    # Chance is 0.1: two random layers from small W pass on almost nothing.
    assert accuracy({"eta": (0.0, 0.0, ETA)}) < 0.25 < learned


def test_feedback_must_reach_its_own_neurons(learned):
    assert accuracy({"eta": ETA}, shuffled=True) < 0.25 < learned


@pytest.fixture(scope="module")
def by_rule():
    """Accuracy of each rule in one network, from the same W."""
    return {
        rule: taught(
            network((64, HIDDEN, 100), rule, w_scale=0.3, b_scale=1.0, rates={"eta": ETA}, seed=1)
        )
        for rule in ("BP", "FA", "DFA", "Shallow")
    }


@pytest.mark.parametrize("rule", ["BP", "FA", "DFA"])
def test_rules_that_reach_the_hidden_layer_beat_the_one_that_does_not(by_rule, rule):
    assert by_rule[rule] > 0.75
    assert by_rule[rule] > by_rule["Shallow"] + 0.3
    # The output layer alone learns something from fixed random hidden neurons: chance is 0.1.
    assert by_rule["Shallow"] > 0.2


def test_with_one_hidden_layer_direct_feedback_is_feedback_alignment(by_rule):
    assert by_rule["DFA"] == by_rule["FA"]
