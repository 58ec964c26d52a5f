"""Commands in processes of their own: several seeds, signals, and two on one folder."""

import fcntl
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "tests" / "helpers"
SLOW = ("--preset", "laptop", "--set", "images=100000", "--device", "runtime")


class Started:
    def __init__(self, folder: Path, words: tuple[str, ...]) -> None:
        path = os.pathsep.join((str(ROOT), str(HELPERS)))
        self.process = subprocess.Popen(
            [sys.executable, str(HELPERS / "run_fake.py"), *words],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}, start_new_session=True,
        )  # fmt: skip

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    started: list[Started] = []

    def begin(*words: str) -> Started:
        started.append(Started(tmp_path, words))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def is_free(folder: Path) -> bool:
    """Tell whether no process holds the folder's lock."""
    with (folder / ".lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_what_all_seeds_show_together_is_drawn_of_all(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    words = ("run", "fake", "--preset", "smoke", "--device", "runtime", "--set", "together=true")
    for more in (("--seeds", "2", "--out", "several"), ("--seed", "1", "--out", "one")):
        status, _, err = start(*words, *more).end()
        assert status == 0, err

    def errors(*seeds: int) -> list[float]:
        folders = [tmp_path / "several" / f"seed-{seed}" for seed in seeds]
        found = [json.loads((folder / "result.json").read_text()) for folder in folders]
        return [each["measured"]["FA"]["test error %"] for each in found]

    drawn = {"several": errors(0, 1), "several/seed-0": errors(0), "one": errors(1)}
    for folder, wanted in drawn.items():
        assert (tmp_path / folder / "together.png").read_text() == f"{wanted} runtime"


def test_several_seeds(start: Callable[..., Started], tmp_path: Path) -> None:
    status, out, err = start("run", "fake", "--preset", "smoke", "--seeds", "3", "--jobs", "2",
                             "--out", "o", "--set", "fail=noise").end()  # fmt: skip
    assert status == 0, err
    folder = tmp_path / "o"
    seeds = [json.loads((folder / f"seed-{k}" / "result.json").read_text()) for k in range(3)]
    whole = json.loads((folder / "result.json").read_text())
    errors = [seed["measured"]["FA"]["test error %"] for seed in seeds]
    assert [seed["seeds"] for seed in seeds] == [[0], [1], [2]]
    assert len(set(errors)) == 3
    assert whole["seeds"] == [0, 1, 2]
    assert whole["measured"]["FA"]["test error %"] == pytest.approx(statistics.fmean(errors))
    assert whole["spread"]["FA"]["test error %"] == pytest.approx(statistics.stdev(errors))
    assert whole["spread"]["BP"] == {"test error %": None}
    assert (folder / "raster.png").read_bytes() == b"raster of seed 0"
    assert "mean ± spread, 3 seeds" in out
    for k in range(3):
        assert f"seed {k}: training: 20/20 images" in err
        assert lines(folder / f"seed-{k}" / "log.txt") == ["a library's words"]

    status, _, err = start("run", "fake", "--preset", "smoke", "--out", "o", "--force").end()
    assert status == 0, err
    assert names(folder) == {".lock", "run.json", "result.json", "run.h5", "raster.png",
                             "angles.png"}  # fmt: skip


def test_ctrl_c_ends_all_seeds_and_resume_goes_on(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    words = ("run", "fake", *SLOW, "--seeds", "2", "--out", "o o")
    run = start(*words, "--jobs", "2")
    files = [tmp_path / "o o" / f"seed-{k}" / "run.h5" for k in (0, 1)]
    wait_for(lambda: all(len(lines(file)) > 5 for file in files))
    run.process.send_signal(signal.SIGINT)
    status, _, err = run.end()
    assert status == 130
    assert err.splitlines()[-1] == (
        "snn-credit: stopped; continue with: snn-credit run fake --preset laptop --device runtime "
        "--seeds 2 --jobs 2 --set images=100000 --out 'o o' --resume"
    )
    assert "Traceback" not in err
    assert is_free(tmp_path / "o o")  # the workers held it too: they are gone
    assert [lines(file)[-1] for file in files] == ["closed", "closed"]
    assert names(files[0].parent) == {"run.h5"}


def test_resume_runs_only_the_seeds_that_are_left(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    words = ("run", "fake", "--preset", "smoke", "--seeds", "2", "--out", "o")
    assert start(*words).end()[0] == 0
    folder = tmp_path / "o"
    (folder / "result.json").unlink()
    (folder / "seed-1" / "result.json").unlink()
    (folder / "seed-1" / "run.h5").write_text("0\n" * 15)
    before = (folder / "seed-0" / "result.json").stat().st_mtime_ns
    status, _, err = start(*words, "--resume").end()
    assert status == 0, err
    assert (folder / "seed-0" / "result.json").stat().st_mtime_ns == before
    assert lines(folder / "seed-1" / "run.h5") == ["0"] * 15 + ["15", "16", "17", "18", "19"]
    whole = json.loads((folder / "result.json").read_text())
    assert whole["provenance"]["resumed"] is True


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_one_seed_is_stopped_and_resumed(
    start: Callable[..., Started], tmp_path: Path, sent: signal.Signals
) -> None:
    run = start("run", "fake", "--set", "images=1000", "--seed", "7")
    file = tmp_path / "runs" / "fake-laptop" / "run.h5"
    wait_for(lambda: len(lines(file)) > 5)
    run.process.send_signal(sent)
    status, _, err = run.end()
    done = len(lines(file)) - 1
    assert status == 130
    assert lines(file)[-1] == "closed"
    assert 5 < done < 1000
    words = err.splitlines()[-1].partition("continue with: snn-credit ")[2].split()
    again = start(*words)
    wait_for(lambda: len(lines(file)) > done + 5)
    assert again.process.poll() is None
    assert lines(file)[done + 1] == str(done + 1)


def test_stopped_before_anything_was_written(start: Callable[..., Started], tmp_path: Path) -> None:
    assert start("run", "fake", "--preset", "smoke", "--out", "o").end()[0] == 0
    before = {p: p.read_bytes() for p in (tmp_path / "o").iterdir()}
    run = start("run", "fake", *SLOW, "--set", "fail=sleep", "--out", "o", "--force")
    wait_for(lambda: '"laptop"' in "".join(lines(tmp_path / "o" / "run.json")))
    run.process.send_signal(signal.SIGINT)
    status, _, err = run.end()
    assert status == 130
    assert err.endswith("snn-credit: stopped; nothing was changed\n")
    assert {p: p.read_bytes() for p in (tmp_path / "o").iterdir()} == before


def test_two_processes_on_one_folder(start: Callable[..., Started], tmp_path: Path) -> None:
    first = start("run", "fake", *SLOW, "--out", "o")
    wait_for(lambda: len(lines(tmp_path / "o" / "run.h5")) > 2)
    for how in ("--resume", "--force"):
        status, out, err = start("run", "fake", *SLOW, "--out", "o", how).end()
        assert (status, out) == (2, "")
        assert err.splitlines()[-1] == ("snn-credit: --out: a folder that no other process is "
                                        "writing (got o, in use)")  # fmt: skip
    assert first.process.poll() is None
    assert (tmp_path / "o" / "run.h5").exists()


def test_a_killed_parent_takes_its_seeds_along(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    run = start("run", "fake", *SLOW, "--seeds", "2", "--jobs", "2", "--out", "o")
    files = [tmp_path / "o" / f"seed-{k}" / "run.h5" for k in (0, 1)]
    wait_for(lambda: all(len(lines(file)) > 2 for file in files))
    run.process.kill()
    run.end()
    wait_for(lambda: is_free(tmp_path / "o"))
    assert [lines(file)[-1] for file in files] == ["closed", "closed"]


@pytest.mark.parametrize(
    ("how", "status", "message"),
    [
        ("input", 2, r"snn-credit: weights: finite numbers \(got nan\)"),
        ("disk", 2, r"snn-credit: system: room on the disk \(got No space left on device\)"),
        ("hdf5", 2, r"snn-credit: system: room on the disk \(got No space left on device\)"),
        ("bug", 1, r"snn-credit: seed \d: a run without a failure "
                   r"\(got ZeroDivisionError: a bug of ours; see o/seed-\d/log.txt\)"),
        ("killed", 1, r"snn-credit: seed \d: a run without a failure "
                      r"\(got killed by SIGKILL; see o/seed-\d/log.txt\)"),
    ],
)  # fmt: skip
def test_a_seed_that_fails_ends_the_run_in_one_line(
    start: Callable[..., Started], tmp_path: Path, how: str, status: int, message: str
) -> None:
    came, out, err = start("run", "fake", "--preset", "laptop", "--seeds", "2", "--out", "o",
                           "--set", f"fail={how}", "--set", "fail_at=3").end()  # fmt: skip
    assert (came, out) == (status, "")
    assert re.fullmatch(message, err.splitlines()[-1]), err
    assert "Traceback" not in err
    assert lines(tmp_path / "o" / "seed-0" / "run.h5") == ["0", "1", "2"]
    assert is_free(tmp_path / "o")
    if how == "bug":
        assert "ZeroDivisionError" in (tmp_path / "o" / "seed-0" / "log.txt").read_text()


def test_module_and_script_are_the_same() -> None:
    done = subprocess.run([sys.executable, "-m", "snn_credit", "--version"], text=True,
                          capture_output=True, check=True, cwd=ROOT)  # fmt: skip
    assert done.stdout.startswith("snn-credit ")
