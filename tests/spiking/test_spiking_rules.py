"""Rules in the spiking network of Lillicrap et al. 2016: they run, and change what they should."""

import numpy as np
import pytest

from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream

SIZES = (12, 9, 8, 10)
FORWARD = ("input_to_hidden1", "hidden1_to_hidden2", "hidden2_to_output")


def changed(rule: str, rates: dict, device: str = "runtime") -> tuple[Simulation, set[str]]:
    """Present four stimuli; return the simulation and the variables of synapses that changed."""
    circuit = network(SIZES, rule, rates=rates, w_scale=1.0, b_scale=1.0)
    random = np.random.default_rng(0)
    tables = {"stimulus": random.random((4, 12)), "target": np.eye(10)}
    stream = Stream.of(np.arange(4), np.arange(4), steps=5)
    simulation = Simulation(circuit, tables, stream, device=device, dtype="float64", chunk_steps=10)
    keys = [f"{p.name}.{v}" for p in circuit.projections for v in p.initial]
    keys += [f"{name}.bias" for name in ("hidden1", "hidden2", "output")]
    before = {key: simulation.state[key].copy() for key in keys}
    for _ in simulation.run():
        pass
    return simulation, {key for key in keys if np.any(simulation.state[key] != before[key])}


ALL = {f"{name}.w" for name in FORWARD} | {
    f"{name}.bias" for name in ("hidden1", "hidden2", "output")
}
OUTPUT = {"hidden2_to_output.w", "output.bias"}
UPPER_B = {"hidden1_to_hidden2.b", "hidden2_to_output.b"}
DIRECT_B = {"hidden1_from_output.b", "hidden2_from_output.b"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        *(("BP", ALL), ("FA", ALL), ("DFA", ALL), ("DRTP", ALL), ("Shallow", OUTPUT)),
        *(("SA", ALL | UPPER_B), ("IA", ALL | UPPER_B), ("SG DFA", ALL | DIRECT_B)),
    ],
)
@pytest.mark.parametrize("device", ["runtime", "dense", "dense:torch"])
def test_rules_change_their_weights_alone(rule: str, expected: set[str], device: str) -> None:
    simulation, found = changed(rule, {"eta": 0.1}, device)
    assert found == expected
    assert simulation.done == 2


def test_no_rate_in_hidden_layers_leaves_them_alone() -> None:
    _, found = changed("FA", {"eta": (0, 0, 0.1)})
    assert found == OUTPUT
