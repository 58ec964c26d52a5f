"""Measure the bandwidth of the memory: a streaming read, and a read-modify-write.

On the processor by ``bandwidth.cpp``, compiled here, at one thread and at all of them; on an NVIDIA
GPU by torch. The array is much larger than the caches. The best of several passes counts: a floor
is what the memory can do, not what it did while others used it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_credit.errors import InputError

PROCESSOR, GPU = "processor", "GPU"
_REPEATS = 7


@dataclass(frozen=True)
class Bandwidth:
    """What one measurement gave.

    Attributes
    ----------
    where
        'processor' or 'GPU'.
    threads
        Of the processor that took part; 0 on a GPU, where all of it does.
    read_gb_s, rewrite_gb_s
        Bytes read per second in a streaming read; bytes read and written in a read-modify-write.
    """

    where: str
    threads: int
    read_gb_s: float
    rewrite_gb_s: float


def all_threads() -> int:
    """Return how many threads this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ProcessorBandwidth:
    """The measuring program, compiled into ``folder``; measures at one thread and at all.

    Other users of a machine slow its memory down for seconds at a time, so measure more than once.

    Raises
    ------
    InputError
        Where there is no C++ compiler, or it cannot compile the program.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._program, self._megabytes = _compiled(folder / "bandwidth"), megabytes
        self._found: list[Bandwidth] = []

    def measure(self) -> None:
        """Measure once more; takes about a second."""
        for threads in sorted({1, all_threads()}):
            said = subprocess.run(
                [str(self._program), str(self._megabytes), str(threads), str(_REPEATS)],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            read, rewrite = map(float, said.split())
            self._found.append(Bandwidth(PROCESSOR, threads, read, rewrite))

    def best(self) -> list[Bandwidth]:
        """Return the best so far, for one thread and for all."""
        return best(self._found)


def best(found: Sequence[Bandwidth]) -> list[Bandwidth]:
    """Return the best read and the best rewrite of each place and number of threads."""
    keys = sorted({(one.where, one.threads) for one in found})
    return [
        Bandwidth(
            *key,
            max(one.read_gb_s for one in found if (one.where, one.threads) == key),
            max(one.rewrite_gb_s for one in found if (one.where, one.threads) == key),
        )
        for key in keys
    ]


def _compiled(program: Path) -> Path:
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        raise InputError("bandwidth: a C++ compiler, g++ or clang++ on the path (got none)")
    source = Path(__file__).with_suffix(".cpp")
    made = subprocess.run(
        [*compiler.split(), "-std=c++17", "-O3", "-march=native", "-pthread", str(source),
         "-o", str(program)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        said = (made.stderr.strip().splitlines() or ["it failed"])[0]
        raise InputError(f"bandwidth: a compiler that compiles bandwidth.cpp (got {said})")
    return program


def gpu_bandwidth(megabytes: int, device: str = "cuda") -> Bandwidth:
    """Measure a GPU's memory by torch, with kernels long enough to hide their launch."""
    import torch

    values = torch.ones(megabytes * 1_000_000 // 4, device=device)

    def shortest(work: Any) -> float:
        seconds = []
        for _ in range(_REPEATS + 1):
            _wait(torch, device)
            start = time.perf_counter()
            work()
            _wait(torch, device)
            seconds.append(time.perf_counter() - start)
        return min(seconds[1:])

    size = values.numel() * values.element_size() * 1e-9
    read, rewrite = shortest(values.sum), shortest(lambda: values.sub_(0.5))
    return Bandwidth(GPU, 0, size / read, 2 * size / rewrite)


def _wait(torch: Any, device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)
