"""Reading a run: what its file holds, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.recording import layout
from snn_credit.recording.layout import (
    Checkpoint,
    Population,
    Synapses,
    Window,
    attribute,
    child,
    subgroup,
    subgroups,
)
from snn_credit.recording.opening import inode, read_commit, settle
from snn_credit.recording.parts import (
    Columns,
    Spikes,
    member,
    read_checkpoint,
    read_columns,
    read_extent,
    read_populations,
    read_sizes,
    read_spikes,
    read_stretches,
    read_windows,
    time_rows,
)

T = TypeVar("T")


def open_run(path: str | PathLike[str]) -> Run:
    """Open a run file for reading.

    Raises
    ------
    InputError
        If it is not there, cannot be read, is no run file, or has a newer schema version.
    """
    path = Path(path)
    with suppress(OSError):
        settle(path)
    return Run(path)


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
    def schema_version(self) -> int:
        """The version of the file as it lies on the disk; older ones are read as the newest."""
        return self._read(lambda root: int(attribute(root, "schema_version")), migrated=False)

    @property
    def dt_ms(self) -> float | None:
        """The time step of what was recorded, in ms; None where there is none or none is known."""
        return self._read(
            lambda root: float(attribute(root, "dt_ms")) if "dt_ms" in root.attrs else None
        )

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
    def stretches(self) -> tuple[tuple[float, float], ...]:
        """When spikes were recorded: ``[start, stop)`` in ms, in order, none touching the next.

        These are the windows, and what the file's writer said beside them (`RunFile.add_stretch`).
        Outside of them silence says nothing. Empty where the file does not say, even if it holds
        spikes: who measures then has to know from when to when.
        """
        return self._read(read_stretches)

    @property
    def extent(self) -> tuple[float, float] | None:
        """Times of the first and the last spike or sample of a trace, in ms; None without any."""
        return self._read(read_extent)

    @property
    def duration_ms(self) -> float:
        """How long spikes were recorded: the stretches together."""
        return sum(stop - start for start, stop in self.stretches)

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
    ) -> Spikes:
        """Return times (ms) and neurons, both (n,), from start (included) to stop (not)."""
        return self._read(
            lambda root: read_spikes(
                member(self.path, root, "spikes", population),
                self._rows(root, population, start_ms, stop_ms),
            )
        )

    def spike_count(
        self, population: str, start_ms: float | None = None, stop_ms: float | None = None
    ) -> int:
        """Return how many spikes there are from start (included) to stop (not), reading none."""
        rows = self._read(lambda root: self._rows(root, population, start_ms, stop_ms))
        return rows.stop - rows.start

    def spike_blocks(
        self,
        population: str,
        start_ms: float | None = None,
        stop_ms: float | None = None,
        *,
        size: int = 1_000_000,
    ) -> Iterator[Spikes]:
        """Read what `spikes` returns block by block, for stretches that do not fit into memory.

        The blocks are those of the commit that was there when this was called. Spikes are only
        ever appended, so a later commit holds the same ones in the same rows: each block is read
        from the file as it is then, and what was added meanwhile is left out.

        Parameters
        ----------
        population : str
        start_ms, stop_ms : float, optional
            The stretch, from start (included) to stop (not).
        size : int
            The most spikes in a block.

        Returns
        -------
        iterator of (times, neurons)
            In ms and as integers, both (n,) with 1 <= n <= ``size``, in order of time.

        Raises
        ------
        InputError
            If nothing was recorded of that population or ``size`` is less than 1, at the call;
            if another file takes this one's place, at the block.
        """
        if size < 1:
            raise InputError(f"size: expected at least 1 (got {size})")
        rows, file = self._read(
            lambda root: (self._rows(root, population, start_ms, stop_ms), inode(self.path))
        )

        def block(root: h5py.File, first: int) -> Spikes:
            if inode(self.path) != file:
                raise InputError(f"{self.path}: expected the file as it was (got another one)")
            group = member(self.path, root, "spikes", population)
            return read_spikes(group, slice(first, min(first + size, rows.stop)))

        return (
            self._read(lambda root, first=first: block(root, first))
            for first in range(rows.start, rows.stop, size)
        )

    def _rows(
        self, root: h5py.File, population: str, start_ms: float | None, stop_ms: float | None
    ) -> slice:
        group = member(self.path, root, "spikes", population)
        return time_rows(child(group, "timestamps"), start_ms, stop_ms)

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

    def synapses(self, projection: str) -> Synapses | None:
        """Return which pairs a sparse projection connects, None where it is a matrix."""

        def read(root: h5py.File) -> Synapses | None:
            group = member(self.path, root, "weights", projection)
            if "i" not in group:
                return None
            n_post, n_pre = (int(size) for size in attribute(group, "shape"))
            return Synapses(child(group, "i")[()], child(group, "j")[()], n_pre, n_post)

        return self._read(read)

    def weights(
        self, projection: str, variable: str, *, dense: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return times (ms) (n,) and snapshots (n, n_post, n_pre); 0 where no synapse is.

        Without ``dense``, those of a sparse projection are (n, n_synapses), in the order of
        `synapses`.
        """

        def read(root: h5py.File) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
            group = member(self.path, root, "weights", projection, variable)
            values = child(group, variable)[()]
            if dense and "i" in group:
                shape = (len(values), *attribute(group, "shape"))
                matrices = np.zeros(shape, dtype=np.float32)
                matrices[:, child(group, "j")[()], child(group, "i")[()]] = values
                values = matrices
            return child(group, "time")[()], values

        return self._read(read)

    def metrics(self, table: str) -> dict[str, NDArray[np.float64]]:
        """Return a table's columns."""
        return self._read(lambda root: read_columns(member(self.path, root, "metrics", table)))

    def summary(self) -> dict[str, Any]:
        """Return what ``snn-credit info`` prints: a line's name -> plain text or number."""
        origin, step = self.provenance, self.dt_ms
        recorded = len(self.stretches)
        return {
            "experiment": self.experiment,
            "schema version": self.schema_version,
            "state": "complete" if self.complete else "interrupted or running",
            "started": origin["started"],
            "device": origin["device"],
            "seed": origin["seed"],
            "git commit": origin["git_commit"] or "unknown",
            "versions": ", ".join(f"{k} {v}" for k, v in origin["versions"].items()),
            "populations": ", ".join(f"{k} ({p.size})" for k, p in self.populations.items()),
            **self._read(read_sizes),
            "time step": "unknown" if step is None else f"{step:g} ms",
            "recorded": f"{self.duration_ms:g} ms in {recorded} stretches" if recorded else "",
            "windows": ", ".join(f"{w.name} ({w.images_seen} images seen)" for w in self.windows),
        }

    def _read(self, read: Callable[[h5py.File], T], *, migrated: bool = True) -> T:
        return read_commit(self.path, read, migrated=migrated)
