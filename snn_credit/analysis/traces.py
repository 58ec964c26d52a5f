"""Curves of many runs, thin, in rows and columns of panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike

from snn_credit.analysis.style import FAINT, GREY, INK, WIDTH, between_powers, open_axes, styled
from snn_credit.errors import InputError

#: Backgrounds of phases that take turns, a cold one and a warm one.
TINTS = ("#cfe0f3", "#f6d5cd")


@dataclass(frozen=True)
class Trace:
    """One run's curve. Traces of one ``label`` share an entry of the legend; '' has none.

    With a ``spread``, such as a standard deviation, a value is a point with a bar of y +- spread;
    points that are not ``joined`` have no line.
    """

    x: ArrayLike
    y: ArrayLike
    color: str = INK
    label: str = ""
    dashed: bool = False
    spread: ArrayLike | None = None
    joined: bool = True


@dataclass(frozen=True)
class Span:
    """A stretch of x with a name and a colour of its own, such as a phase of learning."""

    start: float
    stop: float
    label: str = ""
    color: str = FAINT


@dataclass(frozen=True)
class Panel:
    """A panel: its curves and what is written at its sides.

    ``zero`` draws a line at 0; ``x_limits`` and ``y_limits`` cut the panel. ``x_names`` are written
    at x = 0, 1 and so on, in place of numbers.
    """

    traces: Sequence[Trace]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    spans: Sequence[Span] = ()
    log_x: bool = False
    log_y: bool = False
    zero: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    x_names: Sequence[str] = ()


def shades(count: int) -> list[str]:
    """Return colours from dark to light, for values that have an order."""
    return [to_hex(colormaps["viridis"](at)) for at in np.linspace(0.0, 0.9, count)]


@styled
def trace_grid(rows: Sequence[Sequence[Panel]], *, height: float = 1.5) -> Figure:
    """Draw panels in rows and columns, with one legend for all of them at the foot.

    Parameters
    ----------
    rows : sequence of sequences of Panel
        All rows have as many panels.
    height : float
        Of a row, in inches.

    Raises
    ------
    InputError
        If there is no panel, or rows differ in length.
    """
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1 or lengths[0] == 0:
        raise InputError(f"rows: one or more, with as many panels each (got {lengths or 'none'})")
    columns = lengths[0]
    width = WIDTH * min(columns, 3) / 3
    figure = Figure(figsize=(max(width, 3.4), height * len(rows) + 0.35), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for drawn, wanted in zip(grid, rows, strict=True):
        above = any(span.label for panel in wanted for span in panel.spans)
        for ax, panel in zip(drawn, wanted, strict=True):
            _draw(ax, panel)
            ax.set_title(panel.title, pad=11 if above else 4)
    _legend(figure)
    return figure


def _draw(ax: Axes, panel: Panel) -> None:
    open_axes(ax)
    for span in panel.spans:
        ax.axvspan(span.start, span.stop, color=span.color, lw=0, alpha=0.5)
        if span.label:
            middle = (span.start + span.stop) / 2
            ax.text(middle, 1.01, span.label, transform=ax.get_xaxis_transform(), ha="center",
                    va="bottom", fontsize=6, color=GREY)  # fmt: skip
    many = len(panel.traces) > 12
    for trace in panel.traces:
        x, y = np.asarray(trace.x), np.asarray(trace.y)
        ax.plot(
            x, y, color=trace.color, label=trace.label or None,
            linewidth=0.5 if many else 0.9, alpha=0.6 if many else 1.0,
            linestyle="none" if not trace.joined else (0, (4, 2)) if trace.dashed else "-",
            marker=None if trace.spread is None else "o", markersize=2.2,
        )  # fmt: skip
        if trace.spread is not None:
            spread = np.asarray(trace.spread)
            ax.vlines(x, y - spread, y + spread, color=trace.color, linewidth=0.6)
    if panel.zero:
        ax.axhline(0, color=GREY, linewidth=0.5)
    _scale(ax, panel)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label)


def _legend(figure: Figure) -> None:
    """Name each label once."""
    lines: dict[str, Artist] = {}
    for ax in figure.axes:
        for line, label in zip(*ax.get_legend_handles_labels(), strict=True):
            lines.setdefault(label, line)
    if not lines:
        return
    room = int(100 * figure.get_figwidth() / WIDTH)
    columns = max(1, min(len(lines), room // (5 + max(map(len, lines)))))
    legend = figure.legend(
        list(lines.values()), list(lines), loc="outside lower center", ncols=columns,
        frameon=False, fontsize=6.5, handlelength=1.6,
    )  # fmt: skip
    for line in legend.get_lines():
        line.set(linewidth=1.2, alpha=1.0)


def _scale(ax: Axes, panel: Panel) -> None:
    ax.margins(x=0.02)
    if panel.x_names:
        ax.set_xticks(range(len(panel.x_names)), panel.x_names)
        ax.margins(x=0.08)
    if panel.log_x:
        ax.set_xscale("log")
    if panel.log_y:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(numticks=6))
        ax.yaxis.set_minor_formatter(between_powers())
    if panel.x_limits is not None:
        ax.set_xlim(panel.x_limits)
    if panel.y_limits is not None:
        ax.set_ylim(panel.y_limits)
