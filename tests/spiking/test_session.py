"""A run through a curriculum: what the file holds, and that a killed run goes on as if whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from snn_credit.data import load
from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.recording import open_run
from snn_credit.spiking import train

ROOT = Path(__file__).resolve().parents[2]
RUN = (
    "run", "lillicrap-spiking", "--preset", "smoke", "--set", "baselines=false",
    "--set", "chunk_steps=30", "--set", "images=240", "--seed", "3",
)  # fmt: skip
DEVICES = ["dense", "runtime", pytest.param("cpp_standalone", marks=pytest.mark.cpp)]


def start(out, device, *more):
    command = [sys.executable, "-m", "snn_credit", *RUN, "--device", device, "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*command, *more], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip


def finish(process):
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


def chunks_in(path):
    if not path.exists():
        return 0
    point = open_run(path).checkpoint
    return 0 if point is None else point.chunk


@pytest.fixture(scope="module", params=DEVICES)
def whole(request, tmp_path_factory):
    """A run that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    finish(start(out, request.param))
    return request.param, out / "run.h5"


def test_a_killed_run_opens_and_resumes_to_the_same_weights(whole, tmp_path):
    device, undisturbed = whole
    out, path = tmp_path / "run", tmp_path / "run" / "run.h5"
    process = start(out, device)
    deadline = time.monotonic() + 240
    while chunks_in(path) < 4:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    before = chunks_in(path)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    killed, want = open_run(path), open_run(undisturbed)
    assert before <= killed.checkpoint.chunk < want.checkpoint.chunk
    rows = len(killed.stream["guess"])
    assert rows > 0
    for name, column in killed.stream.items():
        np.testing.assert_array_equal(column, want.stream[name][:rows])
    finish(start(out, device, "--resume"))

    got = open_run(path)
    assert got.complete
    assert got.checkpoint.chunk == want.checkpoint.chunk
    for name, array in want.checkpoint.arrays.items():
        if not name.endswith(".token"):
            np.testing.assert_array_equal(got.checkpoint.arrays[name], array, err_msg=name)
    for name, column in want.stream.items():
        np.testing.assert_array_equal(got.stream[name], column)
    for population in want.names("spikes"):
        for a, b in zip(got.spikes(population), want.spikes(population), strict=True):
            np.testing.assert_array_equal(a, b)
    for table in ("learning", "alignment"):
        for name, column in want.metrics(table).items():
            np.testing.assert_array_equal(got.metrics(table)[name], column)
    timed = got.metrics("chunks")
    assert len(timed["seconds"]) == got.checkpoint.chunk
    assert (timed["seconds"] > 0).all()
    assert (timed["steps"] == 30).all()
    assert timed["learning_steps"].sum() == 5 * 240


def test_the_file_holds_what_the_figure_needs(whole):
    run = open_run(whole[1])
    assert [w.name for w in run.windows] == ["early", "middle", "late"]
    assert [w.images_seen for w in run.windows] == [0, 1, 240]
    learning = run.metrics("learning")
    assert np.isfinite(learning["test_error"]).sum() == 1
    assert np.isfinite(learning["validation_error"]).sum() == 2
    window = run.windows[1]
    times, nodes = run.spikes("hidden1", window.start_ms, window.stop_ms)
    assert len(times) > 100
    assert set(nodes) <= set(run.populations["hidden1"].recorded)
    outside = run.spikes("hidden1", window.stop_ms, run.windows[2].start_ms)[0]
    assert len(outside) == 0
    sampled, traced, values = run.trace("hidden2", "V")
    assert values.shape == (len(sampled), len(traced)) == (90, 4)
    shown = run.weights("hidden1_to_hidden2", "w")[1]
    assert shown.shape == (3, 30, 30)
    assert not np.array_equal(shown[0], shown[2])
    fixed = run.weights("hidden1_to_hidden2", "b")[1]
    np.testing.assert_array_equal(fixed[0], fixed[2])


def test_a_run_that_is_interrupted_says_how_to_go_on(tmp_path):
    out = tmp_path / "run"
    process = start(out, "runtime")
    while chunks_in(out / "run.h5") < 2:
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    assert not open_run(out / "run.h5").complete


def test_a_finished_run_is_not_run_again(whole):
    data = load("digits").subset(100, 20, 20)
    circuit = network((64, 30, 30, 20), rates={"eta": 0.1, "lam": 1e-8}, b_scale=0.5, seed=3)
    want = open_run(whole[1])
    settings = {"images": 240, "evaluations": 2, "window_steps": 10, "chunk_steps": 30, "seed": 3}
    outcome = train(circuit, data, whole[1], device="runtime", resume=True, **settings)
    assert outcome.test_error == np.nanmax(want.metrics("learning")["test_error"])


def test_a_file_that_is_there_is_not_replaced(whole):
    circuit, data = network((64, 20)), load("digits")
    with pytest.raises(InputError, match="path: a new file, or resume, or force"):
        train(circuit, data, whole[1], images=10, device="runtime")
