"""A run goes to NWB and comes back as it was; recordings of others are read."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pynwb
import pytest
from hypothesis import given, settings
from run_pairs import assert_same, contents, made

from snn_credit.analysis import raster
from snn_credit.errors import InputError
from snn_credit.exchange import read_nwb, write_nwb
from snn_credit.exchange.contents import Contents
from snn_credit.recording import Run


@settings(max_examples=25, deadline=None)
@given(contents())
def test_nothing_is_lost(drawn: Contents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = made(drawn, Path(folder) / "run.h5")
        write_nwb(run, Path(folder) / "run.nwb")
        assert_same(run, read_nwb(Path(folder) / "run.nwb", Path(folder) / "back.h5"))


def recording(path: Path, **changes: object) -> Path:
    """Write an NWB file as a lab does: two shanks, unsorted spikes, trials with words."""
    file = pynwb.NWBFile(
        session_description="x", identifier="mouse 7", session_start_time=datetime.now(UTC)
    )
    device = file.create_device(name="probe")
    shanks = [
        file.create_electrode_group(name=name, description="", location="V1", device=device)
        for name in ("shank A", "shank B")
    ]
    file.add_unit_column("quality", "how well it is isolated")
    spikes = [[0.3, 0.1, 0.2], [], [2.5, 1.25]]
    for k, times in enumerate(spikes):
        extra = {} if "observed" not in changes else {"obs_intervals": changes["observed"][k]}  # type: ignore[index]
        file.add_unit(
            spike_times=times, electrode_group=shanks[k == 2], quality=("good", "mua/x", "good")[k],
            id=10 + k, **extra,
        )  # fmt: skip
    if changes.get("trials", True):
        file.add_trial_column("direction", "where it moved")
        file.add_trial_column("position", "of the eye", data=[])
        file.add_trial(start_time=0.0, stop_time=0.5, direction="up", position=[0.0, 1.0])
        file.add_trial(start_time=1.0, stop_time=2.0, direction="down", position=[0.0, 1.0])
        file.add_trial(start_time=2.0, stop_time=3.0, direction="up", position=[0.0, 1.0])
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def test_a_recording_becomes_a_run(tmp_path: Path) -> None:
    path = recording(tmp_path / "mouse.nwb")
    run = read_nwb(path, tmp_path / "run.h5", label="direction")
    assert run.experiment == "imported from mouse.nwb"
    assert {name: p.size for name, p in run.populations.items()} == {"shank A": 2, "shank B": 1}
    assert [list(part) for part in run.spikes("shank A")] == [[100.0, 200.0, 300.0], [0, 0, 0]]
    assert [list(part) for part in run.spikes("shank B")] == [[1250.0, 2500.0], [0, 0]]
    (window,) = run.windows
    assert (window.name, window.start_ms, window.stop_ms) == ("recording", 0.0, 3000.0)
    assert window.onset_ms.tolist() == [0.0, 500.0, 1000.0, 2000.0]
    assert window.labels.tolist() == [1, -1, 0, 1]
    assert window.guesses.tolist() == [-1, -1, -1, -1]
    assert run.stream["direction"].tolist() == ["up", "down", "up"]
    assert run.stream["stop_ms"].tolist() == [500.0, 2000.0, 3000.0]
    config = run.provenance["config"]
    assert config["label_names"] == ["down", "up"]
    assert config["unit_ids"] == {"shank A": [10, 11], "shank B": [12]}
    assert config["source"]["identifier"] == "mouse 7"
    assert config["source"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert run.provenance["seed"] is None
    assert run.complete


def test_populations_by_a_column(tmp_path: Path) -> None:
    run = read_nwb(recording(tmp_path / "a.nwb"), tmp_path / "run.h5", population="quality")
    assert {name: p.size for name, p in run.populations.items()} == {"good": 2, "mua_x": 1}
    assert run.windows[0].labels.tolist() == [-1, -1, -1, -1]
    assert run.spikes("good")[1].tolist() == [0, 0, 0, 1, 1]


def test_units_observed_at_different_times(tmp_path: Path) -> None:
    observed = [[[0.0, 1.0], [2.0, 4.0]], [[0.5, 3.0]], [[0.0, 4.0]]]
    path = recording(tmp_path / "a.nwb", observed=observed)
    run = read_nwb(path, tmp_path / "all.h5", label="direction")
    assert run.stretches == ((500.0, 1000.0), (2000.0, 3000.0))
    assert [window.name for window in run.windows] == ["recording 1", "recording 2"]
    assert [window.labels.tolist() for window in run.windows] == [[], [1]]
    every = read_nwb(path, tmp_path / "any.h5", observed="any")
    assert every.stretches == ((0.0, 4000.0),)
    path = recording(tmp_path / "b.nwb", observed=[[[0, 1]], [[1, 2]], [[2, 3]]])
    with pytest.raises(InputError, match=r"b.nwb: expected obs_intervals in which all units were"):
        read_nwb(path, tmp_path / "none.h5")


@pytest.mark.parametrize("label", ["direction", None])
def test_a_raster_is_drawn_of_a_recording(tmp_path: Path, label: str | None) -> None:
    run = read_nwb(recording(tmp_path / "a.nwb"), tmp_path / "run.h5", label=label)
    figure = raster(run)
    figure.canvas.draw()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert ("1 → " in words) == (label is not None)
    assert "-1 → " not in words


def test_nothing_is_wrong_with_the_file(recorded: Run, tmp_path: Path) -> None:
    write_nwb(recorded, tmp_path / "run.nwb")
    assert pynwb.validate(path=str(tmp_path / "run.nwb")) == []


def test_pynapple_reads_the_same(recorded: Run, tmp_path: Path) -> None:
    import pynapple

    write_nwb(recorded, tmp_path / "run.nwb")
    found = pynapple.load_file(str(tmp_path / "run.nwb"))
    units, windows = found["units"], found["windows"]
    times, nodes = recorded.spikes("output", 1000.0, 1150.0)
    for neuron in (0, 57):
        mine = (units["population"] == "output") & (units["neuron"] == neuron)
        (index,) = units.index[np.asarray(mine)]
        late = units[index].restrict(windows[1])
        # pynapple keeps nanoseconds
        np.testing.assert_allclose(late.t * 1e3, times[nodes == neuron], rtol=0, atol=2e-6)
        assert units["class"][index] == neuron // 10
    hidden = np.asarray(units["population"] == "hidden1")
    assert units["neuron"][hidden].tolist() == [40, 17, 3]
    assert found["recorded"].tot_length() == pytest.approx(0.45)
    assert found["hidden1_V"].shape == (450, 2)
    assert found["trials"]["label"].tolist() == [1, 2, -1] * 3


def test_many_spikes_go_through_a_file(
    recorded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snn_credit.exchange.sorting._HELD", 10)
    write_nwb(recorded, tmp_path / "run.nwb")
    assert_same(recorded, read_nwb(tmp_path / "run.nwb", tmp_path / "back.h5"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["back.h5", "run.nwb"]


def test_what_is_no_nwb_file_is_refused(recorded: Run, tmp_path: Path) -> None:
    out = tmp_path / "run.h5"
    (tmp_path / "text.nwb").write_text("units")
    with pytest.raises(InputError, match=r"text.nwb: expected an NWB file \(got one that is not"):
        read_nwb(tmp_path / "text.nwb", out)
    with pytest.raises(InputError, match=r"none.nwb: expected an NWB file \(got no such file"):
        read_nwb(tmp_path / "none.nwb", out)
    with pytest.raises(InputError, match=r"expected an NWB file \(got another kind of HDF5 file"):
        read_nwb(recorded.path, out)
    path = recording(tmp_path / "mouse.nwb")
    with pytest.raises(InputError, match=r"population: expected a column of units, .*quality"):
        read_nwb(path, out, population="area")
    with pytest.raises(InputError, match=r"label: expected a column of trials, .*direction"):
        read_nwb(path, out, label="colour")
    with pytest.raises(InputError, match=r"guess: expected a column of trials, .*direction"):
        read_nwb(path, out, guess="choice")
    with pytest.raises(InputError, match=r"observed: expected all or any \(got 'some'\)"):
        read_nwb(path, out, observed="some")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"expected trials \(got a file without\)"):
        read_nwb(recording(tmp_path / "t.nwb", trials=False), out, label="direction")
    assert not out.exists()


def test_a_file_without_units_or_spikes_is_refused(tmp_path: Path) -> None:
    for name, match in (("none", "a table of units"), ("bare", "units with spike_times")):
        file = pynwb.NWBFile(
            session_description="x", identifier="x", session_start_time=datetime.now(UTC)
        )
        if name == "bare":
            file.add_unit_column("depth", "of it")
            file.add_unit(depth=1.0)
        with pynwb.NWBHDF5IO(tmp_path / f"{name}.nwb", "w") as io:
            io.write(file)
        with pytest.raises(InputError, match=f"{name}.nwb: expected {match}"):
            read_nwb(tmp_path / f"{name}.nwb", tmp_path / "run.h5")


def test_nothing_is_overwritten_unasked(recorded: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.nwb"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"run.nwb: expected a free name, or force"):
        write_nwb(recorded, path)
    assert path.read_text() == "mine"
    write_nwb(recorded, path, force=True)
    with pytest.raises(InputError, match=r"expected a free name, or force"):
        read_nwb(path, recorded.path)


def test_a_failed_export_leaves_nothing(
    recorded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pynwb.NWBHDF5IO, "write", full)
    with pytest.raises(OSError, match="No space left"):
        write_nwb(recorded, tmp_path / "run.nwb")
    assert not list(tmp_path.iterdir())
