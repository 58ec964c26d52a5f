"""What is read of a large file is what is asked for, and no more."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from snn_credit.analysis import raster
from snn_credit.recording import Population, Run, RunFile, Window, open_run

SPIKES, SIZE = 5_000_000, 100_000
DURATION = 1e6
BYTES = 16 * SPIKES  # times and neurons


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("large") / "run.h5"
    rng = np.random.default_rng(0)
    digits = np.arange(3)
    with RunFile.create(
        path, experiment="large", config={}, seed=0, device="none",
        populations={"hidden1": Population(1000, "hidden")}, dt_ms=1.0,
    ) as run:  # fmt: skip
        times = np.sort(rng.integers(0, int(DURATION), SPIKES)).astype(np.float64)
        run.append_spikes("hidden1", times, rng.integers(0, 1000, SPIKES))
        run.add_window(
            Window("late", 5e5, 5e5 + 150, 9, np.zeros((3, 8, 8)), digits, digits,
                   5e5 + 50 * np.arange(3.0))
        )  # fmt: skip
    return open_run(path)


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes that Python and numpy held at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_reading_all_takes_what_all_takes(large: Run) -> None:
    assert peak(lambda: large.spikes("hidden1")) > BYTES


def test_blocks_take_no_more_than_a_block(large: Run) -> None:
    counts = []

    def work() -> None:
        counts.extend(len(times) for times, _ in large.spike_blocks("hidden1", size=SIZE))

    # A block, its neurons as they are in the file, and the block before it.
    assert peak(work) < 3 * 16 * SIZE + 2**20
    assert counts == [SIZE] * (SPIKES // SIZE)


def test_counting_takes_nothing(large: Run) -> None:
    counts = []
    assert peak(lambda: counts.append(large.spike_count("hidden1", 1e5, 9e5))) < 2**20
    assert counts[0] == pytest.approx(0.8 * SPIKES, rel=0.01)


def test_the_extent_takes_nothing(large: Run) -> None:
    assert peak(lambda: large.extent) < 2**20


@pytest.mark.parametrize("stretch", [{}, {"start_ms": 3e5, "stop_ms": 3e5 + 200}])
def test_a_raster_takes_its_window(large: Run, stretch: dict[str, float]) -> None:
    raster(large, **stretch)  # what drawing keeps for later is not the window's
    assert peak(lambda: raster(large, **stretch)) < BYTES / 10
