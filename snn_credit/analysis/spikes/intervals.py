"""Inter-spike intervals and their histogram."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.data import Spikes
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import INK, LEARNERS
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS


def intervals(spikes: Spikes) -> Iterator[tuple[int, list[NDArray[np.float64]]]]:
    """Yield each neuron and its intervals in ms, an array for each recorded stretch.

    No interval spans the gap between two stretches.
    """
    borders = [start - ROUNDING_MS for start, _ in spikes.stretches[1:]]
    for neuron, train in spikes.trains():
        pieces = np.split(train, np.searchsorted(train, borders))
        yield neuron, [np.diff(piece) for piece in pieces]


@dataclass(frozen=True)
class IntervalHistogram(Result):
    """How many intervals were how long, of all neurons together.

    Attributes
    ----------
    population : str
    edge_ms : (bins + 1,)
    count : (bins,)
    longer : int
        Intervals beyond the last edge.
    mean_ms : float
        Of all intervals, NaN if there is none.
    """

    population: str
    edge_ms: NDArray[np.float64]
    count: NDArray[np.int64]
    longer: int
    mean_ms: float

    def _draw(self, ax: Axes) -> None:
        total = int(self.count.sum()) + self.longer
        share = 100.0 * self.count / max(total, 1)
        ax.stairs(share, self.edge_ms, fill=True, color=LEARNERS[4], alpha=0.6, linewidth=0)
        ax.axvline(self.mean_ms, color=INK, dashes=(3, 2))
        beyond = f", {100 * self.longer / total:.2g} % longer" if self.longer else ""
        ax.set_title(f"mean {self.mean_ms:.3g} ms{beyond}")
        ax.set_xlim(self.edge_ms[0], self.edge_ms[-1])
        ax.set(xlabel="inter-spike interval (ms)", ylabel=f"intervals of {self.population} (%)")


def interval_histogram(
    source: Source,
    *,
    bin_ms: float | None = None,
    max_ms: float | None = None,
    **where: Unpack[Where],
) -> IntervalHistogram:
    """Return the histogram of inter-spike intervals.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    bin_ms : float, optional
        The time step where it is known, else 1. A bin is centred on a multiple of itself, as
        intervals are whole steps.
    max_ms : float, optional
        Longer intervals are counted together. By default ten times the mean interval of a neuron
        that fires at the population's rate.

    Raises
    ------
    InputError
        If no bin fits.
    """
    spikes = select(source, where)
    width = (spikes.dt_ms or 1.0) if bin_ms is None else bin_ms
    longest = _ten_intervals(spikes, width) if max_ms is None else max_ms
    if not 0 < width <= longest:
        raise InputError(f"bin_ms: expected > 0 and at most max_ms, {longest:g} (got {width:g})")
    edges = width * (np.arange(int(longest / width + 1e-9) + 2, dtype=np.float64) - 0.5)
    edges[0] = 0.0
    count = np.zeros(len(edges) - 1, dtype=np.int64)
    total, length = 0, 0.0
    for _, pieces in intervals(spikes):
        for piece in pieces:
            count += np.histogram(piece, edges)[0]
            total, length = total + len(piece), length + float(piece.sum())
    mean = length / total if total else float("nan")
    found = IntervalHistogram(spikes.name, edges, count, total - int(count.sum()), mean)
    return drawn(found, where.get("ax"))


def _ten_intervals(spikes: Spikes, bin_ms: float) -> float:
    count = int(spikes.totals(*zip(*spikes.stretches, strict=True)).sum())
    mean = spikes.duration_ms * len(spikes.neurons) / max(count, 1)
    return max(bin_ms, min(10.0 * mean, spikes.duration_ms))
