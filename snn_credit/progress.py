"""How a long computation says where it is, without knowing who listens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """What an experiment tells while it runs.

    ``start`` may be called again for a next phase. A name of ``numbers`` that ends in ``_percent``
    is shown with a percent sign: ``update(1200, error_percent=6.5)`` reads ``error 6.5 %``.
    """

    def start(self, total: int, unit: str, what: str) -> None:
        """Begin a phase of ``total`` items; ``unit`` is their plural, ``what`` the phase."""
        ...

    def update(self, done: int, **numbers: float) -> None:
        """Say that ``done`` items in all are done, with the numbers of interest so far."""
        ...

    def note(self, text: str) -> None:
        """Say one line that stays readable, such as the device that was chosen."""
        ...

    def stop(self) -> None:
        """End the phase, finished or not."""
        ...


class Silent:
    """A progress that nobody sees."""

    def start(self, total: int, unit: str, what: str) -> None:
        """Do nothing."""

    def update(self, done: int, **numbers: float) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class Named:
    """The progress of one part of several: its phases go by the part's name."""

    progress: Progress
    name: str

    def __init__(self, progress: Progress, name: str) -> None:
        self.progress, self.name = progress, name

    def start(self, total: int, unit: str, what: str) -> None:
        """Begin a phase, whatever it calls itself."""
        self.progress.start(total, unit, self.name)

    def update(self, done: int, **numbers: float) -> None:
        """Pass on a count."""
        self.progress.update(done, **numbers)

    def note(self, text: str) -> None:
        """Pass on a line, with the name."""
        self.progress.note(f"{self.name}: {text}")

    def stop(self) -> None:
        """Pass on the end of a phase."""
        self.progress.stop()


class Meter:
    """Speed and time left of one phase, from what was done within the last half minute.

    The first update is where counting starts, so that neither a build nor the part that a resumed
    run finds done counts as speed.
    """

    total: int
    unit: str
    what: str
    done: int
    window: float = 30.0

    def __init__(
        self, total: int, unit: str, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total, self.unit, self.what = total, unit, what
        self.done = 0
        self.numbers: dict[str, float] = {}
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()

    def update(self, done: int, **numbers: float) -> None:
        """Take a new count, and numbers that stay until they are replaced."""
        self.done = done
        self.numbers.update(numbers)
        now = self._clock()
        self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] < now - self.window:
            self._samples.popleft()

    @property
    def rate(self) -> float | None:
        """Items per second; None while unknown."""
        if len(self._samples) < 2:
            return None
        (begun, first), (now, last) = self._samples[0], self._samples[-1]
        return (last - first) / (now - begun) if now > begun and last > first else None

    @property
    def left(self) -> float | None:
        """Seconds to the end of the phase at this speed; None while unknown."""
        return None if self.rate is None else max(self.total - self.done, 0) / self.rate

    def text(self) -> str:
        """Count, speed, numbers and time left, in one line."""
        parts = [f"{self.done}/{self.total} {self.unit}"]
        if self.rate is not None:
            parts.append(
                f"{self.rate:.3g} {self.unit}/s"
                if self.rate < 1000
                else f"{self.rate:.0f} {self.unit}/s"
            )
        parts += [_number(name, value) for name, value in self.numbers.items()]
        if self.left is not None and self.done < self.total:
            parts.append(f"{clock_time(self.left)} left")
        return ", ".join(parts)


def clock_time(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _number(name: str, value: float) -> str:
    label = name.removesuffix("_percent").replace("_", " ")
    return f"{label} {value:.3g}" + (" %" if name.endswith("_percent") else "")
