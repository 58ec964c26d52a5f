"""The spikes of a population, in the stretches of time in which they were recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.spikes.stimuli import Stimuli
from snn_credit.analysis.spikes.stretches import Stretch, stretch_words, whole_bins
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS

#: Times in ms and neurons of some spikes, both (n,), in order of time.
Block: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64]]

#: Spikes that `Spikes.trains` holds at a time: 160 MB.
_HELD = 10_000_000


@dataclass(frozen=True)
class Spikes:
    """The spikes of one population, in the stretches of time in which they were recorded.

    Nothing is read before it is asked for, and a run file never as a whole: `blocks` gives a
    million spikes at a time, and all that counts spikes goes through it. Outside of the stretches,
    and of neurons that are not among ``neurons``, silence says nothing; no function of this
    package takes it for silence.

    Attributes
    ----------
    name : str
        Of the population.
    size : int
        How many neurons it has.
    neurons : (n,)
        Those whose spikes were recorded, rising. Arrays over neurons follow this order.
    stretches : sequence of (float, float)
        When they were recorded, in ms, in order and apart from each other.
    read : callable
        A stretch -> its spikes, block by block.
    dt_ms : float, optional
        The time step, where it is known.
    classes : (size,), optional
        The class that each output neuron stands for.
    stimuli : Stimuli, optional
        What was shown meanwhile.
    """

    name: str
    size: int
    neurons: NDArray[np.int64]
    stretches: tuple[Stretch, ...]
    read: Callable[[float, float], Iterator[Block]] = field(repr=False)
    dt_ms: float | None = None
    classes: NDArray[np.int64] | None = field(default=None, repr=False)
    stimuli: Stimuli | None = field(default=None, repr=False)

    @property
    def duration_ms(self) -> float:
        """How long was recorded, in all."""
        return float(sum(stop - start for start, stop in self.stretches))

    def blocks(self) -> Iterator[Block]:
        """Yield the spikes in order of time, some at a time; neurons are positions in ``neurons``.

        Spikes of other neurons are left out.
        """
        position = np.full(self.size, -1, dtype=np.int64)
        position[self.neurons] = np.arange(len(self.neurons))
        for start, stop in self.stretches:
            for times, nodes in self.read(start, stop):
                rows = position[nodes]
                known = rows >= 0
                yield (times, rows) if known.all() else (times[known], rows[known])

    def arrays(self) -> Block:
        """Return all spikes: times in ms, and neurons by their numbers in the population."""
        blocks = list(self.blocks())
        if not blocks:
            return np.zeros(0), np.zeros(0, dtype=np.int64)
        times, rows = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return times, self.neurons[rows]

    def counts(self, starts_ms: ArrayLike, stops_ms: ArrayLike) -> NDArray[np.int64]:
        """Count each neuron's spikes in intervals that do not overlap.

        Parameters
        ----------
        starts_ms, stops_ms : (k,)
            Rising; from (included) to (not).

        Returns
        -------
        (k, n)

        Raises
        ------
        InputError
            If intervals overlap, fall, or reach beyond what was recorded.
        """
        starts, stops = self._intervals(starts_ms, stops_ms)
        n = len(self.neurons)
        found = np.zeros((len(starts), n), dtype=np.int64)
        for which, rows in self._inside(starts, stops):
            # Times rise, so a block's spikes lie in a few intervals that follow each other.
            first, last = int(which[0]), int(which[-1]) + 1
            flat = np.bincount((which - first) * n + rows, minlength=(last - first) * n)
            found[first:last] += flat.reshape(last - first, n)
        return found

    def totals(self, starts_ms: ArrayLike, stops_ms: ArrayLike) -> NDArray[np.int64]:
        """Count all neurons' spikes together: `counts` summed over neurons, (k,)."""
        starts, stops = self._intervals(starts_ms, stops_ms)
        found = np.zeros(len(starts), dtype=np.int64)
        for which, _ in self._inside(starts, stops):
            first, last = int(which[0]), int(which[-1]) + 1
            found[first:last] += np.bincount(which - first, minlength=last - first)
        return found

    def _inside(
        self, starts: NDArray[np.float64], stops: NDArray[np.float64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the interval and the row of each spike that lies in one, where there is any."""
        for times, rows in self.blocks():
            which = np.searchsorted(starts - ROUNDING_MS, times, side="right") - 1
            inside = (which >= 0) & (times < stops[which] - ROUNDING_MS)
            if inside.any():
                yield which[inside], rows[inside]

    def bins(self, bin_ms: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the borders (k,), (k,) of bins that fill each stretch from its start.

        A last one that would reach beyond a stretch is left out.

        Raises
        ------
        InputError
            If no bin fits.
        """
        longest = max(stop - start for start, stop in self.stretches)
        if not 0 < bin_ms <= longest + ROUNDING_MS:
            raise InputError(
                f"bin_ms: expected > 0 and at most {longest:g}, the longest stretch that was "
                f"recorded (got {bin_ms:g})"
            )
        starts = [
            start + bin_ms * np.arange(whole_bins(stop - start, bin_ms), dtype=np.float64)
            for start, stop in self.stretches
        ]
        borders = np.concatenate(starts)
        return borders, borders + bin_ms

    def trains(self, held: int = _HELD) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield each recorded neuron and its spike times in ms, silent ones too.

        Reads the spikes as often as it takes to hold no more than ``held`` at a time, or those of
        one neuron.
        """
        totals = np.zeros(len(self.neurons), dtype=np.int64)
        for _, rows in self.blocks():
            totals += np.bincount(rows, minlength=len(totals))
        first, total = 0, 0
        for row, count in enumerate(totals.tolist()):
            if row > first and total + count > held:
                yield from self._trains_of(first, row)
                first, total = row, 0
            total += count
        yield from self._trains_of(first, len(totals))

    def _trains_of(self, first: int, last: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
        found = [
            (times[chosen], rows[chosen])
            for times, rows in self.blocks()
            for chosen in [(rows >= first) & (rows < last)]
        ]
        times = np.concatenate([np.zeros(0), *(part for part, _ in found)])
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *(part for _, part in found)])
        order = np.argsort(rows, kind="stable")
        borders = np.searchsorted(rows[order], np.arange(first + 1, last))
        yield from zip(
            self.neurons[first:last].tolist(), np.split(times[order], borders), strict=True
        )

    def _intervals(
        self, starts_ms: ArrayLike, stops_ms: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        starts, stops = (np.asarray(side, dtype=np.float64) for side in (starts_ms, stops_ms))
        if starts.shape != stops.shape or starts.ndim != 1 or not len(starts):
            raise InputError(
                f"stops_ms: expected as many as starts_ms, one or more (got {starts.shape} and "
                f"{stops.shape})"
            )
        if np.any(stops <= starts) or np.any(starts[1:] < stops[:-1] - ROUNDING_MS):
            raise InputError("starts_ms: expected intervals that rise and do not overlap")
        covered = np.zeros(len(starts), dtype=bool)
        for start, stop in self.stretches:
            covered |= (starts >= start - ROUNDING_MS) & (stops <= stop + ROUNDING_MS)
        if not covered.all():
            k = int(np.argmin(covered))
            raise InputError(
                f"starts_ms: expected intervals within {stretch_words(self.stretches)} of "
                f"{self.name} (got {starts[k]:g} to {stops[k]:g} ms)"
            )
        return starts, stops
