"""Commands in this process: what they print, write and refuse."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import fake_experiment
import pytest
from typer.testing import CliRunner

import snn_credit
import snn_credit.data.fetch
from snn_credit import cli, experiments
from snn_credit.harness.manifest import MANIFEST

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """Run a command in an empty folder; return status, output and errors."""
    monkeypatch.setitem(experiments.TABLE, "fake", "fake_experiment")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> tuple[int, str, str]:
        status = cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*")
            if p.is_file() and p.name != ".lock"}  # fmt: skip


def refused(answer: tuple[int, str, str]) -> str:
    """Check that an answer is one line for a person, and return it."""
    status, out, err = answer
    assert status == 2
    assert out == ""
    assert err.startswith("snn-credit: ")
    assert err.count("\n") == 1
    assert "(got " in err
    return err.removeprefix("snn-credit: ").strip()


def test_the_application_answers_help() -> None:
    answer = CliRunner().invoke(cli.app, ["--help"])
    assert answer.exit_code == 0
    for command in ("list", "run", "raster", "analyse", "report", "export", "import", "info"):
        assert f"  {command} " in answer.output


def test_version(say: Say) -> None:
    assert say("--version") == (0, f"snn-credit {snn_credit.__version__}\n", "")


def test_without_a_command_the_help_comes(say: Say) -> None:
    status, out, err = say()
    assert (status, out) == (2, "")
    assert "Usage: snn-credit" in err


def test_list(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "TABLE", {"fake": "fake_experiment"})
    status, out, _ = say("list")
    assert status == 0
    heading, row = out.splitlines()
    assert heading.split() == ["experiment", "paper", "figure", "what", "it", "shows"]
    assert re.split(r"\s{2,}", row.strip()) == [
        "fake", "Nobody et al. 1999", "Fig 0", "counts images"
    ]  # fmt: skip


def test_run_writes_what_was_promised(say: Say, tmp_path: Path) -> None:
    status, out, err = say("run", "fake", "--preset", "smoke", "--seed", 4, "--device", "runtime")
    folder = tmp_path / "runs" / "fake-smoke"
    assert status == 0
    found = json.loads((folder / "result.json").read_text())
    assert found["experiment"] == "fake"
    assert (found["preset"], found["seeds"], found["device"]) == ("smoke", [4], "runtime")
    assert found["paper"] == {"FA": {"test error %": 1.8, "angle": None},
                              "chance": {"test error %": None},
                              "BP": {"test error %": 2.4}}  # fmt: skip
    assert 5 < found["measured"]["FA"]["test error %"] < 6
    assert found["spread"] == {"FA": {"test error %": None, "angle": None},
                               "chance": {"test error %": None},
                               "BP": {"test error %": None}}  # fmt: skip
    assert found["provenance"]["config"]["sizes"] == [64, 10]
    assert files(folder).keys() == {
        "result.json", "run.json", "run.h5", "raster.png", "angles.png"
    }  # fmt: skip
    assert "1.8" in out
    assert "snn-credit raster runs/fake-smoke/run.h5" in out
    assert "training: 20 images" in err


def test_settings_reach_the_experiment(say: Say, tmp_path: Path) -> None:
    say("run", "fake", "--preset", "smoke", "--set", "images=7", "--set", "sizes=1,2", "--out", "o")
    assert len((tmp_path / "o" / "run.h5").read_text().splitlines()) == 7
    found = json.loads((tmp_path / "o" / "result.json").read_text())
    assert found["provenance"]["config"]["images"] == 7


def test_a_long_run_says_first_what_it_costs(say: Say) -> None:
    _, _, err = say("run", "fake", "--preset", "smoke", "--set", "images=101",
                    "--device", "runtime")  # fmt: skip
    assert err.startswith("101 images: minutes\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("run fak", r"experiment: one of .*; did you mean fake\? \(got 'fak'\)"),
        ("run fake --preset lap", r"--preset: one of smoke, laptop.* \(got 'lap'\)"),
        ("run fake --device gpu", r"device: one of auto, dense, .*runtime, .* \(got 'gpu'\)"),
        ("run fake --set imges=3", r"--set: one of .*; did you mean images.*\? \(got 'imges'\)"),
        ("run fake --set images=x", r"--set images: a whole number \(got 'x'\)"),
        ("run fake --set images=0", r"images: at least 1 \(got 0\)"),
        ("run fake --seed x", r"--seed: a whole number \(got 'x'\)"),
        ("run fake --seed -1", r"--seed: a whole number of at least 0 \(got -1\)"),
        ("run fake --seeds 0", r"--seeds: a whole number of at least 1 \(got 0\)"),
        ("run fake --jobs 0", r"--jobs: a whole number of at least 1 \(got 0\)"),
        ("run fake --seed 1 --seeds 2", r"--seed: not together with --seeds \(got 1 and 2\)"),
        ("run fake --force --resume", r"--force: not together with --resume \(got both\)"),
        ("run", r"ID: a value, see snn-credit run --help \(got none\)"),
        ("run fake --sed 1", r"--sed: an option of snn-credit run .*--seed.* \(got .*\)"),
        ("run fake --seed", r"--seed: an option of .* \(got .*requires an argument.*\)"),
        ("runn", r"snn-credit: what its --help shows \(got No such command 'runn'.*\)"),
        ("raster run.h5 -o x.gif", r"-o: a name that ends in .png, .pdf or .svg \(got x.gif\)"),
        ("analyse run.h5 -o x.gif", r"-o: a name that ends in .png, .pdf or .svg \(got x.gif\)"),
        ("raster run.h5 --units x", r"--units: a whole number \(got 'x'\)"),
        ("raster run.h5 -o no/x.png", r"-o: a name in a folder that exists \(got no/x.png\)"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    say: Say, tmp_path: Path, words: str, message: str
) -> None:
    line = refused(say(*words.split()))
    assert re.fullmatch(message, line), line
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_by_the_experiment_leaves_no_folder(say: Say, tmp_path: Path) -> None:
    line = refused_run(say("run", "fake", "--preset", "smoke", "--set", "fail=data"))
    assert line == "data: 64 pixels an image (got 63)"
    assert list(tmp_path.iterdir()) == []


def refused_run(answer: tuple[int, str, str]) -> str:
    """Return the last line of a run that had begun to show its progress."""
    status, out, err = answer
    last = err.splitlines()[-1]
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert last.startswith("snn-credit: ")
    return last.removeprefix("snn-credit: ")


def test_a_refused_replacement_leaves_the_old_run(say: Say, tmp_path: Path) -> None:
    say("run", "fake", "--preset", "smoke", "--out", "o")
    before = files(tmp_path)
    refused_run(say("run", "fake", "--preset", "smoke", "--set", "fail=data", "--out", "o",
                    "--force"))  # fmt: skip
    assert files(tmp_path) == before


@pytest.mark.parametrize("how", ["disk", "hdf5"])
def test_a_full_disk_is_one_line_and_the_run_continues(
    say: Say, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("run", "fake", "--preset", "smoke", "--set", "fail_at=5", "--set", f"fail={how}")
    line = refused_run(say(*words, "--out", "o"))
    assert "room on the disk (got No space left on device)" in line
    assert len((tmp_path / "o" / "run.h5").read_text().splitlines()) == 5
    monkeypatch.setattr(fake_experiment, "_fail", lambda how: None)  # somebody made room
    assert say(*words, "--out", "o", "--resume")[0] == 0
    assert len((tmp_path / "o" / "run.h5").read_text().splitlines()) == 20


def test_a_result_that_does_not_fit_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snn_credit.harness.whole import write_json

    write_json(tmp_path / "result.json", {"a": 1})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(tmp_path / "result.json", {"a": 2})
    assert files(tmp_path) == {"result.json": b'{\n  "a": 1\n}\n'}


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that the tests' user may not write, even if that is root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_read_only_folder_is_one_line(say: Say, read_only: Path) -> None:
    for out in (read_only, read_only / "sub"):
        line = refused(say("run", "fake", "--preset", "smoke", "--out", out))
        assert line == f"{out if out == read_only / 'sub' else out / '.lock'}: " \
                       "a place that may be read and written (got Permission denied)"  # fmt: skip
    assert list(read_only.iterdir()) == []


def test_a_file_in_place_of_the_folder(say: Say, tmp_path: Path) -> None:
    (tmp_path / "o").write_text("mine")
    line = refused(say("run", "fake", "--preset", "smoke", "--out", "o"))
    assert line == "--out: a folder (got o, a file)"
    line = refused(say("run", "fake", "--preset", "smoke", "--out", "o/sub"))
    assert line == "o/sub: a folder (got Not a directory)"


def test_resuming_a_complete_run_says_so(say: Say) -> None:
    words = ("run", "fake", "--preset", "smoke", "--resume")
    assert "complete" not in say(*words)[1]
    status, out, _ = say(*words)
    assert status == 0
    assert out.startswith("runs/fake-smoke is complete: nothing to continue\n")


def test_a_bug_is_not_dressed_up(say: Say) -> None:
    with pytest.raises(ZeroDivisionError, match="a bug of ours"):
        say("run", "fake", "--preset", "smoke", "--set", "fail=bug")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a module of a few functions where a command imports one."""

    def put(name: str, **functions: object) -> None:
        module = ModuleType(name)
        module.__dict__.update(functions)
        monkeypatch.setitem(sys.modules, name, module)
        package, _, last = name.rpartition(".")
        monkeypatch.setattr(sys.modules[package], last, module, raising=False)

    return put


