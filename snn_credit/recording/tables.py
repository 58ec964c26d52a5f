"""Datasets that grow along their first axis."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.recording.layout import child

_CHUNK_BYTES = 32768


def append(
    group: h5py.Group,
    name: str,
    rows: NDArray[Any],
    units: str | None = None,
    *,
    compressed: bool = True,
) -> None:
    """Append ``rows`` (n, ...) to the dataset ``name``, made on first use.

    Raises
    ------
    ValueError
        If the rows' shape or kind of number is not the dataset's.
    """
    if rows.dtype.kind == "U":
        rows = rows.astype(h5py.string_dtype())
    if name not in group:
        _create(group, name, rows, units, compressed)
    dataset = child(group, name)
    if rows.shape[1:] != dataset.shape[1:]:
        raise ValueError(
            f"{dataset.name}: expected rows of shape {dataset.shape[1:]} (got {rows.shape[1:]})"
        )
    if not np.can_cast(rows.dtype, dataset.dtype, "same_kind"):
        raise ValueError(f"{dataset.name}: expected {dataset.dtype} (got {rows.dtype})")
    start = dataset.shape[0]
    dataset.resize(start + len(rows), axis=0)
    dataset[start:] = rows


def _create(
    group: h5py.Group, name: str, rows: NDArray[Any], units: str | None, compressed: bool
) -> None:
    row = rows.shape[1:]
    row_bytes = int(np.prod(row, dtype=np.int64)) * rows.dtype.itemsize
    dataset = group.create_dataset(
        name,
        shape=(0, *row),
        maxshape=(None, *row),
        dtype=rows.dtype,
        chunks=(max(1, _CHUNK_BYTES // max(row_bytes, 1)), *(max(1, size) for size in row)),
        **({"shuffle": True, "compression": "gzip", "compression_opts": 1} if compressed else {}),
    )
    if units is not None:
        dataset.attrs["units"] = units


def append_rows(group: h5py.Group, columns: Mapping[str, NDArray[Any]]) -> None:
    """Append to all columns of a table."""
    check_lengths(str(group.name), columns)
    check_columns(group, set(columns))
    for name, rows in columns.items():
        append(group, name, rows)


def replace_all(group: h5py.Group, arrays: Mapping[str, ArrayLike]) -> None:
    """Make ``arrays`` the group's only datasets, in place where shapes and types stay the same."""
    stale: list[str] = []
    group.visititems(
        lambda name, item: (
            stale.append(name) if isinstance(item, h5py.Dataset) and name not in arrays else None
        )
    )
    for name in stale:
        del group[name]
    for name, value in arrays.items():
        array = np.asarray(value)
        if name in group:
            dataset = child(group, name)
            if dataset.shape == array.shape and dataset.dtype == array.dtype:
                dataset[...] = array
                continue
            del group[name]
        group.create_dataset(name, data=array)


def check_lengths(what: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Check that all arrays have the same number of rows."""
    lengths = {name: len(column) if column.ndim else 0 for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{what}: expected columns of one length (got {lengths})")


def check_columns(group: h5py.Group, names: Set[str], fresh: Set[str] = frozenset()) -> None:
    """Check that a table gets the columns it has; ``fresh`` may be there before the first rows."""
    present = set(group)
    if present - fresh and present != names:
        raise ValueError(f"{group.name}: expected columns {sorted(present)} (got {sorted(names)})")


def check_order(group: h5py.Group, name: str, times: NDArray[np.float64]) -> None:
    """Check that ``times`` do not fall, nor begin before the last one in the file."""
    if (
        len(times)
        and name in group
        and len(child(group, name))
        and times[0] < child(group, name)[-1]
    ):
        raise ValueError(
            f"{group.name}: expected times from {child(group, name)[-1]} ms on (got {times[0]} ms)"
        )
    if np.any(np.diff(times) < 0):
        raise ValueError(f"{group.name}: expected times that do not fall")
