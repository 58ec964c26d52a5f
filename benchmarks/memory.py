"""The most memory that a process and its children held, in MB of 10^6 bytes.

Imports the standard library only, so that every contender's environment can have it.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import threading
import time
from pathlib import Path

_RSS_UNITS_PER_MB = 1e6 if sys.platform == "darwin" else 1e6 / 1024


def peak_mb(process: str = "self") -> float:
    """Return the most that a process held so far; 0 if it is gone.

    Linux's own record (VmHWM) starts anew with the program that a process becomes. Elsewhere only
    this process can be asked.
    """
    with contextlib.suppress(OSError):
        for line in (Path("/proc") / process / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024 / 1e6
    if process != "self":
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _RSS_UNITS_PER_MB


class ChildPeak(threading.Thread):
    """Watch the most memory that one child of this process holds, every 20 ms while they live.

    The record that a parent gets of an ended child counts what it held before it became the
    program. Without /proc it sees nothing.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.mb = 0.0
        self.start()

    def run(self) -> None:
        """Look again and again."""
        while True:
            for listing in Path("/proc/self/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    for child in listing.read_text().split():
                        if self._became_a_program(child):
                            self.mb = max(self.mb, peak_mb(child))
            time.sleep(0.02)

    @staticmethod
    def _became_a_program(child: str) -> bool:
        with contextlib.suppress(OSError):
            return (Path("/proc") / child / "exe").readlink() != Path("/proc/self/exe").readlink()
        return False