def test_raster_saves_the_figure_of_a_run(
    say: Say, tmp_path: Path, stand_in: Callable[..., None]
) -> None:
    class Figure:
        def __init__(self, run: str) -> None:
            self.run = run

        def savefig(self, name: Path, format: str) -> None:
            name.write_text(f"{self.run} as {format}")

    stand_in("snn_credit.recording", open_run=lambda path: path.name)
    stand_in("snn_credit.analysis", raster=Figure)
    assert say("raster", "run.h5") == (0, "raster.png\n", "")
    assert say("raster", "run.h5", "-o", "a.pdf") == (0, "a.pdf\n", "")
    assert files(tmp_path) == {"raster.png": b"run.h5 as png", "a.pdf": b"run.h5 as pdf"}


def test_raster_and_analyse_hand_on_what_is_asked(say: Say, stand_in: Callable[..., None]) -> None:
    asked: list[tuple[tuple, dict]] = []

    def draw(*args: object, **settings: object) -> SimpleNamespace:
        asked.append((args, settings))
        return SimpleNamespace(savefig=lambda name, format: name.write_text(format))

    stand_in("snn_credit.recording", open_run=lambda path: path.name)
    stand_in("snn_credit.analysis", raster=draw, overview=draw)
    words = ("--window", "late", "--start", "5", "--sort", "first spike", "--units", "7")
    several = ("--population", "hidden1", "--population", "output")
    assert say("raster", "run.h5", *words, *several) == (0, "raster.png\n", "")
    assert say("analyse", "run.h5", *several, "-o", "b.svg") == (0, "b.svg\n", "")
    assert say("analyse", "run.h5") == (0, "analysis.png\n", "")
    names = ["hidden1", "output"]
    settings = {"window": "late", "start_ms": 5.0, "sort": "first spike", "population": names,
                "units": 7}  # fmt: skip
    assert asked == [
        (("run.h5",), settings),
        (("run.h5", names), {"window": None}),
        (("run.h5", None), {"window": None}),
    ]


