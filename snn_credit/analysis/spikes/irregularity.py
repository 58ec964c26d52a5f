"""How irregular the intervals between a neuron's spikes are: CV, CV2, LV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.intervals import intervals
from snn_credit.analysis.spikes.select import Where, elephant, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import GREY, INK, LEARNERS

Measure: TypeAlias = Literal["CV", "CV2", "LV"]


@dataclass(frozen=True)
class Irregularity(Result):
    """How irregular each neuron's spikes are: 0 of a clock, 1 of a Poisson process.

    Attributes
    ----------
    population : str
    measure : 'CV', 'CV2' or 'LV'
    neurons : (n,)
    value : (n,)
        NaN of a neuron with fewer intervals than it takes, and CV2 and LV of one that fired three
        times at once.
    intervals : (n,)
        How many each has.
    """

    population: str
    measure: Measure
    neurons: NDArray[np.int64]
    value: NDArray[np.float64]
    intervals: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean over the neurons that have one; NaN if none has."""
        known = self.value[np.isfinite(self.value)]
        return float(known.mean()) if len(known) else float("nan")

    def _draw(self, ax: Axes) -> None:
        known = self.value[np.isfinite(self.value)]
        top = max(2.0, float(known.max(initial=0.0)) * 1.02)
        ax.hist(known, bins=list(np.linspace(0.0, top, 41)), color=LEARNERS[4], alpha=0.6)
        ax.axvline(1.0, color=GREY, linewidth=0.5)
        ax.axvline(self.mean, color=INK, dashes=(3, 2))
        ax.set_title(f"mean {self.mean:.3g}, {len(known)} of {len(self.value)} neurons")
        ax.set_xlim(0.0, top)
        label = {"CV": "CV of intervals", "CV2": "CV2", "LV": "LV"}[self.measure]
        ax.set(xlabel=label, ylabel=f"neurons of {self.population}")


def cv(source: Source, **where: Unpack[Where]) -> Irregularity:
    """Return each neuron's coefficient of variation: standard deviation of intervals over mean.

    ``CV = sd(I)/mean(I)``, by ``elephant.statistics.cv`` over the intervals of all stretches
    together. It takes two intervals. Of few it is too low: 0.5 of two intervals of a Poisson
    process, where CV2 and LV are 1 on average of however many. Rates that differ between stimuli
    add to it; CV2 and LV compare neighbours and feel that less.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.

    Raises
    ------
    InputError
        If elephant is not installed.
    """
    statistic = elephant("cv", "statistics").cv

    def value(pieces: list[NDArray[np.float64]]) -> float:
        whole = np.concatenate(pieces)
        return float(statistic(whole)) if len(whole) > 1 else float("nan")

    return _irregularity("CV", value, source, where)


def cv2(source: Source, **where: Unpack[Where]) -> Irregularity:
    """Return each neuron's CV2 (Holt et al. 1996): the mean of 2 |I' - I| / (I' + I).

    I and I' are neighbours, by ``elephant.statistics.cv2``. It takes two intervals.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.

    Raises
    ------
    InputError
        If elephant is not installed.
    """
    statistic = elephant("cv2", "statistics").cv2
    return _irregularity("CV2", lambda pieces: _by_neighbours(statistic, pieces), source, where)


def lv(source: Source, **where: Unpack[Where]) -> Irregularity:
    """Return each neuron's LV (Shinomoto et al. 2003): the mean of 3 ((I - I') / (I + I'))^2.

    I and I' are neighbours, by ``elephant.statistics.lv``. It takes two intervals.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.

    Raises
    ------
    InputError
        If elephant is not installed.
    """
    statistic = elephant("lv", "statistics").lv
    return _irregularity("LV", lambda pieces: _by_neighbours(statistic, pieces), source, where)


def _by_neighbours(
    statistic: Callable[[NDArray[np.float64]], float], pieces: list[NDArray[np.float64]]
) -> float:
    """Mean over all pairs of neighbours, none of them across a gap."""
    long = [piece for piece in pieces if len(piece) > 1]
    if not long:
        return float("nan")
    with np.errstate(invalid="ignore"):
        values = [statistic(piece) for piece in long]
    return float(np.average(values, weights=[len(piece) - 1 for piece in long]))


def _irregularity(
    measure: Measure,
    value: Callable[[list[NDArray[np.float64]]], float],
    source: Source,
    where: Where,
) -> Irregularity:
    spikes = select(source, where)
    rows = [(value(pieces), sum(map(len, pieces))) for _, pieces in intervals(spikes)]
    values, counts = (np.array(column) for column in zip(*rows, strict=True))
    found = Irregularity(spikes.name, measure, spikes.neurons, values, counts)
    return drawn(found, where.get("ax"))
