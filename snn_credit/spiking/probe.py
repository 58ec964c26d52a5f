"""What a rule would change on average, as things are: its mean update from a simulation's state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.spiking.simulation import Simulation
from snn_credit.spiking.stream import Stream

#: Of the rates of w: so little that what is learned does not change what follows.
_SMALL = 1e-6
#: A copy's time starts at 0.
_OF_TIME = ("lastspike", "not_refractory")


def mean_update(
    simulation: Simulation, stream: Stream, *, device: str = "dense", seed: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Return how w would change over a stream, from a simulation's present state.

    The rate ``eta`` of every layer is made so small, in a copy in float64, that nothing is learned,
    and the changes are divided by as much. A layer in which it is 0 has no entry.

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
        chunk_steps=stream.total_steps,
        seed=seed,
    )
    for key, values in simulation.state.items():
        if not key.endswith(_OF_TIME):
            copy.state[key] = values.astype(copy.state[key].dtype)
    rates = {p.name: f"{p.target}.eta" for p in copy.circuit.projections if "w" in p.initial}
    rates = {name: key for name, key in rates.items() if np.any(copy.state.get(key, 0))}
    before = {name: copy.matrix(name, "w") for name in rates}
    for key in rates.values():
        copy.state[key] = copy.state[key] * _SMALL
    for _ in copy.run():
        pass
    return {name: (copy.matrix(name, "w") - w) / _SMALL for name, w in before.items()}
