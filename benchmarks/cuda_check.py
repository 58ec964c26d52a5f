"""Check a GPU against the CPU: build a network for both, compare, and print what came as JSON.

    python benchmarks/cuda_check.py [--device cuda_standalone] [--against cpp_standalone]

Two questions. With given random numbers in float64, are the spikes the same, and until which step?
With each device's own numbers in float32, does it learn as well? Takes about five minutes, nearly
all of it the compiler's.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import time
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.devices import DEVICES
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream, Watch

SIZES, CLASSES, CHUNK, STEPS = (64, 50, 40, 30), 10, 2000, 5
TRAINED, TESTED = 3600, 400


def task() -> tuple[Stream, dict[str, Any], NDArray[np.int64]]:
    """Return ten noisy patterns of 64 pixels, learned and then tested, as a stream."""
    rng = np.random.default_rng(0)
    count = TRAINED + TESTED
    labels = rng.integers(0, CLASSES, count)
    patterns = rng.random((CLASSES, SIZES[0])) < 0.3
    images = np.clip(0.8 * patterns[labels] + rng.normal(0, 0.4, (count, SIZES[0])), 0, 1)
    learned = np.arange(count) < TRAINED
    stream = Stream.of(np.arange(count), labels, STEPS, plastic=learned, seen=True)
    return stream, {"stimulus": images, "target": np.eye(CLASSES)}, labels


def run(device: str, dtype: str, shown: int, given: bool, seed: int = 0) -> dict[str, Any]:
    """Show the first presentations; return spikes, weights, guesses and times."""
    stream, tables, labels = task()
    names = ("input", "hidden1", "hidden2", "output")

    def uniforms(name: str, start: int, shape: tuple[int, int]) -> NDArray[np.float64]:
        return np.random.default_rng((names.index(name), start)).random(shape)

    began = time.perf_counter()
    simulation = Simulation(
        network(SIZES, "FA", classes=CLASSES, rates={"eta": 0.1, "lam": 1e-6}, b_scale=0.5, seed=1),
        tables,
        stream[:shown],
        device=device,
        dtype=dtype,
        chunk_steps=CHUNK,
        watch={"hidden2": Watch(np.arange(SIZES[2]))},
        seed=seed,
        uniforms=uniforms if given else None,
    )
    built = time.perf_counter()
    advances = list(simulation.run())
    seconds = time.perf_counter() - built
    right = np.concatenate([advance.guesses for advance in advances]) == labels[:shown]
    spikes = [np.column_stack(advance.spikes("hidden2")) for advance in advances]
    return {
        "spikes": {tuple(spike) for spike in np.concatenate(spikes).tolist()},
        "weights": {p.name: simulation.matrix(p.name) for p in simulation.circuit.projections
                    if "w" in p.initial},
        "right": float(right[-TESTED:].mean()),
        "build s": round(built - began, 1),
        "ms a step": round(1e3 * seconds / stream[:shown].total_steps, 4),
    }  # fmt: skip


def parity(device: str, against: str) -> dict[str, Any]:
    """Compare spikes and weights, given the same random numbers in float64."""
    one, other = (run(name, "float64", 800, given=True) for name in (device, against))
    differ = one["spikes"] ^ other["spikes"]
    weights = [np.abs(one["weights"][key] - other["weights"][key]).max() for key in one["weights"]]
    return {
        "steps": 800 * STEPS,
        "spikes": len(other["spikes"]),
        "spikes that differ": len(differ),
        "first difference ms": min(differ)[0] if differ else None,
        "largest difference of a weight": float(max(weights)),
    }


def learning(device: str, against: str) -> dict[str, Any]:
    """Compare what is learned in float32, with each device's own random numbers."""
    table = {}
    for name in (device, against):
        runs = [run(name, "float32", TRAINED + TESTED, given=False, seed=seed) for seed in range(3)]
        table[name] = {
            "test accuracy": [one["right"] for one in runs],
            "build s": runs[0]["build s"],
            "ms a step": min(one["ms a step"] for one in runs),
        }
    return table


def machine() -> dict[str, Any]:
    """Return the GPU, the processor's name, and the versions of what was used."""
    versions = {}
    for package in ("brian2", "brian2cuda", "numpy", "nvidia-curand"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "gpu": said("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"),
        "nvcc": said("nvcc", "--version").splitlines()[-2:-1],
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def said(*command: str) -> str:
    """Return what a program printed, nothing if it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def main() -> int:
    """Run both checks; 0 if the spikes agree and learning does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=DEVICES, default="cuda_standalone")
    parser.add_argument("--against", choices=DEVICES, default="cpp_standalone")
    chosen = parser.parse_args()
    same = parity(chosen.device, chosen.against)
    learned = learning(chosen.device, chosen.against)
    accuracies = [float(np.mean(row["test accuracy"])) for row in learned.values()]
    passed = not same["spikes that differ"] and abs(np.ptp(accuracies)) < 0.05
    print(json.dumps({"machine": machine(), "parity": same, "learning": learned,
                      "passed": bool(passed)}, indent=2))  # fmt: skip
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
