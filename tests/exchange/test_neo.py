"""A run goes to a Neo block and comes back as it was; blocks of others are read."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import neo
import numpy as np
import pytest
import quantities as pq
from hypothesis import given, settings
from run_pairs import assert_same, contents, made

from snn_credit.errors import InputError
from snn_credit.exchange import from_neo, read_nwb, to_neo, write_nwb
from snn_credit.exchange.contents import Contents
from snn_credit.recording import Run


@settings(max_examples=25, deadline=None)
@given(contents())
def test_nothing_is_lost(drawn: Contents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = made(drawn, Path(folder) / "run.h5")
        block = pickle.loads(pickle.dumps(to_neo(run)))
        assert_same(run, from_neo(block, Path(folder) / "back.h5"))


@settings(max_examples=4, deadline=None)
@given(contents())
def test_nothing_is_lost_on_the_way_through_neo_and_nwb(drawn: Contents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = made(drawn, Path(folder) / "run.h5")
        write_nwb(from_neo(to_neo(run), Path(folder) / "neo.h5"), Path(folder) / "run.nwb")
        assert_same(run, read_nwb(Path(folder) / "run.nwb", Path(folder) / "back.h5"))


def test_a_block_says_what_is_what(recorded: Run) -> None:
    block = to_neo(recorded)
    assert len(block.segments) == 3
    late = block.segments[2]
    trains = [t for t in late.spiketrains if t.annotations["population"] == "output"]
    assert [t.annotations["neuron"] for t in trains] == list(range(100))
    assert [t.annotations["class"] for t in trains] == np.repeat(np.arange(10), 10).tolist()
    times, nodes = recorded.spikes("output", 2000.0, 2150.0)
    assert trains[7].units == pq.ms
    assert (float(trains[7].t_start), float(trains[7].t_stop)) == (2000.0, 2150.0)
    np.testing.assert_array_equal(trains[7].magnitude, times[nodes == 7])
    signal = next(s for s in late.analogsignals if s.name == "hidden1 V")
    assert signal.units == pq.dimensionless
    assert signal.array_annotations["neuron"].tolist() == [17, 40]
    np.testing.assert_allclose(signal.times.rescale("ms").magnitude, 2000.0 + np.arange(150.0))
    (epoch,) = late.epochs
    window = recorded.windows[2]
    assert epoch.labels.tolist() == [str(label) for label in window.labels]
    assert epoch.durations.rescale("ms").magnitude.tolist() == [50.0] * 3
    assert block.annotations["provenance"]["experiment"] == "made"


def test_one_population_of_a_block(recorded: Run) -> None:
    trains = [t for s in to_neo(recorded, "output").segments for t in s.spiketrains]
    assert {t.annotations["population"] for t in trains} == {"output"}
    with pytest.raises(InputError, match=r"population: expected input or .* \(got 'x'\)"):
        to_neo(recorded, "x")


def test_trials_that_all_begin_at_zero_follow_one_another(tmp_path: Path) -> None:
    block = neo.Block(name="a recording")
    for k in range(2):
        segment = neo.Segment()
        segment.spiketrains.append(neo.SpikeTrain([0.5 + k], units="s", t_stop=2.0))
        segment.spiketrains.append(neo.SpikeTrain([], units="s", t_stop=2.0))
        segment.epochs.append(
            neo.Epoch([0.25] * pq.s, [1.0] * pq.s, labels=["up" if k else "down"])
        )
        block.segments.append(segment)
    run = from_neo(block, tmp_path / "run.h5")
    assert run.experiment == "imported from a recording"
    assert run.populations["units"].size == 2
    assert [list(part) for part in run.spikes("units")] == [[500.0, 3500.0], [0, 0]]
    assert run.stretches == ((0.0, 4000.0),)
    assert [w.onset_ms.tolist() for w in run.windows] == [[250.0, 1250.0], [2250.0, 3250.0]]
    assert [w.labels.tolist() for w in run.windows] == [[0, -1], [1, -1]]
    assert run.provenance["config"]["label_names"] == ["down", "up"]
    assert run.provenance["config"]["moved_ms"] == [0.0, 2000.0]


def test_a_block_without_spikes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"block: expected segments with spike trains \(got none\)"
    ):
        from_neo(neo.Block(), tmp_path / "run.h5")
    assert not list(tmp_path.iterdir())
