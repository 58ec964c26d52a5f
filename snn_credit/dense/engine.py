"""What runs a plan: the C++ program and the tensor program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from snn_credit.dense.plan import Plan, Values


class Engine(Protocol):
    """A plan that is ready to run on its values.

    Between ``begin`` and ``finish`` an engine may hold them elsewhere, but for the clocks' arrays,
    which are up to date after each ``run``. ``source`` is the program's text, to be read.
    """

    plan: Plan
    values: Values
    source: str

    def begin(self) -> None:
        """Take up the values of ``values.arrays``, before the first of a series of runs."""
        ...

    def finish(self) -> None:
        """Bring ``values.arrays`` up to date, after the last of a series of runs."""
        ...

    def run(self, steps: int, ends: Sequence[int], seed: int) -> bool:
        """Run at most ``steps`` time steps; returns whether every clock has reached its end.

        ``ends`` are numbers of time steps, one for each of the plan's clocks; ``seed`` keys the
        random numbers, which depend on nothing else but the time step, the operation and the index.
        """
        ...

    def recorded(self, operation: str) -> Mapping[str, NDArray[Any]]:
        """Return what a monitor has recorded since it was last asked, and forget it."""
        ...
