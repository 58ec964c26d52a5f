"""Brian's standalone devices: how to have them write and compile a program."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import brian2 as b2

from snn_credit.errors import InputError
from snn_credit.programs import processor
from snn_credit.spiking.devices import cpp, cuda

#: What each device adds: ``SEED`` and ``prepare(directory, jobs)``.
KINDS = {"cpp_standalone": cpp, "cuda_standalone": cuda}


def versions(device: str) -> list[str]:
    """Return what a built program depends on besides the circuit: versions, flags, processor."""
    return [
        f"brian2 {metadata.version('brian2')}",
        *b2.prefs["codegen.cpp.extra_compile_args_gcc"],
        processor(),
        *(cuda.versions() if device == "cuda_standalone" else ()),
    ]


@contextmanager
def active(device: str) -> Iterator[Any]:
    """Make a standalone device Brian's active one, and put things back at the end."""
    preferences: dict[str, Any] = {}
    if device == "cuda_standalone":
        # Imported only here: it adds the device to Brian's.
        import_module("brian2cuda")
        logging.getLogger("brian2cuda").setLevel(logging.WARNING)
        import_module("brian2cuda.utils.gputools").reset_gpu_selection()
        preferences = cuda.preferences()
    before = {name: b2.prefs[name] for name in preferences}
    b2.prefs.update(preferences)
    b2.set_device(device, build_on_run=False)
    brian_device = b2.all_devices[device]
    try:
        yield brian_device
    finally:
        brian_device.reinit()
        b2.set_device("runtime")
        b2.prefs.update(before)


def compile_program(device: Any, name: str, directory: Path) -> None:
    """Write the program of the device of that name into a folder and compile it.

    Raises
    ------
    InputError
        If the compiler fails: its first error.
    """
    device.build(directory=str(directory), compile=False, run=False, with_output=False)
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    arguments, environment = KINDS[name].prepare(directory, jobs)
    made = subprocess.run(
        ["make", f"-j{jobs}", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        lines = made.stderr.strip().splitlines() or ["make failed"]
        first = next((line for line in lines if "error" in line), lines[-1])
        raise InputError(f"device: a compiler that builds the circuit (got {first.strip()})")
