"""Whether a folder had room: programs that find the disk full say little about it, or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LEAST = 2**20


@contextmanager
def room_for(folder: Path, size: int) -> Iterator[None]:
    """Where something fails within, find out whether ``folder`` lacks room for ``size`` bytes more.

    Raises
    ------
    OSError
        If it does: the system's error, with the folder's parent, which is there afterwards too.
    """
    try:
        yield
    except (OSError, RuntimeError):
        try:
            _fill(folder / "room", max(size, _LEAST))
        except OSError as error:
            raise OSError(error.errno, os.strerror(error.errno or 0), str(folder.parent)) from error
        raise


def _fill(file: Path, size: int) -> None:
    try:
        with file.open("wb") as handle:
            handle.write(bytes(size))
            handle.flush()
            os.fsync(handle.fileno())
    finally:
        with suppress(OSError):
            file.unlink()
