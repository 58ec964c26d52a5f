"""Reader of the IDX layout, in which MNIST is published.

All numbers are big-endian: two zero bytes, one byte for the element type, one for the number of
dimensions, then each dimension as a 32-bit integer, then the elements, last index fastest.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "The
IDX file format".
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.files import read_bytes
from snn_credit.errors import InputError

ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read(path: Path, dimensions: int, dtype: str = "uint8") -> NDArray[Any]:
    """Read an IDX file, gzipped or not.

    Parameters
    ----------
    path : Path
        The file.
    dimensions : int
        Number of dimensions that it must have: 3 for images, 1 for labels.
    dtype : str
        Element type that it must have, by numpy's name.

    Returns
    -------
    ndarray
        The array, in the machine's own byte order.

    Raises
    ------
    InputError
        See `parse`; or the file cannot be read or its gzip stream is damaged.
    """
    return parse(read_bytes(path), dimensions, dtype, str(path))


def parse(content: bytes, dimensions: int, dtype: str, source: str) -> NDArray[Any]:
    """Make an array of the uncompressed bytes of an IDX file.

    Parameters
    ----------
    content : bytes
        The whole file.
    dimensions, dtype
        As in `read`.
    source : str
        What the message names: the path of the file.

    Returns
    -------
    ndarray
        The array, in the machine's own byte order.

    Raises
    ------
    InputError
        The magic number, the element type or the number of dimensions is another one, or there
        are fewer or more bytes than the header says.
    """
    if len(content) < 4:
        raise InputError(f"{source}: expected a header of 4 bytes, truncated (got {len(content)})")
    zeros, code, found_dimensions = struct.unpack_from(">HBB", content)
    if zeros != 0:
        raise InputError(
            f"{source}: expected an IDX file, which starts with 00 00 (got {content[:4].hex(' ')})"
        )
    if code not in ELEMENT_TYPES:
        raise InputError(f"{source}: expected an IDX element type 08, 09, 0b..0e (got {code:02x})")
    found = ELEMENT_TYPES[code]
    if found != np.dtype(dtype).newbyteorder(">"):
        raise InputError(f"{source}: expected elements of type {dtype} (got {found.name})")
    if found_dimensions != dimensions:
        raise InputError(f"{source}: expected {dimensions} dimension(s) (got {found_dimensions})")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise InputError(
            f"{source}: expected a header of {start} bytes, truncated (got {len(content)})"
        )
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    _check_length(len(content) - start, math.prod(shape) * found.itemsize, shape, source)
    elements = np.frombuffer(content, found, offset=start)
    return elements.reshape(shape).astype(found.newbyteorder("="))


def _check_length(present: int, needed: int, shape: tuple[int, ...], source: str) -> None:
    if present != needed:
        fault = "truncated" if present < needed else "trailing bytes"
        raise InputError(
            f"{source}: expected {needed} bytes of elements for shape {shape}, {fault} "
            f"(got {present})"
        )
