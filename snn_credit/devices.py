"""The devices that a circuit can run on, and which of them are there. Imports no simulator.

A device is one row of `TABLE`. What it needs is looked for each time it is asked for.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata

from snn_credit.errors import InputError, one_of


@dataclass(frozen=True)
class Part:
    """Something that a device needs: what was found of it, or what to get and how."""

    found: bool
    text: str


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes
    ----------
    name, about : str
        What it is called, and what it is and costs to start.
    needs : tuple of callables
        What it cannot do without; each looks for one part.
    speed : int
        Of those that are there, 'auto' takes the one with the highest; none with 0.
    synapses : int
        For circuits with fewer synapses than this 'auto' takes another.
    """

    name: str
    about: str
    needs: tuple[Callable[[], Part], ...] = ()
    speed: int = 0
    synapses: int = 0

    @property
    def status(self) -> DeviceStatus:
        """Look for what it needs."""
        parts = [look() for look in self.needs]
        missing = tuple(part.text for part in parts if not part.found)
        found = tuple(part.text for part in parts if part.found)
        return DeviceStatus(self.name, not missing, self.about, missing, found)


@dataclass(frozen=True)
class DeviceStatus:
    """One device: whether it is there, what it is, and what is missing and was found of its needs.

    Each of ``missing`` says what to get and how.
    """

    name: str
    available: bool
    about: str
    missing: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


def _compiler() -> Part:
    for name in filter(None, (os.environ.get("CXX"), "g++", "clang++", "c++")):
        if shutil.which(name):
            return Part(True, name)
    return Part(False, "a C++ compiler (Debian, Ubuntu: apt-get install g++)")


def _make() -> Part:
    if shutil.which("make"):
        return Part(True, "make")
    return Part(False, "make (Debian, Ubuntu: apt-get install make)")


def _brian2cuda() -> Part:
    try:
        return Part(True, f"brian2cuda {metadata.version('brian2cuda')}")
    except metadata.PackageNotFoundError:
        return Part(False, "brian2cuda, on Python 3.12 or 3.13 (pip install 'snn-credit[cuda]')")


def _nvcc() -> Part:
    if release := re.search(r"release ([\d.]+)", _said("nvcc", "--version")):
        return Part(True, f"nvcc {release[1]}")
    return Part(False, "nvcc on the PATH (install NVIDIA's CUDA toolkit, and add its bin folder)")


def _curand() -> Part:
    if _said("nvcc", "-x", "cu", "-E", "-", given="#include <curand.h>\n"):
        return Part(True, "cuRAND of the toolkit")
    for wheel in ("nvidia-curand", "nvidia-curand-cu12"):
        try:
            files = metadata.files(wheel) or []
        except metadata.PackageNotFoundError:
            continue
        if any(file.name == "curand.h" for file in files):
            return Part(True, f"cuRAND of {wheel}")
    return Part(False, "cuRAND's header curand.h (pip install nvidia-curand)")


def _gpu() -> Part:
    query = ("--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
    gpus = _said("nvidia-smi", *query).strip().splitlines()
    if not gpus:
        said = "names none" if shutil.which("nvidia-smi") else "was not found"
        return Part(False, f"an NVIDIA GPU and its driver (nvidia-smi {said})")
    name, _, memory = gpus[0].rpartition(", ")
    size = f" with {int(memory) / 1024:.0f} GiB" if memory.isdecimal() else ""
    which = f" (the first of {len(gpus)})" if len(gpus) > 1 else ""
    return Part(True, f"{name}{size}{which}")


def _torch_gpu() -> Part:
    gpu = _gpu()
    if not gpu.found:
        return gpu
    # Imported by name and only beside a GPU: torch takes seconds.
    torch = import_module("torch")
    if torch.version.cuda is None:
        return Part(False, f"a torch that was built for CUDA (this is {torch.__version__})")
    if not torch.cuda.is_available():
        return Part(False, f"a GPU that torch {torch.__version__} can use")
    return Part(True, f"torch {torch.__version__} on {gpu.text}")


def _said(program: str, *arguments: str, given: str = "") -> str:
    """Return what a program printed; nothing if it failed or is not there."""
    path = shutil.which(program)
    return _printed((path, *arguments), given) if path else ""


@functools.cache
def _printed(command: tuple[str, ...], given: str) -> str:
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


TABLE: tuple[Device, ...] = (
    Device("dense", "loops over matrices in this process; compiled in a second and kept",
           (_compiler,), speed=40),
    Device("dense:cuda", "the same as torch tensors on a GPU; ready in a minute", (_torch_gpu,)),
    Device("dense:torch", "the code of dense:cuda on torch's CPU, for trying it without a GPU"),
    Device("runtime", "Brian's numpy target, in this process; starts at once", speed=10),
    Device("runtime:cython", "Brian's cython target; compiles for a minute or two at first use",
           (_compiler,)),
    Device("cpp_standalone", "a compiled C++ program, built in half a minute and kept",
           (_compiler, _make), speed=20),
    Device("cuda_standalone", "a CUDA program through brian2cuda, built in minutes and kept",
           (_brian2cuda, _gpu, _nvcc, _curand, _compiler, _make), speed=30),
)  # fmt: skip

DEVICES = ("auto", *(device.name for device in TABLE))


def available_devices() -> tuple[DeviceStatus, ...]:
    """Look for each device, by the programs and packages that it needs."""
    return tuple(device.status for device in TABLE)


@dataclass(frozen=True)
class Choice:
    """The device that is used, and why."""

    name: str
    why: str


def best(synapses: int | None = None) -> Choice:
    """Return the device that 'auto' takes for a circuit of so many synapses, and why."""
    ranked = sorted((d for d in TABLE if d.speed), key=lambda device: -device.speed)
    fits = [d for d in ranked if synapses is None or synapses >= d.synapses]
    taken = next(device for device in fits if device.status.available)  # runtime always is
    faster = [device for device in ranked if device.speed > taken.speed]
    missing = [device.name for device in faster if not device.status.available]
    size = "" if synapses is None else f" for {synapses:,} synapses"
    reasons = [f"the fastest of those that are there{size}"]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        reasons.append(f"{' and '.join(missing)} {verb} not")
    for device in faster:
        if device.name not in missing:
            reasons.append(f"{device.name} pays from {device.synapses:,} on")
    return Choice(taken.name, "; ".join(reasons))


def choose(device: str, synapses: int | None = None) -> Choice:
    """Return the device to use: itself if it is there, for 'auto' the best for so many synapses.

    Raises
    ------
    InputError
        For an unknown device, or one that is not there; the message says what to install.
    """
    if device not in DEVICES:
        raise InputError(f"device: {one_of(device, DEVICES)} (got {device!r})")
    if device == "auto":
        return best(synapses)
    status = next(known for known in TABLE if known.name == device).status
    if not status.available:
        needs = "; ".join(status.missing)
        raise InputError(f"device: one that is there; this one needs {needs} (got {device!r})")
    return Choice(device, "as asked")
