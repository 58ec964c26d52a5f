"""Reading a run: also one that is still being written, and one whose writer was killed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.recording import layout
from snn_credit.recording.journal import journal_path, read_journal, recover
from snn_credit.recording.layout import (
    SCHEMA_VERSION,
    Checkpoint,
    Population,
    Window,
    attribute,
    child,
    subgroup,
    subgroups,
)
from snn_credit.recording.overlay import Overlay
from snn_credit.recording.parts import (
    Columns,
    member,
    read_checkpoint,
    read_columns,
    read_populations,
    read_sizes,
    read_windows,
    time_rows,
)

T = TypeVar("T")
_ATTEMPTS = 100


@contextmanager
def snapshot(path: Path) -> Iterator[h5py.File]:
    """Open a run file as its last commit left it, whatever state its writer is in.

    Raises
    ------
    InputError
        If it is not there, cannot be read, is no run file, or has another schema version.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path}: expected a run file (got: {error.strerror})") from error
    try:
        pages, length = read_journal(path) or ({}, os.fstat(fd).st_size)
        with _hdf5(path, Overlay(fd, pages, length)) as file:
            version = file.attrs.get("schema_version")
            if version is None:
                raise InputError(f"{path}: expected a run file (got another kind of HDF5 file)")
            if version != SCHEMA_VERSION:
                raise InputError(
                    f"{path}: expected a run file of schema version {SCHEMA_VERSION} "
                    f"(got version {version})"
                )
            yield file
    finally:
        os.close(fd)


def _hdf5(path: Path, source: Overlay) -> h5py.File:
    try:
        return h5py.File(source, "r")
    except OSError as error:
        raise InputError(f"{path}: expected a run file (got one that is not HDF5)") from error


def open_run(path: str | PathLike[str]) -> Run:
    """Open a run file for reading.

    Raises
    ------
    InputError
        If it is not there, cannot be read, is no run file, or has another schema version.
    """
    path = Path(path)
    with suppress(OSError):
        _settle(path)
    return Run(path)


def _settle(path: Path) -> None:
    """Finish a killed writer's commit where that is possible, for readers without a journal."""
    if not journal_path(path).exists():
        return
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        recover(fd, path)
    finally:
        os.close(fd)


@dataclass(frozen=True)
class Run:
    """A run file to read from. It holds nothing open: each access reads the last commit."""

    path: Path

    def __post_init__(self) -> None:
        self._read(lambda root: None)

    @property
    def experiment(self) -> str:
        """The experiment's ID."""
        return self._read(lambda root: str(root.attrs["experiment"]))

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return self._read(lambda root: bool(root.attrs["complete"]))

    @property
    def provenance(self) -> dict[str, Any]:
        """What was run, on what: config, seed, device, versions, platform, git_commit, started."""
        return self._read(
            lambda root: {
                name: layout.get_json(subgroup(root, "provenance"), name)
                for name in subgroup(root, "provenance").keys()  # noqa: SIM118
            }
        )

    @property
    def populations(self) -> dict[str, Population]:
        """The populations, input first."""
        return self._read(read_populations)

    @property
    def windows(self) -> list[Window]:
        """The stretches recorded in detail, in order of time."""
        return self._read(read_windows)

    @property
    def stream(self) -> Columns:
        """What was presented, one row per presentation."""
        return self._read(lambda root: read_columns(subgroup(root, "stream")))

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The state after the last chunk, None before the first."""
        return self._read(read_checkpoint)

    def names(self, kind: str) -> dict[str, list[str]]:
        """Return what was recorded: ``kind`` is 'spikes', 'traces', 'weights' or 'metrics'.

        Population, projection or table -> its variables or columns.
        """
        helpers = {"time", "node_ids", "timestamps", "i", "j"} if kind != "metrics" else set()
        return self._read(
            lambda root: {
                name: [key for key in group.keys() if key not in helpers]  # noqa: SIM118
                for name, group in subgroups(subgroup(root, kind)).items()
            }
        )

    def spikes(
        self, population: str, start_ms: float | None = None, stop_ms: float | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return times (ms) and neurons, both (n,), from start (included) to stop (not)."""

        def read(root: h5py.File) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
            group = member(self.path, root, "spikes", population)
            rows = time_rows(child(group, "timestamps"), start_ms, stop_ms)
            nodes = child(group, "node_ids")[rows].astype(np.int64)
            return child(group, "timestamps")[rows], nodes

        return self._read(read)

    def trace(
        self,
        population: str,
        variable: str,
        start_ms: float | None = None,
        stop_ms: float | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[Any]]:
        """Return times (ms) (n_samples,), neurons (n_nodes,) and values (n_samples, n_nodes)."""

        def read(root: h5py.File) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[Any]]:
            group = member(self.path, root, "traces", population, variable)
            rows = time_rows(child(group, "time"), start_ms, stop_ms)
            nodes = child(group, "node_ids")[()].astype(np.int64)
            return child(group, "time")[rows], nodes, child(group, variable)[rows]

        return self._read(read)

    def unit(self, population: str, variable: str) -> str:
        """Return the unit of a trace, '1' for a pure number."""
        return self._read(
            lambda root: str(
                attribute(
                    child(member(self.path, root, "traces", population, variable), variable),
                    "units",
                )
            )
        )

    def weights(
        self, projection: str, variable: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return times (ms) (n,) and snapshots (n, n_post, n_pre); 0 where no synapse is."""

        def read(root: h5py.File) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
            group = member(self.path, root, "weights", projection, variable)
            values = child(group, variable)[()]
            if "i" in group:
                shape = (len(values), *attribute(group, "shape"))
                dense = np.zeros(shape, dtype=np.float32)
                dense[:, child(group, "j")[()], child(group, "i")[()]] = values
                values = dense
            return child(group, "time")[()], values

        return self._read(read)

    def metrics(self, table: str) -> dict[str, NDArray[np.float64]]:
        """Return a table's columns."""
        return self._read(lambda root: read_columns(member(self.path, root, "metrics", table)))

    def summary(self) -> dict[str, Any]:
        """Return what ``snn-credit info`` prints: a line's name -> plain text or number."""
        origin = self.provenance
        return {
            "experiment": self.experiment,
            "state": "complete" if self.complete else "interrupted or running",
            "started": origin["started"],
            "device": origin["device"],
            "seed": origin["seed"],
            "git commit": origin["git_commit"] or "unknown",
            "versions": ", ".join(f"{k} {v}" for k, v in origin["versions"].items()),
            "populations": ", ".join(f"{k} ({p.size})" for k, p in self.populations.items()),
            **self._read(read_sizes),
            "windows": ", ".join(f"{w.name} ({w.images_seen} images seen)" for w in self.windows),
        }

    def _read(self, read: Callable[[h5py.File], T]) -> T:
        """Read from one commit: again if the writer committed meanwhile."""
        for _ in range(_ATTEMPTS):
            before = _state(self.path)
            try:
                with snapshot(self.path) as root:
                    value = read(root)
            except Exception:
                if _state(self.path) == before:
                    raise
            else:
                if _state(self.path) == before:
                    return value
            time.sleep(0.01)
        raise InputError(f"{self.path}: expected a file at rest (got one written all the time)")


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
