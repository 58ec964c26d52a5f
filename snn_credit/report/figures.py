"""The figures of runs: PNG files beside their results."""

from __future__ import annotations

import base64
import filecmp
import struct
from dataclasses import dataclass
from pathlib import Path

from snn_credit.report.collect import Problem, Run
from snn_credit.report.pool import Pooled

_START, _END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


@dataclass(frozen=True)
class Figure:
    """A figure, and of which seeds it is."""

    path: Path
    seeds: tuple[int, ...]
    width: int
    height: int

    @property
    def title(self) -> str:
        """The file's name without its ending, in words."""
        return self.path.stem.replace("_", " ")

    def data_uri(self) -> str:
        """Return the file as an address that holds it."""
        text = base64.b64encode(self.path.read_bytes()).decode("ascii")
        return f"data:image/png;base64,{text}"


def figures_of(pooled: Pooled) -> tuple[list[Figure], list[Problem]]:
    """Return one figure of each name, and the files that are no whole pictures.

    A run of several seeds draws them together, so the run with the most seeds comes first, then the
    one with the first seed. The folders of its seeds are looked at where the run's own has none.
    """
    found: dict[str, Figure] = {}
    problems: list[Problem] = []
    for run in sorted(pooled.runs, key=lambda run: (-len(run.seeds), run.seeds)):
        own = sorted(run.folder.glob("*.png"))
        pairs = [(path, _drawn_from(path, run)) for path in own] or _of_seeds(run)
        for path, seeds in pairs:
            if path.name in found:
                continue
            if (size := _size(path)) is None:
                problems.append(Problem(path, "not a whole PNG"))
            else:
                found[path.name] = Figure(path, seeds, *size)
    return [found[name] for name in sorted(found)], problems


def _drawn_from(path: Path, run: Run) -> tuple[int, ...]:
    """Return the first seed where the figure is a copy of that seed's, else all."""
    seeds = run.seeds[:1]
    copied = run.folder / f"seed-{seeds[0]}" / path.name
    same = copied.is_file() and filecmp.cmp(path, copied, shallow=False)
    return seeds if same else run.seeds


def _of_seeds(run: Run) -> list[tuple[Path, tuple[int, ...]]]:
    folders = [(run.folder / f"seed-{seed}", seed) for seed in run.seeds]
    return [(path, (seed,)) for folder, seed in folders for path in sorted(folder.glob("*.png"))]


def _size(path: Path) -> tuple[int, int] | None:
    """Return width and height; None where the file is not a PNG from its start to its end."""
    try:
        with path.open("rb") as file:
            head = file.read(24)
            file.seek(-len(_END), 2)
            tail = file.read()
    except OSError:
        return None
    if not head.startswith(_START) or len(head) < 24 or tail != _END:
        return None
    width, height = struct.unpack(">II", head[16:24])
    return (width, height) if width and height else None
