"""Compile generated C++ into a shared library, once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from snn_credit.errors import InputError
from snn_credit.leftovers import owned, sweep
from snn_credit.programs import processor, programs_folder

#: -ffast-math lets the compiler make vector instructions of sums and of exp(). Infinities and NaN
#: keep their meaning. The library is linked without it: it would make the whole process take
#: denormal numbers for 0.
_COMPILE = (
    *("-c", "-O3", "-march=native", "-ffast-math", "-fno-finite-math-only"),
    *("-fPIC", "-std=c++17", "-w"),
)
_LINK = ["-shared"]
_THREADS = "-fopenmp"
_BUILDING = "building-"


def compiler() -> str:
    """Return the C++ compiler: CXX, or the first that is there.

    Raises
    ------
    InputError
        If there is none.
    """
    for name in filter(None, (os.environ.get("CXX"), "g++", "clang++", "c++")):
        if shutil.which(name):
            return name
    raise InputError(
        "device dense: needs a C++ compiler (Debian, Ubuntu: apt-get install g++; macOS: "
        "xcode-select --install); device 'runtime' does without"
    )


def library(source: str) -> Path:
    """Return the compiled library of a program, from the cache or built now.

    Raises
    ------
    InputError
        If there is no compiler, it does not take the program, or the folder cannot be written.
    """
    command = compiler()
    key = "\n".join((source, command, _version(command), *_COMPILE, processor()))
    folder = programs_folder()
    path = folder / f"dense-{hashlib.sha256(key.encode()).hexdigest()[:20]}.so"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder, _BUILDING)
        with tempfile.TemporaryDirectory(prefix=owned(_BUILDING), dir=folder) as name:
            built = _build(command, source, Path(name))
            built.rename(path)
    except OSError as error:
        raise InputError(
            f"SNN_CREDIT_CACHE: a folder that can be written (got {folder}: {error.strerror})"
        ) from error
    return path


def _build(command: str, source: str, folder: Path) -> Path:
    text, compiled, linked = (folder / f"program.{end}" for end in ("cpp", "o", "so"))
    text.write_text(source)
    for threads in ([_THREADS], []):
        first = _call([command, *_COMPILE, *threads, str(text), "-o", str(compiled)])
        second = first or _call(
            [command, *_LINK, *threads, str(compiled), "-o", str(linked), "-lm"]
        )
        if not second:
            return linked
    raise InputError(f"device dense: a compiler that takes the program (got {first or second})")


def _call(command: list[str]) -> str:
    """Run a command; return its first error, or nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines() or [f"{command[0]} failed"]
    return next((line for line in lines if "error" in line), lines[-1]).strip()


def _version(command: str) -> str:
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return said.stdout.partition("\n")[0]
