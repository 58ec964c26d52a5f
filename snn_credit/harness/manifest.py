"""What a run folder says about itself, and whether it may be replaced or continued."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_credit.errors import InputError
from snn_credit.harness.whole import read_json

MANIFEST, RESULT, LOG, LOCK = "run.json", "result.json", "log.txt", ".lock"
REPLACED = ".replaced"  # what --force moved aside, until the new run has something to show


@dataclass(frozen=True)
class Manifest:
    """What runs in a folder, kept in ``run.json`` from the first moment on.

    ``files`` are the names that the run wrote, in the folder or in those of its seeds, besides
    those that every run writes.
    """

    experiment: str
    preset: str
    config: dict[str, Any]
    seeds: tuple[int, ...]
    device: str
    files: tuple[str, ...] = ()


def read_result(folder: Path) -> dict[str, Any] | None:
    """Return the result that a finished run left in a folder; None where there is none."""
    found = read_json(folder / RESULT)
    return found if found is not None and "measured" in found else None


def can_resume(path: Path, wanted: Manifest) -> bool:
    """Tell whether a folder holds this run, begun and not finished."""
    try:
        found = permit(path, wanted, force=False, resume=True)
    except InputError:
        return False
    return found is not None and read_result(path) is None


def permit(path: Path, wanted: Manifest, force: bool, resume: bool) -> Manifest | None:
    """Return the run that the folder holds, if it may be replaced or continued."""
    found = _inspect(path)
    if found is None or force:
        return found
    state = "finished" if read_result(path) else "unfinished"
    if not resume:
        raise InputError(
            "--out: a new or empty folder, or --resume to continue, or --force to replace "
            f"(got {path}, with the {state} run of {found.experiment}, preset {found.preset})"
        )
    for name in ("experiment", "config", "seeds", "device"):
        old, new = getattr(found, name), getattr(wanted, name)
        if old != new:
            raise InputError(f"--resume: {_difference(name, old, new)} as in {path / MANIFEST}")
    return found


def _difference(name: str, old: Any, new: Any) -> str:
    if name == "config":
        key = next(k for k in {**old, **new} if old.get(k) != new.get(k))
        return f"{key} = {old.get(key)!r} (got {new.get(key)!r})"
    if name == "seeds":
        return f"seeds {_listed(old)} (got {_listed(new)})"
    return f"{name} {old} (got {new})"


def _listed(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))


def _inspect(path: Path) -> Manifest | None:
    """Return the run that a folder holds; None when it is empty or not there."""
    if not path.exists() and not path.is_symlink():
        return None
    if not path.is_dir():
        raise InputError(f"--out: a folder (got {path}, a file)")
    names = sorted(set(os.listdir(path)) - {LOCK})
    if not names:
        return None
    found = read_json(path / MANIFEST) or read_json(path / REPLACED / MANIFEST)
    try:
        values = {name: (found or {})[name] for name in Manifest.__dataclass_fields__}
        return Manifest(**values | {
            "config": dict(values["config"]),
            "seeds": tuple(values["seeds"]),
            "files": tuple(values["files"]),
        })  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"--out: a new or empty folder, or one of an earlier run (got {path}, "
            f"with {names[0]} and no readable {MANIFEST})"
        ) from None
