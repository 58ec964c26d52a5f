"""Where a run's numbers come from: versions of what computed them, without names of machines."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import snn_credit

PACKAGES = ("snn-credit", "brian2", "brian2cuda", "numpy", "torch", "h5py", "scipy", "scikit-learn")


def provenance() -> dict[str, Any]:
    """Return ``versions`` (package -> version), ``platform``, ``cpus``, ``git_commit`` or None."""
    return {
        "versions": versions(),
        "platform": f"{sys.platform} {platform.machine()}",
        "cpus": os.cpu_count(),
        "git_commit": git_commit(Path(__file__)),
    }


def now() -> str:
    """Return the time, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that computing rests on."""
    found = {"python": platform.python_version(), "snn-credit": snn_credit.__version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_commit(source: Path) -> str | None:
    """Return the commit of the checkout that tracks ``source``, with ``-dirty`` if it was changed.

    None outside a checkout, or where git is missing; an installed copy inside somebody else's
    repository is not tracked there.
    """
    folder = source.resolve().parent
    if _git(folder, "ls-files", "--error-unmatch", source.name) is None:
        return None
    return _git(folder, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
