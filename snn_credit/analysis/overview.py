"""One figure of a run's spikes: what a neuroscientist looks at first."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snn_credit.analysis import panels
from snn_credit.analysis.rows import arrange, draw_rows
from snn_credit.analysis.spikes import (
    Source,
    Spikes,
    binned_rate,
    count_correlations,
    decoding,
    fano_factor,
    interval_histogram,
    lv,
    spikes_of,
    tuning,
)
from snn_credit.analysis.style import GREY, WIDTH, open_axes, styled
from snn_credit.errors import InputError
from snn_credit.recording import Run, open_run

_UNITS, _RASTER_MS, _COLUMNS = 40, 200.0, 4


@styled
def overview(
    source: Source,
    population: str | Sequence[str] | None = None,
    *,
    window: str | None = None,
) -> Figure:
    """Draw what to look at first, for each population.

    Raster, rate, intervals and LV in a line of panels; Fano factors, noise correlations, tuning and
    decoding in a second one. A panel that the run does not have the data for says what it
    would need.

    Parameters
    ----------
    source : Run, path, (times_ms, neurons), SpikeMonitor or Spikes
        What is no run file is one population.
    population : str or sequence of str, optional
        All that were recorded, input first, if nothing is said.
    window : str, optional
        Name of a recorded window; the last one, if nothing is said.

    Raises
    ------
    InputError
        If no spikes were recorded, or the window or a population is not there.
    """
    run = open_run(source) if isinstance(source, str | PathLike) else source
    title, names = "", [population] if isinstance(population, str) else list(population or [])
    if isinstance(run, Run):
        title = run.experiment
        names = names or [name for name in run.populations if name in run.names("spikes")]
        if not names:
            raise InputError(f"{run.path}: expected recorded spikes (got none)")
        if window is None and run.windows:
            window = run.windows[-1].name
    found = [spikes_of(run, name, window=window) for name in names or [None]]
    lines = 2 * len(found)
    figure = Figure(figsize=(WIDTH * 1.35, 1.75 * lines + 0.3), layout="constrained")
    axes = figure.subplots(lines, _COLUMNS, squeeze=False).reshape(len(found), -1)
    for row, spikes in zip(axes, found, strict=True):
        for ax, draw in zip(row, _PANELS, strict=True):
            _try(ax, draw, spikes)
    figure.suptitle(f"{title}{f', window {window}' if window else ''}", fontsize=8)
    return figure


def _raster(spikes: Spikes, ax: Axes) -> None:
    """Draw the first moments of some neurons."""
    open_axes(ax)
    start, stop = spikes.stretches[0]
    stop = min(stop, start + _RASTER_MS)
    neurons = spikes.neurons
    if len(neurons) > _UNITS:
        neurons = np.sort(np.random.default_rng(0).choice(neurons, _UNITS, replace=False))
    some = spikes_of(spikes, start_ms=start, stop_ms=stop, neurons=neurons)
    times, nodes = some.arrays()
    draw_rows(ax, (times + (spikes.dt_ms or 0.0) / 2, nodes), arrange(some, None), stop - start)
    ax.set_xlim(start, stop)
    ax.set(xlabel="time (ms)", ylabel=f"{panels.words(spikes.name)}, unit")


def _bin(spikes: Spikes) -> float:
    """Return a width of which some hundred bins fill what was recorded, of whole steps."""
    step = spikes.dt_ms or 1.0
    return step * max(1, round(spikes.duration_ms / 150.0 / step))


def _tenth(spikes: Spikes) -> float:
    """Return a tenth of the shortest presentation, of whole steps."""
    stimuli, step = spikes.stimuli, spikes.dt_ms or 1.0
    if stimuli is None or not len(stimuli.labels):
        return step
    shortest = float((stimuli.offset_ms - stimuli.onset_ms).min())
    return min(step * max(1, round(shortest / 10.0 / step)), shortest)


def _folds(spikes: Spikes) -> int:
    """Return five folds, or as many as the rarest class was shown, but two."""
    stimuli = spikes.stimuli
    if stimuli is None or not len(stimuli.labels):
        return 5
    rarest = int(np.unique(stimuli.labels, return_counts=True)[1].min())
    return max(2, min(5, rarest))


_PANELS: tuple[Callable[[Spikes, Axes], Any], ...] = (
    _raster,
    lambda spikes, ax: binned_rate(spikes, _bin(spikes), ax=ax),
    lambda spikes, ax: interval_histogram(spikes, ax=ax),
    lambda spikes, ax: lv(spikes, ax=ax),
    lambda spikes, ax: fano_factor(spikes, ax=ax),
    lambda spikes, ax: count_correlations(spikes, "noise", ax=ax),
    lambda spikes, ax: tuning(spikes, ax=ax),
    lambda spikes, ax: decoding(spikes, _tenth(spikes), folds=_folds(spikes), ax=ax),
)


def _try(ax: Axes, draw: Callable[[Spikes, Axes], Any], spikes: Spikes) -> None:
    try:
        draw(spikes, ax)
    except InputError as error:
        ax.set_axis_off()
        ax.text(
            0.5, 0.5, textwrap.fill(str(error), 34), ha="center", va="center", fontsize=5,
            color=GREY, transform=ax.transAxes,
        )  # fmt: skip
