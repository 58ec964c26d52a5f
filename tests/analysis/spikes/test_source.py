"""Spikes from wherever they are: what was recorded, and nothing else, is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import brian2 as b2
import numpy as np
import pytest
import quantities as pq
from brian_device import active
from made_spikes import gamma_trains, pooled

from snn_credit.analysis.spikes import Stimuli, binned_rate, mean_rate, spikes_of
from snn_credit.errors import InputError
from snn_credit.recording import Population, Run, RunFile, Window, open_run


def test_a_run_says_what_was_recorded_of_a_population(gapped: Run) -> None:
    spikes = spikes_of(gapped, "hidden1")
    assert (spikes.name, spikes.size, spikes.dt_ms) == ("hidden1", 8, 1.0)
    assert spikes.neurons.tolist() == [2, 3, 5]
    assert spikes.stretches == ((0.0, 20.0), (100.0, 120.0))
    assert spikes.duration_ms == 40.0
    assert spikes.stimuli is not None
    assert spikes.stimuli.onset_ms.tolist() == [0.0, 10.0, 100.0, 110.0]
    assert spikes.stimuli.offset_ms.tolist() == [10.0, 20.0, 110.0, 120.0]
    output = spikes_of(gapped.path, "output")
    assert output.classes is not None
    assert output.classes.tolist() == [0, 0, 1, 1]


def test_counts_of_intervals(gapped: Run) -> None:
    spikes = spikes_of(gapped, "hidden1")
    starts, stops = [0.0, 4.0, 19.0, 103.0], [4.0, 8.0, 20.0, 120.0]
    counts = spikes.counts(starts, stops)
    assert counts.tolist() == [[1, 0, 0], [1, 0, 1], [1, 0, 0], [0, 0, 2]]
    assert spikes.totals(starts, stops).tolist() == [1, 2, 1, 2]


def test_trains_of_silent_neurons_too(gapped: Run) -> None:
    trains = dict(spikes_of(gapped, "hidden1").trains())
    assert {neuron: train.tolist() for neuron, train in trains.items()} == {
        2: [0.0, 4.0, 19.0, 100.0],
        3: [],
        5: [4.0, 103.0, 119.0],
    }


@pytest.mark.parametrize("held", [1, 2, 3, 100])
def test_trains_do_not_depend_on_how_many_are_held(gapped: Run, held: int) -> None:
    spikes = spikes_of(gapped, "hidden1")
    whole = [(neuron, train.tolist()) for neuron, train in spikes.trains()]
    assert [(neuron, train.tolist()) for neuron, train in spikes.trains(held)] == whole


def test_a_part_of_a_run(gapped: Run) -> None:
    late = spikes_of(gapped, "hidden1", window="late")
    assert late.stretches == ((100.0, 120.0),)
    assert late.arrays()[0].tolist() == [100.0, 103.0, 119.0]
    across = spikes_of(gapped, "hidden1", start_ms=4.0, stop_ms=103.0)
    assert across.stretches == ((4.0, 20.0), (100.0, 103.0))
    assert across.arrays()[0].tolist() == [4.0, 4.0, 19.0, 100.0]
    assert across.stimuli is not None
    assert across.stimuli.onset_ms.tolist() == [10.0]
    some = spikes_of(gapped, "hidden1", neurons=[5, 3])
    assert some.neurons.tolist() == [3, 5]
    assert some.arrays()[1].tolist() == [5, 5, 5]


def test_arrays_in_any_order() -> None:
    spikes = spikes_of(([5.0, 1.0, 2.0], [2, 0, 2]), "mine", size=4, stop_ms=10.0)
    assert (spikes.name, spikes.stretches) == ("mine", ((0.0, 10.0),))
    assert [(n, t.tolist()) for n, t in spikes.trains()] == [
        (0, [1.0]), (1, []), (2, [2.0, 5.0]), (3, []),
    ]  # fmt: skip


def test_arrays_last_to_their_last_spike() -> None:
    spikes = spikes_of(([1.0, 4.0], [0, 1]))
    assert spikes.size == 2
    assert spikes.duration_ms == pytest.approx(4.0, abs=1e-5)
    assert spikes.arrays()[0].tolist() == [1.0, 4.0]


def test_stimuli_of_arrays() -> None:
    stimuli = Stimuli(np.array([0.0, 5.0, 9.0]), np.array([5.0, 9.0, 14.0]), np.array([1, 0, 1]))
    spikes = spikes_of(([1.0], [0]), stop_ms=10.0, stimuli=stimuli)
    assert spikes.stimuli is not None
    assert spikes.stimuli.labels.tolist() == [1, 0]


def test_stimuli_of_lists_in_any_order() -> None:
    stimuli = Stimuli([5.0, 0.0], [9.0, 5.0], [1, 0])  # pyright: ignore[reportArgumentType]
    assert stimuli.onset_ms.tolist() == [0.0, 5.0]
    assert stimuli.offset_ms.tolist() == [5.0, 9.0]
    assert stimuli.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("stimuli", "message"),
    [
        (
            ([0.0, 5.0], [5.0, 9.0], [1]),
            r"Stimuli: expected as many .* and \(1,\)\)",
        ),
        (([0.0], [5.0], ["face"]), r"Stimuli.labels: expected whole numbers \(got <U4\)"),
        (([5.0], [0.0], [1]), r"Stimuli.offset_ms: expected none before its onset"),
        (([0.0], [5.0] * b2.ms, [1]), r"Stimuli.offset_ms: expected plain numbers in ms"),
    ],
)
def test_stimuli_refused(stimuli: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Stimuli(*stimuli)


def test_arrays_from_before_0_on() -> None:
    pair = ([-3.0, 2.0], [0, 0])
    assert spikes_of(pair).stretches[0][0] == -3.0
    spikes = spikes_of(pair, start_ms=-10.0, stop_ms=10.0)
    assert spikes.stretches == ((-10.0, 10.0),)
    assert mean_rate(spikes).mean_hz == pytest.approx(100.0)


def test_no_sliver_of_a_stretch_is_left(gapped: Run) -> None:
    for start_ms in (20.0 - 1e-9, 20.0):
        assert spikes_of(gapped, "hidden1", start_ms=start_ms).stretches == ((100.0, 120.0),)
    early = spikes_of(gapped, "hidden1", stop_ms=100.0 + 1e-9)
    assert early.stretches == ((0.0, 20.0),)
    assert early.arrays()[0].tolist() == [0.0, 4.0, 4.0, 19.0]


def test_spikes_get_another_name() -> None:
    assert spikes_of(spikes_of(([1.0], [0])), "mine").name == "mine"


def test_trains_of_neo_are_no_pair_of_arrays() -> None:
    from neo import SpikeTrain

    trains = [SpikeTrain([1.0, 5.0], units="ms", t_stop=10.0) for _ in range(2)]
    with pytest.raises(InputError, match=r"of Neo objects, exchange.from_neo makes a run file"):
        spikes_of(trains)


def test_a_monitor_lasts_as_long_as_its_clock() -> None:
    with active("runtime"):
        group = b2.SpikeGeneratorGroup(3, [0, 2, 2], [1, 2, 7] * b2.ms)
        monitor = b2.SpikeMonitor(group)
        b2.Network(group, monitor).run(10 * b2.ms)
        spikes = spikes_of(monitor)
        assert (spikes.size, spikes.stretches, spikes.dt_ms) == (3, ((0.0, 10.0),), 0.1)
        times, nodes = spikes.arrays()
        np.testing.assert_allclose(times, [1.0, 2.0, 7.0])
        assert nodes.tolist() == [0, 2, 2]


def test_a_silent_population() -> None:
    assert mean_rate(([], []), size=3, stop_ms=10.0).rate_hz.tolist() == [0.0, 0.0, 0.0]
    assert binned_rate(([], []), 5.0, size=3, stop_ms=10.0).rate_hz.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"population: expected hidden1 or output \(got none\)"),
        ({"population": "hiden"}, r"population: expected hidden1 or output \(got 'hiden'\)"),
        ({"population": "output", "size": 4}, r"size: expected None .* of arrays \(got 4\)"),
        ({"population": "output", "window": "x"}, r"window: expected early or late \(got 'x'\)"),
        (
            {"population": "output", "start_ms": 30.0, "stop_ms": 40.0},
            r"start_ms, stop_ms: expected a part of 0 to 20 ms or 100 to 120 ms, where output was "
            r"recorded \(got 30 to 40 ms\)",
        ),
        (
            {"population": "output", "start_ms": 5.0, "stop_ms": 5.0},
            r"stop_ms: expected more than 5 \(got 5\)",
        ),
        (
            {"population": "hidden1", "neurons": [2, 4]},
            r"neurons: expected some of the 3 recorded ones of hidden1 \(got 4\)",
        ),
    ],
)
def test_what_a_run_does_not_have(gapped: Run, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        spikes_of(gapped, **settings)


@pytest.mark.parametrize(
    ("pair", "settings", "message"),
    [
        (([1.0], [3]), {"size": 3}, r"neurons: expected 0 to 2 \(got 3 to 3\)"),
        (([1.0], [-1]), {"size": 2}, r"neurons: expected 0 to 1 \(got -1 to -1\)"),
        (([1.0, 2.0], [1]), {}, r"neurons: expected as many as times_ms"),
        (([np.nan], [1]), {}, r"times_ms: expected finite numbers"),
        (([], []), {}, r"times_ms: expected a spike, or stop_ms and size to be said \(got none\)"),
        (([1.0, 2.0] * b2.ms, [0, 1]), {}, r"times_ms: expected plain numbers in ms, such as t/ms"),
        (([1.0] * pq.ms, [0]), {}, r"times_ms: expected plain numbers in ms, such as t/ms"),
        (([1.0], [0.5]), {}, r"neurons: expected whole numbers \(got 0.5\)"),
        (([1.0], [np.nan]), {}, r"neurons: expected whole numbers \(got nan\)"),
        (
            ([1.0], [1]),
            {"neurons": [False, True]},
            r"neurons: expected numbers, np.flatnonzero\(mask\) of a mask \(got a mask\)",
        ),
        (
            ([1.0], [0]),
            {"stimuli": ([0.0], [1.0], [0])},
            r"stimuli: expected Stimuli \(got tuple\)",
        ),
        (([1.0], [0]), {"window": "w"}, r"window: expected None where there is no run file"),
    ],
)
def test_arrays_refused(pair: tuple, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        spikes_of(pair, **settings)


def test_something_else() -> None:
    with pytest.raises(InputError, match=r"source: expected a run file, .* \(got int\)"):
        spikes_of(3)


@pytest.mark.parametrize(
    ("starts", "stops", "message"),
    [
        ([0.0, 5.0], [6.0, 9.0], r"starts_ms: expected intervals that rise and do not overlap"),
        ([15.0], [25.0], r"starts_ms: expected intervals within 0 to 20 ms or 100 to 120 ms of"),
        ([15.0], [105.0], r"starts_ms: expected intervals within .* \(got 15 to 105 ms\)"),
        ([], [], r"stops_ms: expected as many as starts_ms, one or more"),
    ],
)
def test_silence_that_was_not_recorded_is_not_counted(
    gapped: Run, starts: list[float], stops: list[float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        spikes_of(gapped, "hidden1").counts(starts, stops)


def test_a_file_that_does_not_say_when_it_was_recorded(tmp_path: Path) -> None:
    with RunFile.create(
        tmp_path / "run.h5",
        experiment="e",
        config={},
        seed=0,
        device="d",
        populations={"output": Population(2, "output")},
    ) as run:
        run.append_spikes("output", [1.0], [0])
    with pytest.raises(InputError, match=r"expected a recorded stretch of time \(got none\)"):
        spikes_of(open_run(tmp_path / "run.h5"))


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_the_size_of_blocks_changes_nothing(tmp_path: Path, block: int) -> None:
    times, nodes = pooled(gamma_trains(np.random.default_rng(0), 5, 40.0, 2000.0))
    with RunFile.create(
        tmp_path / "run.h5",
        experiment="e",
        config={},
        seed=0,
        device="d",
        populations={"output": Population(5, "output")},
    ) as file:
        file.append_spikes("output", times, nodes)
        file.add_stretch(0.0, 900.0)
        file.add_stretch(1000.0, 2000.0)
    run = open_run(tmp_path / "run.h5")
    whole = spikes_of(run)
    blocks = replace(whole, read=lambda a, b: run.spike_blocks("output", a, b, size=block))
    starts, stops = whole.bins(30.0)
    np.testing.assert_array_equal(blocks.counts(starts, stops), whole.counts(starts, stops))
    inside = (times < 900.0) | (times >= 1000.0)
    assert whole.arrays()[0].tolist() == times[inside].tolist()
    for (_, one), (_, other) in zip(blocks.trains(50), whole.trains(), strict=True):
        assert one.tolist() == other.tolist()
    by_hand = [
        np.histogram(times[nodes == 2], np.append(starts[part], stops[part][-1]))[0]
        for part in (starts < 900, starts >= 1000)
    ]
    np.testing.assert_array_equal(whole.counts(starts, stops)[:, 2], np.concatenate(by_hand))


def test_time_without_a_stimulus_is_no_class(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    with RunFile.create(
        path, experiment="", config={}, seed=0, device="", populations={"V1": Population(1)}
    ) as run:
        run.append_spikes("V1", [1.0, 12.0], [0, 0])
        onsets = np.array([0.0, 10.0, 20.0])
        blank = np.zeros((3, 1, 1))
        labels, guesses = np.array([2, -1, 0]), np.full(3, -1)
        run.add_window(Window("all", 0.0, 30.0, 0, blank, labels, guesses, onsets))
    stimuli = spikes_of(path, "V1").stimuli
    assert stimuli is not None
    assert stimuli.onset_ms.tolist() == [0.0, 20.0]
    assert stimuli.offset_ms.tolist() == [10.0, 30.0]
    assert stimuli.labels.tolist() == [2, 0]
