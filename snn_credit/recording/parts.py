"""The parts of an open run file, read into plain data."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.recording import layout
from snn_credit.recording.layout import (
    Checkpoint,
    Population,
    Role,
    Window,
    attribute,
    child,
    subgroup,
    subgroups,
)

Columns = dict[str, NDArray[Any]]
Spikes = tuple[NDArray[np.float64], NDArray[np.int64]]

#: Borders that are multiples of a time step differ by rounding.
_TOUCH_MS = 1e-6


def read_checkpoint(root: h5py.File) -> Checkpoint | None:
    """Return the checkpoint in an open run file."""
    if "checkpoint" not in root:
        return None
    group = subgroup(root, "checkpoint")
    arrays: Columns = {}

    def collect(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    subgroup(group, "arrays").visititems(collect)
    return Checkpoint(int(attribute(group, "chunk")), arrays, layout.get_json(group, "host"))


def member(
    path: Path, root: h5py.File, kind: str, name: str, variable: str | None = None
) -> h5py.Group:
    """Return ``/kind/name``, after checking that it and its variable were recorded."""
    whole = subgroup(root, kind)
    if name not in whole:
        raise InputError(f"{path}: expected {kind} of {_one_of(whole)} (got {name!r})")
    group = subgroup(whole, name)
    if variable is not None and variable not in group:
        raise InputError(
            f"{path}: expected a variable of {kind} {name}, {_one_of(group)} (got {variable!r})"
        )
    return group


def _one_of(names: Iterable[str]) -> str:
    return " or ".join(sorted(names)) or "nothing, for none were recorded,"


def read_spikes(group: h5py.Group, rows: slice) -> Spikes:
    """Return times (ms) and neurons of some rows."""
    return child(group, "timestamps")[rows], child(group, "node_ids")[rows].astype(np.int64)


def time_rows(times: h5py.Dataset, start_ms: float | None, stop_ms: float | None) -> slice:
    """Find the rows of a sorted dataset in [start, stop) without reading it whole."""
    first = 0 if start_ms is None else bisect.bisect_left(times, start_ms)
    last = len(times) if stop_ms is None else bisect.bisect_left(times, stop_ms)
    return slice(first, max(first, last))


def read_columns(group: h5py.Group) -> Columns:
    """Return the datasets of a table; words as numpy strings."""
    found: Columns = {}
    for name in group.keys():  # noqa: SIM118
        dataset = child(group, name)
        words = h5py.check_string_dtype(dataset.dtype) is not None
        found[name] = np.asarray(dataset.asstr()[:], dtype=str) if words else dataset[()]
    return found


def read_populations(root: h5py.File) -> dict[str, Population]:
    """Return the populations, input first."""
    groups = subgroups(subgroup(root, "populations"))
    ordered = sorted(groups.items(), key=lambda item: int(attribute(item[1], "position")))
    return {
        name: Population(
            int(attribute(group, "size")),
            cast(Role, attribute(group, "role")),
            child(group, "classes")[()] if "classes" in group else None,
            child(group, "recorded")[()] if "recorded" in group else None,
        )
        for name, group in ordered
    }


def read_windows(root: h5py.File) -> list[Window]:
    """Return the stretches recorded in detail, in order of time."""
    found = [
        Window(
            name,
            float(attribute(group, "start_ms")),
            float(attribute(group, "stop_ms")),
            int(attribute(group, "images_seen")),
            **read_columns(group),
        )
        for name, group in subgroups(subgroup(root, "windows")).items()
    ]
    return sorted(found, key=lambda window: window.start_ms)


def read_stretches(root: h5py.File) -> tuple[tuple[float, float], ...]:
    """Return when spikes were recorded, in order; what touches or overlaps is one."""
    table = read_columns(subgroup(root, "stretches"))
    found = list(zip(table.get("start_ms", ()), table.get("stop_ms", ()), strict=True))
    for group in subgroups(subgroup(root, "windows")).values():
        found.append((attribute(group, "start_ms"), attribute(group, "stop_ms")))
    merged: list[tuple[float, float]] = []
    for start, stop in sorted((float(start), float(stop)) for start, stop in found):
        if merged and start <= merged[-1][1] + _TOUCH_MS:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)


def read_sizes(root: h5py.File) -> dict[str, Any]:
    """Say how much of everything there is."""
    counted = {
        "spikes": ("timestamps", "spikes"),
        "traces": ("time", "samples"),
        "weights": ("time", "snapshots"),
    }
    stream = subgroup(root, "stream")
    done = attribute(subgroup(root, "checkpoint"), "chunk") if "checkpoint" in root else 0
    lines: dict[str, Any] = {
        "chunks": int(done),
        "presentations": max((len(child(stream, str(name))) for name in stream), default=0),
    }
    for kind, (column, word) in counted.items():
        groups = subgroups(subgroup(root, kind)).items()
        lines[kind] = ", ".join(f"{n} ({len(child(g, column))} {word})" for n, g in groups)
    return lines
