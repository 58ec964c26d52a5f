"""Runs blocks of time steps: as they are written, compiled, or replayed as CUDA graphs."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Hashable, Sequence
from types import FunctionType
from typing import Any

import torch

from snn_credit.dense.tensors.timetable import Due
from snn_credit.errors import InputError

#: Time steps that are computed together: of what is known beforehand, and in one graph.
ROWS = {"cpu": 64, "cuda": 8}

COMPILE = "SNN_CREDIT_TORCH_COMPILE"


def compiles(device: torch.device) -> bool:
    """Whether programs are compiled: SNN_CREDIT_TORCH_COMPILE, else on GPUs where triton is there.

    Raises
    ------
    InputError
        If the variable is neither 0 nor 1.
    """
    given = os.environ.get(COMPILE, "")
    if given not in ("", "0", "1"):
        raise InputError(f"{COMPILE}: 0 or 1 (got {given!r})")
    if given:
        return given == "1"
    return device.type == "cuda" and importlib.util.find_spec("triton") is not None


def _as_it_is(function: FunctionType) -> Callable[..., None]:
    return function


def _compiled(function: FunctionType) -> Callable[..., None]:
    """Compile a function for the arguments that it is first called with.

    A copy is compiled: torch keeps few versions of one function's code.
    """
    copy = FunctionType(function.__code__.replace(), function.__globals__)
    return torch.compile(copy, dynamic=False, fullgraph=True)


class Blocks:
    """Runs a program's time steps, several at once.

    Parameters
    ----------
    names
        The program's functions ``ahead()`` and ``step(due)``, among its other names.
    rows
        For how many steps ``ahead`` computes what is known beforehand.
    """

    def __init__(self, names: dict[str, Any], rows: int, device: torch.device) -> None:
        self._rows, self._left = rows, 0
        self._make = _compiled if compiles(device) else _as_it_is
        self._ahead, self._written = self._make(names["ahead"]), names["step"]
        self._steps: dict[Due, Callable[[Due], None]] = {}
        self._graphs = _Graphs(device) if device.type == "cuda" else None

    def forget(self) -> None:
        """Forget what was computed ahead: the state, the tables or the seed have changed."""
        self._left = 0

    def run(self, block: Sequence[Due]) -> None:
        """Run steps one after the other: for each, which clocks are due."""
        if self._graphs is not None and len(block) == self._rows and len(set(block)) == 1:
            self._graphs.run(tuple(block), lambda: self._all(block))
            self._left = 0
            return
        for due in block:
            if not self._left:
                self._one("ahead", self._ahead)
                self._left = self._rows
            self._one(due, lambda due=due: self._step(due))
            self._left -= 1

    def _step(self, due: Due) -> None:
        if due not in self._steps:
            self._steps[due] = self._make(self._written)
        self._steps[due](due)

    def _all(self, block: Sequence[Due]) -> None:
        self._ahead()
        for due in block:
            self._step(due)

    def _one(self, name: Hashable, work: Callable[[], None]) -> None:
        if self._graphs is None:
            work()
        else:
            self._graphs.run(name, work)


class _Graphs:
    """Pieces of work on a GPU that are recorded once, as CUDA graphs, and then replayed.

    A piece draws new random numbers whenever it is replayed, and moves the clocks on: all that it
    depends on is on the device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._stream = device, torch.cuda.Stream(device)
        self._replays: dict[Hashable, Callable[[], None] | None] = {}

    def run(self, name: Hashable, work: Callable[[], None]) -> None:
        """Work: the first time as it is, which warms up, then as a graph of it."""
        if name not in self._replays:
            self._replays[name] = None
            self._on_stream(work)
            return
        replay = self._replays[name]
        if replay is None:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=self._stream):
                work()
            replay = self._replays[name] = graph.replay
        replay()

    def _on_stream(self, work: Callable[[], None]) -> None:
        """Work on the stream on which graphs are recorded, in step with the current one."""
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            work()
        current.wait_stream(self._stream)
