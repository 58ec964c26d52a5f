"""What surrounds a compiled program: a small script stands for the program, nothing is compiled."""

import errno
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.harness.problems import one_line
from snn_credit.spiking.circuit import Circuit, Population
from snn_credit.spiking.devices import standalone
from snn_credit.spiking.devices.build import TOKEN, Shape
from snn_credit.spiking.devices.program import chunk_seed
from snn_credit.spiking.devices.standalone import Array, Manifest, StandaloneProgram

SHAPE = Shape(steps=2, rows=1)

#: Takes arguments as Brian's programs do, copies every array into its results, and notes the rest.
PROGRAM = """#!{python}
import os, pathlib, shutil, sys
assert sys.argv[1] == "--results_dir"
out = pathlib.Path(sys.argv[2])
given = dict(argument.split("=") for argument in sys.argv[3:])
for name, file in given.items():
    shutil.copy(file.lower(), out / name)
(out / "cells_spikes_i").write_bytes(bytes.fromhex("02000000 00000000 01000000"))
(out / "cells_spikes_t").write_bytes(
    b"".join(map(bytes.fromhex, 2 * ["0000000000000000"] + ["000000000000f0bf"])))
pathlib.Path({note!r}).write_text(os.environ["SNN_CREDIT_SEED"] + " " + os.getcwd())
pathlib.Path("static_arrays/drawn").read_text()
{more}
"""


def circuit(name="cells"):
    return Circuit(
        "test", 0.001, ("start", "end"), (Population(name, 3, "V : 1\nI : 1"),), ()
    )  # fmt: skip


def write_program(folder: Path, more: str = "") -> StandaloneProgram:
    """Write a script and the manifest of a program with three cells."""
    folder.mkdir(parents=True)
    (folder / "static_arrays").mkdir()
    (folder / "static_arrays" / "drawn").touch()
    main = folder / "main"
    note = str(folder / "ran")
    main.write_text(PROGRAM.format(python=sys.executable, note=note, more=more))
    main.chmod(0o755)

    def array(name: str, size: int, dtype: str) -> Array:
        return Array(size, dtype, f"cells.{name}", f"cells.{name}")

    manifest = Manifest(
        "main",
        {
            "cells.V": array("V", 3, "<f4"),
            "cells.awake": array("awake", 3, "|b1"),
            "cells.t0": array("t0", 1, "<f8"),
            f"cells.{TOKEN}": array(TOKEN, 1, "<f8"),
        },
        {"row_at": Array(2, "<f8", "row_at.values", "")},
        {
            "cells.spikes": {
                "i": Array(0, "<i4", "", "cells_spikes_i"),
                "t": Array(0, "<f8", "", "cells_spikes_t"),
            }
        },
    )
    (folder / "manifest.json").write_text(json.dumps(asdict(manifest)))
    return StandaloneProgram(folder, circuit(), SHAPE)


def state() -> dict[str, np.ndarray]:
    return {
        "cells.V": np.array([0.5, -1, 2], np.float32),
        "cells.awake": np.array([True, False, True]),
        "cells.t0": np.zeros(1),
        f"cells.{TOKEN}": np.zeros(1),
    }


TABLES = {"row_at": np.zeros(2)}


def test_state_goes_in_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "UPPER").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "UPPER"))
    program = write_program(tmp_path / "Cache" / "program")
    result = program.run(state(), TABLES, start=7, seed=42)
    np.testing.assert_array_equal(result.state["cells.V"], state()["cells.V"])
    np.testing.assert_array_equal(result.state["cells.awake"], state()["cells.awake"])
    assert result.state["cells.t0"] == 0.007
    seed, where = (program.folder / "ran").read_text().split(" ")
    assert seed == str(chunk_seed(42, 7 // SHAPE.steps))
    assert not Path(where).exists()
    # A GPU reports the events of one step in any order.
    np.testing.assert_array_equal(result.events["cells", "spikes"]["t"], [-1, 0, 0])
    np.testing.assert_array_equal(result.events["cells", "spikes"]["i"], [1, 0, 2])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("sys.exit(3)", "^the compiled program ended with 3: nothing$"),
        ("print('so far'); sys.exit(3)", "ended with 3: so far$"),
        ("print('could not read', file=sys.stderr)", "ended with 0: could not read$"),
        ("print('Error opening static array w.')", "ended with 0: Error opening static array w.$"),
        ("print(' ERROR not enough memory')", "ended with 0: ERROR not enough memory$"),
        ("os.kill(os.getpid(), 9)", "ended with -9: nothing$"),
        ("(out / 'cells.token').write_bytes(bytes(8))", "did not take the state that it was given"),
        ("(out / 'cells.V').write_bytes(bytes(8))", "cells.V: 3 values came back as 2$"),
    ],
)
def test_a_run_that_went_wrong_is_an_error(tmp_path: Path, more: str, message: str) -> None:
    program = write_program(tmp_path / "program", more)
    with pytest.raises(RuntimeError, match=message):
        program.run(state(), TABLES, start=0, seed=1)
    assert (program.folder / "ran").exists()


