"""Programs that read SONATA open a run file as it is."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from snn_credit.recording import open_run

from .conftest import Create

libsonata = pytest.importorskip("libsonata")


def test_libsonata_reads_the_spikes(create: Create, path: Path) -> None:
    rng = np.random.default_rng(0)
    with create(path) as run:
        for k in range(3):  # as a run does, chunk by chunk
            run.append_spikes("hidden1", 50.0 * k + rng.random(4000) * 50, rng.integers(0, 3, 4000))
            run.append_spikes("output", [], [])
            run.commit()
        run.finish()
    reader = libsonata.SpikeReader(str(path))
    assert sorted(reader.get_population_names()) == ["hidden1", "output"]
    population = reader["hidden1"]
    assert population.sorting == "by_time"
    assert population.time_units == "ms"
    found = population.get_dict()
    times, nodes = open_run(path).spikes("hidden1")
    np.testing.assert_array_equal(found["timestamps"], times)
    np.testing.assert_array_equal(found["node_ids"], nodes)
    some = population.get(node_ids=[1], tstart=50.0, tstop=99.0)
    assert len(some) == np.sum((nodes == 1) & (times >= 50.0) & (times <= 99.0))
    assert reader["output"].get() == []


def test_spikes_are_not_compressed(create: Create, path: Path) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", [1.0], [0])
    with h5py.File(path) as file:
        for name in ("timestamps", "node_ids"):  # libsonata's HDF5 has no filter
            dataset = file["spikes/hidden1"][name]
            assert (dataset.compression, dataset.shuffle) == (None, False)


def test_the_file_is_marked(create: Create, path: Path) -> None:
    create(path).close()
    with h5py.File(path) as file:
        magic, version = file.attrs["magic"], file.attrs["version"]
    assert (magic, magic.dtype) == (0x0A7A, np.uint32)
    assert (version.tolist(), version.dtype) == ([0, 1], np.uint32)
