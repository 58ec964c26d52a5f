"""Checks of what a data set is made of: each refuses in one line that names the argument."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError

FINITE = float(np.finfo(np.float32).max)


def check_count(argument: str, n: int, least: int, most: int) -> None:
    """Refuse a count that is not an integer from least to most, with the argument's name."""
    is_integer = isinstance(n, int | np.integer) and not isinstance(n, bool)
    if not is_integer or not least <= n <= most:
        raise InputError(f"{argument}: must be an integer from {least} to {most} (got {n!r})")


def checked_inputs(
    argument: str, given: ArrayLike, image_shape: tuple[int, ...], bounds: tuple[float, float]
) -> NDArray[np.float32]:
    """Cast inputs to float32, after looking at shape, type, finiteness and range."""
    least, greatest = max(bounds[0], -FINITE), min(bounds[1], FINITE)
    x = np.asarray(given)
    features = math.prod(image_shape)
    if x.ndim != 2 or x.shape[1] != features:
        raise InputError(
            f"{argument}: expected shape (n, {features}) for images of {image_shape} "
            f"(got {x.shape})"
        )
    if x.dtype.kind not in "fiu":
        raise InputError(f"{argument}: expected real numbers (got dtype {x.dtype})")
    # min and max pass a NaN on, so a sound array costs no mask of its size.
    if x.size and not (x.min() >= least and x.max() <= greatest):
        wrong = ~np.isfinite(x)
        expected = "must be finite" if wrong.any() else f"must lie in [{least:g}, {greatest:g}]"
        if not wrong.any():
            wrong = (x < least) | (x > greatest)
        row, column = (int(k) for k in np.argwhere(wrong)[0])
        raise InputError(f"{argument}: {expected} (got {x[row, column]} at [{row}, {column}])")
    return x.astype(np.float32, copy=False)


def checked_labels(argument: str, given: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Cast labels to int64, after looking at shape, type and range."""
    y = np.asarray(given)
    if y.ndim != 1:
        raise InputError(f"{argument}: expected shape (n,) (got {y.shape})")
    if y.dtype.kind not in "iu":
        raise InputError(f"{argument}: expected integers (got dtype {y.dtype})")
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if wrong.size:
        raise InputError(
            f"{argument}: must lie in 0..{classes - 1} (got {y[wrong[0]]} at [{wrong[0]}])"
        )
    return y.astype(np.int64, copy=False)
