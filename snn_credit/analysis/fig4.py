"""Figure 4 of Lillicrap et al. 2016, drawn from a run.

Paper: Random synaptic feedback weights support error backpropagation for deep learning,
Nature Communications 7:13276, doi:10.1038/ncomms13276.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snn_credit.analysis import panels
from snn_credit.analysis.style import FAINT, MODULATOR, POTENTIAL, WIDTH, open_axes, styled
from snn_credit.errors import InputError
from snn_credit.recording import Run, Window

Axes2d = Any  # an array of Axes, (rows, windows); numpy's types have no word for it


#: Stimuli drawn of a window that has more.
_STIMULI = 10


@dataclass(frozen=True)
class Neuron:
    """The neuron whose potential and modulator are drawn: ``index`` counts within its layer."""

    population: str
    index: int


@styled
def figure4(
    run: Run,
    seed: int = 0,
    units: int = 50,
    *,
    neuron: Neuron | None = None,
    potential: str = "V",
    modulator: str = "fb",
) -> Figure:
    """Draw one column a recorded window: early, middle and late learning in the paper.

    From the top: the inputs with label and guess; rasters of random units of each hidden layer;
    the outputs in bands by class, the class shown in colour; one hidden neuron's PSP and its
    modulatory signal, on the same scales in all columns.

    Parameters
    ----------
    run : Run
    seed : int
        Of the choice of units.
    units : int
        How many of each hidden layer.
    neuron : Neuron, optional
        The first one traced in the highest hidden layer that has traces, if not given.
    potential, modulator : str
        Names of the two traces: V of eq (5), phi_delta(U) of eq (6). Left out if not recorded.

    Raises
    ------
    InputError
        If the run has no windows, or the neuron was not traced.
    """
    windows = [panels.first_stimuli(window, _STIMULI) for window in run.windows]
    if not windows:
        raise InputError(f"{run.path}: expected recorded windows (got a run without)")
    populations, recorded = run.populations, run.names("spikes")
    hidden = [n for n, p in populations.items() if p.role == "hidden" and n in recorded]
    outputs = [n for n, p in populations.items() if p.role == "output" and n in recorded]
    traces = _traces(run, hidden, neuron, (potential, modulator))
    heights = [0.75, *[1.0] * len(hidden), *[1.9] * len(outputs), *[0.75] * len(traces)]
    figure, axes = _grid(heights, windows)
    rng = np.random.default_rng(seed)
    chosen = {name: panels.choose_units(populations[name], units, rng) for name in hidden}
    for column, window in zip(axes.T, windows, strict=True):
        rows, shift = iter(column), panels.half_step(run, window)
        panels.draw_stimuli(next(rows), window)
        for name in hidden:
            spikes = panels.window_spikes(run, name, window, shift)
            panels.draw_raster(next(rows), spikes, chosen[name], panels.duration(window))
        for name in outputs:
            spikes = panels.window_spikes(run, name, window, shift)
            panels.draw_class_raster(
                next(rows), spikes, populations[name], window, panels.duration(window)
            )
        for trace in traces:
            _draw_trace(next(rows), run, trace, window, shift)
    labels = [
        *(f"{panels.words(name)}\nunit" for name in hidden),
        *(f"{panels.words(name)}\nclass" for name in outputs),
        *(trace.label for trace in traces),
    ]
    _label(axes, labels)
    panels.explain_stimuli(axes[0, 0], windows[0])
    if traces:
        _name_neuron(axes[-len(traces), 0], traces[0].neuron)
    return figure


@dataclass(frozen=True)
class _Trace:
    neuron: Neuron
    variable: str
    label: str
    color: str


def _traces(
    run: Run, hidden: Sequence[str], neuron: Neuron | None, variables: tuple[str, str]
) -> list[_Trace]:
    """Find what to draw below the rasters."""
    names = run.names("traces")
    if neuron is None:
        traced = [name for name in hidden if set(variables) & set(names.get(name, []))]
        if not traced:
            return []
        variable = next(v for v in variables if v in names[traced[-1]])
        neuron = Neuron(traced[-1], int(run.trace(traced[-1], variable)[1][0]))
    labels = ("PSP $V_j$", r"modulator $\delta_j$")
    colors = (POTENTIAL, MODULATOR)
    found = []
    for variable, label, color in zip(variables, labels, colors, strict=True):
        if variable not in names.get(neuron.population, []):
            continue
        unit = run.unit(neuron.population, variable)
        found.append(_Trace(neuron, variable, f"{label}\n({panels.unit_words(unit)})", color))
    return found


def _grid(heights: Sequence[float], windows: Sequence[Window]) -> tuple[Figure, Axes2d]:
    figure = Figure(figsize=(WIDTH, 1.0 + 0.85 * sum(heights)))
    grid = figure.add_gridspec(
        len(heights),
        len(windows),
        height_ratios=heights,
        hspace=0.12,
        wspace=0.08,
        left=0.09,
        right=0.985,
        top=1 - 0.36 / figure.get_figheight(),
        bottom=0.4 / figure.get_figheight(),
    )
    title_pad = panels.title_pad(windows)
    axes = grid.subplots(squeeze=False, sharex="col", sharey="row")
    for ax, window in zip(axes[0], windows, strict=True):
        ax.set_title(f"{window.name} ({window.images_seen:,} images)", pad=title_pad)
        ax.set_xlim(0, panels.duration(window))
    for column, window in zip(axes.T, windows, strict=True):
        for ax in column[1:]:
            panels.draw_onsets(ax, window)
            open_axes(ax, bottom=ax is column[-1])
        column[-1].set_xlabel("time (ms)")
    return figure, axes


def _draw_trace(ax: Axes, run: Run, trace: _Trace, window: Window, shift: float) -> None:
    neuron = trace.neuron
    times, nodes, values = run.trace(
        neuron.population, trace.variable, window.start_ms, window.stop_ms
    )
    (found,) = np.nonzero(nodes == neuron.index)
    if not len(found):
        raise InputError(
            f"neuron: expected one traced in {neuron.population}, {nodes.tolist()} "
            f"(got {neuron.index})"
        )
    ax.axhline(0.0, color=FAINT, linewidth=0.5, zorder=0)
    times = times - window.start_ms + shift
    ax.plot(times, values[:, found[0]], color=trace.color, linewidth=0.7)
    ax.margins(y=0.12)


def _label(axes: Axes2d, labels: Sequence[str]) -> None:
    """Label the left column, and hide the others' tick labels."""
    for (ax, *others), label in zip(axes[1:], labels, strict=True):
        ax.set_ylabel(label)
        ax.yaxis.set_label_coords(-0.115, 0.5)
        for other in others:
            other.tick_params(axis="y", labelleft=False)


def _name_neuron(ax: Axes, neuron: Neuron) -> None:
    """Write which neuron it is above its trace, in room made for it."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.22 * (high - low))
    name = f"{panels.words(neuron.population)}, neuron {neuron.index}"
    ax.text(0.01, 1.0, name, transform=ax.transAxes, va="top", fontsize=6)
