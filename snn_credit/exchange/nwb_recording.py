"""Units and trials of anybody's NWB file, as what a run file holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.exchange import times
from snn_credit.exchange.contents import Contents, Spikes, Traces, population_name
from snn_credit.exchange.stimuli import Trials, class_numbers, recorded_windows
from snn_credit.recording import Population

Stretch = tuple[float, float]


def recording(
    file: Any, path: str, *, population: str | None, label: str | None, guess: str | None,
    observed: str,
) -> tuple[Contents, dict[str, Any]]:  # fmt: skip
    """Return what an open NWB file holds, and what was decided about names and numbers.

    Raises
    ------
    InputError
        If there are no spike times, or a column is not there.
    """
    if observed not in ("all", "any"):
        raise InputError(f"observed: expected all or any (got {observed!r})")
    units = file.units
    if units is None or not len(units):
        raise InputError(f"{path}: expected a table of units (got a file without)")
    if "spike_times" not in units.colnames:
        raise InputError(f"{path}: expected units with spike_times (got {list(units.colnames)})")
    names = _population_names(units, path, population)
    order = dict.fromkeys(names)
    trains = [_train(units, k, path) for k in range(len(units))]
    members = {name: [k for k, other in enumerate(names) if other == name] for name in order}
    trials, notes = _trials(file, path, label, guess)
    resolution = float(np.ravel(units.resolution or 0.0)[0])
    dt_ms = resolution * 1e3 if resolution > 0 else None
    stretches = _stretches(units, path, trains, trials, observed, dt_ms)
    notes["session_start_time"] = file.session_start_time.isoformat()
    ids = np.asarray(units.id[:])
    notes["unit_ids"] = {name: [int(ids[k]) for k in rows] for name, rows in members.items()}
    contents = Contents(
        populations={name: Population(len(rows)) for name, rows in members.items()},
        spikes={name: [_merged([trains[k] for k in rows])] for name, rows in members.items()},
        dt_ms=dt_ms,
        stretches=stretches,
        windows=recorded_windows(stretches, trials),
        stream=trials.columns if trials is not None else {},
    )
    return contents, notes


def with_signals(file: Any, contents: Contents, names: Sequence[str]) -> Contents:
    """Return contents with series of the file's acquisition as traces.

    Raises
    ------
    InputError
        If there is no such series, or it is no table of numbers, (sample,) or (sample, channel).
    """
    populations, traces = dict(contents.populations), dict(contents.traces)
    for name in names:
        if name not in file.acquisition:
            known = " or ".join(file.acquisition) or "none, for the file has no acquisition,"
            raise InputError(f"signals: expected {known} (got {name!r})")
        series = file.acquisition[name]
        shape = np.shape(getattr(series, "data", ()))
        if len(shape) not in (1, 2):
            raise InputError(f"signals: expected samples of channels in {name} (got shape {shape})")
        values = np.asarray(series.data[:]).reshape(shape[0], -1) * series.conversion
        values = values + (series.offset or 0.0)
        if series.timestamps is not None:
            seconds = np.asarray(series.timestamps[:])
        else:
            seconds = (series.starting_time or 0.0) + np.arange(shape[0]) / series.rate
        key = population_name(name)
        key = f"{key} signal" if key in populations else key
        populations[key] = Population(values.shape[1])
        channels = np.arange(values.shape[1])
        traces[key] = Traces(
            times.to_milliseconds(seconds), channels, {"signal": values}, {"signal": series.unit}
        )
    return replace(contents, populations=populations, traces=traces)


def _population_names(units: Any, path: str, wanted: str | None) -> list[str]:
    """Return the population of each unit."""
    column = wanted or ("population" if "population" in units.colnames else None)
    if column is not None:
        if column not in units.colnames:
            raise InputError(
                f"population: expected a column of units, {' or '.join(units.colnames)} "
                f"(got {column!r})"
            )
        if type(units[column]).__name__ == "VectorIndex":
            raise InputError(f"population: expected a column of one word a unit (got {column!r})")
        found = [str(word) for word in units[column].data[:]]
    elif "electrode_group" in units.colnames:
        found = [str(group.name) for group in units["electrode_group"].data[:]]
    elif "electrodes" in units.colnames:
        found = [_group_of(units["electrodes"][k]) for k in range(len(units))]
    else:
        found = ["units"] * len(units)
    return [population_name(word) for word in found]


def _group_of(electrodes: Any) -> str:
    """Return the group of a unit's first electrode."""
    names = electrodes.get("group_name", ())
    return str(names.iloc[0]) if len(names) else "units"


