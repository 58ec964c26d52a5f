"""What the numbers are of: processor, GPU, compiler, versions, commit. No name of the machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bandwidth import all_threads

from snn_credit.recording import provenance
from snn_credit.recording.provenance import now


def machine() -> dict[str, Any]:
    """Return what can be found out, by name."""
    found: dict[str, Any] = {
        "processor": _processor(),
        "threads": all_threads(),
        "last cache MB": last_cache_mb(),
        **{
            name: os.environ[name]
            for name in ("OMP_NUM_THREADS", "SNN_CREDIT_THREADS")
            if name in os.environ
        },
    }
    for name, command in {"compiler": ["c++", "--version"], "GPU": ["nvidia-smi", "-L"]}.items():
        if shutil.which(command[0]):
            said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            found[name] = (said.splitlines() or ["?"])[0].partition(" (UUID")[0]
    return {**found, "date": now(), **provenance()}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        if names:
            return f"{names[0]} ({len(names)} cores)"
    if shutil.which("sysctl"):
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if said:
            return said
    return platform.processor() or platform.machine()


def last_cache_mb() -> float | None:
    """Return the size of the last cache of the first processor in MB, None if it is not known."""
    sizes = []
    for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = index.read_text().strip()
        units = {"K": 1024, "M": 1024**2}
        if text[-1:] in units and text[:-1].isdigit():
            sizes.append(int(text[:-1]) * units[text[-1]] / 1e6)
    return max(sizes, default=None)
