"""One run of a compiled program as a child process that ends when its parent does."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SEED_VARIABLE = "SNN_CREDIT_SEED"
_PR_SET_PDEATHSIG = 1
_COMPLAINT = re.compile(r"\s*(memory )?error", re.IGNORECASE)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run_child(
    command: list[str], cwd: Path, seed: int, variables: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, with these variables in its environment.

    It runs in a session of its own: ctrl-C reaches this process alone, which then ends the child.

    Raises
    ------
    RuntimeError
        If it fails, writes anything to its standard error, or a line about an error to its
        standard output: Brian's programs print there what they could not read or write, and go on.
    """
    environment = {**os.environ, **(variables or {}), SEED_VARIABLE: str(seed)}
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        output, complaint = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    complaints = complaint.strip() or "\n".join(
        line.strip() for line in output.splitlines() if _COMPLAINT.match(line)
    )
    if process.returncode or complaints:
        said = (complaints or output.strip() or "nothing").splitlines()[-1]
        raise RuntimeError(f"the compiled program ended with {process.returncode}: {said}")
