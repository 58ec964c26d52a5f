"""Rasters and potentials of everything that was recorded in a stretch of a run."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snn_credit.analysis import panels
from snn_credit.analysis.style import FAINT, LEARNERS, WIDTH, open_axes, styled
from snn_credit.errors import InputError
from snn_credit.recording import Run, Window

_LINES = 4
"""Neurons drawn in a panel of traces."""


@styled
def raster(
    run: Run,
    window: str | None = None,
    *,
    start_ms: float | None = None,
    stop_ms: float | None = None,
    units: int = 50,
    seed: int = 0,
) -> Figure:
    """Draw the spikes of every recorded population, input lowest, and every trace below.

    Parameters
    ----------
    run : Run
    window : str, optional
        Name of a recorded window. The last one, if nothing is said; without windows, all.
    start_ms, stop_ms : float, optional
        A stretch of the run instead.
    units : int
        How many neurons of a population, chosen at random; outputs with classes are all drawn.
    seed : int
        Of that choice.

    Raises
    ------
    InputError
        If there is no such window, or nothing was recorded.
    """
    populations, recorded = run.populations, run.names("spikes")
    spiking = [name for name in reversed(populations) if name in recorded]
    traces = run.names("traces")
    traced = [(name, v) for name in reversed(populations) for v in sorted(traces.get(name, []))]
    if not spiking and not traced:
        raise InputError(f"{run.path}: expected recorded spikes or traces (got none)")
    stretch = _stretch(run, window, start_ms, stop_ms)
    tall = [1.9 if populations[name].classes is not None else 1.0 for name in spiking]
    figure, axes = _grid([0.75 * bool(len(stretch.images)), *tall, *[0.7] * len(traced)], stretch)
    rows, shift = iter(axes), panels.half_step(run, stretch)
    top = next(rows)
    panels.draw_stimuli(top, stretch)
    if len(stretch.labels):
        panels.explain_stimuli(top, stretch)
    rng = np.random.default_rng(seed)
    for name in spiking:
        ax, spikes = next(rows), panels.window_spikes(run, name, stretch, shift)
        if populations[name].classes is not None:
            span = panels.duration(stretch)
            panels.draw_class_raster(ax, spikes, populations[name], stretch, span)
            ax.set_ylabel(f"{panels.words(name)}\nclass")
        else:
            chosen = panels.choose_units(populations[name], units, rng)
            panels.draw_raster(ax, spikes, chosen, panels.duration(stretch))
            ax.set_ylabel(f"{panels.words(name)}\nunit")
    for name, variable in traced:
        _draw_traces(next(rows), run, (name, variable), stretch, shift)
    figure.align_ylabels(axes[1:])
    return figure


def _stretch(run: Run, name: str | None, start_ms: float | None, stop_ms: float | None) -> Window:
    """Find the window to draw, or make one without stimuli."""
    windows = {window.name: window for window in run.windows}
    if start_ms is None and stop_ms is None and (windows or name is not None):
        chosen = list(windows)[-1] if name is None else name
        if chosen not in windows:
            known = " or ".join(windows) or "nothing, for the run has none,"
            raise InputError(f"window: expected {known} (got {chosen!r})")
        return windows[chosen]
    begin, end = run.extent or (0.0, 0.0)
    first = begin if start_ms is None else start_ms
    last = end + (run.dt_ms or 1.0) if stop_ms is None else stop_ms
    if last <= first:
        raise InputError(f"stop_ms: expected more than {first:g} (got {last:g})")
    none = np.zeros(0, dtype=np.int64)
    return Window("", first, last, 0, np.zeros((0, 1, 1)), none, none, np.zeros(0))


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
