"""A run killed with SIGKILL at any moment opens, holds all that was committed, and resumes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np

from snn_credit.recording import open_run

KILLS = 15

# Appends and commits without end; each chunk's content follows from its number.
CHILD = """
import sys
import numpy as np
from snn_credit.recording import Population, RunFile

path = sys.argv[1]
try:
    run = RunFile.resume(path)
except ValueError:
    run = RunFile.create(path, experiment="kill", config={}, seed=0, device="none",
                         populations={"p": Population(50, "hidden")})
point = run.last_checkpoint()
chunk = point.chunk if point else 0
print("start", chunk, flush=True)
while True:
    rng = np.random.default_rng(chunk)
    run.append_spikes("p", chunk + np.arange(300) / 300, rng.integers(0, 50, 300))
    run.append_metrics("learning", {"chunk": chunk})
    run.append_stream({"stimulus": rng.integers(0, 9, 20), "phase": ["train"] * 20})
    if chunk % 3 == 0:
        run.append_weights("q", float(chunk), {"w": rng.random((60, 60))})
    chunk += 1
    run.checkpoint(chunk, {"w": np.full((200, 200), float(chunk))}, {"chunk": chunk})
    run.commit()
    print("committed", chunk, flush=True)
"""


def run_and_kill(path: Path, delay: float) -> tuple[int, int]:
    """Return the chunk at which the child started and the last one it said was committed."""
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    first = child.stdout.readline().split()
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    lines = [first, *(line.split() for line in child.stdout)]
    child.wait()
    return int(first[1]), max(int(line[1]) for line in lines if len(line) == 2)


def check(path: Path, committed: int) -> int:
    """Check every chunk in the file; return how many there are."""
    run = open_run(path)
    point = run.checkpoint
    chunks = point.chunk if point else 0
    # The kill can come between the commit and the line that tells of it.
    assert chunks in (committed, committed + 1)
    if point is None:
        return 0
    assert point.host == {"chunk": chunks}
    assert np.all(point.arrays["w"] == chunks)
    assert run.metrics("learning")["chunk"].tolist() == list(range(chunks))
    assert len(run.stream["phase"]) == 20 * chunks
    times, nodes = run.spikes("p")
    assert len(times) == 300 * chunks
    for chunk in (0, chunks // 2, chunks - 1):
        rng = np.random.default_rng(chunk)
        expected = rng.integers(0, 50, 300)
        np.testing.assert_array_equal(nodes[300 * chunk : 300 * (chunk + 1)], expected)
    assert run.weights("q", "w")[1].shape == ((chunks + 2) // 3, 60, 60)
    with h5py.File(path) as plain:  # other programs read it too
        assert len(plain["metrics/learning/chunk"]) == chunks
    return chunks


def test_killed_at_random_moments(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    rng = np.random.default_rng(0)
    chunks = 0
    for _ in range(KILLS):
        start, committed = run_and_kill(path, float(rng.uniform(0.0, 0.25)))
        assert start == chunks
        chunks = check(path, committed)
    assert chunks > KILLS
