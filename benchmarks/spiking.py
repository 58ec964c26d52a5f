"""Speed and memory of the spiking path on every device, beside a plain Brian script.

    python benchmarks/spiking.py --sizes 784-300-300-100 --devices cpp_standalone --json out.json

The network is that of Lillicrap et al. 2016, Fig 4, learning by FA all the time from random
images. Each contender runs for two lengths; the slope between them is the time of a step, the rest
is what a chunk costs beside its steps (start of the program, state in and out). Runs of all
contenders are interleaved and the median counts, so that a busy machine slows all of them alike.
Processor time is given beside the time on the clock for the same reason. Programs are built in
processes of their own: peak memory is that of the processes that run them, parent and child.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from plain_brian import CLASSES, ETA, IMAGE_STEPS, images_and_labels

SIZES = ("64-100-100-100", "784-300-300-100", "784-1500-1500-1500-1000")
DEVICES = ("runtime", "cpp_standalone", "cuda_standalone")
PLAIN = "plain Brian"
#: Brian's numpy target is hundreds of times slower, and starts at once.
_RUNTIME_SHARE = 20
_RSS_UNITS_PER_MB = 1e6 if sys.platform == "darwin" else 1e6 / 1024
Run = Callable[[], None]


@dataclass
class Row:
    """What was measured of one contender on one network; times in the units that the names say."""

    sizes: str
    contender: str
    dtype: str
    build_s: float
    ms_per_step: float
    cpu_ms_per_step: float
    overhead_s: float
    parent_mb: float
    child_mb: float
    speed_over_plain: float | None = None
    cpu_speed_over_plain: float | None = None


@dataclass(frozen=True)
class Contender:
    """A network on a device (or as the plain script), and two numbers of steps to run it for."""

    sizes: str
    device: str
    dtype: str
    lengths: tuple[int, int]
    repeats: int
    folder: str

    def prepare(self, steps: int) -> Run:
        """Build the program, or find it built, and return what runs it once."""
        return self._plain(steps) if self.device == PLAIN else self._package(steps)

    def _plain(self, steps: int) -> Run:
        folder = Path(self.folder) / f"plain-{self.sizes}-{steps}"
        if not (folder / "main").exists():
            script = Path(__file__).with_name("plain_brian.py")
            subprocess.run(
                [
                    sys.executable,
                    script,
                    "--sizes",
                    self.sizes,
                    "--steps",
                    str(steps),
                    "--directory",
                    folder,
                ],
                check=True,
                capture_output=True,
            )
        return lambda: void(subprocess.run(["./main"], cwd=folder, check=True))

    def _package(self, steps: int) -> Run:
        import numpy as np

        from snn_credit.models.lillicrap_spiking import network
        from snn_credit.spiking import Simulation, Stream

        sizes = [int(size) for size in self.sizes.split("-")]
        shown = -(-steps * self.repeats // IMAGE_STEPS)
        images, labels = images_and_labels(sizes[0], min(shown, 1000))
        index = np.arange(shown) % len(images)
        simulation = Simulation(
            network(sizes, "FA", rates={"eta": ETA}),
            {"stimulus": images, "target": np.eye(CLASSES)},
            Stream.of(index, labels[index], IMAGE_STEPS),
            device=self.device,
            dtype=self.dtype,
            chunk_steps=steps,
        )
        chunks = simulation.run()
        return lambda: void(next(chunks))


def void(_: object) -> None:
    """Forget a value."""


def serve(contender: Contender, pipe: Connection, build_only: bool) -> None:
    """Run a contender's programs on demand, in a process whose peak memory is theirs alone."""
    start = time.perf_counter()
    runs = {contender.lengths[1]: contender.prepare(contender.lengths[1])}
    pipe.send(time.perf_counter() - start)
    short = contender.lengths[0]
    runs[short] = contender.prepare(short)
    pipe.send(None)
    memory = PeakMemory()
    while not build_only and (steps := pipe.recv()) is not None:
        cpu, start = processor_time(), time.perf_counter()
        runs[steps]()
        pipe.send(
            (time.perf_counter() - start, processor_time() - cpu, memory.parent, memory.child)
        )


def processor_time() -> float:
    """Return the seconds that this process and its ended children computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class PeakMemory(threading.Thread):
    """Watch the most memory that this process and its children hold, in MB.

    Linux keeps each process's own record (VmHWM), which is read while the children live. The
    record that a parent gets of an ended child counts what it held before it became the program.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.child = 0.0
        self.start()

    @property
    def parent(self) -> float:
        """The most that this process held so far."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _RSS_UNITS_PER_MB

    def run(self) -> None:
        """Look every 20 ms."""
        while True:
            for listing in Path("/proc/self/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    for child in listing.read_text().split():
                        self.child = max(self.child, self._most(Path("/proc") / child))
            time.sleep(0.02)

    @staticmethod
    def _most(process: Path) -> float:
        with contextlib.suppress(OSError):
            if (process / "exe").readlink() != Path("/proc/self/exe").readlink():
                for line in (process / "status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        return float(line.split()[1]) * 1024 / 1e6
        return 0.0


def start(contender: Contender, build_only: bool) -> tuple[Any, Connection, float]:
    """Start a contender's process; returns once it is ready, with the time its program took."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=serve, args=(contender, theirs, build_only), daemon=True)
    process.start()
    theirs.close()
    seconds = pipe.recv()
    pipe.recv()
    return process, pipe, seconds


