"""Opening a run file: also one that is still being written, and one whose writer was killed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import h5py
import numpy as np

from snn_credit.errors import InputError
from snn_credit.recording.journal import journal_path, read_journal, recover
from snn_credit.recording.layout import SCHEMA_VERSION
from snn_credit.recording.migrations import migrate
from snn_credit.recording.overlay import Overlay

T = TypeVar("T")
_ATTEMPTS = 100


@contextmanager
def snapshot(path: Path, *, migrated: bool = True) -> Iterator[h5py.File]:
    """Open a run file as its last commit left it, whatever state its writer is in.

    Parameters
    ----------
    path : Path
    migrated : bool
        Bring one of an older schema version up to date, in memory.

    Raises
    ------
    InputError
        If it is not there, cannot be read, is no run file, or has a newer schema version.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path}: expected a run file (got: {error.strerror})") from error
    try:
        pages, length = read_journal(path) or ({}, os.fstat(fd).st_size)
        source = Overlay(fd, pages, length)
        with _hdf5(path, source, "r") as file:
            if _version(path, file) == SCHEMA_VERSION or not migrated:
                yield file
                return
        with _hdf5(path, source, "r+") as file:  # what changes stays in the overlay
            migrate(file)
            yield file
    finally:
        os.close(fd)


def read_commit(path: Path, read: Callable[[h5py.File], T], *, migrated: bool = True) -> T:
    """Read from one commit: again if the writer committed meanwhile.

    Raises
    ------
    InputError
        As `snapshot`, and if the file does not come to rest.
    """
    for _ in range(_ATTEMPTS):
        before = _state(path)
        try:
            with snapshot(path, migrated=migrated) as root:
                value = read(root)
        except Exception:
            if _state(path) == before:
                raise
        else:
            if _state(path) == before:
                return value
        time.sleep(0.01)
    raise InputError(f"{path}: expected a file at rest (got one written all the time)")


def settle(path: Path) -> None:
    """Finish a killed writer's commit where that is possible, for readers without a journal."""
    if not journal_path(path).exists():
        return
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        recover(fd, path)
    finally:
        os.close(fd)


def inode(path: Path) -> int | None:
    """Return which file this is, whatever is in it."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _version(path: Path, file: h5py.File) -> int:
    """Return the schema version, after checking that this program reads it."""
    version = file.attrs.get("schema_version")
    if version is None:
        raise InputError(f"{path}: expected a run file (got another kind of HDF5 file)")
    if not isinstance(version, int | np.integer):
        raise InputError(f"{path}: expected a whole number as schema version (got {version!r})")
    if not 1 <= version <= SCHEMA_VERSION:
        later = ", later ones need a newer snn_credit" if version > SCHEMA_VERSION else ""
        raise InputError(
            f"{path}: expected a run file of schema version 1 to {SCHEMA_VERSION}{later} "
            f"(got version {version})"
        )
    return int(version)


def _hdf5(path: Path, source: Overlay, mode: Literal["r", "r+"]) -> h5py.File:
    try:
        return h5py.File(source, mode, libver="earliest")
    except OSError as error:
        raise InputError(f"{path}: expected a run file (got one that is not HDF5)") from error


def _state(path: Path) -> tuple[Any, ...]:
    """Return what changes when a commit begins or ends."""
    marks: list[Any] = []
    for place in (path, journal_path(path)):
        try:
            stat = place.stat()
            marks += [stat.st_ino, stat.st_size, stat.st_mtime_ns]
        except OSError:
            marks.append(None)
    return tuple(marks)
