"""In which order the neurons of a raster stand, and in which colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from numpy.typing import NDArray

from snn_credit.analysis import panels
from snn_credit.analysis.alignment import angles_per_neuron
from snn_credit.analysis.spikes import Spikes, tuning
from snn_credit.analysis.style import GREY, INK, POTENTIAL, WRONG
from snn_credit.errors import InputError, one_of
from snn_credit.recording import Run

Sort: TypeAlias = Literal["class", "rate", "first spike", "alignment"]

#: Classes are named at most so often along the axis.
_MOST_TICKS = 12

#: From 60 over 90 to 120 degrees.
_ANGLES = LinearSegmentedColormap.from_list("angles", [POTENTIAL, GREY, WRONG])


@dataclass(frozen=True)
class Rows:
    """Neurons from the lowest row to the highest.

    ==========  =====  ==============================================================
    neurons     (m,)   which one stands in each row
    colors      (m,)   of its spikes
    label              what the axis is called
    ticks              row -> what is written beside it
    ==========  =====  ==============================================================
    """

    neurons: NDArray[np.int64]
    colors: tuple[str, ...]
    label: str
    ticks: dict[float, str]


def check_sort(sort: str | None) -> None:
    """Refuse a word that is no order."""
    if sort is not None and sort not in get_args(Sort):
        raise InputError(f"sort: {one_of(sort, get_args(Sort))} (got {sort!r})")


def arrange(spikes: Spikes, sort: Sort | None, run: Run | None = None) -> Rows:
    """Return the rows for the neurons of ``spikes``, all of which are drawn.

    Parameters
    ----------
    spikes : Spikes
        Of the stretch that is drawn. For 'class', of all the stimuli that count.
    sort : 'class', 'rate', 'first spike', 'alignment' or None
        See `raster`. Where a projection has no feedback weights, in the order of their numbers.
    run : Run, optional
        Where weights are, for 'alignment'.

    Raises
    ------
    InputError
        For 'class' without stimuli of two classes, and 'alignment' without a run.
    """
    check_sort(sort)
    if sort == "class":
        return _by_class(spikes)
    if sort == "alignment":
        if run is None:
            raise InputError("sort: expected another order where no run file is (got alignment)")
        return _by_alignment(spikes, run)
    neurons = spikes.neurons
    if sort == "rate":
        starts, stops = zip(*spikes.stretches, strict=True)
        rates = spikes.counts(starts, stops).sum(axis=0)
        neurons = neurons[np.argsort(rates, kind="stable")]
    elif sort == "first spike":
        first = [train[0] if len(train) else np.inf for _, train in spikes.trains()]
        neurons = neurons[np.argsort(first, kind="stable")[::-1]]
    label = "unit" if sort is None else f"by {sort}"
    ends = {1.0: "1", float(len(neurons)): str(len(neurons))}
    return Rows(neurons, (INK,) * len(neurons), label, ends)


def _by_class(spikes: Spikes) -> Rows:
    found = tuning(spikes)
    order = found.order
    preferred = found.preferred[order]
    palette = colormaps["tab10"]
    colors = tuple(GREY if c < 0 else to_hex(palette(int(c) % 10)) for c in preferred)
    ticks: dict[float, str] = {}
    for c in dict.fromkeys(preferred.tolist()):
        middle = float(np.flatnonzero(preferred == c).mean()) + 1
        if not ticks or middle - max(ticks) >= len(order) / _MOST_TICKS:
            ticks[middle] = "–" if c < 0 else str(c)
    return Rows(found.neurons[order], colors, "preferred class", ticks)


def _by_alignment(spikes: Spikes, run: Run) -> Rows:
    projection = projection_above(run, spikes.name)
    if projection is None:
        return arrange(spikes, None)
    w, b = (run.weights(projection, name)[1][-1] for name in ("w", "b"))
    angles = angles_per_neuron(w, b)[spikes.neurons]
    # A neuron without a direction, the angle of which is NaN, stands with those at 90 degrees.
    angles = np.nan_to_num(angles, nan=90.0)
    order = np.argsort(-angles, kind="stable")
    share = (angles[order] - 60.0) / 60.0
    colors = tuple(to_hex(_ANGLES(float(at))) for at in np.clip(share, 0.0, 1.0))
    ends = {1.0: f"{angles[order[0]]:.0f}°", float(len(order)): f"{angles[order[-1]]:.0f}°"}
    return Rows(spikes.neurons[order], colors, "by angle", ends)


def projection_above(run: Run, population: str) -> str | None:
    """Return the recorded projection out of a population that has feedback weights."""
    for name, variables in run.names("weights").items():
        if name.startswith(f"{population}_to_") and {"w", "b"} <= set(variables):
            return name
    return None


def draw_rows(ax: Axes, spikes: panels.Spikes, rows: Rows, span: float) -> None:
    """Draw the spikes of these neurons, the first lowest; a tick a spike."""
    times, nodes = spikes
    place = np.full(int(max(nodes.max(initial=0), rows.neurons.max(initial=0))) + 1, -1)
    place[rows.neurons] = np.arange(len(rows.neurons))
    shown = place[nodes] >= 0
    times, at = times[shown], place[nodes[shown]]
    colors = np.array(rows.colors)
    for color in dict.fromkeys(rows.colors):
        mine = colors[at] == color
        panels.draw_ticks(ax, times[mine], at[mine] + 1, span, color)
    ax.set_ylim(0.2, len(rows.neurons) + 0.8)
    ax.set_yticks(list(rows.ticks), list(rows.ticks.values()))
