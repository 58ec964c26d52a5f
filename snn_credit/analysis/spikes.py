"""Spike trains and rates from times and neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError


def spike_trains(
    times_ms: ArrayLike, node_ids: ArrayLike, n_neurons: int
) -> list[NDArray[np.float64]]:
    """Return the spike times of each neuron, in ms, in the order given.

    Parameters
    ----------
    times_ms, node_ids : (n_spikes,)
        As `Run.spikes` returns them.
    n_neurons : int
        Neurons that never spiked get empty arrays.
    """
    times, nodes = np.asarray(times_ms, dtype=np.float64), _nodes(node_ids, n_neurons)
    order = np.argsort(nodes, kind="stable")
    borders = np.searchsorted(nodes[order], np.arange(1, n_neurons))
    return np.split(times[order], borders)


def binned_rates(
    times_ms: ArrayLike,
    node_ids: ArrayLike,
    n_neurons: int,
    *,
    start_ms: float,
    stop_ms: float,
    bin_ms: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bin starts in ms (n_bins,) and rates in Hz (n_neurons, n_bins).

    Bins are half-open, ``[start, start + bin_ms)``; a last one that would reach beyond ``stop_ms``
    is left out.

    Raises
    ------
    InputError
        If no bin fits.
    """
    if bin_ms <= 0 or stop_ms - start_ms < bin_ms:
        raise InputError(
            f"bin_ms: expected > 0 and at most {stop_ms - start_ms:g}, the stretch (got {bin_ms:g})"
        )
    times, nodes = np.asarray(times_ms, dtype=np.float64), _nodes(node_ids, n_neurons)
    # The small number keeps a stretch of exactly n bins from losing one to rounding.
    n_bins = int((stop_ms - start_ms) / bin_ms + 1e-9)
    bins = np.floor((times - start_ms) / bin_ms + 1e-9).astype(np.int64)
    inside = (bins >= 0) & (bins < n_bins)
    counts = np.zeros((n_neurons, n_bins))
    np.add.at(counts, (nodes[inside], bins[inside]), 1.0)
    starts = np.array([start_ms + bin_ms * k for k in range(n_bins)])
    return starts, counts * (1000.0 / bin_ms)


def mean_rate(times_ms: ArrayLike, n_neurons: int, *, start_ms: float, stop_ms: float) -> float:
    """Return the mean rate of a population in Hz, over spikes in ``[start_ms, stop_ms)``."""
    if stop_ms <= start_ms:
        raise InputError(f"stop_ms: expected more than {start_ms:g} (got {stop_ms:g})")
    times = np.asarray(times_ms, dtype=np.float64)
    count = np.count_nonzero((times >= start_ms) & (times < stop_ms))
    return float(1000.0 * count / (n_neurons * (stop_ms - start_ms)))


def _nodes(node_ids: ArrayLike, n_neurons: int) -> NDArray[np.int64]:
    nodes = np.asarray(node_ids, dtype=np.int64)
    if nodes.size and not (nodes.min() >= 0 and nodes.max() < n_neurons):
        raise InputError(
            f"node_ids: expected 0 to {n_neurons - 1} (got {nodes.min()} to {nodes.max()})"
        )
    return nodes
