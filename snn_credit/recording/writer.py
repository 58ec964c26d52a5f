"""Writing a run: one HDF5 file, appended chunk by chunk by one process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import ArrayLike

from snn_credit.errors import InputError
from snn_credit.recording import layout, tables
from snn_credit.recording.journal import Store
from snn_credit.recording.layout import (
    SCHEMA_VERSION,
    Checkpoint,
    Population,
    Synapses,
    Window,
    check_names,
    child,
    subgroup,
)
from snn_credit.recording.migrations import migrate
from snn_credit.recording.opening import snapshot
from snn_credit.recording.parts import read_checkpoint
from snn_credit.recording.provenance import now, provenance


class RunFile:
    """A run file that is being written. Use `create` or `resume`.

    What is appended is in the file after `commit`, as a whole; a process killed at any moment
    leaves the file of the last commit. As a context manager it commits when the block ends, and
    drops what was not committed when the block raises.
    """

    def __init__(self, store: Store, mode: str) -> None:
        self._store = store
        # The oldest layout has no 'open for writing' flag that a killed process would leave set.
        self._file = h5py.File(store.file, mode, libver="earliest")
        self._torn = False

    @classmethod
    def create(
        cls,
        path: str | PathLike[str],
        *,
        experiment: str,
        config: Mapping[str, Any],
        seed: int | None,
        device: str,
        populations: Mapping[str, Population],
        dt_ms: float | None = None,
    ) -> Self:
        """Start a run file. It is there, readable and empty, when this returns.

        Parameters
        ----------
        path : path
            A free path in a folder that exists.
        experiment : str
            Its ID.
        config : mapping
            The resolved configuration, of plain values.
        seed : int or None
            None where no random number was drawn, as in a recording.
        device : str
            The device that simulates, such as 'cpp_standalone'.
        populations : mapping of str to Population
            From the input upwards.
        dt_ms : float, optional
            The time step of what is recorded.

        Raises
        ------
        InputError
            If the path is taken or cannot be written, the time step is not above 0, or a
            population has a name that no group can have, such as ``a/b``.
        """
        if dt_ms is not None and not 0 < dt_ms < np.inf:
            raise InputError(f"dt_ms: expected > 0 (got {dt_ms:g})")
        check_names("populations", populations)
        run = cls(Store.create(Path(path)), "w")
        try:
            root = run._file
            root.attrs.update(schema_version=SCHEMA_VERSION, experiment=experiment, complete=False)
            root.attrs.update(layout.SONATA_MARKS)
            if dt_ms is not None:
                root.attrs["dt_ms"] = float(dt_ms)
            origin = root.create_group("provenance")
            facts = {"config": dict(config), "seed": seed, "device": device, "started": now()}
            for name, value in {**facts, **provenance()}.items():
                layout.put_json(origin, name, value)
            for name in layout.GROUPS:
                root.create_group(name)
            for position, (name, population) in enumerate(populations.items()):
                _put_population(root.create_group(f"populations/{name}"), position, population)
            run.commit()
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def resume(cls, path: str | PathLike[str]) -> Self:
        """Open the file of a run that was interrupted, to append to it.

        One of an older schema version is brought up to date by its next commit.

        Raises
        ------
        InputError
            If it is not a run file, has a newer schema version, is complete, cannot be written,
            or is being written by another process.
        """
        path = Path(path)
        with snapshot(path):  # says what is wrong with the file, if anything is
            pass
        run = cls(Store.open(path), "r+")
        if run._file.attrs["complete"]:
            run.close()
            raise InputError(f"{path}: expected a run that was interrupted (got a complete one)")
        migrate(run._file)
        return run

    def append_spikes(self, population: str, times_ms: ArrayLike, node_ids: ArrayLike) -> None:
        """Append spikes: times in ms and neurons, both (n,); none earlier than those before."""
        times = np.asarray(times_ms, dtype=np.float64)
        nodes = np.asarray(node_ids, dtype=np.uint64)
        check_names("spikes", [population])
        tables.check_lengths(f"spikes of {population}", {"times_ms": times, "node_ids": nodes})
        order = np.argsort(times, kind="stable")
        with self._change():
            group = subgroup(self._file, "spikes").require_group(population)
            if not len(group):
                group.attrs.create("sorting", 2, dtype=_SORTING)
            tables.check_order(group, "timestamps", times[order])
            # libsonata's HDF5 is built without any compression.
            tables.append(group, "timestamps", times[order], units="ms", compressed=False)
            tables.append(group, "node_ids", nodes[order], compressed=False)

    def append_traces(
        self,
        population: str,
        times_ms: ArrayLike,
        node_ids: ArrayLike,
        values: Mapping[str, ArrayLike],
        units: Mapping[str, str] | None = None,
    ) -> None:
        """Append samples of some neurons' variables.

        Parameters
        ----------
        population : str
        times_ms : (n_samples,)
            Later than those before.
        node_ids : (n_nodes,)
            The same in every call.
        values : mapping of str to (n_samples, n_nodes)
            The same variables in every call.
        units : mapping of str to str
            '1' where nothing is said.
        """
        times = np.asarray(times_ms, dtype=np.float64)
        nodes = np.asarray(node_ids, dtype=np.uint64)
        samples = {name: np.asarray(value) for name, value in values.items()}
        check_names("traces", [population, *samples])
        tables.check_lengths(f"traces of {population}", {"times_ms": times, **samples})
        for name, value in samples.items():
            if value.shape != (len(times), len(nodes)):
                raise ValueError(
                    f"traces of {population}.{name}: expected shape {(len(times), len(nodes))} "
                    f"(got {value.shape})"
                )
        with self._change():
            group = subgroup(self._file, "traces").require_group(population)
            if "node_ids" not in group:
                group.create_dataset("node_ids", data=nodes)
            elif not np.array_equal(child(group, "node_ids")[()], nodes):
                raise ValueError(f"traces of {population}: expected the same node_ids every time")
            tables.check_columns(group, {"time", "node_ids", *samples}, fresh={"node_ids"})
            tables.check_order(group, "time", times)
            tables.append(group, "time", times, units="ms")
            for name, value in samples.items():
                tables.append(group, name, value, units=(units or {}).get(name, "1"))

    def append_weights(
        self,
        projection: str,
        time_ms: float,
        values: Mapping[str, ArrayLike],
        synapses: Synapses | None = None,
    ) -> None:
        """Append a snapshot of a projection, in float32.

        Parameters
        ----------
        projection : str
        time_ms : float
        values : mapping of str to (n_post, n_pre)
            With ``synapses``, (n_synapses,) in their order.
        synapses : Synapses, optional
            The connected pairs of a sparse projection, the same in every call.
        """
        check_names("weights", [projection, *values])
        with self._change():
            group = subgroup(self._file, "weights").require_group(projection)
            if synapses is not None and "i" not in group:
                group.attrs["shape"] = (synapses.n_post, synapses.n_pre)
                group.create_dataset("i", data=synapses.i)
                group.create_dataset("j", data=synapses.j)
            fixed = set() if synapses is None else {"i", "j"}
            tables.check_columns(group, {"time", *fixed, *values}, fresh=fixed)
            tables.append(group, "time", np.array([time_ms], dtype=np.float64), units="ms")
            for name, value in values.items():
                tables.append(group, name, np.asarray(value, dtype=np.float32)[None])

    def append_metrics(self, table: str, columns: Mapping[str, ArrayLike | None]) -> None:
        """Append one row (of numbers) or several (of arrays), as float64; None becomes NaN."""
        rows = {
            name: np.atleast_1d(np.asarray(np.nan if value is None else value, dtype=np.float64))
            for name, value in columns.items()
        }
        check_names("metrics", [table, *columns])
        with self._change():
            tables.append_rows(subgroup(self._file, "metrics").require_group(table), rows)

    def append_stream(self, columns: Mapping[str, ArrayLike]) -> None:
        """Append what was presented, one row per presentation; numbers, booleans or words."""
        rows = {name: np.atleast_1d(np.asarray(value)) for name, value in columns.items()}
        check_names("stream", columns)
        with self._change():
            tables.append_rows(subgroup(self._file, "stream"), rows)

    def add_window(self, window: Window) -> None:
        """Describe a stretch that was recorded in detail."""
        stimuli = {
            name: np.asarray(getattr(window, name))
            for name in ("images", "labels", "guesses", "onset_ms")
        }
        check_names("windows", [window.name])
        tables.check_lengths(f"window {window.name}", stimuli)
        with self._change():
            group = subgroup(self._file, "windows").create_group(window.name)
            for name in ("start_ms", "stop_ms", "images_seen"):
                group.attrs[name] = getattr(window, name)
            for name, value in stimuli.items():
                group.create_dataset(name, data=value)

    def add_stretch(self, start_ms: float, stop_ms: float) -> None:
        """Say that spikes were recorded from start to stop, so that silence there means silence.

        Windows say it of themselves; an imported recording, which has none, says it here.

        Raises
        ------
        InputError
            If the stop is not after the start.
        """
        if not -np.inf < start_ms < stop_ms < np.inf:
            raise InputError(f"stop_ms: expected more than {start_ms:g} (got {stop_ms:g})")
        with self._change():
            columns = {"start_ms": np.array([start_ms]), "stop_ms": np.array([stop_ms])}
            rows = {name: column.astype(np.float64) for name, column in columns.items()}
            tables.append_rows(subgroup(self._file, "stretches"), rows)

    def checkpoint(self, chunk: int, arrays: Mapping[str, ArrayLike], host: Any = None) -> None:
        """Set the state to resume from, in place of the last one.

        Parameters
        ----------
        chunk : int
            How many chunks the file holds with this one.
        arrays : mapping of str to array
            The whole state of the simulation.
        host : plain value
            The state of the program around it, as JSON.
        """
        with self._change():
            group = self._file.require_group("checkpoint")
            group.attrs["chunk"] = chunk
            layout.put_json(group, "host", host)
            tables.replace_all(group.require_group("arrays"), arrays)

    def last_checkpoint(self) -> Checkpoint | None:
        """Return the state to resume from, None before the first chunk."""
        return read_checkpoint(self._file)

    def commit(self) -> None:
        """Put everything appended so far into the file, as a whole.

        Raises
        ------
        InputError
            If the disk is full or cannot be written. What was committed before is kept.
        """
        if self._torn:
            raise RuntimeError(f"{self._store.path}: nothing to commit after a failed append")
        with self._change():
            self._file.flush()
        self._store.commit()

    def finish(self) -> None:
        """Mark the run as complete, and commit."""
        with self._change():
            self._file.attrs["complete"] = True
        self.commit()

    def close(self) -> None:
        """Let the file go. What was not committed is dropped."""
        if self._file:
            self._file.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._file:
                self.commit()
        finally:
            self.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Mark the file as torn while it changes, so that half an append is never committed."""
        torn, self._torn = self._torn, True
        yield
        self._torn = torn


_SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="i1")


def _put_population(group: h5py.Group, position: int, population: Population) -> None:
    group.attrs.update(size=population.size, role=population.role, position=position)
    for name in ("classes", "recorded"):
        if getattr(population, name) is not None:
            group.create_dataset(name, data=getattr(population, name))
