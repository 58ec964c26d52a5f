"""Files of older schema versions are read, brought up to date and continued."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from snn_credit.cli import main
from snn_credit.errors import InputError
from snn_credit.recording import SCHEMA_VERSION, RunFile, migrations, open_run, update
from snn_credit.recording.journal import journal_path

from .conftest import Create

FILES = Path(__file__).parent / "files"


@pytest.fixture
def yesterday(path: Path) -> Path:
    """A file of version 1, of a network of 64-12-10 neurons stopped after its fifth chunk.

    `snn_credit.spiking.train` of commit 06dd20f wrote it, on 20 images of the digits.
    """
    path.write_bytes(gzip.decompress((FILES / "run_v1.h5.gz").read_bytes()))
    return path


def check_content(path: Path) -> None:
    """Check the file's content against the numbers that its own version read from it."""
    run = open_run(path)
    assert (run.experiment, run.complete) == ("yesterday", False)
    assert run.provenance["config"] == {"rule": "FA", "sizes": [64, 12, 10], "eta": 0.1}
    assert run.provenance["git_commit"] == "06dd20fd422fe5d3d1a5da288ad21550e99358bd"
    assert run.provenance["seed"] == 3
    assert list(run.populations)[:3] == ["input", "hidden1", "output"]
    found = {}
    for name in run.names("spikes"):
        times, nodes = run.spikes(name)
        assert np.all(np.diff(times) >= 0)
        found[name] = (len(times), times[-1], nodes.sum())
    expected = {"hidden1": (376, 129.0, 2096), "input": (846, 129.0, 27496)}
    assert found == {**expected, "output": (284, 129.0, 1272)}
    times, nodes, v = run.trace("hidden1", "V")
    assert (times[:2].tolist(), nodes.tolist(), v.shape) == ([0.0, 1.0], [0, 6, 7, 10], (60, 4))
    assert v.sum() == pytest.approx(22.283285, rel=1e-5)
    assert run.unit("hidden1", "V") == "1"
    times, w = run.weights("hidden1_to_output", "w")
    assert (times.tolist(), w.shape) == ([0.0, 150.0], (2, 10, 12))
    np.testing.assert_allclose(w.sum(axis=(1, 2)), [0.28880748, -8.756136], rtol=1e-5)
    assert run.metrics("alignment")["hidden1_to_output"] == pytest.approx(82.37443363)
    learning = run.metrics("learning")
    assert (learning["validation_error"], learning["train_error"]) == ([80.0], [100.0])
    assert np.isnan(learning["test_error"]).all()
    early, middle = run.windows
    assert (early.name, early.start_ms, early.stop_ms, early.images_seen) == ("early", 0, 30, 0)
    assert (middle.name, middle.start_ms, middle.images_seen) == ("middle", 100, 4)
    assert (middle.labels.tolist(), middle.guesses.tolist()) == ([2, 8, 9], [9, 6, 2])
    assert middle.images.sum() == 54.8125
    assert (len(run.stream["guess"]), run.stream["guess"].sum()) == (44, 168)
    point = run.checkpoint
    assert point is not None
    assert (point.chunk, point.host["blocks"]) == (5, 5)
    assert point.arrays["hidden1.V"].sum() == pytest.approx(5.6970854, rel=1e-5)
    # What version 1 did not say.
    assert run.dt_ms == 1.0
    assert run.stretches == ((0.0, 30.0), (100.0, 130.0))


def test_yesterdays_file_is_read_and_stays_as_it_is(yesterday: Path) -> None:
    before = yesterday.read_bytes()
    check_content(yesterday)
    assert open_run(yesterday).schema_version == 1
    assert open_run(yesterday).summary()["schema version"] == 1
    assert yesterday.read_bytes() == before
    assert list(yesterday.parent.iterdir()) == [yesterday]


