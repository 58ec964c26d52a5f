"""How to run each contender: the plain Brian script, this package's devices, BindsNET."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from contenders import BINDSNET, PLAIN, PLAIN_FLOAT32, Contender, Loaded, Ran, Run, Runner
from memory import peak_mb
from task import B_SCALE, CLASSES, ETA, IMAGE_STEPS, IMAGES, W_SCALE, images_and_labels

_HERE = Path(__file__).parent


def runner(contender: Contender) -> Runner:
    """Return how to run a contender."""
    if contender.name in (PLAIN, PLAIN_FLOAT32):
        return PlainScript(contender)
    return BindsNet(contender) if contender.name == BINDSNET else Package(contender)


class PlainScript:
    """``plain_brian.py``, a program that starts from a shell and keeps no state."""

    def __init__(self, contender: Contender) -> None:
        self._of = contender

    def load(self) -> Loaded:
        """Import nothing: the program needs no parent."""
        return Loaded()

    def prepare(self, steps: int) -> tuple[Run, float]:
        """Have the script write and compile its program."""
        seconds = 0.0
        folder = Path(self._of.folder) / str(steps)
        if not (folder / "main").exists():
            command = [sys.executable, str(_HERE / "plain_brian.py")]
            command += ["--sizes", self._of.sizes, "--steps", str(steps)]
            command += ["--dtype", self._of.dtype, "--directory", str(folder)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds = json.loads(done.stdout.splitlines()[-1])["build s"]

        def run() -> Ran:
            subprocess.run(["./main"], cwd=folder, check=True)
            return Ran()

        return run, seconds

    def activity(self) -> None:
        """Tell nothing: no state comes back."""


class Package:
    """A device of this package, chunk by chunk; each chunk hands its state back."""

    def __init__(self, contender: Contender) -> None:
        self._of = contender
        self._simulation: Any = None

    def load(self) -> Loaded:
        """Import the package's spiking path, and torch where the device computes with it.

        Programs, and what Brian and torch keep of what they compiled, go into the contender's own
        folder: a build begins from nothing, whatever was built for another network.
        """
        os.environ["SNN_CREDIT_CACHE"] = self._of.folder
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = f"{self._of.folder}/inductor"
        os.environ["TRITON_CACHE_DIR"] = f"{self._of.folder}/triton"
        import brian2 as b2

        import snn_credit.models.lillicrap_spiking
        import snn_credit.spiking  # noqa: F401

        b2.prefs["codegen.runtime.cython.cache_dir"] = f"{self._of.folder}/cython"
        if self._of.name.startswith("dense:"):
            import torch  # noqa: F401
        return Loaded(peak_mb())

    def prepare(self, steps: int) -> tuple[Run, float]:
        """Make a simulation whose chunks have that many steps."""
        from snn_credit.models.lillicrap_spiking import network
        from snn_credit.spiking import Simulation, Stream

        start = time.perf_counter()
        sizes = [int(size) for size in self._of.sizes.split("-")]
        shown = -(-steps * self._of.runs // IMAGE_STEPS)
        images, labels = images_and_labels(sizes[0], min(shown, IMAGES))
        index = np.arange(shown) % len(images)
        simulation = Simulation(
            network(sizes, "FA", rates={"eta": ETA}, w_scale=W_SCALE, b_scale=B_SCALE),
            {"stimulus": images, "target": np.eye(CLASSES)},
            Stream.of(index, labels[index], IMAGE_STEPS),
            device=self._of.name,
            dtype=self._of.dtype,
            chunk_steps=steps,
        )
        chunks = simulation.run()

        def run() -> Ran:
            self._simulation = simulation
            next(chunks)
            return Ran()

        return run, time.perf_counter() - start

    def activity(self) -> list[float] | None:
        """Return the hidden layers' mean probability of a spike after the last run."""
        hidden = range(1, self._of.sizes.count("-"))
        potentials = [self._simulation.state[f"hidden{layer}.V"] for layer in hidden]
        return [float(np.mean(1 / (1 + np.exp(-v.astype(float))))) for v in potentials]


class BindsNet:
    """``bindsnet_network.py`` in BindsNET's own environment, asked by lines of JSON."""

    def __init__(self, contender: Contender) -> None:
        self._of = contender

    def load(self) -> Loaded:
        """Start the script, which imports torch and BindsNET."""
        self._process = subprocess.Popen(
            [self._of.python, str(_HERE / "bindsnet_network.py"), "--sizes", self._of.sizes,
             "--serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return Loaded(**self._answer())

    def prepare(self, steps: int) -> tuple[Run, float]:
        """Have the network made, by a request for no steps; both lengths have the same."""
        start = time.perf_counter()
        self._ask(0)
        return lambda: self._ask(steps), time.perf_counter() - start

    def activity(self) -> None:
        """Tell nothing: it is another network."""

    def _ask(self, steps: int) -> Ran:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        answer = self._answer()
        return Ran(answer["cpu_s"], answer["peak_mb"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"bindsnet_network.py ended with status {self._process.wait()}")
        return json.loads(line)
