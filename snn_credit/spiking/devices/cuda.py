"""The CUDA toolkit as brian2cuda needs it: the GPU's kind, compiler flags, cuRAND, few large files.

brian2cuda 1.0b1 asks its compiler for C++11, which Thrust no longer takes, asks a program that CUDA
no longer ships (deviceQuery) what the GPU can do, and writes one file per operation, each of which
takes some nine seconds to compile, nearly all of it for the same headers.
"""

from __future__ import annotations

import os
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import brian2 as b2

from snn_credit.errors import InputError
from snn_credit.spiking.devices.child import SEED_VARIABLE

#: Compute capability to compile for, such as 9.0. Set it to build where there is no GPU.
CAPABILITY_VARIABLE = "SNN_CREDIT_CUDA_CAPABILITY"
#: Code for the main program that seeds cuRAND from the environment.
SEED = f"""
    if (const char* given = getenv("{SEED_VARIABLE}"))
        random_number_buffer.set_seed(strtoull(given, NULL, 10));
    """
_WHEELS = ("nvidia-curand", "nvidia-curand-cu12")
_BACKEND = "devices.cuda_standalone.cuda_backend"
_LIBRARIES, _UNITS = "lib", "units"
_FILES_PER_UNIT = 8


def capability() -> float:
    """Return the compute capability of the first GPU that programs see, or the one to build for.

    Raises
    ------
    InputError
        If the variable does not hold one, or no GPU answers.
    """
    given = os.environ.get(CAPABILITY_VARIABLE)
    if given is not None:
        return _number(CAPABILITY_VARIABLE, given)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    answer = _said("nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader", "-i", visible)
    return _number("device", answer.strip() or "no GPU")


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"\d+\.\d", text):
        raise InputError(f"{name}: a GPU's compute capability such as 9.0 (got {text!r})")
    return float(text)


def _said(*command: str, given: str = "") -> str:
    """Return what a program of the toolkit printed, nothing if it failed or is not there."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout


def preferences() -> dict[str, Any]:
    """Return Brian's preferences for this device, in lists of their own: brian2cuda edits them."""
    gcc = b2.prefs["codegen.cpp.extra_compile_args_gcc"]
    return {
        "codegen.cpp.extra_compile_args_gcc": [a.replace("c++11", "c++17") for a in gcc],
        # Without -use_fast_math, which is brian2cuda's default.
        f"{_BACKEND}.extra_compile_args_nvcc": ["-w", "-std=c++17"],
        f"{_BACKEND}.detect_gpus": False,
        f"{_BACKEND}.gpu_id": 0,
        f"{_BACKEND}.compute_capability": capability(),
    }


def versions() -> list[str]:
    """Return what a built program depends on besides the circuit."""
    release = _said("nvcc", "--version").strip().splitlines()[-2:]
    return [f"brian2cuda {metadata.version('brian2cuda')}", *release, repr(preferences())]


def prepare(directory: Path, jobs: int) -> tuple[list[str], dict[str, str]]:
    """Ready a written program for ``make``: return its arguments and its environment."""
    sources = unite(directory, jobs)
    return [f"SRCS={' '.join(sources)}"], {**os.environ, **prepare_curand(directory)}


def unite(directory: Path, units: int) -> list[str]:
    """Gather a program's many files in a few, which compile ten times as fast; return their names.

    Each file of an operation is included in a namespace of its own, since all of them define the
    same helper functions; what its header declares is then defined outside and calls inwards.
    Files named ``after_run_*`` share the namespace of the operation whose kernels they call.
    """
    operations: dict[str, list[Path]] = {}
    for file in sorted((directory / "code_objects").glob("*.cu")):
        operations.setdefault(file.stem.removeprefix("after_run_"), []).append(file)
    count = max(1, min(units, -(-len(operations) // _FILES_PER_UNIT)))
    texts = {
        f"operations_{k}": _unit(dict(list(operations.items())[k::count])) for k in range(count)
    }
    common = sorted(file.name for file in directory.glob("*.cu"))
    texts["common"] = "".join(f'#include "{name}"\n' for name in common)
    (directory / _UNITS).mkdir()
    for name, text in texts.items():
        (directory / _UNITS / f"{name}.cu").write_text(text)
    return [f"{_UNITS}/{name}.cu" for name in texts]


def _unit(operations: dict[str, list[Path]]) -> str:
    headers: dict[str, None] = {}
    lines: list[str] = []
    for name, files in operations.items():
        space = f"operation_{name}"
        lines.append(f"namespace {space} {{")
        for file in sorted(files, key=lambda file: file.stem != name):
            text = file.read_text()
            headers |= dict.fromkeys(re.findall(r"^[ \t]*#[ \t]*include[^\n]*", text, re.MULTILINE))
            lines.append(f'#include "code_objects/{file.name}"')
            lines += [f"#undef {macro}" for macro in re.findall(r"#define[ \t]+(\w+)", text)]
        lines.append("}")
        for file in files:
            declared = re.findall(r"^void (\w+)\(\);", file.with_suffix(".h").read_text(), re.M)
            lines += [f"void {function}() {{ {space}::{function}(); }}" for function in declared]
    return "\n".join([*headers, *lines, ""])


def prepare_curand(directory: Path) -> dict[str, str]:
    """Return the environment in which the compiler finds cuRAND: the toolkit's or PyPI's.

    The wheel has the library only under its full name, so links to it go into the program's folder.
    """
    if _said("nvcc", "-x", "cu", "-E", "-", given="#include <curand.h>\n"):
        return {}
    found = _curand_wheel()
    if found is None:
        raise InputError(
            "device: cuRAND, from the CUDA toolkit or pip install nvidia-curand (got neither)"
        )
    header, library = found
    (directory / _LIBRARIES).mkdir()
    for name in ("libcurand.so", library.name):
        (directory / _LIBRARIES / name).symlink_to(library)
    return {
        "CPATH": _before("CPATH", header.parent),
        "LIBRARY_PATH": _before("LIBRARY_PATH", directory.resolve() / _LIBRARIES),
    }


def _curand_wheel() -> tuple[Path, Path] | None:
    """Return the header and the library that the wheel of cuRAND installed, if it is there."""
    for wheel in _WHEELS:
        try:
            files = metadata.files(wheel) or []
        except metadata.PackageNotFoundError:
            continue
        header = next((f for f in files if f.name == "curand.h"), None)
        library = next((f for f in files if f.name.startswith("libcurand.so.")), None)
        if header and library:
            return Path(str(header.locate())), Path(str(library.locate()))
    return None


def child_environment(folder: Path) -> dict[str, str]:
    """Return the variables with which a built program finds its libraries and the right GPU."""
    # The order of nvidia-smi, which is asked what to compile for.
    variables = {"CUDA_DEVICE_ORDER": os.environ.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID")}
    if (folder / _LIBRARIES).exists():
        variables["LD_LIBRARY_PATH"] = _before("LD_LIBRARY_PATH", folder / _LIBRARIES)
    return variables


def _before(variable: str, folder: Path) -> str:
    return os.pathsep.join(filter(None, [str(folder), os.environ.get(variable)]))
