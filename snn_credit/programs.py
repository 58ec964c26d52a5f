"""Where compiled programs are kept, and the processor that they are compiled for."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def programs_folder() -> Path:
    """Return the folder of built programs: in SNN_CREDIT_CACHE, or in the user's cache."""
    given = os.environ.get("SNN_CREDIT_CACHE")
    base = (
        Path(given)
        if given
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snn_credit"
    )
    return base / "programs"


def processor() -> str:
    """Return the processor's features: programs are compiled for the machine they are built on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
