"""How long a large run file takes to look at, and how much memory: a raster, and all its spikes.

    python benchmarks/large_run.py FOLDER --json large_run.json

makes a run of 5 GB in FOLDER (10^8 spikes of five populations, traces, weight snapshots; ten
minutes), measures it and deletes it. Every measurement is a
process of its own, with its imports; the first pass of each finds nothing of the file in memory.
With ``--keep`` the file stays, and is taken by the next call.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

POPULATIONS = {
    "input": 1000, "hidden1": 1000, "hidden2": 1000, "hidden3": 1000, "output": 1000,
}  # fmt: skip
CHUNKS, WINDOWS = 100, ("early", "middle", "late")
WINDOW_MS, TRACED, LAYER = 150.0, 500, 2200

#: What is measured: name -> program, of the file and the population names.
PROGRAMS = {
    "snn-credit raster": (
        "from snn_credit.cli import main; main(['raster', path, '-o', path + '.png'])"
    ),
    "snn-credit info": "from snn_credit.cli import main; main(['info', path])",
    "spike_blocks over all": (
        "from snn_credit.recording import open_run; run = open_run(path); "
        "print(sum(int(n.sum()) for p in run.names('spikes') for _, n in run.spike_blocks(p)))"
    ),
    "spike_count of all": (
        "from snn_credit.recording import open_run; run = open_run(path); "
        "print(sum(run.spike_count(p) for p in run.names('spikes')))"
    ),
}
_AROUND = """
import json, os, sys, time
path = sys.argv[1]
{program}
from memory import peak_mb
spent = os.times()
print(json.dumps({{"cpu_s": spent.user + spent.system, "peak_mb": peak_mb()}}))
"""


def make(path: Path, spikes: int, snapshots: int, samples: int) -> None:
    """Write a run of so many spikes, weight snapshots and samples of traces, in chunks.

    Spikes are uniform in time on steps of 1 ms; each population has the same number.
    """
    from snn_credit.recording import Population, RunFile

    rng = np.random.default_rng(0)
    chunk_ms = samples // CHUNKS
    with RunFile.create(
        path, experiment="large run", config={}, seed=0, device="none", dt_ms=1.0,
        populations={name: Population(size) for name, size in POPULATIONS.items()},
    ) as run:  # fmt: skip
        for chunk in range(CHUNKS):
            start = float(chunk * chunk_ms)
            for name, size in POPULATIONS.items():
                count = spikes // CHUNKS // len(POPULATIONS)
                times = start + rng.integers(0, chunk_ms, count)
                run.append_spikes(name, np.sort(times), rng.integers(0, size, count))
            values = rng.standard_normal((chunk_ms, TRACED), dtype=np.float32)
            run.append_traces(
                "hidden1", start + np.arange(chunk_ms), np.arange(TRACED), {"V": values}
            )
            if chunk < snapshots:
                w = rng.standard_normal((LAYER, LAYER), dtype=np.float32)
                run.append_weights("hidden1_to_hidden2", start, {"w": w})
            if chunk in (0, CHUNKS // 2, CHUNKS - 1):
                run.add_window(_window(WINDOWS[2 * chunk // (CHUNKS - 1)], start, chunk))
            run.commit()
        run.add_stretch(0.0, float(CHUNKS * chunk_ms))
        run.finish()


def _window(name: str, start: float, chunk: int) -> Any:
    from snn_credit.recording import Window

    images = np.random.default_rng(1).random((3, 28, 28))
    digits = np.arange(3)
    onsets = np.array([start + WINDOW_MS / 3 * k for k in range(3)])
    return Window(name, start, start + WINDOW_MS, 600 * chunk, images, digits, digits, onsets)


def measure(path: Path, program: str) -> dict[str, float]:
    """Run a program on the file in a process of its own: seconds, processor seconds, MB."""
    here = Path(__file__).resolve().parent
    places = os.pathsep.join([str(here.parent), str(here)])
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _AROUND.format(program=program), str(path)],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - begun
    return {"wall_s": seconds, **json.loads(done.stdout.splitlines()[-1])}


def forget(path: Path) -> None:
    """Ask the system to drop the file from memory."""
    if not hasattr(os, "posix_fadvise"):
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def main() -> None:
    """Make the file, measure, say and write the numbers, delete the file."""
    from machine import machine

    parser = argparse.ArgumentParser(description="How a large run file is looked at.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spikes", type=int, default=10**8)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--samples", type=int, default=10**6)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the file there")
    given = parser.parse_args()
    path = given.folder / "large_run.h5"
    if not path.exists():
        begun = time.perf_counter()
        make(path, given.spikes, given.snapshots, given.samples)
        print(f"made in {time.perf_counter() - begun:.0f} s", flush=True)
    found: dict[str, Any] = {
        "machine": machine(),
        "spikes": given.spikes,
        "file_gb": path.stat().st_size / 1e9,
        "measured": {},
    }
    print(f"{path}: {found['file_gb']:.2f} GB", flush=True)
    for name, program in PROGRAMS.items():
        forget(path)
        passes = [measure(path, program) for _ in range(given.passes)]
        found["measured"][name] = {key: [one[key] for one in passes] for key in passes[0]}
        print(name, {k: [round(v, 2) for v in vs] for k, vs in found["measured"][name].items()})
    if not given.keep:
        path.unlink()
        path.with_name(path.name + ".png").unlink()
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