def test_a_raster_that_fails_leaves_no_file(
    say: Say, tmp_path: Path, stand_in: Callable[..., None]
) -> None:
    def savefig(name: Path, format: str) -> None:
        raise OSError(28, "No space left on device", str(name))

    stand_in("snn_credit.recording", open_run=lambda path: path)
    stand_in("snn_credit.analysis", raster=lambda run: SimpleNamespace(savefig=savefig))
    assert "room on the disk" in refused(say("raster", "run.h5"))
    assert files(tmp_path) == {}


def test_info_prints_the_summary(say: Say, stand_in: Callable[..., None]) -> None:
    summary = {"experiment": "fake", "seed": 3}
    stand_in("snn_credit.recording",
             open_run=lambda path: SimpleNamespace(summary=lambda: summary))  # fmt: skip
    assert say("info", "run.h5") == (0, "experiment  fake\nseed        3\n", "")


def test_an_experiment_without_a_circuit_has_no_device(say: Say, tmp_path: Path) -> None:
    flow = ("run", "lillicrap-flow", "--preset", "smoke", "--out", tmp_path / "o")
    line = refused(say(*flow, "--device", "dense"))
    assert line == (
        "--device: cpu or auto for lillicrap-flow, which has no spiking circuit (got 'dense')"
    )
    status, _, err = say(*flow)
    assert status == 0
    assert "device:" not in err
    assert json.loads((tmp_path / "o" / "result.json").read_text())["device"] == "cpu"


