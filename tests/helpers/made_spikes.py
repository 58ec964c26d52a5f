"""Spikes with known statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pair = tuple[NDArray[np.float64], NDArray[np.int64]]


def pooled(trains: list[NDArray[np.float64]]) -> Pair:
    """Times and neurons of trains, in order of time."""
    times = np.concatenate([np.zeros(0), *trains])
    nodes = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    order = np.argsort(times, kind="stable")
    return times[order], nodes[order]


def gamma_trains(
    rng: np.random.Generator, n: int, rate_hz: float, duration_ms: float, order: int = 1
) -> list[NDArray[np.float64]]:
    """Trains of a gamma process; of order 1 a Poisson process."""
    scale = 1000.0 / (rate_hz * order)
    count = int(2 * rate_hz * duration_ms / 1000.0) + 50
    trains = np.cumsum(rng.gamma(order, scale, (n, count)), axis=1)
    assert trains[:, -1].min() > duration_ms
    return [train[train < duration_ms] for train in trains]


def spikes_of_counts(counts: ArrayLike, bin_ms: float) -> Pair:
    """Spikes that have these counts (bins, n) in bins, somewhere within each."""
    found = np.asarray(counts, dtype=np.int64)
    bins, nodes = np.nonzero(found)
    number = found[bins, nodes]
    bins, nodes = np.repeat(bins, number), np.repeat(nodes, number)
    rng = np.random.default_rng(0)
    times = bin_ms * (bins + rng.uniform(0.1, 0.9, len(bins)))
    order = np.argsort(times, kind="stable")
    return times[order], nodes[order]