def test_yesterdays_file_is_read_where_nothing_can_be_written(
    yesterday: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def read_only(place: Path, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(place, flags, mode)

    monkeypatch.setattr(os, "open", read_only)
    check_content(yesterday)


def test_yesterdays_file_is_brought_up_to_date(yesterday: Path) -> None:
    assert update(yesterday) == 1
    check_content(yesterday)
    assert open_run(yesterday).schema_version == SCHEMA_VERSION
    with h5py.File(yesterday) as file:  # for other programs too
        assert file.attrs["schema_version"] == 2
        assert file.attrs["dt_ms"] == 1.0
    before = yesterday.read_bytes()
    assert update(yesterday) == SCHEMA_VERSION
    assert yesterday.read_bytes() == before


def test_resuming_brings_up_to_date_with_the_first_commit(yesterday: Path) -> None:
    before = yesterday.read_bytes()
    run = RunFile.resume(yesterday)
    run.append_metrics("learning", {"images_seen": 9, "train_error": 1, "validation_error": 1,
                                    "test_error": 1})  # fmt: skip
    run.close()
    assert yesterday.read_bytes() == before
    with RunFile.resume(yesterday) as run:
        assert open_run(yesterday).schema_version == 1
        run.commit()
        assert open_run(yesterday).schema_version == 2
    check_content(yesterday)


def test_a_disk_that_refuses_leaves_yesterdays_file(
    yesterday: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = yesterday.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("snn_credit.recording.journal.write_journal", full)
        with pytest.raises(InputError, match=r"a disk that takes the run's data \(got: No space"):
            update(yesterday)
    assert yesterday.read_bytes() == before
    assert not journal_path(yesterday).exists()


def test_a_migration_that_fails_leaves_yesterdays_file(
    yesterday: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = yesterday.read_bytes()

    def half(root: h5py.File) -> None:
        root.attrs["dt_ms"] = 3.0
        raise RuntimeError("half way")

    monkeypatch.setattr("snn_credit.recording.in_place.migrate", half)
    with pytest.raises(RuntimeError, match="half way"):
        update(yesterday)
    assert yesterday.read_bytes() == before


def test_steps_are_taken_in_turn(yesterday: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    steps = {k: lambda root, k=k: taken.append((k, root.attrs["schema_version"])) for k in (1, 2)}
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", 3)
    with h5py.File(yesterday, "r+") as root:
        migrations.migrate(root)
        assert root.attrs["schema_version"] == 3
    assert taken == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("traces", "spikes", "dt_ms"),
    [
        ([], [0.0, 1.0], None),  # a gap of spikes may be several steps
        ([0.0, 0.1, 0.2, 30.0], [0.0, 0.3], 0.1),
        ([0.1 * k for k in range(500)], [0.0, 0.1 * 499], 0.1),
        ([0.0, 10.0, 20.0], [3.0, 4.0], None),  # sampled more seldom than at each step
        ([5.0], [3.0, 4.0], None),
        ([0.0, 1.0], [], 1.0),
    ],
)
def test_the_time_step_of_version_1(
    create: Create, path: Path, traces: list[float], spikes: list[float], dt_ms: float | None
) -> None:
    with create(path) as run:
        run.append_spikes("hidden1", spikes, [0] * len(spikes))
        if traces:
            run.append_traces("hidden1", traces, [0], {"V": np.zeros((len(traces), 1))})
    with h5py.File(path, "r+") as file:
        make_first(file)
    assert open_run(path).schema_version == 1
    assert open_run(path).dt_ms == dt_ms


def make_first(file: h5py.File) -> None:
    """Take away what version 2 added."""
    file.attrs["schema_version"] = 1
    for name in {"magic", "version", "dt_ms"} & set(file.attrs):
        del file.attrs[name]
    del file["stretches"]


def test_the_command_says_what_it_did(
    yesterday: Path, create: Create, capsys: pytest.CaptureFixture[str]
) -> None:
    new, newer = yesterday.with_name("new.h5"), yesterday.with_name("newer.h5")
    create(new).close()
    shutil.copy(new, newer)
    with h5py.File(newer, "r+") as file:
        file.attrs["schema_version"] = 7
    before = yesterday.read_bytes()
    assert main(["migrate", str(yesterday), str(newer)]) == 2
    assert "newer.h5: expected a run file of schema version 1 to 2" in capsys.readouterr().err
    assert yesterday.read_bytes() == before
    assert main(["migrate", str(yesterday), str(new)]) == 0
    said = "".join(capsys.readouterr().out.split("\n"))
    assert said.endswith("new.h5: already version 2")
    assert "run.h5: version 1 is now version 2" in said
    assert main(["info", str(yesterday)]) == 0
    assert "schema version  2" in capsys.readouterr().out