def compare(contenders: Sequence[Contender], say: Callable[[str], None]) -> list[Row]:
    """Build and measure the contenders on one network."""
    built = {}
    for contender in contenders:
        say(f"{contender.sizes}: building {contender.device}")
        process, _, built[contender.device] = start(contender, build_only=True)
        process.join()
    served = {contender.device: start(contender, build_only=False) for contender in contenders}
    taken: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    for repeat in range(contenders[0].repeats):
        say(f"{contenders[0].sizes}: repeat {repeat + 1}")
        for contender in contenders:
            for steps in contender.lengths:
                pipe = served[contender.device][1]
                pipe.send(steps)
                taken.setdefault((contender.device, steps), []).append(pipe.recv())
    for process, pipe, _ in served.values():
        pipe.send(None)
        process.join()
    rows = [row(contender, built[contender.device], taken) for contender in contenders]
    plain = next(r for r in rows if r.contender == PLAIN)
    for r in rows:
        r.speed_over_plain = plain.ms_per_step / r.ms_per_step
        r.cpu_speed_over_plain = plain.cpu_ms_per_step / r.cpu_ms_per_step
    return rows


def row(
    contender: Contender, build_s: float, taken: dict[tuple[str, int], list[tuple[float, ...]]]
) -> Row:
    """Return the slope and the rest of the medians of two lengths."""
    short, long = contender.lengths
    low, high = (
        [statistics.median(column) for column in zip(*taken[contender.device, steps], strict=True)]
        for steps in (short, long)
    )
    slope, cpu = ((high[k] - low[k]) / (long - short) for k in (0, 1))
    # The child of the plain script starts from a shell or a batch queue; it has no parent to keep.
    parent = 0.0 if contender.device == PLAIN else high[2]
    return Row(
        contender.sizes,
        contender.device,
        contender.dtype,
        build_s,
        slope * 1e3,
        cpu * 1e3,
        low[0] - slope * short,
        parent,
        high[3],
    )


def machine() -> dict[str, str]:
    """Name the processor, the GPU and the versions that the numbers are of."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        cpu = f"{names[0]} ({len(names)} cores)" if names else cpu
    found = {"processor": cpu, "python": platform.python_version()}
    for package in ("snn-credit", "brian2", "brian2cuda", "numpy"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    commands = {"compiler": ["c++", "--version"], "gpu": ["nvidia-smi", "-L"]}
    for name, command in commands.items():
        if shutil.which(command[0]):
            said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            found[name] = (said.splitlines() or ["?"])[0].partition(" (UUID")[0]
    return found


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table."""
    heads = (
        "network",
        "device",
        "type",
        "build s",
        "ms/step",
        "CPU ms/step",
        "s/chunk beside",
        "parent MB",
        "child MB",
        "x plain",
        "x plain (CPU)",
    )
    cells: list[tuple[str, ...]] = [heads]
    for r in rows:
        numbers = (
            f"{r.build_s:.1f}",
            f"{r.ms_per_step:.3f}",
            f"{r.cpu_ms_per_step:.3f}",
            f"{r.overhead_s:.2f}",
            f"{r.parent_mb:.0f}",
            f"{r.child_mb:.0f}",
            f"{r.speed_over_plain:.2f}",
            f"{r.cpu_speed_over_plain:.2f}",
        )
        cells.append((r.sizes, r.contender, r.dtype, *numbers))
    widths = [max(len(line[k]) for line in cells) for k in range(len(heads))]
    return "\n".join(
        "  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) for line in cells
    )


def lengths(device: str, steps: int) -> tuple[int, int]:
    """Return the two numbers of steps to time."""
    steps = max(8, steps // _RUNTIME_SHARE) if device.startswith("runtime") else steps
    return max(1, steps // 4), steps


def main() -> None:
    """Measure, and print a table (or write JSON too)."""
    from snn_credit.spiking import available_devices

    parser = argparse.ArgumentParser(description="Speed and memory of the spiking path.")
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--devices", nargs="+", help="default: all that are there")
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--steps", type=int, default=1000, help="of the longer of two runs")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    given = parser.parse_args()
    there = [found.name for found in available_devices() if found.available]
    devices = given.devices or [name for name in DEVICES if name in there]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="snn_credit_bench_") as folder:
        os.environ["SNN_CREDIT_CACHE"] = folder
        for sizes in given.sizes:
            contenders = [
                Contender(
                    sizes,
                    device,
                    "float64" if device == PLAIN else given.dtype,
                    lengths(device, given.steps),
                    given.repeats,
                    folder,
                )
                for device in (PLAIN, *devices)
            ]
            rows += compare(contenders, lambda line: print(line, file=sys.stderr, flush=True))
    about = machine()
    print("\n".join(f"{name}: {value}" for name, value in about.items()), table(rows), sep="\n\n")
    if given.json:
        whole = {
            "machine": about,
            "steps": given.steps,
            "repeats": given.repeats,
            "rows": [asdict(r) for r in rows],
        }
        given.json.write_text(json.dumps(whole, indent=2) + "\n")


if __name__ == "__main__":
    main()
