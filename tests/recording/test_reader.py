"""A run is read whatever its writer does or did, and what is no run file is named."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.recording import RunFile, open_run
from snn_credit.recording.journal import apply_pages, journal_path

from .conftest import Create


def test_a_new_run_says_what_it_is(create: Create, path: Path) -> None:
    create(path).close()
    run = open_run(path)
    assert run.experiment == "example"
    assert not run.complete
    assert run.provenance["config"] == {"eta": 0.1, "sizes": [4, 3, 2]}
    assert (run.provenance["seed"], run.provenance["device"]) == (7, "runtime")
    assert list(run.populations) == ["input", "hidden1", "output"]
    assert run.populations["hidden1"].role == "hidden"
    assert run.populations["hidden1"].classes is None
    recorded = run.populations["hidden1"].recorded
    assert recorded is not None
    assert recorded.tolist() == [2, 0, 1]
    classes = run.populations["output"].classes
    assert classes is not None
    assert classes.tolist() == [0, 1]
    assert (run.windows, run.stream, run.checkpoint) == ([], {}, None)


def test_the_summary_counts(create: Create, path: Path) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", [1.0, 2.0], [0, 1])
        run.append_stream({"stimulus": [4, 5, 6]})
        run.checkpoint(3, {"w": np.zeros(2)})
    summary = open_run(path).summary()
    assert summary["chunks"] == 3
    assert summary["presentations"] == 3
    assert summary["spikes"] == "hidden1 (2 spikes)"
    assert summary["populations"] == "input (4), hidden1 (3), output (2)"
    assert summary["state"] == "interrupted or running"
    json.dumps(summary)


def test_a_spike_of_the_first_step_of_a_stretch_belongs_to_it(create: Create, path: Path) -> None:
    steps = np.array([4006, 4007, 4008])
    times = steps * 0.001 * 1e3  # as a simulation makes them
    assert times[1] < 4007
    with create(path) as run:
        run.append_spikes("hidden1", times, [0, 1, 2])
        run.append_traces("hidden1", times, [0], {"V": times[:, None]})
    run = open_run(path)
    assert run.spikes("hidden1", 4007, 4008)[1].tolist() == [1]
    assert run.spikes("hidden1", 4006, 4007)[1].tolist() == [0]
    assert run.spike_count("hidden1", 4007, 4009) == 2
    assert len(run.trace("hidden1", "V", 4007, 4008)[0]) == 1


def test_a_run_is_read_while_it_is_written(create: Create, path: Path) -> None:
    with create(path) as writer:
        reader = open_run(path)
        for seen in range(3):
            writer.append_metrics("learning", {"images_seen": seen})
            assert len(reader._read(lambda root: list(root["metrics"]))) == (seen > 0)
            writer.commit()
            assert reader.metrics("learning")["images_seen"][-1] == seen


def test_a_commit_in_the_middle_of_reading_makes_it_read_again(create: Create, path: Path) -> None:
    with create(path) as writer:
        writer.append_metrics("learning", {"images_seen": 1})
        writer.commit()
        seen: list[int] = []

        def read(root: h5py.File) -> int:
            rows = len(root["metrics/learning/images_seen"])
            if not seen:
                writer.append_metrics("learning", {"images_seen": 2})
                writer.commit()
            seen.append(rows)
            return rows

        assert open_run(path)._read(read) == 2
        assert seen == [1, 2]


def killed_while_applying(run: RunFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a complete journal and a file in between."""
    run.append_metrics("learning", {"images_seen": [1, 2, 3]})
    run.append_spikes("hidden1", np.arange(5000.0), np.arange(5000) % 3)

    def dying(fd: int, pages: dict[int, bytearray], length: int) -> None:
        half = dict(sorted(pages.items())[: len(pages) // 2])
        apply_pages(fd, half, length)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("snn_credit.recording.journal.apply_pages", dying)
        with pytest.raises(KeyboardInterrupt):
            run.commit()
    run.close()


def test_opening_finishes_a_commit_that_was_cut_short(
    create: Create, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_while_applying(create(path), monkeypatch)
    assert journal_path(path).exists()
    run = open_run(path)
    assert not journal_path(path).exists()
    assert run.metrics("learning")["images_seen"].tolist() == [1, 2, 3]
    with h5py.File(path) as plain:
        assert len(plain["spikes/hidden1/timestamps"]) == 5000


def test_on_a_read_only_disk_the_journal_is_read_in_place(
    create: Create, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_while_applying(create(path), monkeypatch)
    real = os.open

    def read_only(place: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(place, flags, mode)

    monkeypatch.setattr(os, "open", read_only)
    assert open_run(path).metrics("learning")["images_seen"].tolist() == [1, 2, 3]
    assert journal_path(path).exists()


def test_resuming_finishes_a_commit_that_was_cut_short(
    create: Create, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_while_applying(create(path), monkeypatch)
    with RunFile.resume(path) as run:
        run.append_metrics("learning", {"images_seen": 4})
    assert open_run(path).metrics("learning")["images_seen"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("opening", [open_run, RunFile.resume])
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", r"expected a run file \(got: No such file or directory\)"),
        ("folder", r"expected a run file \(got (one that is not HDF5|: Is a directory)"),
        ("empty", r"expected a run file \(got one that is not HDF5\)"),
        ("text", r"expected a run file \(got one that is not HDF5\)"),
        ("other", r"expected a run file \(got another kind of HDF5 file\)"),
        ("newer", r"version 1 to 2, later ones need a newer snn_credit \(got version 3\)"),
        ("unknown", r"expected a run file of schema version 1 to 2 \(got version 0\)"),
        ("worded", r"expected a whole number as schema version \(got .two.\)"),
        ("cut", r"expected a run file \(got one that is not HDF5\)"),
    ],
)
def test_what_is_no_run_file(
    create: Create, path: Path, opening: type[RunFile], kind: str, message: str
) -> None:
    create(path).close()
    make_bad(path, kind)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=message) as caught:
        opening(path)
    assert "\n" not in str(caught.value)
    assert "run.h5: " in str(caught.value)
    if before is not None:
        assert path.read_bytes() == before


def make_bad(path: Path, kind: str) -> None:
    versions = {"newer": 3, "unknown": 0, "worded": "two"}
    if kind in versions:
        with h5py.File(path, "r+") as file:
            file.attrs["schema_version"] = versions[kind]
        return
    if kind == "cut":
        os.truncate(path, 3000)
        return
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind in ("empty", "text"):
        path.write_bytes(b"" if kind == "empty" else b"not a run\n")
    elif kind == "other":
        h5py.File(path, "w").close()


def test_names_that_were_not_recorded(create: Create, path: Path) -> None:
    with create(path) as writer:
        writer.append_spikes("hidden1", [1.0], [0])
        writer.append_traces("hidden1", [1.0], [0], {"V": [[0.5]]})
    run = open_run(path)
    with pytest.raises(InputError, match=r"expected spikes of hidden1 \(got 'hidden2'\)"):
        run.spikes("hidden2")
    with pytest.raises(InputError, match=r"a variable of traces hidden1, V .* \(got 'U'\)"):
        run.trace("hidden1", "U")
    with pytest.raises(InputError, match="expected metrics of nothing, for none were recorded"):
        run.metrics("learning")


def test_a_copy_reads_the_same(create: Create, path: Path) -> None:
    create(path).close()
    copy = path.with_name("copy.h5")
    shutil.copy(path, copy)
    assert open_run(copy).provenance == open_run(path).provenance
