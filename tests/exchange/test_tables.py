"""Tables of pandas and arrays of xarray hold what the run holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snn_credit import exchange
from snn_credit.errors import InputError
from snn_credit.recording import Run, RunFile, Synapses


def test_metrics_and_stream(recorded: Run) -> None:
    learning = exchange.metrics_frame(recorded, "learning").set_index("images_seen")
    assert learning.loc[60.0, "test_error"] == 12.5
    assert exchange.stream_frame(recorded)["target"].tolist() == [0, 1, 2] * 3
    with pytest.raises(InputError, match=r"expected metrics of learning \(got 'x'\)"):
        exchange.metrics_frame(recorded, "x")


def test_spikes(recorded: Run) -> None:
    frame = exchange.spikes_frame(recorded)
    assert frame["time_ms"].is_monotonic_increasing
    counts = frame.groupby("population", observed=False).size()
    for name in ("hidden1", "output"):
        assert counts[name] == recorded.spike_count(name)
    one = exchange.spikes_frame(recorded, "output", 1000.0, 1050.0)
    times, neurons = recorded.spikes("output", 1000.0, 1050.0)
    assert one["time_ms"].tolist() == times.tolist()
    assert one["neuron"].tolist() == neurons.tolist()
    with pytest.raises(InputError, match=r"expected spikes of hidden1 or output \(got 'x'\)"):
        exchange.spikes_frame(recorded, "x")


def test_traces_have_coordinates_and_units(recorded: Run) -> None:
    array = exchange.traces_array(recorded, "hidden1", "V")
    times, _, values = recorded.trace("hidden1", "V")
    assert array.dims == ("time_ms", "neuron")
    np.testing.assert_array_equal(array.sel(neuron=40), values[:, 1])
    np.testing.assert_array_equal(array.time_ms, times)
    assert array.attrs == {"units": "1", "population": "hidden1"}
    assert array.time_ms.attrs == {"units": "ms"}


def test_weights_have_coordinates(recorded: Run) -> None:
    array = exchange.weights_array(recorded, "input_to_hidden1")
    times, values = recorded.weights("input_to_hidden1", "w")
    assert dict(array.sizes) == {"time_ms": 3, "post": 4, "pre": 3}
    np.testing.assert_array_equal(array.sel(time_ms=times[2]), values[2])


def test_sparse_weights_as_they_are_stored(tmp_path: Path) -> None:
    pairs = Synapses(np.array([0, 2]), np.array([1, 0]), 3, 2)
    with RunFile.create(
        tmp_path / "run.h5", experiment="x", config={}, seed=0, device="none", populations={}
    ) as file:
        file.append_weights("p", 1.0, {"w": [5.0, 6.0]}, pairs)
    run = Run(tmp_path / "run.h5")
    assert run.weights("p", "w", dense=False)[1].tolist() == [[5.0, 6.0]]
    assert run.weights("p", "w")[1].tolist() == [[[0.0, 0.0, 6.0], [5.0, 0.0, 0.0]]]
    found = run.synapses("p")
    assert found is not None
    assert (found.i.tolist(), found.j.tolist(), found.n_pre, found.n_post) == ([0, 2], [1, 0], 3, 2)


def result(path: Path, experiment: str, measured: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = {
        "paper": {"FA": {"test error %": 1.8}, "BP": {"test error %": None}},
        "measured": {"FA": {"test error %": measured}, "BP": {"test error %": 2.5}},
        "spread": {"FA": {"test error %": 0.1}, "BP": {"test error %": 0.2}},
    }
    facts = {"experiment": experiment, "preset": "laptop", "device": "dense"}
    path.write_text(json.dumps({**facts, **tables}))


def test_results_in_long_form(tmp_path: Path) -> None:
    result(tmp_path / "a" / "result.json", "first", 2.1)
    result(tmp_path / "a" / "seed-0" / "result.json", "first", 9.9)
    result(tmp_path / "b" / "result.json", "second", 3.1)
    frame = exchange.result_frame(tmp_path)
    columns = ["experiment", "preset", "device", "row", "column", "quantity", "value"]
    assert list(frame.columns) == columns
    assert len(frame) == 12
    wide = frame.pivot_table(index=["experiment", "row"], columns="quantity", values="value")
    assert wide.loc[("second", "FA"), "measured"] == 3.1
    assert np.isnan(wide.loc[("first", "BP"), "paper"])
    assert set(exchange.result_frame(tmp_path / "b" / "result.json")["experiment"]) == {"second"}
    assert 9.9 in set(exchange.result_frame(tmp_path / "a" / "seed-0")["value"])


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a result.json, or a folder with some"):
        exchange.result_frame(tmp_path)
    (tmp_path / "result.json").write_text("[1, 2]")
    with pytest.raises(InputError, match=r"result.json: expected the result of a run"):
        exchange.result_frame(tmp_path)
