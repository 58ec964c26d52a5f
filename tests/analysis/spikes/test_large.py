"""Runs that are larger than memory should be: counted block by block."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from snn_credit.analysis import (
    binned_rate,
    count_correlations,
    decoding,
    dimensionality,
    fano_factor,
    interval_histogram,
    mean_rate,
    peri_stimulus,
    smooth_rate,
    spikes_of,
    tuning,
)
from snn_credit.analysis.spikes import Spikes, Stimuli
from snn_credit.recording import Population, Run, RunFile, open_run

SPIKES, N, DURATION = 2_000_000, 100, 100_000.0
BLOCK = 20_000
WHOLE = 16 * SPIKES  # bytes of all times and neurons


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two million spikes of a hundred neurons."""
    path = tmp_path_factory.mktemp("large") / "run.h5"
    rng = np.random.default_rng(0)
    with RunFile.create(
        path,
        experiment="e",
        config={},
        seed=0,
        device="d",
        populations={"hidden1": Population(N, "hidden")},
        dt_ms=1.0,
    ) as run:
        for part in range(10):
            start = part * DURATION / 10
            times = start + np.sort(rng.integers(0, DURATION / 10, SPIKES // 10))
            run.append_spikes("hidden1", times, rng.integers(0, N, SPIKES // 10))
        run.add_stretch(0.0, DURATION)
    return open_run(path)


def blockwise(run: Run, block: int) -> Spikes:
    onsets = np.arange(0.0, DURATION, 1000.0)
    stimuli = Stimuli(onsets, onsets + 1000.0, np.arange(100) % 4)
    whole = spikes_of(run, "hidden1", stimuli=stimuli)
    return replace(whole, read=lambda a, b: run.spike_blocks("hidden1", a, b, size=block))


COUNTED: dict[str, Callable[[Spikes], object]] = {
    "mean_rate": mean_rate,
    "binned_rate": lambda s: binned_rate(s, 100.0),
    "smooth_rate": lambda s: smooth_rate(s, "flat", 11.0),
    "peri_stimulus": lambda s: peri_stimulus(s, 100.0, by_class=True),
    "fano_factor": fano_factor,
    "correlations": lambda s: count_correlations(s, bin_ms=500.0),
    "dimensionality": lambda s: dimensionality(s, bin_ms=500.0),
    "tuning": tuning,
}


@pytest.mark.parametrize("name", COUNTED)
def test_counting_holds_no_more_than_some_blocks(large: Run, name: str) -> None:
    spikes = blockwise(large, BLOCK)
    COUNTED[name](spikes)  # what is imported for the first time is not counted
    tracemalloc.start()
    COUNTED[name](spikes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < WHOLE / 3


def numbers(result: object) -> list[np.ndarray]:
    return [np.asarray(value) for value in vars(result).values() if not isinstance(value, str)]


@pytest.mark.parametrize("name", [*COUNTED, "intervals", "decoding"])
def test_the_size_of_blocks_changes_no_result(large: Run, name: str) -> None:
    every = {
        **COUNTED,
        "intervals": interval_histogram,
        "decoding": lambda s: decoding(s, 500.0, folds=2),
    }
    few = [spikes_of(blockwise(large, size), stop_ms=12_000.0) for size in (777, 1_000_000)]
    small, one = (numbers(every[name](spikes)) for spikes in few)
    assert len(small) > 1
    for ours, theirs in zip(small, one, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_trains_come_in_portions(large: Run) -> None:
    spikes = blockwise(large, BLOCK)
    tracemalloc.start()
    total = sum(len(train) for _, train in spikes.trains(held=200_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == SPIKES
    assert peak < WHOLE / 2
