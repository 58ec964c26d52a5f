"""Spikes go to SONATA and back; libsonata reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import h5py
import libsonata
import numpy as np
import pytest
from hypothesis import given, settings
from run_pairs import contents, made

from snn_credit.errors import InputError
from snn_credit.exchange import read_sonata, write_sonata
from snn_credit.exchange.contents import Contents
from snn_credit.recording import Run, RunFile


@settings(max_examples=40, deadline=None)
@given(contents())
def test_spikes_come_back_as_they_were(drawn: Contents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run, path = made(drawn, Path(folder) / "run.h5"), Path(folder) / "spikes.h5"
        if not drawn.spikes:
            with pytest.raises(InputError, match=r"expected recorded spikes \(got none\)"):
                write_sonata(run, path)
            return
        write_sonata(run, path)
        back = read_sonata(path, Path(folder) / "back.h5")
        assert run.names("spikes").keys() == back.names("spikes").keys()
        assert run.dt_ms == back.dt_ms
        if run.stretches:
            assert run.stretches == back.stretches
        for name in run.names("spikes"):
            for part, same in zip(run.spikes(name), back.spikes(name), strict=True):
                np.testing.assert_array_equal(part, same)
            assert run.populations[name].size == back.populations[name].size
            assert run.populations[name].role == back.populations[name].role


def test_libsonata_opens_it(recorded: Run, tmp_path: Path) -> None:
    path = tmp_path / "spikes.h5"
    write_sonata(recorded, path)
    reader = libsonata.SpikeReader(str(path))
    assert set(reader.get_population_names()) == {"hidden1", "output"}
    found = reader["output"].get_dict()
    times, nodes = recorded.spikes("output")
    np.testing.assert_array_equal(found["timestamps"], times)
    np.testing.assert_array_equal(found["node_ids"], nodes)
    assert reader["output"].sorting == "by_time"
    assert reader["output"].time_units == "ms"
    late = reader["output"].get(node_ids=[7], tstart=2000.0)
    assert [time for _, time in late] == times[(nodes == 7) & (times >= 2000)].tolist()


def foreign(path: Path, times: list[float], nodes: list[int], unit: str = "ms") -> Path:
    with h5py.File(path, "w") as file:
        file["spikes/V1/timestamps"] = np.array(times)
        file["spikes/V1/timestamps"].attrs["units"] = unit
        file["spikes/V1/node_ids"] = np.array(nodes, dtype=np.uint64)
    return path


def test_a_file_of_others_in_any_order(tmp_path: Path) -> None:
    path = foreign(tmp_path / "v1.h5", [3.0, -1.0, 2.0], [5, 0, 5])
    run = read_sonata(path, tmp_path / "run.h5")
    assert run.experiment == "imported from v1.h5"
    assert [list(part) for part in run.spikes("V1")] == [[-1.0, 2.0, 3.0], [0, 5, 5]]
    assert run.populations["V1"].size == 6
    assert run.stretches == ((-1.0, 4.0),)
    assert run.dt_ms is None
    source = run.provenance["config"]["source"]
    assert (source["file"], source["format"], len(source["sha256"])) == ("v1.h5", "SONATA", 64)
    given = read_sonata(path, tmp_path / "b.h5", sizes={"V1": 9}, start_ms=-5.0, stop_ms=10.0)
    assert (given.populations["V1"].size, given.stretches) == (9, ((-5.0, 10.0),))


def test_seconds_become_milliseconds(tmp_path: Path) -> None:
    run = read_sonata(foreign(tmp_path / "a.h5", [0.5], [0], "s"), tmp_path / "run.h5")
    assert run.spikes("V1")[0].tolist() == [500.0]


def test_many_spikes_go_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snn_credit.exchange.sonata._BLOCK", 2)
    for k, times in enumerate(([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 1.5, 4.0, 5.0])):
        path = foreign(tmp_path / f"{k}.h5", times, [0, 1, 2, 3, 4])
        run = read_sonata(path, tmp_path / f"run{k}.h5")
        assert run.spikes("V1")[0].tolist() == sorted(times)


def test_what_is_no_sonata_file_is_refused(tmp_path: Path, recorded: Run) -> None:
    out = tmp_path / "run.h5"
    text = tmp_path / "text.h5"
    text.write_text("spikes")
    with pytest.raises(InputError, match=r"text.h5: expected a SONATA file \(got one that is not"):
        read_sonata(text, out)
    with pytest.raises(InputError, match=r"none.h5: expected a SONATA file \(got no such file"):
        read_sonata(tmp_path / "none.h5", out)
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file["data"] = 1
    with pytest.raises(InputError, match=r"expected a SONATA file with /spikes \(got none"):
        read_sonata(tmp_path / "empty.h5", out)
    with h5py.File(tmp_path / "bare.h5", "w") as file:
        file.create_group("spikes")
    with pytest.raises(InputError, match=r"expected populations in /spikes"):
        read_sonata(tmp_path / "bare.h5", out)
    v1 = foreign(tmp_path / "v1.h5", [1.0], [5])
    with pytest.raises(InputError, match=r"expected node_ids of V1 below 3 \(got 5\)"):
        read_sonata(v1, out, sizes={"V1": 3})
    with pytest.raises(InputError, match=r"sizes: expected V1 \(got 'V2'\)"):
        read_sonata(v1, out, sizes={"V2": 3})
    with pytest.raises(InputError, match=r"stop_ms: expected more than 0 \(got -1\)"):
        read_sonata(v1, out, stop_ms=-1.0)
    with pytest.raises(InputError, match=r"expected timestamps in ms, s or us \(got 'h'\)"):
        read_sonata(foreign(tmp_path / "h.h5", [1.0], [0], "h"), out)
    with pytest.raises(InputError, match=r"expected as many timestamps as node_ids of V1 \(got 1"):
        read_sonata(foreign(tmp_path / "n.h5", [1.0], [0, 1]), out)
    assert not out.exists()


def test_nothing_is_overwritten_unasked(recorded: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "spikes.h5", tmp_path / "run.h5"
    write_sonata(recorded, path)
    with pytest.raises(InputError, match=r"spikes.h5: expected a free name, or force"):
        write_sonata(recorded, path)
    write_sonata(recorded, path, force=True)
    read_sonata(path, out)
    with pytest.raises(InputError, match=r"run.h5: expected a free name, or force"):
        read_sonata(path, out)
    assert read_sonata(path, out, force=True).spike_count("output") > 0
    with pytest.raises(InputError, match=r"expected a name in a folder that exists"):
        write_sonata(recorded, tmp_path / "no" / "spikes.h5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.h5", "spikes.h5"]


def test_a_run_without_spikes(tmp_path: Path) -> None:
    with RunFile.create(
        tmp_path / "run.h5", experiment="x", config={}, seed=0, device="none", populations={}
    ) as file:
        file.finish()
    with pytest.raises(InputError, match=r"expected recorded spikes \(got none\)"):
        write_sonata(Run(tmp_path / "run.h5"), tmp_path / "s.h5")
