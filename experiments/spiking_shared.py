"""What experiments on spiking rules share: where a rule's mean update points.

A rule's update fluctuates with the spikes. What counts is its mean, which a probe measures from a
frozen state on training images (`snn_credit.spiking.probe`), and the angle of that to two others:

to the gradient
    minus the gradient of the mean-field loss with the same weights (`snn_credit.theory.mean_field`)
to BP
    the mean update of another rule, such as BP, with the same weights and the same images

Both angles are larger than the rule's error, for the probe is finite: the angle of BP's own mean
update to the gradient says by how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.spiking import Circuit, Simulation
    from snn_credit.spiking.stream import Stream

Array = NDArray[np.float64]
Updates = Mapping[str, Array]

#: Titles of columns, which go on with ``, layer 1`` and so on.
GRADIENT, UPDATE = "mean update to gradient deg", "mean update to BP's deg"
DELTA, AIM = "delta to BP's deg", "B to its aim deg"
SEEN = "images_seen"


def probe_stream(
    data: Dataset, presentations: int, steps: int, *, seed: int = 0, images: int | None = None
) -> Stream:
    """Return training images to probe a rule with: a stream in which it would learn.

    Parameters
    ----------
    presentations, steps
        How many, and how long each.
    seed
        Of the order.
    images
        Of how many different images (None: all), always the same ones.
    """
    from snn_credit.spiking.stream import Stream

    count = min(len(data.train_y), images or len(data.train_y))
    chosen = np.random.default_rng(0).permutation(len(data.train_y))[:count]
    rng = np.random.default_rng((seed, 4))
    rounds = -(-presentations // count)
    order = np.concatenate([rng.permutation(chosen) for _ in range(rounds)])[:presentations]
    return Stream.of(order, data.train_y[order], steps)


def mean_field_update(simulation: Simulation, stream: Stream) -> Updates:
    """Return minus the mean-field gradient over a stream's stimuli, per forward projection."""
    from snn_credit.theory import mean_field

    weights, biases = parameters(simulation)
    total = [np.zeros_like(w) for w in weights]
    for part in np.unique(stream.part):
        rows = stream[stream.part == part]
        found = mean_field.gradient(weights, biases, *presented(simulation, rows))
        share = len(rows) / len(stream)
        total = [a - share * g for a, g in zip(total, found, strict=True)]
    return dict(zip(forward_projections(simulation.circuit), total, strict=True))


def parameters(simulation: Simulation) -> tuple[list[Array], list[Array]]:
    """Return the forward weights, (n_post, n_pre), and the biases, from the input up."""
    names = forward_projections(simulation.circuit)
    targets = [simulation.circuit.projection(name).target for name in names]
    return (
        [simulation.matrix(name, "w").astype(np.float64) for name in names],
        [simulation.state[f"{target}.bias"].astype(np.float64) for target in targets],
    )


def presented(simulation: Simulation, stream: Stream) -> tuple[Array, Array]:
    """Return a stream's input probabilities and targets, both (n_presentations, n_neurons).

    All of it is of one part of the data.
    """
    group = simulation.circuit.population("error").initial["group"]
    pixels = simulation.tables["stimulus"][int(stream.part[0])][stream.stimulus]
    wanted = simulation.tables["target"][0][stream.target][:, group]
    return np.clip(np.asarray(pixels, np.float64), 0, 0.95), np.asarray(wanted, np.float64)


def forward_projections(circuit: Circuit) -> list[str]:
    """Return the names of the projections that have w, from the input up."""
    return [projection.name for projection in circuit.projections if "w" in projection.initial]


def with_weights_of(simulation: Simulation, circuit: Circuit, device: str = "dense") -> Simulation:
    """Return a simulation of another rule's circuit with the same w, biases, and b if both have it.

    A rule that learns b as well is probed by one that does not.
    """
    from snn_credit.spiking import Simulation

    other = Simulation(
        circuit,
        simulation.tables,
        simulation.stream[np.arange(1)],
        device=device,
        dtype="float64",
        chunk_steps=int(simulation.stream.steps[0]),
        seed=simulation.seed,
    )
    for name in forward_projections(circuit):
        other.set_matrix(name, "w", simulation.matrix(name, "w"))
        key = f"{circuit.projection(name).target}.bias"
        other.state[key] = simulation.state[key].astype(np.float64)
    for name in (projection.name for projection in circuit.projections):
        if f"{name}.b" in other.state and f"{name}.b" in simulation.state:
            other.set_matrix(name, "b", simulation.matrix(name, "b"))
    return other


def update_angles(circuit: Circuit, one: Updates, other: Updates) -> dict[str, float]:
    """Return the signed angles between two rules' updates, in degrees, where both have one."""
    from snn_credit.analysis.alignment import angle

    return {
        name: angle(*(circuit.projection(name).picked(each[name]) for each in (one, other)))
        for name in one
        if name in other
    }


def gradient_angles(
    simulation: Simulation,
    stream: Stream,
    transported: Circuit | None = None,
    *,
    exact: Stream | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """Return the angles of a rule's mean update from a simulation's present state, in degrees.

    Parameters
    ----------
    simulation
        Of the rule, at any time.
    stream
        What the probe shows (`probe_stream`).
    transported
        The circuit of BP with the same layers, to compare with too.
    exact
        What BP is probed with, whose update fluctuates less: the same images fewer times (None: the
        same stream).
    seed
        Of the probe's spikes; BP's are others.

    Returns
    -------
    dict
        ``input_to_hidden1: gradient``, the angle to minus the mean-field gradient, for each forward
        projection that learns; with BP's circuit also ``input_to_hidden1: BP``, the angle to BP's
        mean update, and ``input_to_hidden1: BP to gradient``, that of BP's to the gradient.
    """
    from snn_credit.spiking.probe import mean_update

    circuit = simulation.circuit
    wanted = mean_field_update(simulation, stream)
    came = mean_update(simulation, stream, seed=seed)
    angles = {"gradient": update_angles(circuit, came, wanted)}
    if transported is not None:
        other = with_weights_of(simulation, transported)
        best = mean_update(other, exact or stream, seed=seed + 1)
        angles["BP"] = update_angles(circuit, came, best)
        angles["BP to gradient"] = update_angles(circuit, best, wanted)
    return {f"{name}: {to}": a for to, each in angles.items() for name, a in each.items()}


def delta_angles(simulation: Simulation, stream: Stream) -> dict[str, float]:
    """Return the angles of each hidden layer's delta through b to the one through W', in degrees.

    Both descend from the same error, in the chain form, with the mean-field rates of a stream's
    stimuli; they are compared as vectors over all neurons and stimuli.
    """
    from snn_credit.analysis.alignment import angle
    from snn_credit.theory import mean_field

    circuit = simulation.circuit
    weights, biases = parameters(simulation)
    first, wanted = presented(simulation, stream)
    rates = mean_field.rates(weights, biases, first)
    taught = exact = (rates[-1] - wanted) * rates[-1] * (1 - rates[-1])
    names, angles = forward_projections(circuit), dict[str, float]()
    for number in range(len(weights) - 1, 0, -1):
        slope = rates[number] * (1 - rates[number])
        # (n_stimuli, n_post) x (n_post, n_pre)
        taught = taught @ simulation.matrix(names[number], "b") * slope
        exact = exact @ weights[number] * slope
        angles[circuit.projection(names[number]).source] = angle(taught, exact)
    return angles
