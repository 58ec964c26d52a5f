"""What every device offers: a program that runs one chunk from a given state.

A program keeps nothing between chunks. State, tables, start and seed go in; state and events come
out. That is what makes a run resumable, and a killed one harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.spiking.circuit import Circuit, Projection

State = dict[str, NDArray[Any]]
Events = dict[tuple[str, str], dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Result:
    """The state after a chunk, and what was reported during it.

    ``events[population, event]`` holds ``i`` (neuron), ``t`` (seconds) and the event's variables,
    one value per report, in order of time.
    """

    state: State
    events: Events


Expected = Mapping[str, tuple[int, np.dtype[Any]]]
#: What Brian sets where a circuit says nothing; everything else starts at 0.
_DEFAULTS = {"lastspike": -1e4, "not_refractory": True}


def first_state(circuit: Circuit, expected: Expected) -> State:
    """Return the state at time 0: the circuit's initial values, Brian's defaults elsewhere.

    Raises
    ------
    InputError
        For a name that is no variable, a wrong number of values, or one that is not finite.
    """
    state = {}
    for key, (size, dtype) in expected.items():
        owner, _, name = key.partition(".")
        thing = circuit[owner]
        value = thing.initial.get(name, _DEFAULTS.get(name, 0))
        if isinstance(thing, Projection) and np.ndim(value) == 2:
            # Brian numbers all-to-all synapses source by source.
            value = np.ravel(np.asarray(value).T)
        if np.size(value) not in (1, size):
            raise InputError(f"{key}: {size} first values, or one (got {np.size(value)})")
        state[key] = np.array(np.broadcast_to(np.ravel(np.asarray(value, dtype)), (size,)))
        check_finite(key, state[key])
    for thing in (*circuit.populations, *circuit.projections):
        for name in thing.initial:
            if f"{thing.name}.{name}" not in expected:
                raise InputError(f"{thing.name}.initial: names of its variables (got {name!r})")
    return state


class Program(Protocol):
    """A circuit that is ready to run, chunk by chunk."""

    def initial_state(self) -> State:
        """Return the state at time 0."""
        ...

    def run(self, state: State, tables: State, start: int, seed: int) -> Result:
        """Run the chunk that begins at time step ``start``; ``seed`` is that of the whole run."""
        ...


def chunk_seed(seed: int, chunk: int) -> int:
    """Return the seed of one chunk, for devices whose random generators start anew in each."""
    return int(np.random.SeedSequence((seed, chunk)).generate_state(1)[0])


def check_arrays(expected: Expected, given: Mapping[str, NDArray[Any]]) -> State:
    """Return the arrays, flat and in the expected types.

    Raises
    ------
    InputError
        For a missing or unknown name, a wrong size, or a number that is not finite: Brian's
        compiled programs would go on with old values instead.
    """
    missing, unknown = expected.keys() - given.keys(), given.keys() - expected.keys()
    if missing or unknown:
        what = f"{len(missing)} missing" if missing else f"{len(unknown)} unknown"
        name = sorted(missing or unknown)[0]
        raise InputError(f"state: the {len(expected)} arrays of the circuit (got {what}: {name})")
    arrays = {}
    for name, (size, dtype) in expected.items():
        array = np.asarray(given[name])
        if array.size != size:
            raise InputError(f"{name}: {size} values (got {array.size})")
        array = np.ascontiguousarray(array.ravel(), dtype)
        check_finite(name, array)
        arrays[name] = array
    return arrays


def check_finite(name: str, array: NDArray[Any]) -> None:
    """Raise InputError if an array holds NaN or infinity."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InputError(f"{name}: finite numbers (got {array[where]} at index {where})")
