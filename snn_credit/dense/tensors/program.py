"""A plan as a torch program, on a GPU or on the CPU."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from snn_credit.dense.cpp.threads import available
from snn_credit.dense.plan import Plan, Values
from snn_credit.dense.tensors.blocks import ROWS, Blocks
from snn_credit.dense.tensors.layout import Layout
from snn_credit.dense.tensors.philox import starts
from snn_credit.dense.tensors.recording import Recording, capacity, row_bytes
from snn_credit.dense.tensors.state import State, bytes_of
from snn_credit.dense.tensors.timetable import Timetable
from snn_credit.dense.tensors.writer import write
from snn_credit.errors import InputError

#: Random numbers that are drawn at once take no more than this.
_DRAWN_BYTES = 256 * 2**20
#: Elements from which on an array is worth several threads.
_THREADED = 500_000
_COUNT = itertools.count(1)


def free_bytes(device: torch.device) -> int | None:
    """Return how much memory of a GPU is free; None for a CPU."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None


class TensorProgram:
    """A plan that runs as torch tensors.

    Parameters
    ----------
    plan, values
        What to run, and on what. ``begin`` takes the state from ``values.arrays``, ``finish``
        writes it back.
    device
        ``cpu`` or ``cuda``.

    Attributes
    ----------
    source
        The program's text, to be read.

    Raises
    ------
    InputError
        For something that has no form in tensors, a GPU that is not there, or one that is too
        small.
    """

    plan: Plan
    values: Values
    source: str

    def __init__(self, plan: Plan, values: Values, device: str = "cpu") -> None:
        self.plan, self.values, self._device = plan, values, torch.device(device)
        if device == "cuda" and not torch.cuda.is_available():
            raise InputError(
                "device dense:cuda: an NVIDIA GPU and a torch that was built for it "
                f"(got torch {torch.__version__})"
            )
        with self._torch():
            self.source, layout = write(plan, values)
        rows = _rows(layout, self._device)
        held = capacity(layout, rows)
        self._needed = bytes_of(layout, rows) + held * row_bytes(layout)
        self._check_room()
        with self._in_memory():
            self._state = State(layout, rows, self._device)
            self._recording = Recording(self._state, held, self._device)
        _load(self.source, self._state.names)
        self._blocks = Blocks(self._state.names, rows, self._device)
        self._rows, self._held, self._seed = rows, held, 0

    def begin(self) -> None:
        """Take the network's state as it is now."""
        with self._torch(), self._in_memory():
            self._blocks.forget()
            self._state.load()
            self._state.names["known"]()

    def finish(self) -> None:
        """Write the state to the network's own memory."""
        self._state.store()

    def run(self, steps: int, ends: Sequence[int], seed: int) -> bool:
        """Run at most ``steps`` time steps; returns whether every clock has reached its end."""
        if not self.plan.clocks:
            return True
        timetable = Timetable(self.plan.clocks, self.values.arrays, ends)
        with self._torch(), self._in_memory():
            if seed != self._seed:
                self._seed = seed
                self._state.seed(seed)
                self._blocks.forget()
            while steps > 0 and not timetable.finished:
                steps -= self._run_slice(min(steps, self._held), timetable)
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        return timetable.finished

    def _run_slice(self, steps: int, timetable: Timetable) -> int:
        """Run at most as many steps as the buffers hold, and keep what was recorded."""
        first = self._steps()
        self._state.record_from_start()
        done = 0
        while done < steps:
            block = timetable.take(min(self._rows, steps - done))
            if not block:
                break
            self._blocks.run(block)
            done += len(block)
        after = self._steps()
        self._recording.keep(first, {k: after[k] - step for k, step in first.items()})
        return done

    def _steps(self) -> dict[int, int]:
        arrays = self.values.arrays
        return {k: int(arrays[c.step.key][0]) for k, c in enumerate(self.plan.clocks)}

    def recorded(self, operation: str) -> Mapping[str, NDArray[Any]]:
        """Return what a monitor has recorded since it was last asked, and forget it."""
        return self._recording.take(operation)

    @contextmanager
    def _torch(self) -> Iterator[None]:
        """Set torch up for a while.

        It computes with the plan's floating-point type where whole numbers meet fractions, and
        starts threads only for large arrays: on a busy machine they cost more than a small one.
        """
        before, count = torch.get_default_dtype(), torch.get_num_threads()
        large = max((a.size for a in self.values.arrays.values()), default=0) >= _THREADED
        torch.set_default_dtype(getattr(torch, self.plan.float_dtype))
        torch.set_num_threads(available() if large else 1)
        try:
            with torch.no_grad():
                yield
        finally:
            torch.set_default_dtype(before)
            torch.set_num_threads(count)

    def _check_room(self) -> None:
        free = free_bytes(self._device)
        if free is not None and free < self._needed:
            raise _too_small(self._needed, free)

    @contextmanager
    def _in_memory(self) -> Iterator[None]:
        """Say what was needed where a GPU runs out of memory."""
        try:
            yield
        except torch.cuda.OutOfMemoryError as error:
            raise _too_small(self._needed, free_bytes(self._device) or 0) from error


def _too_small(needed: int, free: int) -> InputError:
    return InputError(
        f"device dense:cuda: a GPU with {needed:,} bytes free for state, tables and records, "
        f"and some for sums (got {free:,} bytes)"
    )


def _rows(layout: Layout, device: torch.device) -> int:
    """Return how many steps are computed ahead: fewer where many random numbers are drawn."""
    dtype = layout.plan.float_dtype
    numbers = sum(starts(wanted, dtype)[-1] for wanted in layout.draws.values())
    drawn = numbers * np.dtype(dtype).itemsize
    if device.type == "cuda" and len(layout.plan.clocks) > 1:
        return 1  # which clocks are due varies from step to step: no graph holds several
    return max(1, min(ROWS[device.type], _DRAWN_BYTES // max(1, drawn)))


def _load(source: str, names: dict[str, Any]) -> None:
    """Make functions of a program's text, which tracebacks then show."""
    file = f"<snn_credit dense program {next(_COUNT)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)
