"""How alike two arrays of weights are, beside their angle: signs, sizes, correlation.

``w`` and ``b`` have the same shape, ``(n_post, n_pre)`` both: see `snn_credit.analysis.alignment`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from snn_credit.analysis.alignment import pair


def sign_congruence(w: ArrayLike, b: ArrayLike) -> float:
    """Return the fraction of weights with the same sign, among those where neither is 0.

    About 0.5 for weights that know nothing of one another; NaN if no pair counts.
    """
    first, second = pair(w, b)
    counts = (first != 0) & (second != 0)
    if not counts.any():
        return float("nan")
    return float(np.mean((first[counts] > 0) == (second[counts] > 0)))


def norm_ratio(w: ArrayLike, b: ArrayLike) -> float:
    """Return ``|w| / |b|``, the ratio of the Euclidean norms; NaN or infinity where b is 0."""
    first, second = pair(w, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.linalg.norm(first) / np.float64(np.linalg.norm(second)))


def relative_error(w: ArrayLike, b: ArrayLike) -> float:
    """Return ``|w - b| / |w|``, Euclidean norms; NaN or infinity where w is 0.

    Lansdell et al. 2020, Figs 2A and 4A.
    """
    first, second = pair(w, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.linalg.norm(first - second) / np.float64(np.linalg.norm(first)))


def correlation(w: ArrayLike, b: ArrayLike) -> float:
    """Return Pearson's correlation over all weights; NaN where one of them does not vary.

    Where the means are 0 it is the cosine of the angle.
    """
    first, second = pair(w, b)
    first, second = first - first.mean(), second - second.mean()
    scale = np.linalg.norm(first) * np.linalg.norm(second)
    return float(np.sum(first * second) / scale) if scale > 0 else float("nan")
