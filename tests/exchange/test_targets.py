"""A target that is there is replaced as a whole, and only if nothing is lost by it."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snn_credit.errors import InputError
from snn_credit.exchange import read_sonata, write_sonata
from snn_credit.exchange.files import export_run, import_file
from snn_credit.recording import Population, Run, RunFile, open_run
from snn_credit.recording.journal import journal_path, write_journal
from snn_credit.recording.overlay import PAGE


@pytest.fixture
def path(recorded: Run, tmp_path: Path) -> Path:
    shutil.copy(recorded.path, tmp_path / "mine.h5")
    return tmp_path / "mine.h5"


@pytest.mark.parametrize("to", ["sonata", "nwb", "csv"])
def test_a_run_is_not_replaced_by_its_export(path: Path, to: str) -> None:
    before = path.read_bytes()
    table = "spikes" if to == "csv" else None
    with pytest.raises(InputError, match=r"mine.h5: expected another file than what is read"):
        export_run(open_run(path), path, to=to, table=table, force=True)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_source_is_not_replaced_by_its_import(path: Path) -> None:
    other = path.with_name("link.h5")
    other.symlink_to(path)
    for out in (path, other):
        with pytest.raises(InputError, match=r"expected another file than what is read"):
            import_file(path, out, force=True)
    assert open_run(path).names("weights")


def test_the_journal_of_a_replaced_file_is_not_taken_for_the_new_ones(
    recorded: Run, path: Path
) -> None:
    source = path.with_name("spikes.h5")
    write_sonata(recorded, source)
    for there in (True, False):
        if not there:
            path.unlink()
        write_journal(path, {0: bytearray(b"\xff" * PAGE)}, PAGE)
        run = read_sonata(source, path, force=True)
        assert not journal_path(path).exists()
        assert run.spike_count("output") == recorded.spike_count("output")


def test_a_run_that_is_being_written_is_not_replaced(recorded: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "spikes.h5", tmp_path / "run.h5"
    write_sonata(recorded, source)
    with RunFile.create(
        out, experiment="writes", config={}, seed=0, device="none",
        populations={"input": Population(2, "input")},
    ) as file:  # fmt: skip
        with pytest.raises(InputError, match=r"run.h5: expected a file that no other program has"):
            read_sonata(source, out, force=True)
        file.append_spikes("input", [1.0], [0])
    assert open_run(out).experiment == "writes"
    assert open_run(out).spike_count("input") == 1


def test_a_folder_is_no_target(recorded: Run, tmp_path: Path) -> None:
    (tmp_path / "x.h5").mkdir()
    for force in (True, False):
        with pytest.raises(InputError, match=r"x.h5: expected the name of a file \(got a folder\)"):
            write_sonata(recorded, tmp_path / "x.h5", force=force)


@pytest.mark.parametrize("name", ["run.nwb", "run.sonata.h5"])
@pytest.mark.parametrize("most", [0, 20_000])
def test_a_disk_that_refuses_ends_in_one_line(
    recorded: Run, tmp_path: Path, name: str, most: int
) -> None:
    """HDF5 by itself takes the process with it when it ends."""
    done = subprocess.run(
        [sys.executable, "-m", "snn_credit", "export", recorded.path, "-o", tmp_path / name],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )  # fmt: skip
    assert done.returncode == 2
    line = f"snn-credit: {tmp_path / name}: room within the file size limit (got File too large)"
    assert done.stderr.strip().replace("\n", "") == line
    assert not list(tmp_path.iterdir())


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from snn_credit import cli
from snn_credit.recording.overlay import Overlay
from snn_credit.exchange.refusing import _Sink

def interrupt(kind, name, at):
    method, calls = getattr(kind, name), 0
    def called(self, *given):
        nonlocal calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGINT)
        return method(self, *given)
    setattr(kind, name, called)

interrupt(Overlay if sys.argv[1] == "import" else _Sink, "write", 3)
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", ["import", "export"])
def test_an_interrupt_within_hdf5_waits_for_it(recorded: Run, tmp_path: Path, command: str) -> None:
    source, folder = tmp_path / "spikes.sonata.h5", tmp_path / "out"
    folder.mkdir()
    write_sonata(recorded, source)
    words = (
        ["import", source, "-o", folder / "run.h5"]
        if command == "import"
        else ["export", recorded.path, "-o", folder / "run.nwb"]
    )
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr in ("", "snn-credit: stopped\n")
    assert not list(folder.iterdir())
