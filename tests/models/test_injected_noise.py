"""Noise that is injected into potentials, as node perturbation reads it."""

import numpy as np

from snn_credit.models import neurons
from snn_credit.models.lillicrap_spiking import FORWARD, network
from snn_credit.spiking import Simulation, Stream


def test_a_saturated_neuron_learns_nothing_and_breaks_nothing() -> None:
    circuit = network(
        (3, 2, 10), "NP", forward=neurons.injected_noise(0.5), output=FORWARD, rates={"eta": 0.1}
    )
    tables = {"stimulus": [np.ones((1, 3))], "target": np.eye(10)}
    simulation = Simulation(
        circuit, tables, Stream.of([0], [0], 50), device="dense", chunk_steps=50
    )
    # In float32 the one never spikes and the other always does: the slope is 0.
    simulation.state["hidden1.bias"] = np.array([-200.0, 200.0])
    before = simulation.matrix("input_to_hidden1")
    for _ in simulation.run():
        pass
    np.testing.assert_array_equal(simulation.matrix("input_to_hidden1"), before)
