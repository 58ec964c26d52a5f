"""Check a device of tensors against C++, and time it: one command for a machine with a GPU.

    python benchmarks/tensors_check.py --json tensors.json
    python benchmarks/tensors_check.py --device dense:torch --sizes 64-100-100-100 --steps 200

Both devices draw the same random numbers in single precision, so spikes are the same until a
neuron's number u and probability p come so close that the last bits decide: the first spikes that
differ must have |u - p| < 1e-5. What differs after that is another, equally good run. Then the
network of Lillicrap et al. 2016, Fig 4, is timed at each size while all of it learns: per step of a
chunk, as a user gets it, and of the steps alone; beside them the time that moving every matrix
takes: W for its sum and for its change, B for its sum.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bandwidth import Bandwidth, gpu_bandwidth
from cost import Net
from machine import machine
from numpy.typing import NDArray
from task import B_SCALE, CLASSES, ETA, IMAGE_STEPS, IMAGES, W_SCALE, images_and_labels

from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream, Watch
from snn_credit.spiking.devices.dense import DenseProgram

SIZES = (
    "64-100-100-100",
    "784-300-300-100",
    "784-500-500-500-1000",
    "784-1500-1500-1500-1000",
)
#: Spikes may differ where a random number and a probability are closer than this.
CLOSE = 1e-5
_CHUNKS = 5
_FLOAT32 = 4


def simulation(net: Net, device: str, steps: int, chunk: int, **more: Any) -> Simulation:
    """Return the network that learns by FA from random images, not yet run."""
    images, labels = images_and_labels(net.sizes[0], IMAGES)
    count = -(-steps // IMAGE_STEPS)
    order = np.arange(count) % IMAGES
    return Simulation(
        network(
            net.sizes,
            "FA",
            classes=CLASSES,
            rates={"eta": ETA, "lam": 1e-6},
            w_scale=W_SCALE,
            b_scale=B_SCALE,
            seed=1,
        ),
        {"stimulus": images, "target": np.eye(CLASSES)},
        Stream.of(order, labels[order], IMAGE_STEPS, seen=True),
        device=device,
        chunk_steps=chunk,
        **more,
    )


def layers(net: Net) -> dict[str, int]:
    """Return the neurons of each layer above the input, by the names that circuits give."""
    hidden = [f"hidden{k}" for k in range(1, len(net.sizes) - 1)]
    return dict(zip([*hidden, "output"], net.sizes[1:], strict=True))


Rasters = dict[str, tuple[NDArray[np.bool_], NDArray[np.float64]]]


def rasters(net: Net, device: str, steps: int, seed: int) -> Rasters:
    """Return the spikes and the potentials V of each layer, both ``(steps, neurons)``."""
    watch = {
        name: Watch(np.arange(size), np.arange(size), ("V",)) for name, size in layers(net).items()
    }
    found: Rasters = {
        name: (np.zeros((steps, size), bool), np.zeros((steps, size)))
        for name, size in layers(net).items()
    }
    for advance in simulation(net, device, steps, min(steps, 500), watch=watch, seed=seed).run():
        for name, (spikes, potentials) in found.items():
            times, nodes = advance.spikes(name)
            spikes[np.rint(times).astype(int), nodes] = True
            traces = advance.traces(name)
            potentials[np.rint(traces["time"]).astype(int)] = traces["V"]
    return found


def uniforms(layer: str, n: int, step: int, seed: int) -> NDArray[np.float64]:
    """Return the numbers that a layer's neurons draw in a time step."""
    from snn_credit.dense.tensors.philox import Draws, Wanted, keys

    draws = Draws([Wanted(f"{layer}_spike_thresholder", 0, "uniform", n)], 1, "float32", "cpu")
    draws.fill(torch.tensor([[step]]), keys(seed))
    return draws.numbers[0, :n].numpy().astype(float)


