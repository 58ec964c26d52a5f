"""Rasters and potentials of everything that was recorded in a stretch of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from snn_credit.analysis import panels
from snn_credit.analysis.rows import Sort, arrange, check_sort, draw_rows
from snn_credit.analysis.spikes import Source, Spikes, Stimuli, spikes_of, timeline
from snn_credit.analysis.style import FAINT, LEARNERS, WIDTH, open_axes, styled
from snn_credit.analysis.windows import find_stretch, gaps, with_stimuli
from snn_credit.errors import InputError, one_of
from snn_credit.recording import Population, Run, Window, open_run

_LINES = 4
"""Neurons drawn in a panel of traces."""


@styled
def raster(
    source: Source,
    window: str | None = None,
    *,
    population: str | Sequence[str] | None = None,
    sort: Sort | None = None,
    start_ms: float | None = None,
    stop_ms: float | None = None,
    units: int = 50,
    first: int = 10,
    seed: int = 0,
    size: int | None = None,
    stimuli: Stimuli | None = None,
) -> Figure:
    """Draw the spikes of every recorded population, input lowest, and every trace below.

    ===========  ====================================================================
    sort         neurons from the lowest row to the highest
    ===========  ====================================================================
    None         by their numbers; outputs in bands by class, the class shown in colour
    class        by the class that each prefers in this window, in its colour (see
                 `tuning`); outputs as above
    rate         the most active highest
    first spike  the first one to fire highest
    alignment    by the angle between the weights out of a neuron and the feedback
                 weights into it in the last snapshot (see `angles_per_neuron`), the
                 most aligned highest; from blue at 60 degrees and less over grey at 90
                 to red at 120 and more
    ===========  ====================================================================

    Parameters
    ----------
    source : Run, path, (times_ms, neurons), SpikeMonitor or Spikes
        What is no run file is one population. Gaps between its stretches are left out.
    window : str, optional
        Name of a recorded window. The last one, if nothing is said; without windows, all.
    population : str or sequence of str, optional
        Only these.
    sort : str, optional
    start_ms, stop_ms : float, optional
        A stretch of the run instead of a window. Time that was not recorded is grey.
    units : int
        How many neurons of a population, chosen at random; outputs in bands are all drawn.
    first : int
        How many of a window's stimuli are drawn.
    seed : int
        Of the choice of neurons.
    size, stimuli
        See `Where`; not of a run file, which says them itself.

    Raises
    ------
    InputError
        If there is no such window, population or order, or nothing was recorded.
    """
    check_sort(sort)
    if units < 1 or first < 1:
        raise InputError(f"units, first: expected at least 1 (got {units} and {first})")
    run = open_run(source) if isinstance(source, str | PathLike) else source
    rng = np.random.default_rng(seed)
    if not isinstance(run, Run):
        name = population if isinstance(population, str) else None
        spikes = spikes_of(
            run, name, window=window, start_ms=start_ms, stop_ms=stop_ms, size=size, stimuli=stimuli
        )
        return _of_one(spikes, sort, units, rng)
    if size is not None or stimuli is not None:
        raise InputError("size, stimuli: expected None of a run file, which says them (got one)")
    populations = run.populations
    spiking, traced = _wanted(run, population)
    whole = find_stretch(run, window, start_ms, stop_ms)
    stretch = panels.first_stimuli(whole, first)
    banded = {name: sort in (None, "class") and populations[name].classes is not None
              for name in spiking}  # fmt: skip
    tall = [1.9 if banded[name] else 1.0 for name in spiking]
    figure, axes = _grid([0.75 * bool(len(stretch.images)), *tall, *[0.7] * len(traced)], stretch)
    if len(stretch.labels) < len(whole.labels):
        shown = f"first {len(stretch.labels)} of {len(whole.labels)} stimuli"
        axes[0].set_title(f"{axes[0].get_title()}, {shown}", pad=panels.title_pad([stretch]))
    rows, shift = iter(axes), panels.half_step(run, stretch)
    top = next(rows)
    panels.draw_stimuli(top, stretch)
    if len(stretch.labels):
        panels.explain_stimuli(top, stretch)
    for name in spiking:
        ax = next(rows)
        for start, stop in gaps(run, stretch):
            ax.axvspan(start, stop, color=FAINT, linewidth=0, zorder=0)
        drawn = panels.window_spikes(run, name, stretch, shift)
        span = panels.duration(stretch)
        if banded[name]:
            panels.draw_class_raster(ax, drawn, populations[name], stretch, span)
            ax.set_ylabel(f"{panels.words(name)}\nclass")
            continue
        chosen = panels.choose_units(populations[name], units, rng)
        basis = with_stimuli(run, whole) if sort == "class" else stretch
        arranged = arrange(_recorded(run, name, populations[name], basis, chosen), sort, run)
        draw_rows(ax, drawn, arranged, span)
        ax.set_ylabel(f"{panels.words(name)}\n{arranged.label}")
    for name, variable in traced:
        _draw_traces(next(rows), run, (name, variable), stretch, shift)
    figure.align_ylabels(axes[1:])
    return figure


def _wanted(
    run: Run, population: str | Sequence[str] | None
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the populations whose spikes, and the traces, that are drawn; output first."""
    populations, recorded, traces = run.populations, run.names("spikes"), run.names("traces")
    spiking = [name for name in reversed(populations) if name in recorded]
    traced = [(name, v) for name in reversed(populations) for v in sorted(traces.get(name, []))]
    if not spiking and not traced:
        raise InputError(f"{run.path}: expected recorded spikes or traces (got none)")
    if population is None:
        return spiking, traced
    names = [population] if isinstance(population, str) else list(population)
    known = {*spiking, *(name for name, _ in traced)}
    for name in names:
        if name not in known:
            raise InputError(f"population: {one_of(name, sorted(known))} (got {name!r})")
    return [n for n in spiking if n in names], [t for t in traced if t[0] in names]


