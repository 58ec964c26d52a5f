"""How many threads a program runs on: found out by trying."""

from __future__ import annotations

import os

#: Of the time steps of a slice, one in so many is spent on trying the other number of threads.
_TRIAL = 10
#: A number of threads that has lost is tried again after so many slices, at first and at most.
_SOON, _LATE = 4, 256


def available() -> int:
    """Return how many threads may work on a large matrix: as many as there are processors.

    SNN_CREDIT_THREADS, or else OMP_NUM_THREADS, sets another number.
    """
    for name in ("SNN_CREDIT_THREADS", "OMP_NUM_THREADS"):
        given = os.environ.get(name, "")
        if given.isdecimal() and int(given) > 0:
            return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Threads:
    """Chooses between one thread and all of them.

    On a machine of one's own, threads divide the time of large matrices between them. Where other
    programs run too, a thread that has to wait for its turn makes the others wait at every matrix,
    and a step may take a hundred times as long as on one thread. Results are the same, so both are
    tried, and tried again from time to time.

    Parameters
    ----------
    most
        How many threads there are.
    """

    def __init__(self, most: int) -> None:
        self._most, self._best = most, most
        self._pause, self._left = _SOON, 0
        self._seconds: dict[int, float] = {}

    def parts(self, steps: int) -> list[tuple[int, int]]:
        """Divide time steps into parts, each with a number of threads."""
        if self._most == 1:
            return [(1, steps)]
        self._left -= 1
        if self._left >= 0 or steps < 2:
            return [(self._best, steps)]
        trial = max(1, steps // _TRIAL)
        other = 1 if self._best == self._most else self._most
        return [(other, trial), (self._best, steps - trial)]

    def took(self, threads: int, steps: int, seconds: float) -> None:
        """Learn how long a part took."""
        self._seconds[threads] = seconds / steps
        if len(self._seconds) < 2 or threads != self._best:
            return
        if self._left < 0:  # both have just been measured
            winner = min(self._seconds, key=self._seconds.__getitem__)
            self._pause = _SOON if winner != self._best else min(2 * self._pause, _LATE)
            self._best, self._left = winner, self._pause
