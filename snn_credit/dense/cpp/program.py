"""A plan as a compiled program that runs on the plan's own arrays."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.dense.cpp.compiler import library
from snn_credit.dense.cpp.threads import Threads, available
from snn_credit.dense.cpp.writer import write
from snn_credit.dense.plan import Plan, Queue, Values


class _Table(ctypes.Structure):
    _fields_ = (
        ("values", ctypes.c_void_p),
        ("rows", ctypes.c_int64),
        ("columns", ctypes.c_int64),
        ("dt", ctypes.c_double),
        ("factor", ctypes.c_int64),
    )


class _Queue(ctypes.Structure):
    _fields_ = (
        ("history", ctypes.c_void_p),
        ("depth", ctypes.c_int64),
        ("groups", ctypes.c_int64),
        ("delays", ctypes.c_void_p),
        ("starts", ctypes.c_void_p),
        ("synapses", ctypes.c_void_p),
    )


class CppProgram:
    """A compiled plan.

    Parameters
    ----------
    plan, values
        What to run, and on what. The program reads and writes ``values.arrays`` in place; they must
        stay where they are.

    Attributes
    ----------
    source
        The program's text, to be read.
    """

    plan: Plan
    values: Values
    source: str

    def __init__(self, plan: Plan, values: Values) -> None:
        self.plan, self.values = plan, values
        written = write(plan)
        self.source, self._layout = written.text, written.layout
        self._library = _load(str(library(self.source)))
        self._made = self._library.make()
        self._threads = Threads(available())
        self._keep: list[Any] = []
        self._bind()

    def __del__(self) -> None:
        if getattr(self, "_made", None):
            self._library.unmake(self._made)
            self._made = None

    def _bind(self) -> None:
        """Gather the pointers and numbers that the program is passed."""
        layout, values = self._layout, self.values
        self._arrays = (ctypes.c_void_p * max(1, len(layout.arrays)))(
            *(values.arrays[key].ctypes.data for key in layout.arrays)
        )
        self._integers = np.array(
            [values.integers[key] for key in layout.integers] or [0], np.int64
        )
        self._floats = np.array([values.floats[key] for key in layout.floats] or [0], np.float64)
        self._tables = (_Table * max(1, len(layout.tables)))(
            *(_table(*values.tables[key]) for key in layout.tables)
        )
        self._queues = (_Queue * max(1, len(layout.queues)))(
            *(self._queue(name) for name in layout.queues)
        )

    def _queue(self, name: str) -> _Queue:
        queue = self.values.queues[name]
        operation = next(o for o in self.plan.operations if o.name == name)
        assert operation.ends is not None
        delays = np.unique(queue.delays)[::-1].astype(np.int32)
        starts, synapses = np.zeros(1, np.int64), np.zeros(1, np.int32)
        if not operation.ends.matrix:
            ends = operation.ends.pre if operation.ends.forward else operation.ends.post
            first = self.values.integers[f"{name}.start"]
            starts, synapses = _lists(self.values.arrays[ends.key] - first, queue, delays)
        self._keep += [delays, starts, synapses]
        return _Queue(
            queue.history.ctypes.data,
            len(queue.history),
            len(delays),
            delays.ctypes.data,
            starts.ctypes.data,
            synapses.ctypes.data,
        )

    def begin(self) -> None:
        """Do nothing: the program works on the arrays themselves."""

    def finish(self) -> None:
        """Do nothing: the program works on the arrays themselves."""

    def run(self, steps: int, ends: Sequence[int], seed: int) -> bool:
        """Run at most ``steps`` time steps; returns whether every clock has reached its end."""
        if not self.plan.clocks:
            return True
        until = np.array(ends, np.int64)
        done = False
        for threads, part in self._threads.parts(steps):
            began = time.perf_counter()
            done = self._advance(part, until, seed, threads)
            self._threads.took(threads, part, time.perf_counter() - began)
        return done

    def _advance(self, steps: int, ends: NDArray[np.int64], seed: int, threads: int) -> bool:
        done = self._library.advance(
            self._made,
            self._arrays,
            self._integers.ctypes.data,
            self._floats.ctypes.data,
            self._tables,
            self._queues,
            steps,
            ends.ctypes.data,
            seed & 0xFFFFFFFFFFFFFFFF,
            threads,
        )
        return bool(done)

    def recorded(self, operation: str) -> Mapping[str, NDArray[Any]]:
        """Return what a monitor has recorded since it was last asked, and forget it."""
        found: dict[str, NDArray[Any]] = {}
        states = next(o.kind for o in self.plan.operations if o.name == operation)
        for number, (name, variable, dtype) in enumerate(self._layout.buffers):
            if name != operation:
                continue
            pointer = ctypes.c_void_p()
            size = self._library.recorded(self._made, number, ctypes.byref(pointer))
            raw = ctypes.string_at(pointer, size) if size else b""
            values = np.frombuffer(raw, dtype)
            if states == "record_states" and variable != "t":
                values = values.reshape(-1, max(1, self.values.integers[f"{name}.n"]))
            found[variable] = values
            self._library.forget(self._made, number)
        return found


def _table(values: NDArray[Any], dt: float, factor: int) -> _Table:
    columns = values.shape[1] if values.ndim == 2 else 1
    return _Table(values.ctypes.data, len(values), columns, dt, factor)


def _lists(
    sources: NDArray[Any], queue: Queue, delays: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Sort synapses by delay and source, in the order in which Brian's queue delivers them."""
    n = queue.history.shape[1]
    own = np.broadcast_to(queue.delays, sources.shape)
    starts, synapses, before = [], [], 0
    for delay in delays:
        mine = np.flatnonzero(own == delay)
        mine = mine[np.argsort(sources[mine], kind="stable")]
        starts.append(before + np.searchsorted(sources[mine], np.arange(n + 1)))
        synapses.append(mine)
        before += len(mine)
    return (
        np.ascontiguousarray(np.concatenate(starts), np.int64),
        np.ascontiguousarray(np.concatenate([*synapses, np.zeros(1, np.int64)]), np.int32),
    )


def _load(path: str) -> ctypes.CDLL:
    loaded = ctypes.CDLL(path)
    loaded.make.restype = ctypes.c_void_p
    loaded.unmake.argtypes = [ctypes.c_void_p]
    loaded.recorded.restype = ctypes.c_int64
    loaded.recorded.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
    loaded.forget.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    loaded.advance.restype = ctypes.c_int64
    loaded.advance.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
        ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int,
    ]  # fmt: skip
    return loaded
