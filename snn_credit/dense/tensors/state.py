"""Everything that a program reads and writes, on the device: its global names."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snn_credit.dense.tensors import functions
from snn_credit.dense.tensors.layout import Layout, global_name
from snn_credit.dense.tensors.philox import Draws, keys, starts
from snn_credit.dense.tensors.tables import Table

#: Types that torch computes with only in part, and what stands for them.
_WIDER = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}


def torch_type(dtype: str) -> torch.dtype:
    """Return torch's type for one of numpy's."""
    return getattr(torch, _WIDER.get(dtype, dtype))


def bytes_of(layout: Layout, rows: int) -> int:
    """Return the device memory that a program's state and tables take, other than records."""
    values, size = layout.values, np.dtype(layout.plan.float_dtype).itemsize
    total = sum(values.arrays[key].nbytes for key in layout.arrays)
    total += sum(Table.bytes_of(table) for table in _tables(layout).values())
    total += sum(array.nbytes for array in layout.fixed.values()) + sum(layout.events.values())
    total += sum(values.queues[name].history.nbytes for name in layout.histories)
    for wanted in layout.draws.values():
        total += rows * size * starts(wanted, layout.plan.float_dtype)[-1]
    for lift in layout.lifts:
        each = 1 if lift.n is None else lift.n
        total += each * np.dtype(lift.dtype).itemsize * (rows if lift.ahead else 1)
    return total


def _tables(layout: Layout) -> dict[tuple[Any, ...], NDArray[Any]]:
    """Return the program's tables, each once, however many operations read it."""
    found = {}
    for name in layout.tables:
        values, dt, factor = layout.values.tables[name]
        found[_identity(values, dt, factor)] = values
    return found


def _identity(values: NDArray[Any], dt: float, factor: int) -> tuple[Any, ...]:
    return values.__array_interface__["data"][0], values.shape, dt, factor


class State:
    """The tensors of a program.

    Parameters
    ----------
    layout
        What the program refers to.
    rows
        For how many time steps values are computed ahead.
    device
        Where the tensors live.

    Attributes
    ----------
    names
        The program's global names.
    """

    layout: Layout

    def __init__(self, layout: Layout, rows: int, device: torch.device) -> None:
        self.layout, self._device = layout, device
        self.names: dict[str, Any] = {"torch": torch, "_f": functions}
        self._key = keys(0, device)
        self._tables: dict[tuple[Any, ...], Table] = {}
        self._constants()
        for key, array in layout.arrays.items():
            # One number is a vector of one element: compiled programs of torch 2.13 lose what is
            # written to a tensor without dimensions in double precision.
            shape = (1,) if array.shared else layout.values.arrays[key].shape
            self.names[global_name(key)] = self._empty(shape, array.dtype)
        for key, n in layout.events.items():
            self.names[global_name(key)] = self._empty((n,), "bool")
        for name in layout.histories:
            shape = layout.values.queues[name].history.shape
            self.names[f"history_{global_name(name)}"] = self._empty(shape, "bool")
        for name, values in layout.fixed.items():
            self.names[name] = torch.from_numpy(values).to(device)
        for lift in layout.lifts:
            shape = (*((rows,) if lift.ahead else ()), *(() if lift.n is None else (lift.n,)))
            self.names[lift.name] = self._empty(shape, lift.dtype)
        self._time(rows)

    def _empty(self, shape: tuple[int, ...], dtype: str) -> Tensor:
        return torch.zeros(shape, dtype=torch_type(dtype), device=self._device)

    def _constants(self) -> None:
        """Make what is passed with a run: numbers and tables."""
        values, layout = self.layout.values, self.layout
        for name, kind in layout.constants.items():
            operation, _, own = name.rpartition(".")
            number = values.integers[name] if kind == "int64" else values.floats[name]
            dtype = torch_type(kind if kind == "int64" else layout.plan.float_dtype)
            self.names[f"number_{global_name(operation)}_{own}"] = torch.tensor(
                number, dtype=dtype, device=self._device
            )
        for name in layout.tables:
            operation, _, own = name.rpartition(".")
            given = values.tables[name]
            table = self._tables.setdefault(_identity(*given), Table(*given, self._device))
            self.names[f"table_{global_name(operation)}_{own}"] = table

    def _time(self, rows: int) -> None:
        """Make the clocks, and what is computed ahead of them."""
        self.names["key"] = self._key
        self.names["counting"] = torch.arange(rows, device=self._device).unsqueeze(1)
        for number in range(len(self.layout.plan.clocks)):
            self.names[f"clock_{number}"] = self._empty((3,), "int64")
            self.names[f"steps_{number}"] = self._empty((rows, 1), "int64")
            self.names[f"times_{number}"] = self._empty((rows, 1), "float64")
        for (clock, distribution), wanted in self.layout.draws.items():
            draws = Draws(wanted, rows, self.layout.plan.float_dtype, self._device)
            self.names[f"{distribution}_{clock}"] = draws.numbers
            self.names[f"{distribution}_{clock}_fill"] = draws.fill

    def seed(self, seed: int) -> None:
        """Key the random numbers."""
        self._key.copy_(keys(seed))

    def record_from_start(self) -> None:
        """Record the coming step in the first row."""
        for number in range(len(self.layout.plan.clocks)):
            self.names[f"clock_{number}"][2].zero_()

    def load(self) -> None:
        """Take the network's state, tables and spikes under way from its own memory."""
        layout, values = self.layout, self.layout.values
        for key in layout.arrays:
            self._copy_in(self.names[global_name(key)], values.arrays[key])
        for table in self._tables.values():
            table.load()
        for key, n in layout.events.items():
            mask, events = np.zeros(n, bool), values.arrays[key]
            mask[events[: events[-1]]] = True
            mask |= key in layout.always
            self._copy_in(self.names[global_name(key)], mask)
        for name in layout.histories:
            self._copy_in(self.names[f"history_{global_name(name)}"], values.queues[name].history)
        for number, clock in enumerate(layout.plan.clocks):
            self.names[f"clock_{number}"][0] = int(values.arrays[clock.step.key][0])

    def store(self) -> None:
        """Write what the program has changed to the network's own memory."""
        layout, values = self.layout, self.layout.values
        for key in sorted(layout.written):
            tensor, array = self.names[global_name(key)], values.arrays[key]
            array[...] = tensor.cpu().numpy().reshape(array.shape)
        for key in layout.events:
            found = np.flatnonzero(self.names[global_name(key)].cpu().numpy())
            events = values.arrays[key]
            events[: len(found)], events[-1] = found, len(found)
        for name in layout.histories:
            tensor = self.names[f"history_{global_name(name)}"]
            values.queues[name].history[...] = tensor.cpu().numpy()

    @staticmethod
    def _copy_in(tensor: Tensor, array: NDArray[Any]) -> None:
        given = np.ascontiguousarray(array).reshape(tuple(tensor.shape))
        if given.dtype.name in _WIDER:
            given = given.astype(_WIDER[given.dtype.name])
        tensor.copy_(torch.from_numpy(given))
