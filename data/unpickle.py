"""Pickles of arrays, read so that no file can run code.

A pickle is a program: it may import and call anything. Here it may name four functions, those by
which numpy rebuilds an array, and every other name is refused before anything is called.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from snn_credit.errors import InputError

_RECONSTRUCT = np.zeros(0, np.uint8).__reduce__()[0]


class _Latin1:
    """Stand in for ``codecs.encode``, by which Python 3 writes bytes for Python 2.

    An object without attributes, as a pickle may set those of a function.
    """

    __slots__ = ()

    def __call__(self, text: str, encoding: str) -> bytes:
        if encoding != "latin1":
            raise pickle.UnpicklingError(f"encoding {encoding!r}")
        return text.encode("latin1")


#: numpy moved its module once; a file may bear the older name or the newer.
ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _Latin1(),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return ALLOWED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the name {module_name}.{global_name}, which is not part of an array"
            ) from None


def loads(content: bytes, source: str) -> Any:
    """Unpickle numbers, strings, lists, dicts and arrays.

    Parameters
    ----------
    content : bytes
        The whole file. Strings that Python 2 wrote come back as bytes.
    source : str
        What the message names: the path of the file.

    Returns
    -------
    object
        What was pickled.

    Raises
    ------
    InputError
        The file is no pickle, is truncated, or names anything but the parts of an array.
    """
    try:
        return _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle raises almost anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{source}: expected a whole pickle of arrays (got: {reason})") from None
