"""Figures of the benchmark: contenders over network size, a device over widths and depths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from bandwidth import GPU
from cost import Net
from floors import ALL, Floor
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from report import Result
from rows import Row
from scipy.optimize import isotonic_regression
from tables import number

from snn_credit.analysis.style import GREY, INK, LEARNERS, styled

#: Colour and marker of each contender, the same in every figure.
_STYLES = {
    "plain Brian": (INK, "o"),
    "dense": ("#c1442d", "D"),
    "dense:torch": ("#e08a3c", "d"),
    "dense:cuda": ("#7b5aa6", "d"),
    "cpp_standalone": ("#1b7f5c", "s"),
    "cuda_standalone": ("#b58900", "s"),
    "runtime": ("#1f4e9c", "^"),
    "runtime:cython": ("#4aa3c7", "v"),
    "BindsNET": ("#b0457b", "P"),
}
_MARKERS = "osD^vP"
_WIDTH, _HEIGHT = 5.2, 3.4
_FEW_DECADES = 100


def draw(result: Result, path: Path) -> None:
    """Save the figure of a result."""
    figure = sweep(result) if result.sweep else side_by_side(result)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)


@styled
def side_by_side(result: Result) -> Any:
    """Draw the time of a step against plastic synapses, one line a contender, the floor dashed."""
    figure, ax = plt.subplots(figsize=(_WIDTH, _HEIGHT))
    ends = []
    lines = list(dict.fromkeys((row.contender, row.dtype) for row in result.rows))
    for contender, dtype in lines:
        rows = [row for row in result.rows if (row.contender, row.dtype) == (contender, dtype)]
        rows.sort(key=lambda row: row.plastic_synapses)
        colour, marker = _STYLES.get(contender, (GREY, "x"))
        x = [row.plastic_synapses for row in rows]
        y = [row.ms_per_step for row in rows]
        twice = sum(name == contender for name, _ in lines) > 1
        # Of two types of one contender, the smaller has hollow markers.
        filling = "white" if twice and dtype == "float32" else colour
        ax.plot(x, y, color=colour, marker=marker, markersize=3.5, markerfacecolor=filling)
        name = f"{contender}, {dtype}" if twice or dtype != "float32" else contender
        ends.append((y[-1], name, colour, x[-1]))
    floors = sorted(result.floors, key=lambda one: Net.parse(one.network).plastic)
    ends += [_floor_line(ax, floors, place) for place in (ALL, GPU) if _has(floors, place)]
    ax.set(xscale="log", yscale="log")
    ax.set_xlabel("plastic synapses")
    ax.set_ylabel("ms per time step")
    _name_networks(ax, result.rows)
    _plain_ticks(ax)
    _label_ends(ax, ends)
    return figure


@styled
def sweep(result: Result) -> Any:
    """Draw the time of a step against width, one line a depth, with the fit and the floor."""
    figure, ax = plt.subplots(figsize=(_WIDTH, _HEIGHT))
    assert result.sweep is not None
    nets = [Net.parse(row.network) for row in result.rows]
    ends = []
    depths = sorted({len(net.sizes) for net in nets})
    for number_, depth in enumerate(depths):
        here = [k for k, net in enumerate(nets) if len(net.sizes) == depth]
        here.sort(key=lambda k: nets[k].sizes[1])
        x = [nets[k].sizes[1] for k in here]
        y = [result.rows[k].ms_per_step for k in here]
        colour = LEARNERS[number_ % len(LEARNERS)]
        marker = _MARKERS[number_ % len(_MARKERS)]
        ax.plot(x, y, color=colour, marker=marker, markersize=3.5, linestyle="none")
        ax.plot(x, [result.sweep.fitted_ms[k] for k in here], color=colour)
        floors = [floor for k in here if (floor := result.rows[k].floor_ms)]
        if len(floors) == len(x):
            ax.plot(x, floors, color=colour, linestyle="--", linewidth=0.6)
        hidden = depth - 2
        ends.append((y[-1], f"{hidden} hidden layer{'s' * (hidden != 1)}", colour, x[-1]))
    ax.set(xscale="log", yscale="log")
    ax.set_xlabel("neurons per layer")
    ax.set_ylabel("ms per time step")
    ax.set_title(_fit_in_words(result), loc="left", color=INK, fontsize=7)
    ax.set_xticks(sorted({net.sizes[1] for net in nets}))
    _plain_ticks(ax)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    ax.xaxis.set_minor_locator(NullLocator())
    _label_ends(ax, ends)
    return figure


def _fit_in_words(result: Result) -> str:
    assert result.sweep is not None
    found = result.sweep.clock
    said = f"{number(found.step_us[0])} µs"
    for (value, _), what in ((found.neuron_ns, "neuron"), (found.synapse_ns, "synapse")):
        said += f" {'+' if value >= 0 else '−'} {number(abs(value))} ns a {what}"
    off = number(100 * found.residual, 2)
    return f"{result.sweep.device}: {said} (lines; rms {off} %); dashed: the memory's floor"


def _has(floors: Sequence[Floor], place: str) -> bool:
    return bool(floors) and all(place in one.ms for one in floors)


def _floor_line(ax: Any, floors: Sequence[Floor], place: str) -> tuple[float, str, str, float]:
    x = [Net.parse(one.network).plastic for one in floors]
    y = [one.ms[place] for one in floors]
    ax.plot(x, y, color=GREY, linestyle="--", zorder=0)
    name = "floor: the GPU's" if place == GPU else "floor: memory bandwidth"
    return y[-1], name, GREY, x[-1]


def _name_networks(ax: Any, rows: Sequence[Row]) -> None:
    """Write each network's sizes above its points, neighbours at two heights."""
    networks = {Net.parse(row.network).plastic: row.network for row in rows}
    for number_, (plastic, network) in enumerate(sorted(networks.items())):
        ax.axvline(plastic, color="#ececec", linewidth=0.5, zorder=-1)
        ax.annotate(
            network, (plastic, 1), xycoords=("data", "axes fraction"),
            xytext=(0, 3 + 7 * (number_ % 2)),
            textcoords="offset points", ha="center", fontsize=5.5, color=GREY,
        )  # fmt: skip


def _plain_ticks(ax: Any) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    low, high = ax.get_ylim()
    if high < _FEW_DECADES * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())


def _label_ends(ax: Any, ends: Sequence[tuple[float, str, str, float]]) -> None:
    """Write each line's name at its right end, moved apart where ends lie close."""
    figure = ax.figure
    figure.canvas.draw()
    apart = 8.5
    points = 72 / figure.dpi
    at = sorted(
        (ax.transData.transform((x, y))[1] * points, name, colour, x, y)
        for y, name, colour, x in ends
    )
    right = max(x for *_, x in ends)
    # The least squared shifts that leave every two names far enough apart, in their order.
    steps = apart * np.arange(len(at))
    placed = isotonic_regression([height for height, *_ in at] - steps).x + steps
    for height, (was, name, colour, _, y) in zip(placed, at, strict=True):
        ax.annotate(
            name, (right, y), xytext=(8, height - was), textcoords="offset points",
            va="center", ha="left", color=colour, fontsize=6.5, annotation_clip=False,
        )  # fmt: skip