def test_devices(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    status, out, _ = say("devices")
    heading, *lines, last = (line.rstrip() for line in out.splitlines())
    assert status == 0
    assert heading.split() == ["device", "available", "about"]
    rows = [line.split(maxsplit=2) for line in lines if not line.startswith(" ")]
    assert [row[:2] for row in rows] == [
        ["dense", "no"], ["dense:cuda", "no"], ["dense:torch", "yes"], ["runtime", "yes"],
        ["runtime:cython", "no"], ["cpp_standalone", "no"], ["cuda_standalone", "no"],
    ]  # fmt: skip
    of_cpp = lines[lines.index(next(x for x in lines if x.startswith("cpp"))) + 1 :][:2]
    assert [line.strip() for line in of_cpp] == [
        "needs a C++ compiler (Debian, Ubuntu: apt-get install g++)",
        "needs make (Debian, Ubuntu: apt-get install make)",
    ]
    assert last == (
        "auto takes runtime: the fastest of those that are there; "
        "dense and cuda_standalone and cpp_standalone are not"
    )


def test_a_device_that_is_not_there_says_what_to_install(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    line = refused(say("run", "fake", "--device", "cpp_standalone"))
    assert re.fullmatch(r"device: .* needs a C\+\+ compiler .* \(got 'cpp_standalone'\)", line), (
        line
    )
    assert list(tmp_path.iterdir()) == []


def test_auto_says_what_it_chose(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    _, _, err = say("run", "fake", "--preset", "smoke", "--out", "o")
    assert err.startswith("device: runtime, the fastest of those that are there; dense and ")
    assert json.loads((tmp_path / "o" / "result.json").read_text())["device"] == "runtime"


def test_fetch(say: Say, stand_in: Callable[..., None]) -> None:
    stand_in("snn_credit.data.fetch", fetch=lambda name: Path("cache") / name)
    assert say("data", "fetch", "mnist") == (0, "cache/mnist\n", "")


def test_fetching_what_is_not_known(say: Say) -> None:
    assert "mnist" in refused(say("data", "fetch", "mnits"))


SLOW = ("brian2", "torch", "matplotlib", "h5py", "sklearn", "scipy")


@pytest.mark.parametrize("command", [[], ["--help"], ["--version"], ["list"]])
def test_light_commands_import_nothing_slow(command: list[str]) -> None:
    code = (
        "import sys, snn_credit\n"
        "from snn_credit import cli\n"
        f"if {command!r}: assert cli.main({command!r}) == 0\n"
        f"sys.exit(' '.join(name for name in {SLOW!r} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", list(experiments.TABLE))
def test_every_experiment_in_the_table_loads(name: str) -> None:
    found = experiments.load(name)
    assert found.id == name
    assert {"smoke", "laptop", "paper"} <= found.presets.keys()
    assert all(found.cost(config) is None or found.cost(config) for config in
               found.presets.values())  # fmt: skip


def test_the_manifest_is_there_from_the_start(say: Say, tmp_path: Path) -> None:
    say("run", "fake", "--preset", "smoke", "--set", "fail_at=1", "--set", "fail=disk")
    found = json.loads((tmp_path / "runs" / "fake-smoke" / MANIFEST).read_text())
    assert found["config"]["fail_at"] == 1


def test_other_processes_of_torchrun_leave_folder_and_screen_to_the_first(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert say("run", "fake", "--preset", "smoke", "--out", "o") == (0, "", "")
    assert files(tmp_path) == {}
    monkeypatch.setenv("RANK", "0")
    assert say("run", "fake", "--preset", "smoke", "--out", "o")[0] == 0
    assert (tmp_path / "o" / "result.json").exists()
    line = refused(say("run", "fake", "--preset", "smoke", "--seeds", 3, "--out", "other"))
    assert line == "--seeds: one seed under torchrun (got 3)"
