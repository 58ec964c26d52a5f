"""What numbers have to be: times plain ones in ms, neurons and classes whole ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError


def plain_ms(name: str, values: ArrayLike | Any) -> NDArray[np.float64]:
    """Return times as they are.

    Raises
    ------
    InputError
        If they have a unit of Brian's or of quantities, which numpy would drop without a word:
        Brian's times would be taken for ms and are seconds.
    """
    unit = getattr(values, "dim", None)
    if hasattr(values, "dimensionality") or not getattr(unit, "is_dimensionless", True):
        raise InputError(f"{name}: expected plain numbers in ms, such as t/ms (got a unit)")
    return np.asarray(values, dtype=np.float64)


def whole_numbers(name: str, values: ArrayLike | Any) -> NDArray[np.int64]:
    """Return numbers of neurons or of classes.

    Raises
    ------
    InputError
        If one is a fraction, or they are no numbers, such as a mask.
    """
    given = np.asarray(values)
    if given.dtype.kind == "b":
        raise InputError(f"{name}: expected numbers, np.flatnonzero(mask) of a mask (got a mask)")
    if given.dtype.kind not in "iuf":
        raise InputError(f"{name}: expected whole numbers (got {given.dtype})")
    if given.dtype.kind != "f":
        return given.astype(np.int64)
    whole = np.rint(given) if np.isfinite(given).all() else np.zeros_like(given)
    if not np.array_equal(whole, given):
        odd = given[whole != given].ravel()[0]
        raise InputError(f"{name}: expected whole numbers (got {odd:g})")
    return whole.astype(np.int64)
