"""Finds the runs in a folder: finished ones as `Run`, what cannot be used as `Problem`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from snn_credit.harness.manifest import MANIFEST, RESULT
from snn_credit.harness.results import Numbers
from snn_credit.harness.whole import read_json

_SEED = re.compile(r"seed-\d+")


class UnreadableRun(ValueError):
    """A run folder whose files do not say what they should; the text says why."""


@dataclass(frozen=True)
class Run:
    """A finished run, as its ``run.json`` and ``result.json`` tell of it.

    What an older file lacks is empty or None.

    Attributes
    ----------
    folder : Path
        Where it lies.
    experiment, preset, device : str
        What ran, as it was asked for.
    config : dict
        The resolved settings.
    seeds : tuple of int
        Over which seeds `measured` holds means and `spread` sample standard deviations.
    measured, spread : dict
        Row -> column -> number, None where a seed has no finite number.
    seconds : float or None
        Wall-clock seconds, summed over seeds.
    finished : str
        When it ended, in UTC.
    recorded : str
        Where the numbers stood before, if they were not written by the run itself.
    versions : dict
        Package -> version.
    commit : str or None
        Of the checkout that it ran from.
    each : tuple of Run
        The runs of the single seeds, where each has a result in a folder of its own.
    """

    folder: Path
    experiment: str
    preset: str
    device: str
    config: dict[str, Any]
    seeds: tuple[int, ...]
    measured: Numbers
    spread: Numbers
    seconds: float | None = None
    finished: str = ""
    recorded: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    each: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A folder that is not in the report, and why."""

    folder: Path
    why: str


def find_runs(root: Path) -> tuple[list[Run], list[Problem]]:
    """Return the finished runs below a folder, at any depth, and what could not be used.

    The folders ``seed-K`` inside a run are part of it.
    """
    runs: list[Run] = []
    problems: list[Problem] = []
    for folder in _run_folders(root, problems):
        try:
            runs.append(read_run(folder))
        except UnreadableRun as error:
            problems.append(Problem(folder, str(error)))
        except OSError as error:
            problems.append(Problem(folder, f"cannot be read: {error.strerror or error}"))
    return runs, problems


def _run_folders(root: Path, problems: list[Problem]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        problems.append(Problem(Path(error.filename), f"cannot be read: {error.strerror}"))

    for name, folders, files in os.walk(root, onerror=note):
        found = MANIFEST in files or RESULT in files
        # a hidden folder holds what is being replaced
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and not (found and _SEED.fullmatch(f))
        )
        if found:
            yield Path(name)


def read_run(folder: Path) -> Run:
    """Return the finished run that a folder holds.

    Raises
    ------
    UnreadableRun
        It is not finished, or a file of it says something else than a run's.
    OSError
        A file may not be read.
    """
    manifest = _json(folder / MANIFEST)
    if not (folder / RESULT).exists():
        raise UnreadableRun(_unfinished(folder, manifest))
    run = _run(folder, _json(folder / RESULT), manifest)
    return replace(run, each=_each(run)) if len(run.seeds) > 1 else run


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UnreadableRun(f"no {path.name} beside its {RESULT}")
    if (found := read_json(path)) is None:
        raise UnreadableRun(f"{path.name}: not a JSON object")
    return found


def _unfinished(folder: Path, manifest: Mapping[str, Any]) -> str:
    what = f"{manifest.get('experiment', 'unknown experiment')}, {manifest.get('preset', '?')}"
    seeds = manifest.get("seeds")
    if not isinstance(seeds, list) or len(seeds) < 2:
        return f"unfinished: {what}"
    done = sum((folder / f"seed-{seed}" / RESULT).exists() for seed in seeds)
    return f"unfinished: {what}, {done} of {len(seeds)} seeds done"


def _run(folder: Path, result: Mapping[str, Any], manifest: Mapping[str, Any]) -> Run:
    told = _mapping(result.get("provenance"))
    both = {**manifest, **result}
    seeds = both.get("seeds")
    if not isinstance(seeds, list) or not seeds or not all(type(s) is int for s in seeds):
        raise UnreadableRun(f"{RESULT}: seeds: whole numbers (got {seeds!r:.40})")
    if len(set(seeds)) < len(seeds):
        raise UnreadableRun(f"{RESULT}: seeds: each once (got {seeds!r:.40})")
    seconds = result.get("seconds")
    return Run(
        folder=folder,
        experiment=_text(both, "experiment"),
        preset=_text(both, "preset"),
        device=str(both.get("device", "")),
        config=dict(_mapping(told.get("config", manifest.get("config")))),
        seeds=tuple(seeds),
        measured=_table(result, "measured"),
        spread=_table(result, "spread") if "spread" in result else {},
        seconds=_number(seconds) if _is_number(seconds) else None,
        finished=str(told.get("finished") or ""),
        recorded=str(told.get("recorded") or ""),
        versions={str(k): str(v) for k, v in _mapping(told.get("versions")).items()},
        commit=told.get("git_commit") if isinstance(told.get("git_commit"), str) else None,
    )


def _each(run: Run) -> tuple[Run, ...]:
    """Return the runs of single seeds; none when one is missing or unreadable."""
    found = []
    for seed in run.seeds:
        folder = run.folder / f"seed-{seed}"
        result = read_json(folder / RESULT)
        try:
            one = _run(folder, result or {}, {})
        except UnreadableRun:
            return ()
        if one.seeds != (seed,):
            return ()
        # the settings are the run's: an older seed's file may not name them
        found.append(replace(one, config=run.config, finished=one.finished or run.finished))
    return tuple(found)


def _text(found: Mapping[str, Any], key: str) -> str:
    if not isinstance(found.get(key), str):
        raise UnreadableRun(f"{RESULT}: {key}: a text (got {found.get(key)!r:.40})")
    return found[key]


def _table(result: Mapping[str, Any], key: str) -> Numbers:
    table = result.get(key)
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise UnreadableRun(f"{RESULT}: {key}: rows of columns (got {table!r:.40})")
    for columns in table.values():
        for value in columns.values():
            if value is not None and not _is_number(value):
                raise UnreadableRun(f"{RESULT}: {key}: numbers or null (got {value!r:.40})")
    return {row: {column: _number(value) for column, value in columns.items()}
            for row, columns in table.items()}  # fmt: skip


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and isfinite(value) else None
