"""Feedback weights that learn while the forward weights stay as they were drawn.

With eta = 0 the network only ever answers; B, from 0 on, learns what perturbations say of it. What
it should come to is known: in the chain form W' of the same synapses, in the direct form the
product of all W above with the mean slopes between them, transposed:

    W_L diag(f'_{L-1}) W_{L-1} ... diag(f'_{l+1}) W_{l+1}

What is asked is its direction; feedback neurons squash what they pass on, so B has another size.
An error has no more directions than the targets have. Where the output has fewer neurons than a
layer between, the B below that is found in those directions alone. An autoencoder's targets are the
images: they have as many as pixels that vary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from snn_credit.experiments import spiking_shared as shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from snn_credit.data import Dataset
    from snn_credit.progress import Progress
    from snn_credit.spiking import Circuit, Simulation

#: Of so many images are the mean slopes.
_SLOPES = 200


@dataclass(frozen=True)
class Lessons:
    """What is shown while B learns.

    ``images`` for ``steps`` time steps each, with the images as targets if it is an
    ``autoencoder``; B is looked at ``looks`` times, and ``etab`` falls to ``fall`` of its value.
    """

    images: int
    steps: int
    autoencoder: bool = False
    looks: int = 20
    fall: float = 1.0
    device: str = "dense"
    seed: int = 0


def teach(
    circuit: Circuit, data: Dataset, lessons: Lessons, progress: Progress
) -> dict[str, list[float]]:
    """Let B learn; return ``images_seen``, and the angles of B of each layer that is taught."""
    from snn_credit.spiking import Simulation

    stream = shared.probe_stream(data, lessons.images, lessons.steps, seed=lessons.seed)
    if lessons.autoencoder:
        stream = replace(stream, target=stream.stimulus)
    simulation = Simulation(
        circuit,
        {
            "stimulus": [data.train_x],
            "target": data.train_x if lessons.autoencoder else np.eye(data.classes),
        },
        stream,
        device=lessons.device,
        chunk_steps=max(1, stream.total_steps // lessons.looks),
        seed=lessons.seed,
    )
    found: dict[str, list[float]] = {shared.SEEN: []}
    factor = lessons.fall ** (1 / lessons.looks)
    progress.start(simulation.total_chunks, "chunks", circuit.name)
    for advance in simulation.run():
        found[shared.SEEN].append(float(advance.chunk.rows[-1] + 1))
        for name, each in feedback_angles(simulation).items():
            found.setdefault(name, []).append(each)
        for key in (key for key in simulation.state if key.endswith(".etab")):
            simulation.state[key] = (simulation.state[key] * factor).astype(np.float32)
        progress.update(simulation.done)
    progress.stop()
    return found


def feedback_angles(simulation: Simulation) -> dict[str, float]:
    """Return for each layer that is taught the angle of its b to what it should be, in degrees."""
    from snn_credit.analysis.alignment import angle

    source = {projection.name: projection.source for projection in simulation.circuit.projections}
    return {
        source[name]: angle(simulation.matrix(name, "b"), wanted)
        for name, wanted in wanted_feedback(simulation).items()
    }


def wanted_feedback(simulation: Simulation) -> Mapping[str, NDArray[np.float64]]:
    """Return what each b should be, ``(n_sender, n_receiver)``, by the projection's name."""
    from snn_credit.theory import mean_field

    circuit = simulation.circuit
    names = [p.name for p in circuit.projections if "b" in p.initial]
    weights, biases = shared.parameters(simulation)
    first, _ = shared.presented(simulation, simulation.stream[:_SLOPES])
    slopes = [np.mean(p * (1 - p), axis=0) for p in mean_field.rates(weights, biases, first)]
    forward = shared.forward_projections(circuit)
    wanted: dict[str, NDArray[np.float64]] = {}
    product = np.eye(len(weights[-1]))
    for number in range(len(weights) - 1, 0, -1):
        # (n_L, n_post) x (n_post, n_pre)
        product = product @ weights[number]
        source = circuit.projection(forward[number]).source
        for name in names:
            if name == forward[number]:
                wanted[name] = weights[number]
            elif name.startswith(f"{source}_from_"):
                wanted[name] = product
        product = product * slopes[number]
    return wanted
