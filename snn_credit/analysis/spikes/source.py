"""Spikes to analyse, wherever they come from: arrays, a run file, a Brian monitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError
from snn_credit.recording import Population, Run, Window, open_run

#: Times in ms and neurons of some spikes, both (n,), in order of time.
Block: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64]]

#: From (included) to (not), in ms.
Stretch: TypeAlias = tuple[float, float]

#: What `spikes_of` understands: an open run file or its path, a pair of arrays (times in ms,
#: neurons), a Brian ``SpikeMonitor``, or `Spikes`.
Source: TypeAlias = "Spikes | Run | str | PathLike[str] | tuple[ArrayLike, ArrayLike] | Any"

#: A spike this much before a border belongs behind it: times are sums of steps.
_ROUNDING_MS = 1e-6

#: Spikes that `Spikes.trains` holds at a time: 160 MB.
_HELD = 10_000_000


@dataclass(frozen=True)
class Stimuli:
    """What was shown: when each stimulus came on and went, in ms, and its class; all (k,)."""

    onset_ms: NDArray[np.float64]
    offset_ms: NDArray[np.float64]
    labels: NDArray[np.int64]

    def within(self, stretches: Sequence[Stretch]) -> Stimuli:
        """Return those that were shown wholly within one of the stretches."""
        kept = np.zeros(len(self.onset_ms), dtype=bool)
        for start, stop in stretches:
            kept |= (self.onset_ms >= start - _ROUNDING_MS) & (
                self.offset_ms <= stop + _ROUNDING_MS
            )
        return Stimuli(self.onset_ms[kept], self.offset_ms[kept], self.labels[kept])


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
        for times, rows in self.blocks():
            which = np.searchsorted(starts - _ROUNDING_MS, times, side="right") - 1
            inside = (which >= 0) & (times < stops[which] - _ROUNDING_MS)
            if not inside.any():
                continue
            which, rows = which[inside], rows[inside]
            # Times rise, so a block's spikes lie in a few intervals that follow each other.
            first, last = int(which[0]), int(which[-1]) + 1
            flat = np.bincount((which - first) * n + rows, minlength=(last - first) * n)
            found[first:last] += flat.reshape(last - first, n)
        return found

    def bins(self, bin_ms: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the borders (k,), (k,) of bins that fill each stretch from its start.

        A last one that would reach beyond a stretch is left out.

        Raises
        ------
        InputError
            If no bin fits.
        """
        longest = max(stop - start for start, stop in self.stretches)
        if not 0 < bin_ms <= longest + _ROUNDING_MS:
            raise InputError(
                f"bin_ms: expected > 0 and at most {longest:g}, the longest stretch that was "
                f"recorded (got {bin_ms:g})"
            )
        starts = [
            start + bin_ms * np.arange(int((stop - start) / bin_ms + 1e-9))
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
        portions = np.cumsum(totals) // max(held, 1)
        for portion in np.unique(portions):
            members = np.flatnonzero(portions == portion)
            yield from self._trains_of(int(members[0]), int(members[-1]) + 1)

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
        if np.any(stops <= starts) or np.any(starts[1:] < stops[:-1] - _ROUNDING_MS):
            raise InputError("starts_ms: expected intervals that rise and do not overlap")
        covered = np.zeros(len(starts), dtype=bool)
        for start, stop in self.stretches:
            covered |= (starts >= start - _ROUNDING_MS) & (stops <= stop + _ROUNDING_MS)
        if not covered.all():
            k = int(np.argmin(covered))
            raise InputError(
                f"starts_ms: expected intervals within {stretch_words(self.stretches)} of "
                f"{self.name} (got {starts[k]:g} to {stops[k]:g} ms)"
            )
        return starts, stops


def spikes_of(
    source: Source,
    population: str | None = None,
    *,
    window: str | None = None,
    start_ms: float | None = None,
    stop_ms: float | None = None,
    size: int | None = None,
) -> Spikes:
    """Return the spikes of a population, read when they are needed.

    Parameters
    ----------
    source : Run, path, (times_ms, neurons), SpikeMonitor or Spikes
        Where they are. A pair of arrays is taken as recorded from 0 to its last spike, if nothing
        else is said; a monitor from 0 to where its clock stands.
    population : str, optional
        Of a run file; may be left out where only one was recorded. Otherwise a name for figures.
    window : str, optional
        Name of a recorded window of a run file; all of them, if nothing is said.
    start_ms, stop_ms : float, optional
        A part of what was recorded, from (included) to (not).
    size : int, optional
        How many neurons a pair of arrays is about, silent ones too; else the last one that fired
        is the last one there is.

    Raises
    ------
    InputError
        If the population, the window or the stretch is not there, or neurons do not fit ``size``.
    """
    if isinstance(source, str | PathLike):
        source = open_run(source)
    if isinstance(source, Spikes):
        found = source
    elif isinstance(source, Run):
        found = _of_run(source, population, window)
    elif all(hasattr(source, name) for name in ("t", "i", "source", "clock")):
        found = _of_monitor(source, population)
    elif isinstance(source, tuple | list) and len(source) == 2:
        found = _of_arrays(source[0], source[1], population, stop_ms, size)
    else:
        raise InputError(
            "source: expected a run file, (times_ms, neurons), a SpikeMonitor or Spikes "
            f"(got {type(source).__name__})"
        )
    if window is not None and not isinstance(source, Run):
        raise InputError(f"window: expected None where there is no run file (got {window!r})")
    return cut(found, start_ms, stop_ms)


def cut(spikes: Spikes, start_ms: float | None, stop_ms: float | None) -> Spikes:
    """Return a part of what was recorded, from (included) to (not).

    Raises
    ------
    InputError
        If nothing was recorded there.
    """
    if start_ms is None and stop_ms is None:
        return spikes
    first = -np.inf if start_ms is None else start_ms
    last = np.inf if stop_ms is None else stop_ms
    if last <= first:
        raise InputError(f"stop_ms: expected more than {first:g} (got {last:g})")
    stretches = tuple(
        (max(start, first), min(stop, last))
        for start, stop in spikes.stretches
        if stop > first and start < last
    )
    if not stretches:
        raise InputError(
            f"start_ms, stop_ms: expected a part of {stretch_words(spikes.stretches)}, where "
            f"{spikes.name} was recorded (got {first:g} to {last:g} ms)"
        )
    stimuli = spikes.stimuli.within(stretches) if spikes.stimuli is not None else None
    return replace(spikes, stretches=stretches, stimuli=stimuli)


def stretch_words(stretches: Sequence[Stretch]) -> str:
    """Say when something was recorded: '0 to 150 ms or 900 to 1050 ms'."""
    words = [f"{start:g} to {stop:g} ms" for start, stop in stretches]
    return " or ".join(words if len(words) < 5 else [*words[:2], f"{len(words) - 2} later ones"])


def _of_run(run: Run, population: str | None, window: str | None) -> Spikes:
    recorded = list(run.names("spikes"))
    known = " or ".join(recorded) or "nothing, for no spikes were recorded,"
    if population is None and len(recorded) != 1:
        raise InputError(f"population: expected {known} (got none)")
    name = recorded[0] if population is None else population
    if name not in recorded:
        raise InputError(f"population: expected {known} (got {name!r})")
    described = run.populations[name]
    windows = run.windows
    stretches = run.stretches if window is None else (_window(windows, window),)
    if not stretches:
        raise InputError(f"{run.path}: expected a recorded stretch of time (got none)")
    found = Spikes(
        name,
        described.size,
        _recorded(described),
        stretches,
        lambda start, stop: run.spike_blocks(name, start - _ROUNDING_MS, stop - _ROUNDING_MS),
        run.dt_ms,
        described.classes,
        _shown(windows),
    )
    return found if window is None else cut(found, *stretches[0])


def _recorded(population: Population) -> NDArray[np.int64]:
    every = population.recorded is None
    return np.arange(population.size) if every else np.sort(np.asarray(population.recorded))


def _window(windows: Sequence[Window], name: str) -> Stretch:
    for window in windows:
        if window.name == name:
            return window.start_ms, window.stop_ms
    known = " or ".join(window.name for window in windows) or "nothing, for the run has none,"
    raise InputError(f"window: expected {known} (got {name!r})")


def _shown(windows: Sequence[Window]) -> Stimuli | None:
    shown = [window for window in windows if len(window.onset_ms)]
    if not shown:
        return None
    return Stimuli(
        np.concatenate([window.onset_ms for window in shown]),
        np.concatenate([np.append(window.onset_ms[1:], window.stop_ms) for window in shown]),
        np.concatenate([window.labels for window in shown]),
    )


def _of_monitor(monitor: Any, name: str | None) -> Spikes:
    """Read a Brian ``SpikeMonitor``; its times are whole steps, and so are these."""
    dt = 1000.0 * float(monitor.clock.dt_)
    steps = np.rint(1000.0 * np.asarray(monitor.t_, dtype=np.float64) / dt)
    nodes = np.asarray(monitor.i[:], dtype=np.int64)
    stop = dt * round(1000.0 * float(monitor.clock.t_) / dt)
    group = monitor.source
    label = name or str(getattr(group, "name", "neurons"))
    found = _of_arrays(dt * steps, nodes, label, stop if stop > 0 else None, len(group))
    return replace(found, dt_ms=dt)


def _of_arrays(
    times_ms: ArrayLike,
    node_ids: ArrayLike,
    name: str | None,
    stop_ms: float | None,
    size: int | None,
) -> Spikes:
    times, nodes = np.asarray(times_ms, dtype=np.float64), np.asarray(node_ids, dtype=np.int64)
    if times.ndim != 1 or times.shape != nodes.shape:
        raise InputError(
            f"neurons: expected as many as times_ms, (n,) (got {times.shape} and {nodes.shape})"
        )
    if not np.isfinite(times).all():
        raise InputError("times_ms: expected finite numbers (got NaN or infinity)")
    count = (int(nodes.max()) + 1 if len(nodes) else 0) if size is None else size
    if len(nodes) and not (nodes.min() >= 0 and nodes.max() < count):
        raise InputError(f"neurons: expected 0 to {count - 1} (got {nodes.min()} to {nodes.max()})")
    order = np.argsort(times, kind="stable")
    times, nodes = times[order], nodes[order]
    first = min(0.0, float(times[0])) if len(times) else 0.0
    last = float(times[-1]) + 2 * _ROUNDING_MS if len(times) else first
    end = max(last, stop_ms or 0.0)
    if end <= first or count == 0:
        raise InputError("times_ms: expected a spike, or stop_ms and size to be said (got none)")

    def read(start: float, stop: float) -> Iterator[Block]:
        low, high = np.searchsorted(times, [start - _ROUNDING_MS, stop - _ROUNDING_MS])
        yield times[low:high], nodes[low:high]

    return Spikes(name or "neurons", count, np.arange(count), ((first, end),), read)
