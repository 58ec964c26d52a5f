"""The process of one seed: ``python -m snn_credit.harness.worker PIPE``, with its job on stdin."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from snn_credit.errors import InputError
from snn_credit.harness.config import from_plain
from snn_credit.harness.experiment import Context, Experiment
from snn_credit.harness.problems import disk_problem
from snn_credit.harness.run import run_seed
from snn_credit.harness.workers import Job

_EVERY = 0.1  # seconds between two updates: a screen shows no more


class Pipe:
    """A progress that writes each call as a line of JSON for the process that watches."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._last = 0.0
        self._held: list[Any] | None = None
        self._alone = False

    def say(self, *message: Any) -> None:
        """Write one message.

        Raises
        ------
        KeyboardInterrupt
            Nobody reads any more: the run was stopped, or killed, from outside.
        """
        text = json.dumps(message).encode() + b"\n"
        if self._alone:
            return
        try:
            while text:
                text = text[os.write(self._handle, text) :]
        except BrokenPipeError:
            self._alone = True  # once is enough: the file has to be closed in peace
            raise KeyboardInterrupt from None

    def start(self, total: int, unit: str, what: str) -> None:
        """Pass on the start of a phase."""
        self._last = 0.0
        self.say("start", int(total), unit, what)

    def update(self, done: int, **numbers: float) -> None:
        """Pass on a count, now or with the end of the phase when the last was a moment ago."""
        message = ["update", int(done), {name: float(value) for name, value in numbers.items()}]
        if time.monotonic() - self._last < _EVERY:
            self._held = message
            return
        self._last, self._held = time.monotonic(), None
        self.say(*message)

    def note(self, text: str) -> None:
        """Pass on a line."""
        self.say("note", text)

    def stop(self) -> None:
        """Pass on the end of a phase."""
        if self._held is not None:
            held, self._held = self._held, None
            self.say(*held)
        self.say("stop")


def main() -> int:
    """Run the job, say how it ended, and return the exit status."""
    # a parent in a shell's background leaves ctrl-C ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pipe = Pipe(int(sys.argv[1]))
    try:
        end = _end_of(Job(**json.load(sys.stdin)), pipe)
    except KeyboardInterrupt:
        end = ("stopped",)
    try:
        pipe.say(*end)
    except KeyboardInterrupt:
        return 130
    return {"done": 0, "stopped": 130, "input": 2, "disk": 2}.get(end[0], 1)


def _end_of(job: Job, pipe: Pipe) -> tuple[Any, ...]:
    try:
        experiment: Experiment[Any] = import_module(job.module).EXPERIMENT
        config = from_plain(type(experiment.presets[job.preset]), job.config)
        context = Context(Path(job.out), job.seed, job.device, job.resume, pipe)
        run_seed(experiment, job.preset, config, context)
    except InputError as error:
        return "input", str(error)
    except Exception as error:
        traceback.print_exc()  # into the seed's log
        if problem := disk_problem(error):
            return "disk", problem.errno, problem.strerror or str(problem), problem.filename
        return "failed", f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ("done",)


if __name__ == "__main__":
    sys.exit(main())
