"""Time as it was recorded: stretches side by side, with the gaps between them left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.spikes.stretches import Stretch
from snn_credit.analysis.style import GREY


def place(times_ms: ArrayLike, stretches: Sequence[Stretch]) -> NDArray[np.float64]:
    """Return where times are drawn: as they are, or as time recorded if there are gaps."""
    times = np.asarray(times_ms, dtype=np.float64)
    if len(stretches) == 1:
        return times
    starts, stops = np.array(stretches).T
    before = np.concatenate([[0.0], np.cumsum(stops - starts)[:-1]])
    which = np.clip(np.searchsorted(starts - 1e-6, times, side="right") - 1, 0, None)
    return times - starts[which] + before[which]


def mark(ax: Axes, stretches: Sequence[Stretch]) -> None:
    """Name the axis of time, and mark where something is left out."""
    lengths = np.array([stop - start for start, stop in stretches])
    first = stretches[0][0] if len(stretches) == 1 else 0.0
    ax.set_xlim(first, first + lengths.sum())
    ax.xaxis.set_major_locator(MaxNLocator(4))  # late in a run times have many digits
    several = len(stretches) > 1
    ax.set_xlabel("time recorded (ms)" if several else "time (ms)")
    for at in np.cumsum(lengths)[:-1]:
        ax.axvline(at, color=GREY, linewidth=0.5, linestyle=(0, (1, 2)), zorder=0)


def parts(times_ms: NDArray[np.float64], stretches: Sequence[Stretch]) -> list[slice]:
    """Return which of some rising times lie in each stretch."""
    borders = np.searchsorted(times_ms, [start - 1e-6 for start, _ in stretches])
    ends = [*borders[1:].tolist(), len(times_ms)]
    return [slice(a, b) for a, b in zip(borders.tolist(), ends, strict=True)]
