"""What monitors record: buffers on the device for a number of steps, then arrays for Brian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from snn_credit.dense.plan import Operation
from snn_credit.dense.tensors.layout import Layout, Recorded
from snn_credit.dense.tensors.state import State, torch_type

#: Recorded rows are moved off the device when they fill about this much memory.
_BYTES = 64 * 2**20
_MOST = 4096


def row_bytes(layout: Layout) -> int:
    """Return the memory of one recorded step."""
    buffers = [r for r in layout.records if r.source in ("rows", "events")]
    return sum(r.n * np.dtype(r.dtype).itemsize for r in buffers)


def capacity(layout: Layout, block: int) -> int:
    """Return how many steps are recorded before they are moved: a multiple of a block of steps."""
    rows = min(_MOST, _BYTES // max(1, row_bytes(layout)))
    return max(1, rows // block) * block


class Recording:
    """The records of all monitors of a program.

    Parameters
    ----------
    state
        Holds the lifted values that are recorded; gets the buffers.
    rows
        How many steps the buffers hold.
    """

    def __init__(self, state: State, rows: int, device: torch.device) -> None:
        self._state, self._layout = state, state.layout
        self._kept: dict[tuple[str, str], list[NDArray[Any]]] = {}
        self._operations = {o.name: o for o in self._layout.plan.operations}
        for record in self._layout.records:
            if record.source in ("rows", "events"):
                buffer = torch.zeros(
                    (rows, record.n), dtype=torch_type(record.dtype), device=device
                )
                state.names[record.name] = buffer

    def keep(self, first: Mapping[int, int], rows: Mapping[int, int]) -> None:
        """Move what was recorded to the host: of each clock, from which step, and how many."""
        events = {r.operation: r for r in self._layout.records if r.source == "events"}
        for name, operation in self._operations.items():
            records = [r for r in self._layout.records if r.operation == name]
            count = rows.get(operation.clock, 0)
            if not records or not count:
                continue
            clock = self._layout.plan.clocks[operation.clock]
            dt = float(self._layout.values.arrays[clock.dt.key].reshape(-1)[0])
            times = np.arange(first[operation.clock], first[operation.clock] + count) * dt
            if name in events:
                self._keep_events(operation, events[name], records, count, times)
            else:
                self._keep_rows(operation, records, count, times, dt)

    def _keep_events(
        self,
        operation: Operation,
        events: Recorded,
        records: list[Recorded],
        count: int,
        times: NDArray[Any],
    ) -> None:
        """Keep the values of events, in order of time, then of neuron."""
        names, integers = self._state.names, self._layout.values.integers
        start, stop = integers[f"{operation.name}.start"], integers[f"{operation.name}.stop"]
        row, neuron = names[events.name][:count, start:stop].nonzero(as_tuple=True)
        neuron = neuron + start
        for record in records:
            if record.source == "time":
                found = times[row.cpu().numpy()]
            elif record.source == "fixed":
                found = names[record.name].expand(record.n)[neuron].cpu().numpy()
            elif record.source == "rows":
                found = names[record.name][row, neuron].cpu().numpy()
            else:
                continue
            self._append(record, found)

    def _keep_rows(
        self,
        operation: Operation,
        records: list[Recorded],
        count: int,
        times: NDArray[Any],
        dt: float,
    ) -> None:
        """Keep the values of every step."""
        integers = self._layout.values.integers
        for record in records:
            if record.source == "time":
                self._append(record, times)
                continue
            values = self._state.names[record.name][:count].cpu().numpy()
            if operation.kind == "record_rate":
                start, stop = (integers[f"{operation.name}.{k}"] for k in ("start", "stop"))
                values = values[:, 0].astype(np.float64) / dt / float(stop - start)
            self._append(record, values)

    def _append(self, record: Recorded, values: NDArray[Any]) -> None:
        dtype = np.float64 if record.variable == "rate" else record.dtype
        kept = self._kept.setdefault((record.operation, record.variable), [])
        kept.append(np.array(values, dtype))

    def take(self, operation: str) -> dict[str, NDArray[Any]]:
        """Return what a monitor has recorded since it was last asked, and forget it."""
        found = {}
        for record in self._layout.records:
            if record.operation == operation and record.source != "events":
                kept = self._kept.pop((operation, record.variable), None)
                found[record.variable] = np.concatenate(kept) if kept else self._nothing(record)
        return found

    def _nothing(self, record: Recorded) -> NDArray[Any]:
        by_row = self._operations[record.operation].kind == "record_states"
        shape = (0, record.n) if by_row and record.source == "rows" else (0,)
        return np.zeros(shape, record.dtype)