def _train(units: Any, row: int, path: str) -> NDArray[np.float64]:
    """Return a unit's spikes in ms, in order."""
    seconds = np.ravel(np.asarray(units["spike_times"][row], dtype=np.float64))
    if not np.isfinite(seconds).all():
        raise InputError(f"{path}: expected finite spike_times (got others in unit {row})")
    return np.sort(times.to_milliseconds(seconds))


def _merged(trains: Sequence[NDArray[np.float64]]) -> Spikes:
    ms = np.concatenate([np.zeros(0), *trains])
    nodes = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    order = np.lexsort((nodes, ms))
    return ms[order], nodes[order].astype(np.int64)


def _trials(
    file: Any, path: str, label: str | None, guess: str | None
) -> tuple[Trials | None, dict[str, Any]]:
    table = file.trials
    if table is None or not len(table):
        if label or guess:
            raise InputError(f"{path}: expected trials (got a file without)")
        return None, {}
    for argument, name in (("label", label), ("guess", guess)):
        if name is not None and name not in table.colnames:
            raise InputError(
                f"{argument}: expected a column of trials, {' or '.join(table.colnames)} "
                f"(got {name!r})"
            )
    columns = {name: _plain(table[name]) for name in table.colnames}
    columns = {name: values for name, values in columns.items() if values is not None}
    start = times.to_milliseconds(columns.pop("start_time"))
    stop = times.to_milliseconds(columns.pop("stop_time"))
    labels, names = class_numbers(columns.get(label or "label"), len(start))
    guesses, _ = class_numbers(columns.get(guess or "guess"), len(start), names)
    stream = {"start_ms": start, "stop_ms": stop, "target": labels, "guess": guesses}
    rest = {name: values for name, values in columns.items() if name not in stream}
    notes = {"label_names": names} if names is not None else {}
    return Trials(start, stop, labels, guesses, {**stream, **rest}), notes


def _plain(column: Any) -> NDArray[Any] | None:
    """Return a column of numbers, booleans or words; None for what is none of these."""
    values = np.asarray(column.data[:])
    if values.ndim != 1 or type(column).__name__ == "VectorIndex":
        return None
    if values.dtype.kind == "O":
        return values.astype(str) if all(isinstance(v, str) for v in values) else None
    return values if values.dtype.kind in "biufU" else None


def _stretches(
    units: Any, path: str, trains: Sequence[NDArray[np.float64]], trials: Trials | None,
    observed: str, dt_ms: float | None,
) -> list[Stretch]:  # fmt: skip
    """Return when the units were recorded: as they say, else as long as anything happened."""
    if "obs_intervals" in units.colnames:
        each = [times.to_milliseconds(np.reshape(units["obs_intervals"][k], (-1, 2))).tolist()
                for k in range(len(units))]  # fmt: skip
        every = [one for mine in each for one in mine]
        found = _common(each) if observed == "all" else _union(every)
        if not found:
            raise InputError(
                f"{path}: expected obs_intervals in which all units were observed, or "
                f"observed 'any' (got none)"
            )
        return found
    ends = [train[[0, -1]] for train in trains if len(train)]
    first = min([0.0, *(float(end[0]) for end in ends)])
    last = max([first, *(float(end[1]) + (dt_ms or 1.0) for end in ends)])
    if trials is not None:
        # a trial that was broken off has no time, NaN, which says nothing of the others
        first = float(np.nanmin([first, *trials.start]))
        last = float(np.nanmax([last, *trials.start, *trials.stop]))
    return [(first, last)] if last > first else []


def _union(stretches: Sequence[Sequence[float]]) -> list[Stretch]:
    found: list[Stretch] = []
    for start, stop in sorted(map(tuple, stretches)):
        if stop <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _common(each: Sequence[Sequence[Sequence[float]]]) -> list[Stretch]:
    """Return the times that are in a stretch of every unit."""
    found = _union(each[0])
    for other in each[1:]:
        mine = _union(other)
        if mine == found:
            continue
        pairs = [(max(a, c), min(b, d)) for a, b in found for c, d in mine]
        found = [(start, stop) for start, stop in pairs if start < stop]
    return found
