"""The folder of a run: who writes there, and what happens to what was there before."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from snn_credit.errors import InputError
from snn_credit.harness.manifest import (
    LOCK,
    LOG,
    MANIFEST,
    REPLACED,
    RESULT,
    Manifest,
    permit,
    read_result,
)
from snn_credit.harness.whole import write_json

# the last line is what a killed writer of a run file leaves
_OWN = (
    *(MANIFEST, RESULT, LOG, "run.h5", "raster.png", "learning.png"),
    *("run.h5.new", "run.h5.journal", "run.h5.journal.new"),
)
_RECORDED = (".png", ".h5", ".npz", ".db")
_SEED = re.compile(r"seed-\d+")


@dataclass
class RunFolder:
    """A folder that this process has to itself."""

    path: Path
    manifest: Manifest
    lock: int
    continues: bool

    @property
    def result(self) -> dict[str, Any] | None:
        """The result of the whole run; None while it is not complete."""
        return read_result(self.path)

    def of_seed(self, seed: int) -> Path:
        """Return the folder of one seed: this one when the run has no other."""
        return self.path if len(self.manifest.seeds) == 1 else self.path / f"seed-{seed}"


@contextmanager
def open_folder(path: Path, wanted: Manifest, *, force: bool, resume: bool) -> Iterator[RunFolder]:
    """Take a folder for a run, for as long as the context lasts.

    With ``force`` an earlier run's files are moved aside, and deleted at the end. Should the new
    run be refused for its input, find the disk full, or be stopped before it wrote anything, they
    come back; a folder that was new is removed again.

    Raises
    ------
    InputError
        The folder holds another run, or something else, or another process runs in it.
    OSError
        The folder cannot be written.
    """
    permit(path, wanted, force, resume)  # before anything is written, the lock included
    made = _make(path)
    lock = _take_lock(path)
    try:
        folder = _claim(path, wanted, lock, force, resume)
        before = _recorded(path)
        try:
            if not folder.continues:
                write_json(path / MANIFEST, asdict(folder.manifest))
            yield folder
        except (InputError, OSError, KeyboardInterrupt):
            if not folder.continues and _is_bare(path, before):
                _undo(path, made)
            else:
                _settle(folder, before)
            raise
        except BaseException:
            _settle(folder, before)
            raise
        _settle(folder, before)
    finally:
        os.close(lock)


def _claim(path: Path, wanted: Manifest, lock: int, force: bool, resume: bool) -> RunFolder:
    """Continue what the folder holds, or move it aside."""
    if not (path / MANIFEST).exists() and (path / REPLACED / MANIFEST).exists():
        _restore(path / REPLACED, path)  # an earlier --force was killed half-way
    found = permit(path, wanted, force, resume)
    if found is not None and resume:
        return RunFolder(path, replace(wanted, files=found.files), lock, True)
    try:
        _move(path, path / REPLACED, _names(found))
    except BaseException:
        _restore(path / REPLACED, path)
        raise
    return RunFolder(path, wanted, lock, False)


def _make(path: Path) -> list[Path]:
    """Make the folder and its parents; return those that were not there, innermost first."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    path.mkdir(parents=True, exist_ok=True)
    return missing


def _take_lock(path: Path) -> int:
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise InputError(
            f"--out: a folder that no other process is writing (got {path}, in use)"
        ) from None
    return lock


def _names(found: Manifest | None) -> set[str]:
    """Names that may be replaced; none of them leads out of the folder."""
    files = found.files if found else ()
    return {*_OWN, *(f for f in files if isinstance(f, str) and Path(f).name == f)}


def _move(source: Path, target: Path, names: set[str]) -> None:
    """Move a run's own files, those of its seeds too. What else is there stays."""
    for name in sorted(names, key=lambda name: name != MANIFEST):  # it says what the others are
        if (source / name).is_file() or (source / name).is_symlink():
            target.mkdir(exist_ok=True)
            os.replace(source / name, target / name)
    for folder in _seed_folders(source):
        target.mkdir(exist_ok=True)
        _move(folder, target / folder.name, names)
        if not os.listdir(folder):
            folder.rmdir()


def _seed_folders(path: Path) -> list[Path]:
    return [p for p in path.iterdir()
            if _SEED.fullmatch(p.name) and p.is_dir() and not p.is_symlink()]  # fmt: skip


def _recorded(path: Path) -> set[Path]:
    """Figures and data in the folder and in those of its seeds."""
    return {p for folder in (path, *_seed_folders(path)) for p in folder.iterdir()
            if p.suffix in _RECORDED}  # fmt: skip


def _settle(folder: RunFolder, before: set[Path]) -> None:
    """Delete what was replaced; note the names of new files, for a later --force."""
    shutil.rmtree(folder.path / REPLACED, ignore_errors=True)
    new = {p.name for p in _recorded(folder.path) - before} - set(_OWN)
    files = tuple(sorted({*folder.manifest.files, *new}))
    if files != folder.manifest.files:
        folder.manifest = replace(folder.manifest, files=files)
        write_json(folder.path / MANIFEST, asdict(folder.manifest))


def _is_bare(path: Path, before: set[Path]) -> bool:
    """Tell whether a run wrote nothing but its manifest and its logs."""
    shown = set(_OWN) - {MANIFEST, LOG}
    own = any((folder / name).exists() for folder in (path, *_seed_folders(path)) for name in shown)
    return not own and _recorded(path) <= before


def _undo(path: Path, made: list[Path]) -> None:
    """Take back what a refused run began; put back what it would have replaced."""
    for folder in _seed_folders(path):
        (folder / LOG).unlink(missing_ok=True)
        if not os.listdir(folder):
            folder.rmdir()
    for name in (MANIFEST, LOG):
        (path / name).unlink(missing_ok=True)
    _restore(path / REPLACED, path)
    if os.listdir(path) == [LOCK] and made:
        (path / LOCK).unlink()
        with suppress(OSError):  # a parent that others have begun to use stays
            for folder in made:
                folder.rmdir()


def _restore(source: Path, target: Path) -> None:
    """Move everything back, and remove ``source`` once it is empty."""
    if not source.is_dir():
        return
    for item in source.iterdir():
        if item.is_dir() and not item.is_symlink():
            (target / item.name).mkdir(exist_ok=True)
            _restore(item, target / item.name)
        else:
            os.replace(item, target / item.name)
    source.rmdir()
