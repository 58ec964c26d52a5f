"""Folders of finished runs, as `snn_credit.harness` leaves them, and an experiment to report on."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snn_credit.harness import Context, Experiment, Table, below, ordered
from snn_credit.harness.config import to_plain
from snn_credit.harness.manifest import Manifest
from snn_credit.harness.results import result
from snn_credit.harness.whole import write_json
from snn_credit.report.collect import Run

#: One red pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
ERROR = "test error %"


@dataclass(frozen=True)
class Config:
    """Settings."""

    eta: float = 0.1
    sizes: tuple[int, ...] = (64, 10)


def _run(config: Config, context: Context) -> Table:
    raise NotImplementedError


def experiment(name: str = "made-up", **changed: Any) -> Experiment[Config]:
    """An experiment whose paper prints two errors, and which claims that one is the smaller."""
    return Experiment(**{
        "id": name, "paper": "Lillicrap et al. 2016", "figure": "Fig 3", "about": "learns digits",
        "presets": {name: Config() for name in ("smoke", "laptop", "paper")}, "run": _run,
        "paper_numbers": {"BP": {ERROR: 2.4}, "FA": {ERROR: 2.1}},
        "claims": (ordered(ERROR, "FA", "BP"), below("FA", ERROR, 3)),
    } | changed)  # fmt: skip


def write_run(
    folder: Path, tables: Mapping[int, Table], *, name: str = "made-up", preset: str = "laptop",
    config: Config | None = None, finished: str = "2026-01-01T00:00:00+00:00", each: bool = True,
    figures: tuple[str, ...] = (), device: str = "cpu",
) -> Path:  # fmt: skip
    """Write the folder of a finished run; ``each`` gives several seeds folders of their own."""
    folder.mkdir(parents=True)
    plain = to_plain(config or Config())
    seeds = tuple(tables)
    write_json(folder / "run.json", asdict(Manifest(name, preset, plain, seeds, device)))
    parts = {folder: dict(tables)}
    if each and len(seeds) > 1:
        parts |= {folder / f"seed-{seed}": {seed: table} for seed, table in tables.items()}
    for where, of_seeds in parts.items():
        where.mkdir(exist_ok=True)
        found = result(experiment=name, preset=preset, config=plain, device=device, paper={},
                       tables=of_seeds, seconds=60.0 * len(of_seeds), resumed=False)  # fmt: skip
        found["provenance"]["finished"] = finished
        write_json(where / "result.json", found)
    for figure in figures:
        (folder / figure).write_bytes(PNG)
    return folder


def errors(**by_row: float | None) -> Table:
    """A table of test errors."""
    return {row: {ERROR: value} for row, value in by_row.items()}


def run_of(
    seeds: tuple[int, ...], measured: Table, spread: Table | None = None, **changed: Any
) -> Run:
    """A finished run that is in no folder."""
    copied = [{row: dict(columns) for row, columns in t.items()} for t in (measured, spread or {})]
    return Run(**{
        "folder": Path("runs") / "-".join(map(str, seeds)), "experiment": "made-up",
        "preset": "laptop", "device": "cpu", "config": {"eta": 0.1}, "seeds": seeds,
        "measured": copied[0], "spread": copied[1],
    } | changed)  # fmt: skip
