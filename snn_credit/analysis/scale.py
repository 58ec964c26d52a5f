"""Accuracy and cost against size: one network a point, for several widths and depths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    EngFormatter,
    FixedLocator,
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
)
from numpy.typing import NDArray

from snn_credit.analysis.style import GREY, open_axes, styled
from snn_credit.errors import InputError

#: From shallow to deep.
_SHADES = ("#9ecae1", "#4a98c9", "#1f5fa8", "#08306b", "#041a3a")
_MARKERS = ("o", "s", "D", "^", "v")
#: Times the width, from one depth to the next: so bars at one width do not hide one another.
_ASIDE = 1.03
_PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
_NOTE: dict[str, Any] = {"loc": "right", "fontsize": 6, "color": GREY, "pad": 2}


@dataclass(frozen=True)
class Net:
    """One size of network, with a measurement a seed.

    Attributes
    ----------
    width, depth : int
        Neurons of a hidden layer, and how many hidden layers.
    synapses : int
        How many of them learn.
    error, seconds : sequence of float
        Wrong guesses in %, and the time per 1,000 images: one number a seed.
    """

    width: int
    depth: int
    synapses: int
    error: Sequence[float]
    seconds: Sequence[float]


def learning_ms(chunks: Mapping[str, NDArray[np.float64]]) -> float:
    """Return the time of a step while synapses learn, in ms: the median over chunks.

    Parameters
    ----------
    chunks : mapping of str to (n_chunks,)
        ``steps``, ``learning_steps`` and ``seconds``, such as ``run.metrics('chunks')``. Chunks
        that learn throughout count; where there are none, those that learn most of the time.
    """
    steps, learning = chunks["steps"], chunks["learning_steps"]
    share = learning / steps
    best = share == share.max()
    return 1e3 * float(np.median(chunks["seconds"][best] / steps[best]))


@styled
def scale_curves(nets: Sequence[Net], *, chance: float | None = None, device: str = "") -> Figure:
    """Draw the error against the width and the time against the synapses, a line a depth.

    Points are means over seeds, bars the s.d. of the errors.

    Parameters
    ----------
    nets : sequence of Net
        In any order.
    chance : float, optional
        Error in % of an answer at random: a dashed line, where an error comes near it.
    device : str
        What the times were measured on, in words.

    Raises
    ------
    InputError
        If there is no network.
    """
    if not nets:
        raise InputError("nets: expected one at least (got none)")
    figure = Figure(figsize=(5.6, 2.5))
    left = figure.add_axes((0.085, 0.165, 0.36, 0.76))
    right = figure.add_axes((0.56, 0.165, 0.36, 0.76))
    for ax in (left, right):
        open_axes(ax)
    depths = sorted({net.depth for net in nets})
    for number, depth in enumerate(depths):
        chosen = sorted((net for net in nets if net.depth == depth), key=lambda net: net.width)
        style = {
            "color": _SHADES[min(number, len(_SHADES) - 1)],
            "marker": _MARKERS[min(number, len(_MARKERS) - 1)],
            "markersize": 3.0,
            "label": f"{depth} hidden layer{'s' if depth > 1 else ''}",
        }
        _errors(left, chosen, _ASIDE ** (number - (len(depths) - 1) / 2), style)
        times = [float(np.mean(net.seconds)) for net in chosen]
        right.plot([net.synapses for net in chosen], times, linewidth=0.8, **style)
    _finish_errors(left, nets, chance)
    _finish_times(right, device)
    return figure


def _errors(ax: Axes, nets: Sequence[Net], aside: float, style: Mapping[str, Any]) -> None:
    """Draw the errors of one depth over the widths, with the s.d. of several seeds."""
    means = [float(np.mean(net.error)) for net in nets]
    bars = None
    if all(len(net.error) > 1 for net in nets):
        bars = [float(np.std(net.error, ddof=1)) for net in nets]
    widths = [aside * net.width for net in nets]
    ax.errorbar(widths, means, yerr=bars, linewidth=1.1, elinewidth=0.7, **style)


def _finish_errors(ax: Axes, nets: Sequence[Net], chance: float | None) -> None:
    ax.set(xscale="log", yscale="log", xlabel="neurons in a hidden layer", ylabel="test error (%)")
    ax.xaxis.set_major_locator(FixedLocator(sorted({net.width for net in nets})))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 4, 6, 8)))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(_PLAIN)
        axis.set_minor_formatter(NullFormatter())
    if chance is not None and max(np.mean(net.error) for net in nets) > chance / 2:
        ax.axhline(chance, color=GREY, linewidth=0.8, dashes=(4, 3))
        ax.annotate(
            "chance", (1, chance), xycoords=ax.get_yaxis_transform(), xytext=(0, 2),
            textcoords="offset points", ha="right", color=GREY,
        )  # fmt: skip
    seeds = min(len(net.error) for net in nets)
    if seeds > 1:
        ax.set_title(f"mean and s.d. over {seeds} seeds", **_NOTE)


def _finish_times(ax: Axes, device: str) -> None:
    ax.set(xscale="log", yscale="log", xlabel="synapses that learn",
           ylabel="seconds per 1,000 images")  # fmt: skip
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(_PLAIN)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())
    ax.legend(frameon=False, loc="upper left", handlelength=1.6, fontsize=6.5)
    ax.set_title(device, **_NOTE)
