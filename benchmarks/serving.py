"""A contender in a process of its own, run on demand, with its time and memory."""

from __future__ import annotations

import multiprocessing
import resource
import subprocess
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from contenders import Contender, Loaded, Run, Runner
from memory import ChildPeak, peak_mb
from runners import runner


@dataclass(frozen=True)
class Timed:
    """One run: seconds on the clock and of processors, peak memory so far, what spiked."""

    clock_s: float
    cpu_s: float
    parent_mb: float
    child_mb: float
    activity: list[float] | None


class Failed(Exception):
    """What went wrong in a contender's process, as one line."""


def serve(contender: Contender, pipe: Connection) -> None:
    """Load a contender, then run it for as many steps as asked, until nothing is asked."""
    runs: dict[int, Run] = {}
    try:
        running = runner(contender)
        pipe.send(running.load())
        children = ChildPeak()
        while (steps := pipe.recv()) is not None:
            build_s = 0.0
            if steps not in runs:
                runs[steps], build_s = running.prepare(steps)
            pipe.send((build_s, _timed(runs[steps], running, children)))
    except Exception as error:
        pipe.send(Failed(_line(error)))


def _timed(run: Run, running: Runner, children: ChildPeak) -> Timed:
    used, start = _processor_time(), time.perf_counter()
    ran = run()
    clock, cpu = time.perf_counter() - start, _processor_time() - used
    child = max(ran.child_mb, children.mb)
    return Timed(clock, cpu + ran.cpu_s, peak_mb(), child, running.activity())


def _processor_time() -> float:
    """Return the seconds that this process and its ended children computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _line(error: Exception) -> str:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else None
    text = said.decode() if isinstance(said, bytes) else str(said or error)
    lines = text.strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[-1]}"


class Served:
    """A contender's process, from here."""

    def __init__(self, contender: Contender) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(contender, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.loaded: Loaded = self._answer()

    def ask(self, steps: int) -> tuple[float, Timed]:
        """Run for that many steps; returns the seconds of building it, and the run."""
        self._pipe.send(steps)
        return self._answer()

    def end(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._pipe.send(None)
        self._process.join()
        self._pipe.close()

    def _answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except EOFError:
            self._process.join()
            answer = Failed(f"its process ended with status {self._process.exitcode}")
        if isinstance(answer, Failed):
            raise answer
        return answer
