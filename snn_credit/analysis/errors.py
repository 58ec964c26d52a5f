"""Errors of regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from snn_credit.errors import InputError


def nse(output: ArrayLike, target: ArrayLike) -> float:
    """Return the normalised squared error: 1 for the best constant answer, 0 for no error.

    ``sum_t sum_i (y*_i(t) - y_i(t))^2 / sum_t sum_i (y*_i(t) - mean_t y*_i)^2``, where the lower
    line is eq (2) of Lillicrap et al. 2016: the error of the mean of each output as the answer.

    Parameters
    ----------
    output, target : (n, n_out)
        The network's y and the wanted y*, an example a row.

    Raises
    ------
    InputError
        If the shapes differ or are no matrices, or the targets do not vary.

    References
    ----------
    Lillicrap et al. 2016, Nature Communications 7:13276, Methods, "Normalized squared error".
    """
    y, wanted = np.asarray(output, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if y.ndim != 2 or y.shape != wanted.shape:
        raise InputError(
            f"output: expected (n, n_out) like the target's {wanted.shape} (got {y.shape})"
        )
    spread = np.sum((wanted - wanted.mean(axis=0)) ** 2) if len(wanted) else 0.0
    if not spread > 0:
        raise InputError(f"target: expected examples that differ (got {len(wanted)} that do not)")
    return float(np.sum((wanted - y) ** 2) / spread)