def _recorded(
    run: Run, name: str, population: Population, stretch: Window, chosen: NDArray[np.int64]
) -> Spikes:
    """Return spikes of a stretch that somebody chose to look at, as recorded throughout."""
    return Spikes(
        name,
        population.size,
        chosen,
        ((stretch.start_ms, stretch.stop_ms),),
        lambda start, stop: run.spike_blocks(name, start, stop),
        run.dt_ms,
        population.classes,
        Stimuli.of_windows([stretch]),
    )


def _of_one(spikes: Spikes, sort: Sort | None, units: int, rng: np.random.Generator) -> Figure:
    """Draw a population of which there is no run file."""
    if len(spikes.neurons) > units:
        spikes = replace(spikes, neurons=np.sort(rng.choice(spikes.neurons, units, replace=False)))
    figure = Figure(figsize=(0.75 * WIDTH, 2.0), layout="constrained")
    ax = figure.add_subplot()
    open_axes(ax)
    rows = arrange(spikes, sort)
    times, nodes = spikes.arrays()
    at = timeline.place(times, spikes.stretches) + (spikes.dt_ms or 0.0) / 2
    draw_rows(ax, (at, nodes), rows, spikes.duration_ms)
    timeline.mark(ax, spikes.stretches)
    ax.set_ylabel(f"{panels.words(spikes.name)}\n{rows.label}")
    return figure


def _grid(heights: list[float], stretch: Window) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(0.75 * WIDTH, 0.9 + 0.85 * sum(heights)))
    inch = 1.0 / figure.get_figheight()
    grid = figure.add_gridspec(
        len(heights),
        height_ratios=[max(height, 1e-3) for height in heights],
        hspace=0.12,
        left=0.13,
        right=0.9,
        top=1 - (0.36 if stretch.name else 0.05) * inch,
        bottom=0.4 * inch,
    )
    axes = list(grid.subplots(sharex=True, squeeze=False)[:, 0])
    for ax in axes[1:]:
        panels.draw_onsets(ax, stretch)
        open_axes(ax, bottom=ax is axes[-1])
    axes[0].set_xlim(0, panels.duration(stretch))
    if stretch.name:
        learned = f" ({stretch.images_seen:,} images)" if stretch.images.size else ""
        title = f"{stretch.name}{learned}"
        axes[0].set_title(title, pad=panels.title_pad([stretch]))
    since = "" if stretch.name or not stretch.start_ms else f" after {stretch.start_ms:g} ms"
    axes[-1].set_xlabel(f"time{since} (ms)")
    return figure, axes


def _draw_traces(ax: Axes, run: Run, trace: tuple[str, str], stretch: Window, shift: float) -> None:
    population, variable = trace
    times, nodes, values = run.trace(population, variable, stretch.start_ms, stretch.stop_ms)
    times = times - stretch.start_ms + shift
    ax.axhline(0.0, color=FAINT, linewidth=0.5, zorder=0)
    for k, node in enumerate(nodes[:_LINES]):
        color = LEARNERS[(k + 4) % len(LEARNERS)]
        ax.plot(times, values[:, k], color=color, linewidth=0.7)
        ax.text(
            1.01, 0.85 - 0.24 * k, f"neuron {node}", color=color, fontsize=6, va="center",
            transform=ax.transAxes,
        )  # fmt: skip
    unit = panels.unit_words(run.unit(population, variable))
    ax.set_ylabel(f"{panels.words(population)}\n{variable} ({unit})")
    ax.margins(y=0.12)
