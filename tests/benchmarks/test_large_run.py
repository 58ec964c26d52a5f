"""The benchmark of large files, on a small one."""

import json
import subprocess
import sys
from pathlib import Path

import large_run

from snn_credit.recording import open_run

ROOT = Path(large_run.__file__).parents[1]


def test_the_run_is_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    large_run.make(path, 5000, 1, 15_000)
    run = open_run(path)
    assert {name: run.spike_count(name) for name in run.names("spikes")} == dict.fromkeys(
        large_run.POPULATIONS, 1000
    )
    assert [window.name for window in run.windows] == ["early", "middle", "late"]
    assert (run.stretches, run.dt_ms, run.complete) == (((0.0, 15_000.0),), 1.0, True)
    assert len(run.trace("hidden1", "V")[0]) == 15_000
    assert run.weights("hidden1_to_hidden2", "w")[1].shape == (1, 2200, 2200)


def test_one_command_measures_and_deletes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, large_run.__file__, str(tmp_path), "--spikes", "5000", "--samples",
         "15000", "--snapshots", "0", "--passes", "1", "--json", str(tmp_path / "found.json")],
        capture_output=True, text=True, check=False, timeout=300, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert list(found["measured"]) == list(large_run.PROGRAMS)
    for numbers in found["measured"].values():
        assert numbers["wall_s"][0] >= numbers["cpu_s"][0] * 0.5 > 0
        assert 20 < numbers["peak_mb"][0] < 500
    assert [file.name for file in tmp_path.iterdir()] == ["found.json"]