def test_what_a_program_says_about_itself_is_no_error(tmp_path: Path) -> None:
    program = write_program(tmp_path / "program", "print('INFO: no error, 3 synapses')")
    program.run(state(), TABLES, start=0, seed=1)


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Limit the size of files, as a full disk does: the system refuses what goes beyond.

    The limit is the process's: within it pytest could not write to a file of its own.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("limit", "more"),
    [
        (4096, "(out / 'cells.V').write_bytes(bytes(8000))"),  # says so on its standard error
        (4096, "os.system('head -c 8000 /dev/zero > ' + str(out / 'cells.V') + ' 2>/dev/null')"),
        (8, ""),  # the state does not even go in
    ],
)
def test_a_full_disk_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, more: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program = write_program(tmp_path / "program", more)
    with small_files(limit), pytest.raises(OSError) as caught:
        program.run(state(), TABLES, start=0, seed=1)
    assert caught.value.errno == errno.EFBIG
    assert one_line(caught.value) == (
        f"{tmp_path}: room within the file size limit (got File too large)"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["program"]
    assert (program.folder / "ran").exists() == bool(more)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells.V": np.zeros(4)}, r"^cells\.V: 3 values \(got 4\)$"),
        ({"cells.V": np.zeros(1)}, r"^cells\.V: 3 values \(got 1\)$"),
        ({"cells.V": np.array([0, np.nan, 0])}, r"^cells\.V: finite .* \(got nan at index 1\)$"),
        ({"cells.V": np.full(3, np.inf)}, r"^cells\.V: finite numbers \(got inf at index 0\)$"),
        ({"cells.U": np.zeros(3)}, r"^state: the 4 arrays .* \(got 1 unknown: cells\.U\)$"),
    ],
)
def test_a_wrong_state_is_refused_before_anything_starts(
    tmp_path: Path, change: dict[str, np.ndarray], message: str
) -> None:
    program = write_program(tmp_path / "program")
    with pytest.raises(InputError, match=message):
        program.run({**state(), **change}, TABLES, start=0, seed=1)
    assert not (program.folder / "ran").exists()


def test_a_missing_array_and_a_wrong_table_are_refused(tmp_path: Path) -> None:
    program = write_program(tmp_path / "program")
    lacking = {key: array for key, array in state().items() if key != "cells.V"}
    with pytest.raises(InputError, match=r"^state: the 4 arrays .* \(got 1 missing: cells\.V\)$"):
        program.run(lacking, TABLES, start=0, seed=1)
    with pytest.raises(InputError, match=r"^row_at: 2 values \(got 3\)$"):
        program.run(state(), {"row_at": np.zeros(3)}, start=0, seed=1)
    with pytest.raises(InputError, match=r"^row_at: finite numbers \(got nan at index 0\)$"):
        program.run(state(), {"row_at": np.full(2, np.nan)}, start=0, seed=1)
    assert not (program.folder / "ran").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a child that ends with its parent")
def test_a_killed_parent_takes_the_program_with_it(tmp_path: Path) -> None:
    write_program(
        tmp_path / "program",
        f"""
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
import time; time.sleep(60)""",
    )
    code = "\n".join((
        "import sys; from pathlib import Path",
        f"sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path.cwd())!r}]",
        "from test_standalone_guards import *",
        f"program = StandaloneProgram(Path({str(tmp_path / 'program')!r}), circuit(), SHAPE)",
        "program.run(state(), TABLES, 0, 1)",
    ))  # fmt: skip
    parent = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code])
    try:
        pid = int(_wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    finally:
        parent.kill()
        parent.wait()
    _wait_for(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not _command_line(pid))


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _wait_for(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("waited a minute in vain")


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Replace the compiler by one that writes files; returns the folders that it built in."""
    monkeypatch.setenv("SNN_CREDIT_CACHE", str(tmp_path / "cache"))
    folders: list[Path] = []

    def compile_it(directory: Path, *_: object) -> Manifest:
        folders.append(directory)
        for name in ("main", "main.o"):
            (directory / name).touch()
        return Manifest("main", {}, {}, {})

    monkeypatch.setattr(standalone, "_translate_and_compile", compile_it)
    return folders


def open_it(name: str = "cells") -> StandaloneProgram:
    return standalone.open_standalone(circuit(name), SHAPE, "cpp_standalone")


def test_a_program_is_built_once_for_what_it_depends_on(builds: list[Path]) -> None:
    first = open_it()
    assert sorted(os.listdir(first.folder)) == ["main", "manifest.json"]
    assert open_it().folder == first.folder
    assert len(builds) == 1
    assert open_it("others").folder != first.folder
    assert len(builds) == 2


def test_a_build_that_was_stopped_is_not_taken_for_whole(
    builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = standalone._translate_and_compile

    def stopped(directory: Path, *rest: object) -> Manifest:
        whole(directory, *rest)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(standalone, "_translate_and_compile", stopped)
        with pytest.raises(KeyboardInterrupt):
            open_it()
    assert not list(standalone.programs_folder().iterdir())
    assert open_it().executable == "main"


def test_what_a_killed_process_left_is_not_taken_for_whole(builds: list[Path]) -> None:
    folder = open_it().folder
    # A build folder whose process was killed before it could clean up, and a program without its
    # manifest, whose removal was stopped.
    (folder.parent / "building-killed").mkdir()
    (folder / "manifest.json").unlink()
    (folder / "of an older build").touch()
    assert open_it().folder == folder
    assert len(builds) == 2
    assert sorted(os.listdir(folder)) == ["main", "manifest.json"]


def test_of_two_builds_at_once_one_is_kept(
    builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = standalone._translate_and_compile

    def overtaken(directory: Path, *rest: object) -> Manifest:
        monkeypatch.setattr(standalone, "_translate_and_compile", whole)
        (open_it().folder / "first").touch()
        return whole(directory, *rest)

    monkeypatch.setattr(standalone, "_translate_and_compile", overtaken)
    assert (open_it().folder / "first").exists()
    assert len(builds) == 2


def test_a_cache_that_cannot_be_written_is_one_line(
    builds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SNN_CREDIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        InputError, match=rf"^SNN_CREDIT_CACHE: a folder .* \(got {re.escape(str(tmp_path))}.*\)$"
    ):
        open_it()
    assert not builds