def parity(net: Net, device: str, against: str, steps: int, seed: int = 3) -> dict[str, Any]:
    """Compare all spikes of two devices; the first that differ must have been close."""
    one, other = (rasters(net, name, steps, seed) for name in (device, against))
    differ = {name: one[name][0] != other[name][0] for name in one}
    first = [int(d.any(axis=1).argmax()) for d in differ.values() if d.any()]
    found: dict[str, Any] = {
        "network": str(net),
        "steps": steps,
        "spikes": int(sum(spikes.sum() for spikes, _ in other.values())),
        "first step that differs": min(first, default=None),
        "largest |u - p| there": None,
    }
    if first:
        step = min(first)
        layer = next(name for name, d in differ.items() if d[step].any())
        neurons = np.flatnonzero(differ[layer][step])
        u = uniforms(layer, differ[layer].shape[1], step, seed)[neurons]
        p = [1 / (1 + np.exp(-run[layer][1][step][neurons])) for run in (one, other)]
        found["largest |u - p| there"] = float(max(np.abs(u - each).max() for each in p))
    found["passed"] = not first or found["largest |u - p| there"] < CLOSE
    return found


def timing(net: Net, device: str, steps: int, memory: Bandwidth) -> dict[str, Any]:
    """Time chunks of ``steps`` time steps, after one that compiles and warms up."""
    began = time.perf_counter()
    made = simulation(net, device, steps * (_CHUNKS + 1), steps)
    built = time.perf_counter()
    program = made.program
    assert isinstance(program, DenseProgram)
    engine = program._engine
    inside, run = [0.0], engine.run

    def timed(steps: int, ends: Sequence[int], seed: int) -> bool:
        start = time.perf_counter()
        done = run(steps, ends, seed)
        inside[0] += time.perf_counter() - start
        return done

    engine.run = timed
    chunks, alone, chunk = [], [], made.run()
    for _ in range(_CHUNKS + 1):
        inside[0], start = 0.0, time.perf_counter()
        next(chunk)
        chunks.append(1e6 * (time.perf_counter() - start) / steps)
        alone.append(1e6 * inside[0] / steps)
    # Each matrix is read for its sum; those that learn are read and written once more.
    read, rewritten = _FLOAT32 * net.synapses, 2 * _FLOAT32 * net.plastic
    least = read / memory.read_gb_s + rewritten / memory.rewrite_gb_s
    on_gpu = device.endswith("cuda")
    return {
        "network": str(net),
        "synapses": net.synapses,
        "us a step": round(statistics.median(chunks[1:]), 2),
        "us a step, steps alone": round(statistics.median(alone[1:]), 2),
        "us a step of each chunk": [round(each, 2) for each in chunks],
        "build s": round(built - began, 2),
        "first chunk s": round(chunks[0] * steps * 1e-6, 2),
        "bytes a step": read + rewritten,
        "us that moving them takes": round(least / 1e3, 2),
        "GPU memory MB": round(torch.cuda.max_memory_allocated() / 1e6, 1) if on_gpu else None,
    }


def main() -> int:
    """Check and time; 0 if the spikes agree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", choices=("dense:cuda", "dense:torch"), default="dense:cuda")
    parser.add_argument("--against", default="dense", help="the device that is right")
    parser.add_argument("--sizes", nargs="+", type=Net.parse, default=[*map(Net.parse, SIZES)])
    parser.add_argument("--steps", type=int, default=2000, help="of each timed chunk")
    parser.add_argument("--checked", type=int, default=2000, help="steps whose spikes are compared")
    parser.add_argument("--megabytes", type=int, default=2000, help="for measuring the bandwidth")
    parser.add_argument("--json", type=Path, help="a file to write to")
    asked = parser.parse_args()
    on = "cuda" if asked.device == "dense:cuda" else "cpu"
    same = [parity(net, asked.device, asked.against, asked.checked) for net in asked.sizes[:2]]
    bandwidth = gpu_bandwidth(asked.megabytes, on)
    times = [timing(net, asked.device, asked.steps, bandwidth) for net in asked.sizes]
    passed = all(check["passed"] for check in same)
    found = {
        "machine": {**machine(), "torch": torch.__version__},
        "device": asked.device,
        "against": asked.against,
        "memory GB/s": [round(bandwidth.read_gb_s, 1), round(bandwidth.rewrite_gb_s, 1)],
        "parity": same,
        "timing": times,
        "passed": passed,
    }
    text = json.dumps(found, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
