"""The pieces that an NWB file is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.exchange.extras import need

# Names that a table keeps for itself.
_RESERVED = {"id", "name", "colnames", "description"}


def pynwb() -> Any:
    """Return pynwb, whose classes are made at run time."""
    return need("pynwb", "NWB")


def hdmf() -> Any:
    """Return the package below pynwb."""
    return need("hdmf", "NWB")


def safe(name: str, taken: Iterable[str] = ()) -> str:
    """Return a name that NWB allows and that is not taken."""
    plain = re.sub(r"[/:.]", "_", name) or "_"
    while plain in taken:
        plain += "_"
    return plain


def column(name: str, description: str, data: Any) -> Any:
    """Return a column of a table."""
    return hdmf().common.VectorData(name=name, description=description, data=plain(data))


def ragged(name: str, description: str, data: Any, counts: NDArray[np.int64]) -> list[Any]:
    """Return the two columns of rows of ``counts`` (n,) values, which lie one after another."""
    values = hdmf().common.VectorData(name=name, description=description, data=data)
    ends = np.cumsum(counts, dtype=np.int64)
    return [values, hdmf().common.VectorIndex(name=f"{name}_index", data=ends, target=values)]


def table(
    name: str,
    description: str,
    columns: Mapping[str, Any],
    lists: Mapping[str, Sequence[NDArray[np.int64]]] | None = None,
) -> Any:
    """Return a table of columns, and of columns with an array of integers in each row.

    The description of a column is its name: NWB does not allow every name.
    """
    made: list[Any] = []
    for key, values in columns.items():
        made.append(column(safe(key, {c.name for c in made} | _RESERVED), key, values))
    names = [one.name for one in made]
    for key, rows in (lists or {}).items():
        counts = np.array([len(row) for row in rows], dtype=np.int64)
        made += ragged(key, key, np.concatenate([np.zeros(0, np.int64), *rows]), counts)
        names.append(key)
    return hdmf().common.DynamicTable(
        name=name, description=description, columns=made, colnames=names
    )


def compressed(values: NDArray[Any], chunk: int | None = None) -> Any:
    """Return an array that is compressed where it is not empty, ``chunk`` values at a time."""
    if not values.size:
        return values
    return hdmf().backends.hdf5.H5DataIO(
        values,
        compression="gzip",
        compression_opts=1,
        shuffle=True,
        chunks=True if chunk is None else (min(chunk, len(values)),),
    )


def integers(values: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return an array, an empty one for None."""
    return np.zeros(0, dtype=np.int64) if values is None else np.asarray(values, dtype=np.int64)


def plain(values: Any) -> Any:
    """Return words as Python's: HDF5 has no arrays of numpy's."""
    array = np.asarray(values)
    return [str(value) for value in array] if array.dtype.kind == "U" else array
