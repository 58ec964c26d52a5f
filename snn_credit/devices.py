"""The devices that a circuit can run on, and which of them are there. Imports no simulator."""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
from dataclasses import dataclass

from snn_credit.errors import InputError, one_of

DEVICES = ("auto", "dense", "runtime", "runtime:cython", "cpp_standalone", "cuda_standalone")
_BEST = ("cuda_standalone", "cpp_standalone", "runtime")


@dataclass(frozen=True)
class DeviceStatus:
    """One device: whether it is there, and what it is or what is missing."""

    name: str
    available: bool
    about: str


def available_devices() -> tuple[DeviceStatus, ...]:
    """Look for each device, by the programs and packages that it needs."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    has_cpp = bool(compiler and shutil.which("make"))
    needs_cpp = "needs a C++ compiler and make (Debian, Ubuntu: apt-get install g++ make)"
    needs_cuda = _missing_for_cuda() or (None if has_cpp else needs_cpp)
    return (
        DeviceStatus("dense", bool(compiler), "loops over matrices; compiled in a second and kept"
                     if compiler else needs_cpp),
        DeviceStatus("runtime", True, "Brian's numpy target, in this process; starts at once"),
        DeviceStatus("runtime:cython", bool(compiler),
                     "Brian's cython target; compiles for a minute or two at first use"
                     if compiler else needs_cpp),
        DeviceStatus("cpp_standalone", has_cpp,
                     "a compiled C++ program, built in half a minute and kept"
                     if has_cpp else needs_cpp),
        DeviceStatus("cuda_standalone", needs_cuda is None,
                     needs_cuda or "an NVIDIA GPU (brian2cuda); built in a minute or two and kept"),
    )  # fmt: skip


def _missing_for_cuda() -> str | None:
    if importlib.util.find_spec("brian2cuda") is None:
        return "needs brian2cuda on Python >= 3.12 (pip install 'snn-credit[cuda]')"
    if shutil.which("nvcc") is None:
        return "needs nvcc, the compiler of the CUDA toolkit, on the PATH"
    if shutil.which("nvidia-smi") is None:
        return "needs an NVIDIA GPU and its driver (nvidia-smi was not found)"
    if not _gpu_answers():
        return "needs an NVIDIA GPU that its driver knows (nvidia-smi -L lists none)"
    return None


@functools.cache
def _gpu_answers() -> bool:
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and bool(listed.stdout.strip())


def choose(device: str) -> str:
    """Return the device to use: itself if it is there, for 'auto' the best that is.

    Raises
    ------
    InputError
        For an unknown device, or one that is not there; the message says what to install.
    """
    if device not in DEVICES:
        raise InputError(f"device: {one_of(device, DEVICES)} (got {device!r})")
    status = {found.name: found for found in available_devices()}
    if device == "auto":
        return next(name for name in _BEST if status[name].available)
    if not status[device].available:
        raise InputError(
            f"device: one that is there; this one {status[device].about} (got {device!r})"
        )
    return device
