"""Where spikes come from: arrays, a run file, a Brian monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.spikes.arrays import of_arrays
from snn_credit.analysis.spikes.checks import whole_numbers
from snn_credit.analysis.spikes.data import Spikes
from snn_credit.analysis.spikes.stimuli import Stimuli
from snn_credit.analysis.spikes.stretches import Stretch, stretch_words
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS, Population, Run, Window, open_run

#: What `spikes_of` understands: an open run file or its path, a pair of arrays (times in ms,
#: neurons), a Brian ``SpikeMonitor``, or `Spikes`.
Source: TypeAlias = "Spikes | Run | str | PathLike[str] | tuple[ArrayLike, ArrayLike] | Any"


def spikes_of(
    source: Source,
    population: str | None = None,
    *,
    window: str | None = None,
    start_ms: float | None = None,
    stop_ms: float | None = None,
    size: int | None = None,
    neurons: ArrayLike | None = None,
    stimuli: Stimuli | None = None,
) -> Spikes:
    """Return the spikes of a population, read when they are needed.

    Parameters
    ----------
    source : Run, path, (times_ms, neurons), SpikeMonitor or Spikes
        Where they are. A pair of arrays is taken as recorded from 0 to its last spike, unless
        ``start_ms`` is less or ``stop_ms`` more; a monitor from 0 to where its clock stands. Times
        are plain numbers in ms: ``(monitor.t/ms, monitor.i)``.
    population : str, optional
        Of a run file; may be left out where only one was recorded. Otherwise a name for figures.
    window : str, optional
        Name of a recorded window of a run file; all of them, if nothing is said.
    start_ms, stop_ms : float, optional
        A part of what was recorded, from (included) to (not).
    size : int, optional
        How many neurons a pair of arrays is about, silent ones too; else the last one that fired
        is the last one there is.
    neurons : (n,), optional
        Only these, by their numbers; in rising order afterwards.
    stimuli : Stimuli, optional
        What was shown, in place of what a run file says of it.

    Raises
    ------
    InputError
        If the population, the window, the stretch or a neuron is not there, neurons do not fit
        ``size``, or what was said does not go with the source.
    """
    if isinstance(source, str | PathLike):
        source = open_run(source)
    pair = isinstance(source, tuple | list)
    if size is not None and not pair:
        raise InputError(f"size: expected None where there is no pair of arrays (got {size})")
    if isinstance(source, Spikes):
        found = source if population is None else replace(source, name=population)
    elif isinstance(source, Run):
        found = _of_run(source, population, window)
    elif all(hasattr(source, name) for name in ("t", "i", "source", "clock")):
        found = _of_monitor(source, population)
    elif pair and len(source) == 2 and not hasattr(source[0], "t_stop"):
        found = of_arrays(
            source[0], source[1], population, start_ms=start_ms, stop_ms=stop_ms, size=size
        )
    else:
        raise InputError(
            "source: expected a run file, (times_ms, neurons), a SpikeMonitor or Spikes; of Neo "
            f"objects, exchange.from_neo makes a run file (got {type(source).__name__})"
        )
    if window is not None and not isinstance(source, Run):
        raise InputError(f"window: expected None where there is no run file (got {window!r})")
    if stimuli is not None:
        if not isinstance(stimuli, Stimuli):
            raise InputError(f"stimuli: expected Stimuli (got {type(stimuli).__name__})")
        found = replace(found, stimuli=stimuli.within(found.stretches))
    if neurons is not None:
        found = replace(found, neurons=_among(found, neurons))
    return cut(found, start_ms, stop_ms)


def _among(spikes: Spikes, neurons: ArrayLike) -> NDArray[np.int64]:
    wanted = np.unique(whole_numbers("neurons", neurons))
    missing = np.setdiff1d(wanted, spikes.neurons)
    if len(missing) or not len(wanted):
        known = f"{len(spikes.neurons)} recorded ones of {spikes.name}"
        got = missing[0] if len(missing) else "none"
        raise InputError(f"neurons: expected some of the {known} (got {got})")
    return wanted


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
        if stop > first + ROUNDING_MS and start < last - ROUNDING_MS
    )
    if not stretches:
        raise InputError(
            f"start_ms, stop_ms: expected a part of {stretch_words(spikes.stretches)}, where "
            f"{spikes.name} was recorded (got {first:g} to {last:g} ms)"
        )
    stimuli = spikes.stimuli.within(stretches) if spikes.stimuli is not None else None
    return replace(spikes, stretches=stretches, stimuli=stimuli)


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
        lambda start, stop: run.spike_blocks(name, start, stop),
        run.dt_ms,
        described.classes,
        Stimuli.of_windows(windows),
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


def _of_monitor(monitor: Any, name: str | None) -> Spikes:
    """Read a Brian ``SpikeMonitor``; its times are whole steps, and so are these."""
    dt = 1000.0 * float(monitor.clock.dt_)
    steps = np.rint(1000.0 * np.asarray(monitor.t_, dtype=np.float64) / dt)
    nodes = np.asarray(monitor.i[:], dtype=np.int64)
    stop = dt * round(1000.0 * float(np.asarray(monitor.clock.t_[:])) / dt)
    group = monitor.source
    label = name or str(getattr(group, "name", "neurons"))
    found = of_arrays(dt * steps, nodes, label, stop_ms=stop, size=len(group))
    return replace(found, dt_ms=dt)
