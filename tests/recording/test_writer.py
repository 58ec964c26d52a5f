"""What is appended comes back; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.recording import RunFile, Synapses, Window, open_run

from .conftest import Create


def test_spikes_are_sonata_sorted_by_time(create: Create, path: Path) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", [2.0, 1.0, 2.0], [0, 2, 1])
        run.append_spikes("hidden1", [], [])
        run.append_spikes("hidden1", [2.0, 5.0], [2, 0])
    with h5py.File(path) as file:
        group = file["spikes/hidden1"]
        times, nodes = group["timestamps"], group["node_ids"]
        assert (times.dtype, nodes.dtype) == (np.float64, np.uint64)
        assert times.attrs["units"] == "ms"
        kinds = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
        assert kinds == {"none": 0, "by_id": 1, "by_time": 2}
        assert group.attrs["sorting"] == kinds["by_time"]
        assert times[()].tolist() == [1.0, 2.0, 2.0, 2.0, 5.0]
        assert nodes[()].tolist() == [2, 0, 1, 2, 0]


def test_spikes_of_a_stretch_include_its_start_and_not_its_stop(create: Create, path: Path) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", [0.0, 1.0, 1.0, 2.0, 3.0], [0, 1, 2, 0, 1])
    times, nodes = open_run(path).spikes("hidden1", 1.0, 3.0)
    assert times.tolist() == [1.0, 1.0, 2.0]
    assert nodes.tolist() == [1, 2, 0]


def test_traces_weights_metrics_stream_and_windows_come_back(create: Create, path: Path) -> None:
    rng = np.random.default_rng(0)
    v, u, w = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=(2, 2, 3))
    window = Window(
        "early", 0.0, 4.0, 12, rng.random((2, 3, 3)), np.array([0, 1]), np.array([1, -1]),
        np.array([0.0, 2.0]),
    )  # fmt: skip
    with create(path) as run:
        for half in (slice(0, 2), slice(2, 4)):
            times = np.arange(4.0)[half]
            run.append_traces("hidden1", times, [2, 0], {"V": v[half], "fb": u[half]}, {"V": "mV"})
        for k in range(2):
            run.append_weights("input_hidden1", 10.0 * k, {"w": w[k], "b": -w[k]})
        run.append_metrics("learning", {"images_seen": 10, "test_error": None})
        run.append_metrics("learning", {"images_seen": [20, 30], "test_error": [5.0, 4.0]})
        run.append_stream({"stimulus": [3, 1], "plastic": [True, False], "phase": ["train", "té"]})
        run.add_window(window)
    read = open_run(path)
    times, nodes, values = read.trace("hidden1", "V", 1.0)
    assert times.tolist() == [1.0, 2.0, 3.0]
    assert nodes.tolist() == [2, 0]
    np.testing.assert_array_equal(values, v[1:])
    assert (read.unit("hidden1", "V"), read.unit("hidden1", "fb")) == ("mV", "1")
    times, weights = read.weights("input_hidden1", "w")
    assert times.tolist() == [0.0, 10.0]
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, w.astype(np.float32))
    np.testing.assert_array_equal(read.metrics("learning")["test_error"], [np.nan, 5.0, 4.0])
    assert read.stream["stimulus"].tolist() == [3, 1]
    assert read.stream["plastic"].tolist() == [True, False]
    assert read.stream["phase"].tolist() == ["train", "té"]
    (back,) = read.windows
    assert (back.name, back.start_ms, back.stop_ms, back.images_seen) == ("early", 0.0, 4.0, 12)
    for name in ("images", "labels", "guesses", "onset_ms"):
        np.testing.assert_array_equal(getattr(back, name), getattr(window, name))
    assert read.names("traces") == {"hidden1": ["V", "fb"]}
    assert read.names("weights") == {"input_hidden1": ["b", "w"]}
    assert read.names("metrics") == {"learning": ["images_seen", "test_error"]}


def test_sparse_weights_come_back_dense(create: Create, path: Path) -> None:
    synapses = Synapses(i=np.array([0, 2]), j=np.array([1, 0]), n_pre=3, n_post=2)
    with create(path) as run:
        run.append_weights("input_hidden1", 0.0, {"w": [0.5, -0.25]}, synapses)
        run.append_weights("input_hidden1", 1.0, {"w": [1.5, -1.25]}, synapses)
    _, weights = open_run(path).weights("input_hidden1", "w")
    assert weights.tolist() == [[[0, 0, -0.25], [0.5, 0, 0]], [[0, 0, -1.25], [1.5, 0, 0]]]
    with h5py.File(path) as file:
        assert sorted(file["weights/input_hidden1"]) == ["i", "j", "time", "w"]


def test_a_checkpoint_takes_the_place_of_the_last_one(create: Create, path: Path) -> None:
    with create(path) as run:
        assert run.last_checkpoint() is None
        run.checkpoint(1, {"hidden1/V": np.zeros(3), "old": np.ones(2), "n": 3}, {"seen": 1})
        run.checkpoint(2, {"hidden1/V": np.arange(3.0), "n": np.arange(4)}, {"seen": np.int64(2)})
    with RunFile.resume(path) as run:
        point = run.last_checkpoint()
    assert point is not None
    assert (point.chunk, point.host) == (2, {"seen": 2})
    assert {name: array.tolist() for name, array in point.arrays.items()} == {
        "hidden1/V": [0.0, 1.0, 2.0],
        "n": [0, 1, 2, 3],
    }
    assert point.arrays["hidden1/V"].dtype == np.float64


def test_an_unchanging_state_does_not_make_the_file_grow(create: Create, path: Path) -> None:
    state = {"w": np.random.default_rng(0).random((200, 200))}
    with create(path) as run:
        run.checkpoint(1, state)
        run.commit()
        size = path.stat().st_size
        for chunk in range(2, 12):
            run.checkpoint(chunk, state)
            run.commit()
        assert path.stat().st_size < size + 1000


def test_what_was_not_committed_is_dropped_when_the_block_raises(
    create: Create, path: Path
) -> None:
    def work() -> None:
        with create(path) as run:
            run.append_metrics("learning", {"images_seen": 1})
            run.commit()
            run.append_metrics("learning", {"images_seen": 2})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert open_run(path).metrics("learning")["images_seen"].tolist() == [1]


def test_half_an_append_is_never_committed(
    create: Create, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(path)
    run.append_spikes("hidden1", [1.0], [0])
    run.commit()

    def interrupted(self: h5py.Dataset, *arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(h5py.Dataset, "__setitem__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.append_spikes("hidden1", [2.0], [1])
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match=r"run\.h5: nothing to commit after a failed append"):
        run.commit()
    run.close()
    assert open_run(path).spikes("hidden1")[0].tolist() == [1.0]


def test_a_complete_run_is_not_resumed(create: Create, path: Path) -> None:
    with create(path) as run:
        run.finish()
    assert open_run(path).complete
    with pytest.raises(InputError, match=r"interrupted \(got a complete one\)"):
        RunFile.resume(path)


def test_a_resumed_run_refuses_times_before_its_end(create: Create, path: Path) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", [7.0], [0])
    run = RunFile.resume(path)
    with pytest.raises(ValueError, match=r"expected times from 7\.0 ms on \(got 6\.5 ms\)"):
        run.append_spikes("hidden1", [6.5], [0])
    run.close()


def test_two_writers_on_one_file(create: Create, path: Path) -> None:
    with create(path), pytest.raises(InputError, match="got one in use"):
        RunFile.resume(path)


def test_columns_of_different_lengths(create: Create, path: Path) -> None:
    run = create(path)
    with pytest.raises(ValueError, match="expected columns of one length"):
        run.append_spikes("hidden1", [1.0, 2.0], [0])
    run.append_metrics("learning", {"a": [1, 2]})
    with pytest.raises(ValueError, match="expected columns of one length"):
        run.append_metrics("learning", {"a": [1, 2, 3], "b": 1})
    run.close()


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"stimulus": [1]}, r"expected columns \['phase', 'stimulus'\] \(got \['stimulus'\]\)"),
        ({"stimulus": [0.5], "phase": ["a"]}, r"stimulus: expected int64 \(got float64\)"),
        ({"stimulus": [[1]], "phase": ["a"]}, r"expected rows of shape \(\) \(got \(1,\)\)"),
    ],
)
def test_rows_that_do_not_fit_the_table(
    create: Create, path: Path, second: dict[str, list[object]], message: str
) -> None:
    run = create(path)
    run.append_stream({"stimulus": [1], "phase": ["train"]})
    with pytest.raises(ValueError, match=message):
        run.append_stream(second)
    run.close()


def test_traces_that_do_not_fit(create: Create, path: Path) -> None:
    run = create(path)
    with pytest.raises(ValueError, match=r"hidden1\.V: expected shape \(2, 1\) \(got \(2, 3\)\)"):
        run.append_traces("hidden1", [0, 1], [0], {"V": np.zeros((2, 3))})
    run.append_traces("hidden1", [0, 1], [0], {"V": np.zeros((2, 1))})
    with pytest.raises(ValueError, match="hidden1: expected the same node_ids every time"):
        run.append_traces("hidden1", [2], [1], {"V": np.zeros((1, 1))})
    run.close()


def test_times_that_fall(create: Create, path: Path) -> None:
    run = create(path)
    with pytest.raises(ValueError, match="expected times that do not fall"):
        run.append_traces("hidden1", [1, 0], [0], {"V": np.zeros((2, 1))})
    run.close()
