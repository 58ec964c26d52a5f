"""An environment of its own for BindsNET, whose package wants much that the benchmark does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-bindsnet"
BINDSNET = "bindsnet==0.3.4"
#: What its network modules import.
NEEDS = ("torch", "numpy")
_READY = FOLDER / ".installed"


def find() -> Path | None:
    """Return the environment's interpreter, or None if it was not made."""
    return _python() if _READY.exists() and _python().exists() else None


def make() -> Path:
    """Make the environment, unless it is there, and return its interpreter.

    torch and numpy come in the versions of ``constraints.txt``, so that both sides of the
    comparison rest on the same. BindsNET's own ranges are not asked.

    Raises
    ------
    subprocess.CalledProcessError
        If pip fails; it has said why.
    """
    if find() is None:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        pip = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        constraints = ["-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, *constraints, *NEEDS], check=True)
        subprocess.run([*pip, "--no-deps", BINDSNET], check=True)
        _READY.touch()
    return _python()


def _python() -> Path:
    return FOLDER / "bin" / "python"
