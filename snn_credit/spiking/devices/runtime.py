"""The device ``runtime``: Brian in this process, its numpy target by default, or cython."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brian2 as b2
import numpy as np

from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.devices.borrowed import brian_settings
from snn_credit.spiking.devices.build import Built, Shape, build, expected_state
from snn_credit.spiking.devices.program import (
    Result,
    State,
    check_arrays,
    chunk_seed,
    first_state,
)


class RuntimeProgram:
    """A circuit as Brian objects in this process.

    Parameters
    ----------
    codegen
        Brian's code generation target: 'numpy' starts at once; 'cython' compiles for a minute or
        two at first use, and is the sequential reference for exact comparison.
    """

    codegen: str
    circuit: Circuit
    shape: Shape

    def __init__(self, circuit: Circuit, shape: Shape, codegen: str = "numpy") -> None:
        self.codegen, self.circuit, self.shape = codegen, circuit, shape
        with self._brian():
            self.built: Built = build(circuit, shape)
        for group in self.built.groups.values():
            group.add_to_magic_network = False
        self._expected = expected_state(circuit, self.built)

    @contextmanager
    def _brian(self) -> Iterator[None]:
        with brian_settings(self.circuit, self.shape.dtype):
            if b2.get_device() is not b2.all_devices["runtime"]:
                b2.set_device("runtime")
            b2.prefs["codegen.target"] = self.codegen
            yield

    def initial_state(self) -> State:
        """Return the state at time 0."""
        return first_state(self.circuit, self._expected)

    def run(self, state: State, tables: State, start: int, seed: int) -> Result:
        """Run the chunk that begins at time step ``start``."""
        built, dt = self.built, float(self.circuit.dt)
        for key, array in check_arrays(self._expected, state).items():
            built.state[key].set_value(array[0] if built.state[key].scalar else array)
        for name, table in built.tables.items():
            table.values[...] = np.asarray(tables[name]).reshape(table.values.shape)
        for name, group in built.groups.items():
            if f"{name}.t0" in built.state:
                group.variables["t0"].set_value(start * dt)
        for monitor in built.monitors.values():
            monitor.resize(0)
            monitor.variables["N"].set_value(0)
        with self._brian():
            self._advance(start, seed)
        after = {key: np.array(np.atleast_1d(v.get_value())) for key, v in built.state.items()}
        return Result(after, {key: _reported(m) for key, m in built.monitors.items()})

    def _advance(self, start: int, seed: int) -> None:
        """Run the network from time step ``start`` for a chunk."""
        b2.seed(chunk_seed(seed, start // self.shape.steps))
        self.built.network.t_ = start * float(self.circuit.dt)
        # Brian looks for infinities by comparing with 1e50, which no float32 holds.
        with np.errstate(over="ignore"):
            self.built.network.run(self.shape.steps * self.circuit.dt, namespace={})


def _reported(monitor: b2.EventMonitor) -> dict[str, Any]:
    names = ("i", "t", *sorted(monitor.record_variables - {"i", "t"}))
    return {name: np.array(monitor.variables[name].get_value()) for name in names}
