"""What a rule would change on average, as things are: its mean update from a simulation's state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.spiking.simulation import Simulation
from snn_credit.spiking.stream import Stream

#: Of the rates: so little that what is learned does not change what follows.
_SMALL = 1e-6
#: Those rates: of w, of its decay, and of what else rules learn.
_RATES = ("eta", "lam", "etab", "etaw")
#: Steps of a chunk: decay that is made small later must fit into one.
_CHUNK = 10_000
#: A copy's time starts at 0.
_OF_TIME = ("lastspike", "not_refractory")


def mean_update(
    simulation: Simulation, stream: Stream, *, device: str = "dense", seed: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Return how w would change over a stream, from a simulation's present state.

    The rates ``eta``, ``lam``, ``etab`` and ``etaw`` of every layer are made so small, in a copy in
    float64, that nothing is learned or lost, feedback included, and the changes are divided by as
    much. A layer in which ``eta`` is 0 has no entry.

    Returns
    -------
    dict
        Name of the forward projection -> its change, ``(n_post, n_pre)``.
    """
    copy = Simulation(
        simulation.circuit,
        simulation.tables,
        stream,
        device=device,
        dtype="float64",
        chunk_steps=min(stream.total_steps, _CHUNK),
        seed=seed,
    )
    for key, values in simulation.state.items():
        if not key.endswith(_OF_TIME):
            copy.state[key] = values.astype(copy.state[key].dtype)
    targets = {p.name: p.target for p in copy.circuit.projections if "w" in p.initial}
    learn = [name for name, at in targets.items() if np.any(copy.state.get(f"{at}.eta", 0))]
    before = {name: copy.matrix(name, "w") for name in learn}
    layers = {end for p in copy.circuit.projections for end in (p.source, p.target)}
    for key in {f"{layer}.{rate}" for layer in layers for rate in _RATES} & set(copy.state):
        copy.state[key] = copy.state[key] * _SMALL
    for _ in copy.run():
        pass
    return {name: (copy.matrix(name, "w") - w) / _SMALL for name, w in before.items()}
