"""Spikes sorted by neuron, as formats of recorded data keep them, without holding all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.exchange import times
from snn_credit.exchange.contents import Contents, Spikes
from snn_credit.recording import Population

#: From so many spikes on they are sorted in a file.
_HELD = 1 << 20


@dataclass(frozen=True)
class Units:
    """The recorded neurons of a population: ``neurons`` (n,), their spikes' ``counts`` (n,)."""

    population: str
    neurons: NDArray[np.int64]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Sorted:
    """Spikes by neuron, in order of time within each.

    Attributes
    ----------
    seconds : (n_spikes,)
        In s: those of the first unit, then those of the second, and so on.
    units : list of Units
    lost : list of (row, time in ms)
        Spikes whose time in ms does not follow from that in s.
    """

    seconds: NDArray[np.float64]
    units: list[Units]
    lost: list[tuple[int, float]]


def sorted_by_neuron(contents: Contents, folder: Path) -> Sorted:
    """Sort the spikes of all recorded populations, many of them in a file in ``folder``."""
    units = [
        _units(name, contents.populations[name], blocks) for name, blocks in contents.spikes.items()
    ]
    total = sum(int(unit.counts.sum()) for unit in units)
    if total <= _HELD:
        seconds = np.empty(total)
    else:
        seconds = np.memmap(folder / "spikes", dtype=np.float64, mode="w+", shape=(total,))
    lost: list[tuple[int, float]] = []
    first = 0
    for unit in units:
        free = first + np.cumsum(unit.counts) - unit.counts
        row_of = np.zeros(int(unit.neurons.max(initial=-1)) + 1, dtype=np.int64)
        row_of[unit.neurons] = np.arange(len(unit.neurons))
        for spikes in contents.spikes[unit.population]:
            lost += _put(seconds, free, row_of, spikes)
        first += int(unit.counts.sum())
    return Sorted(seconds, units, lost)


def _units(name: str, population: Population, blocks: Iterable[Spikes]) -> Units:
    """Count the spikes of the recorded neurons, and of others if they have some."""
    counts = np.zeros(population.size, dtype=np.int64)
    for _, nodes in blocks:
        found = np.bincount(nodes, minlength=len(counts))
        found[: len(counts)] += counts
        counts = found
    recorded = population.recorded
    neurons = np.arange(population.size) if recorded is None else np.asarray(recorded)
    others = np.setdiff1d(np.flatnonzero(counts), neurons)
    neurons = np.concatenate([neurons, others]).astype(np.int64)
    return Units(name, neurons, counts[neurons])


def _put(
    seconds: NDArray[np.float64],
    free: NDArray[np.int64],
    row_of: NDArray[np.int64],
    spikes: Spikes,
) -> list[tuple[int, float]]:
    """Put a block of spikes where each neuron's next are free; return those that lose by it."""
    ms, nodes = spikes
    rows = row_of[nodes]
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=len(free))
    starts = np.cumsum(counts) - counts
    place = np.arange(len(rows)) - np.repeat(starts, counts) + np.repeat(free, counts)
    free += counts
    by_row = ms[order]
    seconds[place] = times.to_seconds(by_row)
    odd = np.flatnonzero(times.lost(by_row))
    return list(zip(place[odd].tolist(), by_row[odd].tolist(), strict=True))
