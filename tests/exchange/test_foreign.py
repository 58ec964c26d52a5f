"""What other programs and other people write, odd names and numbers among it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import neo
import numpy as np
import pynwb
import pytest

from snn_credit.errors import InputError
from snn_credit.exchange import from_neo, read_nwb, read_sonata


def recording(path: Path, fill: Callable[[Any], None]) -> Path:
    file = pynwb.NWBFile("made", "id", datetime(2020, 1, 1, tzinfo=UTC))
    fill(file)
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def test_words_that_are_no_names_become_names(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file.add_unit_column("population", "area")
        for name in ("a/b", "a:b", "", ".", " x "):
            file.add_unit(spike_times=[0.1], population=name)

    run = read_nwb(recording(tmp_path / "a.nwb", fill), tmp_path / "run.h5")
    assert {name: p.size for name, p in run.populations.items()} == {
        "a_b": 1, "a:b": 1, "units": 2, "x": 1,
    }  # fmt: skip
    train = neo.SpikeTrain([1.0], units="ms", t_stop=2.0, population="")
    segment = neo.Segment()
    segment.spiketrains.append(train)
    block = neo.Block()
    block.segments.append(segment)
    assert list(from_neo(block, tmp_path / "neo.h5").populations) == ["units"]


def test_a_column_of_lists_names_no_populations(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.nwb", lambda file: file.add_unit(spike_times=[0.1, 0.2]))
    with pytest.raises(InputError, match=r"population: expected a column of one word a unit"):
        read_nwb(path, tmp_path / "run.h5", population="spike_times")


def test_a_trial_without_times_says_nothing_of_the_others(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file.add_unit(spike_times=[0.1, 0.2])
        file.add_trial_column("stimulus", "of it")
        for start, stop, stimulus in (
            (-1.0, 0.5, "A"), (np.nan, np.nan, "B"), (2.0, 3.0, "A"), (3.5, np.nan, "B"),
        ):  # fmt: skip
            file.add_trial(start_time=start, stop_time=stop, stimulus=stimulus)

    path = recording(tmp_path / "a.nwb", fill)
    run = read_nwb(path, tmp_path / "run.h5", label="stimulus")
    assert run.stretches == ((-1000.0, 3500.0),)
    assert run.windows[0].onset_ms.tolist() == [-1000.0, 500.0, 2000.0, 3000.0]
    assert run.windows[0].labels.tolist() == [0, -1, 0, -1]


@pytest.mark.parametrize(
    ("times", "nodes", "match"),
    [
        ([1.0, np.nan, 2.0], [0, 1, 2], "expected finite timestamps"),
        ([1.0, np.inf], [0, 1], "expected finite timestamps"),
        ([1.0, 2.0], [0, -1], r"expected node_ids of p from 0 on \(got -1\)"),
        ([[1.0, 2.0]], [[0, 1]], "expected timestamps and node_ids of p in one row each"),
    ],
)
def test_spikes_that_cannot_be_are_refused(
    tmp_path: Path, times: list[Any], nodes: list[Any], match: str
) -> None:
    path = tmp_path / "spikes.h5"
    with h5py.File(path, "w") as file:
        file["spikes/p/timestamps"] = np.array(times)
        file["spikes/p/node_ids"] = np.array(nodes)
    with pytest.raises(InputError, match=f"spikes.h5: {match}"):
        read_sonata(path, tmp_path / "run.h5")
    assert list(tmp_path.iterdir()) == [path]
