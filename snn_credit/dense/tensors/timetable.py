"""Which clocks are due in which time step: known beforehand, without asking the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from snn_credit.dense.plan import Clock

#: Clocks whose times differ by less than this part of a step are due together, as in Brian.
_TOGETHER = 1e-4

Due = tuple[bool, ...]


class Timetable:
    """The coming time steps of a network's clocks.

    Parameters
    ----------
    arrays
        Holds the clocks' arrays, which are kept up to date.
    ends
        The number of the time step at which each clock stops.
    """

    def __init__(
        self, clocks: Sequence[Clock], arrays: Mapping[str, NDArray[Any]], ends: Sequence[int]
    ) -> None:
        self._steps = [arrays[clock.step.key] for clock in clocks]
        self._times = [arrays[clock.time.key] for clock in clocks]
        self._dts = [float(arrays[clock.dt.key].reshape(-1)[0]) for clock in clocks]
        self._ends = ends

    @property
    def _first(self) -> int:
        """The clock that is behind."""
        times = [float(time[0]) for time in self._times]
        return times.index(min(times))

    @property
    def finished(self) -> bool:
        """Whether every clock has reached its end."""
        first = self._first
        return int(self._steps[first][0]) >= self._ends[first]

    def take(self, most: int) -> list[Due]:
        """Return which clocks are due in the next steps, at most so many, and move on."""
        found: list[Due] = []
        if len(self._steps) == 1:
            count = max(0, min(most, self._ends[0] - int(self._steps[0][0])))
            self._move(0, count)
            return [(True,)] * count
        while len(found) < most and not self.finished:
            found.append(self._next())
        return found

    def _next(self) -> Due:
        first = self._first
        now, dt = float(self._times[first][0]), self._dts[first]
        due = tuple(
            float(time[0]) == now or abs(float(time[0]) - now) / min(dt, own) < _TOGETHER
            for time, own in zip(self._times, self._dts, strict=True)
        )
        for number, one in enumerate(due):
            if one:
                self._move(number, 1)
        return due

    def _move(self, number: int, count: int) -> None:
        if count:
            self._steps[number][0] += count
            self._times[number][0] = float(self._steps[number][0]) * self._dts[number]
