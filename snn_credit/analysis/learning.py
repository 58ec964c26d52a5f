"""The learning curve: test error against images seen, for several learners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.style import GREY, LEARNERS, between_powers, open_axes, styled
from snn_credit.errors import InputError

Table = Mapping[str, ArrayLike]
Curve = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@styled
def learning_curve(
    learners: Mapping[str, Sequence[Table]],
    *,
    chance: float | None = None,
    column: str = "test_error",
    log_x: bool = True,
    log_y: bool = False,
) -> Figure:
    """Draw one line a learner, named at its end: the mean over seeds, in a band of one s.d.

    Parameters
    ----------
    learners : mapping of str to tables
        Name of a learner -> its seeds' tables, each with ``images_seen`` and ``column``, such as
        ``run.metrics('learning')``. Rows without a measurement are NaN and left out.
    chance : float, optional
        Error in % of an answer at random, a dashed line.
    column : str
        Of errors in %.
    log_x, log_y : bool
        Logarithmic axes. A logarithmic x leaves out what was measured before any image.

    Raises
    ------
    InputError
        If a learner has no measurements.
    """
    # Names stand to the right of the curves: 2.4 inches of these, and room for the longest.
    width = 2.9 + max(1.0, 0.15 + 0.06 * max(map(len, learners), default=0))
    figure = Figure(figsize=(width, 2.6))
    ax = figure.add_axes((0.49 / width, 0.155, 2.42 / width, 0.80))
    open_axes(ax)
    ends: list[tuple[float, str, str]] = []
    for position, (name, tables) in enumerate(learners.items()):
        color = LEARNERS[position % len(LEARNERS)]
        seen, mean, spread = _mean_curve(name, tables, column, log_x)
        marker = "o" if len(seen) == 1 else None
        again = position >= len(LEARNERS)
        ax.plot(
            seen, mean, color=color, linewidth=1.1, marker=marker, markersize=3,
            linestyle="--" if again else "-",
        )  # fmt: skip
        if len(tables) > 1:
            ax.fill_between(seen, mean - spread, mean + spread, color=color, alpha=0.18, lw=0)
        ends.append((float(mean[-1]), name, color))
    if chance is not None:
        ax.axhline(chance, color=GREY, linewidth=0.8, dashes=(4, 3))
        ends.append((chance, "chance", GREY))
    _scale(ax, log_x, log_y)
    ax.set(xlabel="images seen", ylabel=f"{column.replace('_', ' ')} (%)")
    _name_ends(ax, ends)
    counts = {len(tables) for tables in learners.values()}
    if max(counts) > 1:
        seeds = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
        note = f"mean and s.d. over {seeds} seeds"
        ax.text(0.03, 0.03, note, transform=ax.transAxes, fontsize=5.5, color=GREY)
    return figure


def _mean_curve(name: str, tables: Sequence[Table], column: str, positive: bool) -> Curve:
    """Return images seen, mean and s.d. over seeds, where all seeds were measured."""
    curves = [_measured(table, column, positive) for table in tables]
    if not curves or not all(len(seen) for seen, _ in curves):
        raise InputError(f"{name}: expected measurements of {column} (got none)")
    first = max(seen[0] for seen, _ in curves)
    last = min(seen[-1] for seen, _ in curves)
    grid = np.unique(np.concatenate([seen for seen, _ in curves]))
    grid = grid[(grid >= first) & (grid <= last)]
    if not len(grid):
        raise InputError(f"{name}: expected seeds measured over the same images (got no overlap)")
    errors = np.stack([np.interp(grid, *curve) for curve in curves])
    spread = errors.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(len(grid))
    return grid, errors.mean(axis=0), spread


def _measured(
    table: Table, column: str, positive: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    seen = np.asarray(table["images_seen"], dtype=np.float64)
    error = np.asarray(table[column], dtype=np.float64)
    good = np.isfinite(error) & (seen > 0 if positive else True)
    return seen[good], error[good]


def _scale(ax: Axes, log_x: bool, log_y: bool) -> None:
    ax.margins(x=0.02)
    if log_x:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if log_y:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(between_powers())
    else:
        ax.set_ylim(bottom=0)


def _name_ends(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's name at its right end, apart from one another."""
    low, high = ax.get_ylim()
    to_axes = ax.transScale + ax.transLimits
    x = ax.get_xlim()[0]
    heights = [float(to_axes.transform((x, value))[1]) for value, _, _ in ends]
    gap, floor, ceiling = 0.062, 0.0, 1.0
    order = np.argsort(heights)
    for k in order:
        heights[k] = max(heights[k], floor)
        floor = heights[k] + gap
    for k in order[::-1]:
        heights[k] = min(heights[k], ceiling)
        ceiling = heights[k] - gap
    for y, (_, name, color) in zip(heights, ends, strict=True):
        ax.text(1.02, y, name, transform=ax.transAxes, va="center", color=color, clip_on=False)
    ax.set_ylim(low, high)
