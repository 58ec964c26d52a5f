"""Spikes at the same time: cross-correlograms and the spike time tiling coefficient."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.select import Where, elephant, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.spikes.stretches import Stretch, whole_bins
from snn_credit.analysis.style import GREY, LEARNERS
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS

#: Neurons that are named along the axes of a matrix.
_MOST_NAMED = 10


@dataclass(frozen=True)
class Correlogram(Result):
    """How often a second neuron fired how long after a first.

    Attributes
    ----------
    population : str
    pair : (int, int)
    lag_ms : (2 m + 1,)
        Positive where the second fires later.
    count : (2 m + 1,)
        Pairs of spikes.
    expected : (2 m + 1,)
        Of neurons with these rates that know nothing of one another.
    """

    population: str
    pair: tuple[int, int]
    lag_ms: NDArray[np.float64]
    count: NDArray[np.int64]
    expected: NDArray[np.float64]

    def _draw(self, ax: Axes) -> None:
        half = (self.lag_ms[1] - self.lag_ms[0]) / 2 if len(self.lag_ms) > 1 else 0.5
        edges = np.append(self.lag_ms - half, self.lag_ms[-1] + half)
        ax.stairs(self.count, edges, fill=True, color=LEARNERS[4], alpha=0.6, linewidth=0)
        ax.plot(self.lag_ms, self.expected, color=GREY, linewidth=0.7, label="independent")
        ax.axvline(0.0, color=GREY, linewidth=0.5)
        ax.set_xlim(edges[0], edges[-1])
        ax.legend(frameon=False, fontsize=5.5, loc="best")
        first, second = self.pair
        ax.set_xlabel(f"neuron {second} after neuron {first} (ms)")
        ax.set_ylabel(f"pairs of spikes, {self.population}")


def cross_correlogram(
    source: Source,
    pair: tuple[int, int],
    *,
    bin_ms: float = 1.0,
    max_lag_ms: float = 50.0,
    **where: Unpack[Where],
) -> Correlogram:
    """Return the cross-correlogram of two neurons.

    By ``elephant.spike_train_correlation.cross_correlation_histogram``, stretch by stretch, so that
    no pair of spikes spans a gap.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    pair : (int, int)
        Two neurons.
    bin_ms, max_lag_ms : float

    Raises
    ------
    InputError
        If elephant is not installed, the neurons are not there, or a stretch is not longer than
        the longest lag.
    """
    module = elephant("cross_correlogram", "spike_train_correlation")
    conversion = elephant("cross_correlogram", "conversion")
    first, second = pair
    if first == second or not 0 < bin_ms <= max_lag_ms:
        raise InputError(
            "pair, bin_ms, max_lag_ms: expected two neurons and 0 < bin_ms <= max_lag_ms "
            f"(got {pair}, {bin_ms:g} and {max_lag_ms:g})"
        )
    spikes = select(source, {**where, "neurons": [first, second]})
    steps = int(max_lag_ms / bin_ms + 1e-9)
    lags = np.arange(-steps, steps + 1)
    lag_ms = bin_ms * lags.astype(np.float64)
    count = np.zeros(len(lags), dtype=np.int64)
    expected = np.zeros(len(lags))
    trains = dict(spikes.trains())
    for stretch in spikes.stretches:
        bins = whole_bins(stretch[1] - stretch[0], bin_ms)
        if bins <= steps:
            raise InputError(
                f"max_lag_ms: expected less than {stretch[1] - stretch[0]:g}, a stretch that was "
                f"recorded (got {max_lag_ms:g})"
            )
        here = [_neo_train(trains[neuron], stretch, bins * bin_ms) for neuron in pair]
        binned = [_binned(conversion, train, bin_ms, bins) for train in here]
        found, _ = module.cross_correlation_histogram(*binned, window=[-steps, steps])
        count += np.rint(found.magnitude[:, 0]).astype(np.int64)
        expected += len(here[0]) * len(here[1]) * (bins - np.abs(lags)) / bins**2
    result = Correlogram(spikes.name, (first, second), lag_ms, count, expected)
    return drawn(result, where.get("ax"))


@dataclass(frozen=True)
class Tiling(Result):
    """Spike time tiling coefficients of pairs of neurons.

    Attributes
    ----------
    population : str
    neurons : (n,)
    matrix : (n, n)
        From -1 over 0, of neurons that know nothing of one another, to 1; NaN of a silent neuron.
    dt_ms : float
        How near counts as at the same time.
    """

    population: str
    neurons: NDArray[np.int64]
    matrix: NDArray[np.float64]
    dt_ms: float

    def _draw(self, ax: Axes) -> None:
        image = ax.imshow(self.matrix, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
        if ax.figure is not None:
            label = f"tiling coefficient, {self.dt_ms:g} ms"
            ax.figure.colorbar(image, ax=ax, label=label)
        step = max(1, -(-len(self.neurons) // _MOST_NAMED))
        at = range(0, len(self.neurons), step)
        names = [str(neuron) for neuron in self.neurons[::step]]
        ax.set_xticks(at, names)
        ax.set_yticks(at, names)
        ax.set(xlabel=f"neuron of {self.population}", ylabel=f"neuron of {self.population}")


def spike_time_tiling(
    source: Source, *, dt_ms: float = 5.0, units: int = 10, seed: int = 0, **where: Unpack[Where]
) -> Tiling:
    """Return the spike time tiling coefficient (Cutts & Eglen 2014) of pairs of neurons.

    By ``elephant.spike_train_correlation.spike_time_tiling_coefficient``. It does not depend on
    rates, as correlations of counts do.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`; of one stretch of time.
    dt_ms : float
        How near counts as at the same time.
    units, seed : int
        How many neurons, chosen at random: elephant takes 0.3 s for a pair of trains of 4,000
        spikes, and there are ``units**2/2`` pairs.

    Raises
    ------
    InputError
        If elephant is not installed, or time has gaps.
    """
    module = elephant("spike_time_tiling", "spike_train_correlation")
    from quantities import ms

    spikes = select(source, where)
    if len(spikes.stretches) != 1:
        raise InputError(
            f"window: expected one of the {len(spikes.stretches)} stretches that were recorded, "
            "for a coefficient has no sense across gaps (got none)"
        )
    chosen = spikes.neurons
    if len(chosen) > units:
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(chosen, units, replace=False))
    some = select(spikes, {"neurons": chosen})
    trains = [_neo_train(train, some.stretches[0], some.duration_ms) for _, train in some.trains()]
    matrix = np.full((len(trains), len(trains)), np.nan)
    for i, first in enumerate(trains):
        for j in range(i, len(trains)):
            if len(first) and len(trains[j]):
                value = module.spike_time_tiling_coefficient(first, trains[j], dt=dt_ms * ms)
                matrix[i, j] = matrix[j, i] = value
    return drawn(Tiling(spikes.name, chosen, matrix, dt_ms), where.get("ax"))


def _neo_train(train: NDArray[np.float64], stretch: Stretch, length_ms: float) -> Any:
    """Return a stretch of a train as neo has it, from 0 on: steps are then whole in floats too."""
    from neo import SpikeTrain

    inside = train[(train >= stretch[0] - ROUNDING_MS) & (train < stretch[1] - ROUNDING_MS)]
    times = np.clip(inside - stretch[0], 0.0, None)
    return SpikeTrain(times[times < length_ms - ROUNDING_MS], units="ms", t_stop=length_ms)


def _binned(conversion: ModuleType, train: Any, bin_ms: float, bins: int) -> Any:
    """Return a train in bins. Elephant has a warning for each train with a spike on a border."""
    from quantities import ms

    moved = train.time_shift(ROUNDING_MS * ms)
    moved.t_start, moved.t_stop = train.t_start, train.t_stop
    return conversion.BinnedSpikeTrain(moved, bin_size=bin_ms * ms, n_bins=bins, tolerance=None)
