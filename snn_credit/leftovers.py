"""Folders that belong to a process, and what killed processes left of theirs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def owned(prefix: str) -> str:
    """Return the beginning of a folder's name that says that this process owns it."""
    return f"{prefix}{os.getpid()}-"


def sweep(folder: Path, prefix: str) -> None:
    """Remove the folders whose owners are gone: no process of theirs can need them."""
    for left in folder.glob(f"{prefix}*-*"):
        number = left.name.removeprefix(prefix).partition("-")[0]
        if number.isdigit() and not _alive(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
