"""The time step, when spikes were recorded, and reading them without loading them all."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.recording import Population, RunFile, Window, open_run

from .conftest import Create

NONE = np.zeros(0, np.int64)


def window(name: str, start_ms: float, stop_ms: float) -> Window:
    return Window(name, start_ms, stop_ms, 0, np.zeros((0, 1, 1)), NONE, NONE, np.zeros(0))


def create_timed(path: Path, dt_ms: float | None) -> RunFile:
    return RunFile.create(
        path, experiment="e", config={}, seed=0, device="none",
        populations={"p": Population(3)}, dt_ms=dt_ms,
    )  # fmt: skip


def test_the_time_step_is_kept(path: Path) -> None:
    create_timed(path, 0.1).close()
    assert open_run(path).dt_ms == 0.1
    with h5py.File(path) as file:
        assert file.attrs["dt_ms"] == 0.1


def test_a_run_without_a_time_step_has_none(create: Create, path: Path) -> None:
    create(path).close()
    assert open_run(path).dt_ms is None


@pytest.mark.parametrize("dt_ms", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_step_is_positive(path: Path, dt_ms: float) -> None:
    with pytest.raises(InputError, match=r"dt_ms: expected > 0 \(got"):
        create_timed(path, dt_ms)
    assert list(path.parent.iterdir()) == []


def test_windows_are_stretches_merged_where_they_touch(create: Create, path: Path) -> None:
    with create(path) as run:
        run.add_window(window("late", 70.0, 80.0))
        run.add_window(window("early", 0.0, 0.1 + 0.2))
        run.add_window(window("next", 0.3, 20.0))
    run = open_run(path)
    assert run.stretches == ((0.0, 20.0), (70.0, 80.0))
    assert run.duration_ms == 30.0


def test_a_file_without_windows_says_its_stretches(create: Create, path: Path) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", [1.0, 50.0], [0, 1])
        assert run.last_checkpoint() is None
    assert open_run(path).stretches == ()  # spikes alone do not say since when
    assert open_run(path).duration_ms == 0.0
    with RunFile.resume(path) as run:
        run.add_stretch(40.0, 60.0)
        run.add_stretch(0.0, 10.0)
        run.add_stretch(5.0, 15.0)
        run.add_window(window("w", 45.0, 50.0))
    assert open_run(path).stretches == ((0.0, 15.0), (40.0, 60.0))


@pytest.mark.parametrize("stop_ms", [1.0, 0.0, float("nan"), float("inf")])
def test_a_stretch_stops_after_its_start(create: Create, path: Path, stop_ms: float) -> None:
    with create(path) as run:
        with pytest.raises(InputError, match=r"stop_ms: expected more than 1 \(got"):
            run.add_stretch(1.0, stop_ms)
        run.add_stretch(1.0, 2.0)
    assert open_run(path).stretches == ((1.0, 2.0),)


SPANS = [(None, None), (None, 40.0), (12.5, None), (12.5, 40.0), (40.0, 12.5), (90.0, 1e9)]


@pytest.fixture
def spiking(create: Create, path: Path) -> Path:
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(0, 200, 1000) / 2)
    with create(path) as run:
        run.append_spikes("hidden1", times, rng.integers(0, 3, 1000))
        run.append_spikes("output", [], [])
    return path


@pytest.mark.parametrize(("start", "stop"), SPANS)
def test_spikes_are_counted_as_they_are_read(
    spiking: Path, start: float | None, stop: float | None
) -> None:
    run = open_run(spiking)
    assert run.spike_count("hidden1", start, stop) == len(run.spikes("hidden1", start, stop)[0])
    assert run.spike_count("output", start, stop) == 0


def test_counting_reads_no_neuron(spiking: Path) -> None:
    with h5py.File(spiking, "r+") as file:
        del file["spikes/hidden1/node_ids"]
    assert open_run(spiking).spike_count("hidden1") == 1000


@pytest.mark.parametrize("size", [1, 7, 1000, 5000])
@pytest.mark.parametrize(("start", "stop"), SPANS)
def test_blocks_together_are_the_spikes(
    spiking: Path, size: int, start: float | None, stop: float | None
) -> None:
    run = open_run(spiking)
    times, nodes = run.spikes("hidden1", start, stop)
    blocks = list(run.spike_blocks("hidden1", start, stop, size=size))
    assert [len(t) for t, _ in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert all(len(t) == len(n) >= 1 for t, n in blocks)
    np.testing.assert_array_equal(np.concatenate([np.zeros(0), *(t for t, _ in blocks)]), times)
    np.testing.assert_array_equal(np.concatenate([NONE, *(n for _, n in blocks)]), nodes)
    assert all(n.dtype == np.int64 for _, n in blocks)


def test_blocks_that_cannot_be_are_refused_at_the_call(spiking: Path) -> None:
    run = open_run(spiking)
    assert list(run.spike_blocks("output")) == []
    with pytest.raises(InputError, match=r"size: expected at least 1 \(got 0\)"):
        run.spike_blocks("hidden1", size=0)
    with pytest.raises(InputError, match=r"expected spikes of hidden1 or output \(got 'h'\)"):
        run.spike_blocks("h")
    with pytest.raises(InputError, match=r"expected spikes of hidden1 or output \(got 'h'\)"):
        run.spike_count("h")


def test_blocks_are_of_the_commit_at_the_call(spiking: Path) -> None:
    want = open_run(spiking).spikes("hidden1")
    blocks = open_run(spiking).spike_blocks("hidden1", size=300)
    got = []
    with RunFile.resume(spiking) as writer:
        for k, block in enumerate(blocks):
            got.append(block)
            writer.append_spikes("hidden1", [1000.0 + k] * 500, [0] * 500)
            writer.append_metrics("m", {"k": k})
            writer.commit()
    assert len(got) == 4
    np.testing.assert_array_equal(np.concatenate([t for t, _ in got]), want[0])
    np.testing.assert_array_equal(np.concatenate([n for _, n in got]), want[1])
    assert open_run(spiking).spike_count("hidden1") == 3000


def test_blocks_of_a_file_that_another_one_replaced(create: Create, spiking: Path) -> None:
    blocks = open_run(spiking).spike_blocks("hidden1", size=300)
    next(blocks)
    other = spiking.with_name("other.h5")
    with create(other) as run:
        run.append_spikes("hidden1", np.arange(2000.0), [0] * 2000)
    other.rename(spiking)
    with pytest.raises(InputError, match=r"expected the file as it was \(got another one\)"):
        next(blocks)
