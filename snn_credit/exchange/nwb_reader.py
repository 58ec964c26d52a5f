"""An NWB file as a run: one that `write_nwb` made comes back as it was, others are recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.exchange import times
from snn_credit.exchange.contents import (
    Contents,
    Source,
    Spikes,
    Traces,
    Weights,
    sha256,
    write_contents,
)
from snn_credit.exchange.extras import need
from snn_credit.exchange.nwb_recording import recording, with_signals
from snn_credit.recording import Population, Run, Synapses, Window


def read_nwb(
    path: str | PathLike[str],
    out: str | PathLike[str],
    *,
    population: str | None = None,
    label: str | None = None,
    guess: str | None = None,
    observed: Literal["all", "any"] = "all",
    signals: Sequence[str] = (),
    force: bool = False,
) -> Run:
    """Make a run file of an NWB file, a run's or a recording's.

    A file of `snn_credit.exchange.write_nwb` gives the run that was written: spikes, neurons,
    classes, windows, traces, weights, metrics and stream, all times to the last bit. Spikes of the
    same time are in order of their neuron.

    Of any other file come the units and the trials. The arguments say which columns to read.
    The spikes of all units are held in memory, 40 to 60 bytes a spike while they are sorted.

    Parameters
    ----------
    path, out : path
        The NWB file, and the run file to make.
    population : str, optional
        The column of units whose words name the populations, such as a brain area. Without it
        ``population``, else the electrode groups, else one population ``units``.
    label : str, optional
        The column of trials that becomes the label of a stimulus. Without it ``label``, else none,
        and the labels are -1. Words are numbered in alphabetical order, and kept in the
        provenance's ``config["label_names"]``.
    guess : str, optional
        The column of trials with the answer, in the words of the labels. Without it ``guess``,
        else -1.
    observed : 'all' or 'any'
        What was recorded, where units were observed at different times: the times at which all
        of them were, or any. With 'any' some silence is no silence.
    signals : sequence of str
        Series of the file's acquisition, such as field potentials, that become traces: each of a
        population of its name, a neuron per channel, the variable ``signal`` in the series' unit.
    force : bool
        Replace a file that is there.

    Raises
    ------
    InputError
        If pynwb is missing, the file is no NWB file or has no spike times, a column or a signal
        is not there, or ``out`` is.
    """
    with _opened(Path(path)) as file:
        name, identifier = Path(path).name, str(file.identifier)
        module = file.processing.get("snn_credit")
        if module is not None and "populations" in module.data_interfaces:
            origin = json.loads(file.notes)
            contents, notes = _Reader(file, origin.pop("dt_ms")).contents(), {}
        else:
            contents, notes = recording(
                file, str(path), population=population, label=label, guess=guess, observed=observed
            )
            contents, origin = with_signals(file, contents, signals), {}
        source = Source(name, "NWB", identifier, sha256(Path(path)), origin, notes, Path(path))
        return write_contents(contents, source, out, force=force)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    pynwb = need("pynwb", "NWB")
    try:
        with h5py.File(path, "r") as file:
            known = "nwb_version" in file.attrs
    except OSError as error:
        came = "no such file" if not path.exists() else "one that is not HDF5"
        raise InputError(f"{path}: expected an NWB file (got {came})") from error
    if not known:
        raise InputError(f"{path}: expected an NWB file (got another kind of HDF5 file)")
    with pynwb.NWBHDF5IO(path, "r") as io:
        try:
            read = io.read()
        except Exception as error:  # pynwb raises what it comes upon
            came = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise InputError(
                f"{path}: expected an NWB file that pynwb reads (got {came})"
            ) from error
        yield read


class _Reader:
    """The parts of a run in an open NWB file of `write_nwb`."""

    def __init__(self, file: Any, dt_ms: float | None) -> None:
        self.file, self.dt_ms = file, dt_ms
        self.tables = file.processing["snn_credit"].data_interfaces
        self.exact: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        if "exact_times" in self.tables:
            found = columns_of(self.tables["exact_times"])
            for series in np.unique(found["series"]):
                rows = found["series"] == series
                self.exact[str(series)] = (found["row"][rows], found["time_ms"][rows])

    def contents(self) -> Contents:
        populations, recorded = self._populations()
        return Contents(
            populations=populations,
            spikes=self._spikes(recorded),
            dt_ms=self.dt_ms,
            stretches=self._stretches(),
            windows=self._windows(),
            traces=self._traces(),
            weights=self._weights(),
            **self._learning(),
        )

    def ms(self, series: str, seconds: Any) -> NDArray[np.float64]:
        """Return times in ms as they were."""
        found = times.to_milliseconds(seconds)
        if series in self.exact:
            rows, exact = self.exact[series]
            found[rows] = exact
        return found

    def _populations(self) -> tuple[dict[str, Population], list[str]]:
        found = columns_of(self.tables["populations"])
        populations = {
            str(name): Population(
                int(found["size"][k]),
                str(found["role"][k]),  # type: ignore[arg-type]
                found["classes"][k] if found["has_classes"][k] else None,
                None if found["all_recorded"][k] else found["recorded"][k],
            )
            for k, name in enumerate(found["population"])
        }
        return populations, [str(n) for n in found["population"][found["spikes"].astype(bool)]]

    def _spikes(self, recorded: list[str]) -> dict[str, list[Spikes]]:
        units = self.file.units
        if units is None:
            return {name: [] for name in recorded}
        ends = np.asarray(units["spike_times"].data[:], dtype=np.int64)
        ms = self.ms("units", np.asarray(units["spike_times"].target.data[:]))
        nodes = np.repeat(np.asarray(units["neuron"].data[:]), np.diff(ends, prepend=0))
        names = np.asarray(units["population"].data[:]).astype(str)
        spikes: dict[str, list[Spikes]] = {}
        for name in recorded:
            rows = np.flatnonzero(names == name)
            first = ends[rows[0] - 1] if len(rows) and rows[0] else 0
            inside = slice(first, ends[rows[-1]] if len(rows) else first)
            spikes[name] = [in_order(ms[inside], nodes[inside])]
        return spikes

    def _stretches(self) -> list[tuple[float, float]]:
        intervals = self.file.intervals
        if intervals is None or "recorded" not in intervals:
            return []
        found = columns_of(intervals["recorded"])
        starts = self.ms("recorded start", found["start_time"])
        stops = self.ms("recorded stop", found["stop_time"])
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    def _windows(self) -> list[Window]:
        intervals = self.file.intervals
        if intervals is None or "windows" not in intervals:
            return []
        found, shown = columns_of(intervals["windows"]), {}
        starts = self.ms("windows start", found["start_time"])
        stops = self.ms("windows stop", found["stop_time"])
        if self.file.trials is not None:
            shown = columns_of(self.file.trials)
            shown["onset_ms"] = self.ms("trials", shown["start_time"])
        windows = []
        for k, name in enumerate(found["window"]):
            rows = shown["window"] == name if shown else slice(0)
            none = np.zeros(0, dtype=np.int64)
            labels = shown.get("label", none)[rows]
            series = self.file.stimulus.get(f"images_{k}")
            shape = (len(labels), int(found["height"][k]), int(found["width"][k]))
            windows.append(
                Window(
                    str(name), float(starts[k]), float(stops[k]), int(found["images_seen"][k]),
                    images=np.zeros(shape) if series is None else np.asarray(series.data[:]),
                    labels=labels,
                    guesses=shown.get("guess", none)[rows],
                    onset_ms=shown.get("onset_ms", np.zeros(0))[rows],
                )
            )  # fmt: skip
        return windows

    def _traces(self) -> dict[str, Traces]:
        if "traces" not in self.tables:
            return {}
        found, traces = columns_of(self.tables["traces"]), {}
        for population in dict.fromkeys(found["population"].tolist()):
            rows = np.flatnonzero(found["population"] == population)
            series = {str(found["variable"][k]): self.file.acquisition[found["series"][k]]
                      for k in rows}  # fmt: skip
            first = str(found["series"][rows[0]])
            traces[population] = Traces(
                self.ms(first, self.file.acquisition[first].timestamps[:]),
                found["neurons"][rows[0]],
                {variable: np.asarray(one.data[:]) for variable, one in series.items()},
                {variable: str(one.unit) for variable, one in series.items()},
            )
        return traces

    def _weights(self) -> dict[str, Weights]:
        if "projections" not in self.tables:
            return {}
        found, weights = columns_of(self.tables["projections"]), {}
        held = self.file.processing["weights"].data_interfaces
        for projection in dict.fromkeys(found["projection"].tolist()):
            rows = np.flatnonzero(found["projection"] == projection)
            first = rows[0]
            weights[projection] = Weights(
                self.ms(str(found["series"][first]), held[found["series"][first]].timestamps[:]),
                {str(found["variable"][k]): np.asarray(held[found["series"][k]].data[:])
                 for k in rows},
                Synapses(found["i"][first], found["j"][first], int(found["n_pre"][first]),
                         int(found["n_post"][first])) if found["sparse"][first] else None,
            )  # fmt: skip
        return weights

    def _learning(self) -> dict[str, Any]:
        module = self.file.processing.get("learning")
        tables = {} if module is None else dict(module.data_interfaces)
        stream = columns_of(tables.pop("stream")) if "stream" in tables else {}
        return {
            "metrics": {str(one.description): columns_of(one) for one in tables.values()},
            "stream": stream,
        }


def columns_of(table: Any) -> dict[str, Any]:
    """Return a table's columns by the names they had: arrays, or lists of arrays."""
    own = type(table).__name__ == "DynamicTable"
    found: dict[str, Any] = {}
    for name in table.colnames:
        column = table[name]
        if type(column).__name__ == "VectorIndex":
            ends = np.asarray(column.data[:], dtype=np.int64)
            values = np.asarray(column.target.data[:])
            found[column.target.description if own else name] = np.split(values, ends)[: len(ends)]
        else:
            values = np.asarray(column.data[:])
            words = values.astype(str) if values.dtype.kind == "O" else values
            found[column.description if own else name] = words
    return found


def in_order(times_ms: NDArray[np.float64], nodes: NDArray[np.int64]) -> Spikes:
    """Return spikes in order of time, and of neuron where times are the same."""
    order = np.lexsort((nodes, times_ms))
    return times_ms[order], nodes[order].astype(np.int64)
