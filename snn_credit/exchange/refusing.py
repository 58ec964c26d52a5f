"""HDF5 files on disks that may refuse.

HDF5 cannot close a file whose last writes fail, and takes the process with it when Python ends.
Here it writes to an object of Python's, which keeps the disk's error and takes all that follows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from snn_credit.recording.interrupts import patient_interrupts


class _Sink(io.FileIO):
    """A file that never refuses: ``error`` is the first thing that went wrong."""

    error: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all of the data, if nothing was refused before."""
        view, whole, done = memoryview(data).cast("B"), super().write, 0

        def put() -> None:
            nonlocal done
            while done < len(view):
                done += whole(view[done:]) or 0

        self._try(put)
        return len(view)

    def truncate(self, size: int | None = None, /) -> int:
        """Set the file's length, if nothing was refused before."""
        cut = super().truncate
        self._try(lambda: cut(size))
        return size or 0

    def _try(self, act: Callable[[], object]) -> None:
        if self.error is None:
            try:
                act()
            except OSError as error:
                self.error = error


@contextmanager
def hdf5_file(path: Path) -> Iterator[h5py.File]:
    """Make an HDF5 file.

    Raises
    ------
    OSError
        When it is closed, if the disk refused something: the file is then worth nothing.
    """
    with patient_interrupts(_Sink), _Sink(path, "w+") as sink:
        try:
            with h5py.File(sink, "w") as file:
                yield file
        except Exception:  # what HDF5 makes of a file that is not what it wrote
            if sink.error is None:
                raise
        if sink.error is not None:
            raise OSError(sink.error.errno, sink.error.strerror, str(path))
