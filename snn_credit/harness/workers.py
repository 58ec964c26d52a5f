"""Several seeds at a time, each in a process of its own, watched from this one."""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from snn_credit.errors import InputError
from snn_credit.harness.display import Display
from snn_credit.harness.manifest import LOG
from snn_credit.progress import Progress

_GRACE = 60.0  # seconds that a stopped worker has to close its file


class WorkerError(RuntimeError):
    """A seed ended with an error that is not a person's."""


@dataclass(frozen=True)
class Job:
    """One seed, as a worker process is told of it. ``config`` is plain JSON."""

    module: str
    preset: str
    config: dict[str, Any]
    out: str
    seed: int
    device: str
    resume: bool


def run_jobs(jobs: list[Job], at_once: int, display: Display, lock: int) -> None:
    """Run jobs, at most ``at_once`` at a time, and show their progress.

    The first error, and ctrl-C, end all of them, each with its file closed. The workers hold
    ``lock`` too, so that a folder stays taken while one outlives this process.

    Raises
    ------
    InputError, OSError
        What a worker met.
    WorkerError
        A worker failed in another way.
    """
    waiting = list(reversed(jobs))
    running: dict[int, _Worker] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job = waiting.pop()
                    worker = _Worker(job, display.view(f"seed {job.seed}"), lock, at_once)
                    running[worker.pipe.fileno()] = worker
                    selector.register(worker.pipe, selectors.EVENT_READ)
                for key, _ in selector.select():
                    if not running[key.fd].listen():
                        selector.unregister(key.fd)
                        running.pop(key.fd).finish()
        finally:
            _stop(list(running.values()))


def _stop(workers: list[_Worker]) -> None:
    """Ask workers to end as ctrl-C would; kill those that do not, or all at a second ctrl-C."""
    try:
        for worker in workers:
            worker.process.send_signal(signal.SIGINT)
        for worker in workers:
            worker.wait()
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        for worker in workers:
            worker.kill()


class _Worker:
    """A process that runs one seed and writes what it does, a JSON list a line, into a pipe."""

    def __init__(self, job: Job, progress: Progress, lock: int, at_once: int) -> None:
        self.job, self.progress = job, progress
        self.log = Path(job.out) / LOG
        self._end: list[Any] = []
        self._text = b""
        ours, theirs = os.pipe()
        self.pipe: IO[bytes] = open(ours, "rb", buffering=0)  # noqa: SIM115  # closed by finish
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "snn_credit.harness.worker", str(theirs)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs, lock),
                    env=_environment(at_once),
                    # a terminal's ctrl-C must reach a worker once, from us, not in its clean-up too
                    process_group=0,
                )
        except BaseException:
            self.pipe.close()
            raise
        finally:
            os.close(theirs)
        assert self.process.stdin is not None
        with suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(json.dumps(asdict(job)).encode())

    def listen(self) -> bool:
        """Take what the pipe holds; return False at its end."""
        piece = self.pipe.read(1 << 16)
        *lines, self._text = (self._text + (piece or b"")).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        return bool(piece)

    def _take(self, message: list[Any]) -> None:
        match message:
            case ["start", total, unit, what]:
                self.progress.start(total, unit, what)
            case ["update", done, numbers]:
                self.progress.update(done, **numbers)
            case ["note", text]:
                self.progress.note(text)
            case ["stop"]:
                self.progress.stop()
            case _:
                self._end = message

    def finish(self) -> None:
        """Take the worker's end, good or bad."""
        self.pipe.close()
        code = self.process.wait()
        match self._end:
            case ["done"] if code == 0:
                self._forget_empty_log()
            case ["stopped"]:
                raise KeyboardInterrupt
            case ["input", text]:
                raise InputError(text)
            case ["disk", number, text, name]:
                raise OSError(number, text, name)
            case ["failed", text]:
                raise WorkerError(self._failure(text))
            case _ if code < 0:
                raise WorkerError(self._failure(f"killed by {signal.Signals(-code).name}"))
            case _:
                raise WorkerError(self._failure(f"exit status {code}"))

    def _failure(self, text: str) -> str:
        return f"seed {self.job.seed}: a run without a failure (got {text}; see {self.log})"

    def wait(self) -> None:
        """Wait for a stopped worker to end.

        Its pipe is read on: were it shut, the worker could not say a word while it closes its file.
        """
        deadline = time.monotonic() + _GRACE
        with self.pipe:
            while select.select([self.pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
                if not self.listen():
                    break
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self._forget_empty_log()
        self.progress.stop()

    def _forget_empty_log(self) -> None:
        if self.log.stat().st_size == 0:
            self.log.unlink()

    def kill(self) -> None:
        """End the worker and what it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _environment(at_once: int) -> dict[str, str]:
    threads = max(1, (os.cpu_count() or 1) // at_once)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p or os.curdir for p in sys.path)}
    if at_once > 1:  # otherwise each of them takes every core
        env.setdefault("OMP_NUM_THREADS", str(threads))
    return env
