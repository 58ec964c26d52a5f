"""Held-out samples: chosen at random, each class in proportion, always the same ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count


def hold_out(
    labels: NDArray[np.integer], n: int, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose n samples at random, each class in proportion to its size.

    Own code rather than scikit-learn's, because the choice must stay the same over its versions
    and must also work where a class has a single sample.

    Parameters
    ----------
    labels : ndarray of int, shape (n_samples,)
        The class of each sample.
    n : int
        How many to choose, 0 <= n <= n_samples.
    seed : int
        The same seed makes the same choice.

    Returns
    -------
    rest, chosen : ndarray of int64
        Indices of the others and of the n chosen ones, each in increasing order.

    Raises
    ------
    InputError
        n is not an integer from 0 to n_samples.
    """
    check_count("hold_out.n", n, 0, len(labels))
    rng = np.random.default_rng(seed)
    values, counts = np.unique(labels, return_counts=True)
    # Largest remainder: whole shares first, then one more for the largest remainders.
    quotas, remainders = np.divmod(counts * n, max(len(labels), 1))
    quotas[np.argsort(-remainders, kind="stable")[: n - quotas.sum()]] += 1
    is_chosen = np.zeros(len(labels), dtype=bool)
    for value, quota in zip(values, quotas, strict=True):
        members = np.flatnonzero(labels == value)
        is_chosen[rng.permutation(members)[:quota]] = True
    return np.flatnonzero(~is_chosen), np.flatnonzero(is_chosen)
