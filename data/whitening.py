"""Whitened inputs: pixels without correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.dataset import Dataset
from snn_credit.errors import InputError

ROWS_AT_ONCE = 5000


def whitened(data: Dataset, epsilon: float = 0.1) -> Dataset:
    """Return a data set whose inputs are whitened by zero component analysis (ZCA).

    ``x <- U diag(1 / sqrt(s + epsilon)) U' (x - mean)``, with the mean and the covariance
    ``U diag(s) U'`` of the training set, so nothing of the test set enters. Without epsilon the
    covariance of the training inputs is I; with it directions of little variance, which are noise,
    stay small.

    Appendix G of Dellaferrera & Kreiman 2022 whitens MNIST by the code of H. Jean (2020),
    "Preprocessing for deep learning", which is ZCA of pixels in [0, 1] with epsilon 0.1; whether
    they changed the latter they do not say.

    Parameters
    ----------
    data : Dataset
        Any; the result bears its name with ``-whitened`` and has no bounds.
    epsilon : float
        epsilon >= 0, in units of squared pixels.

    Returns
    -------
    Dataset
        Of the same splits and shapes.

    Raises
    ------
    InputError
        epsilon is negative or not finite, or is 0 where the covariance is singular, as with pixels
        that never vary.
    """
    if not 0 <= epsilon < np.inf:
        raise InputError(f"epsilon: must be a finite number >= 0 (got {epsilon})")
    mean, covariance = _moments(data.train_x)
    variances, directions = np.linalg.eigh(covariance)
    if epsilon == 0 and variances[0] <= 1e-10 * variances[-1]:
        raise InputError(
            f"epsilon: must be > 0, as the inputs of {data.name} do not vary in every direction "
            f"(got 0)"
        )
    variances = np.maximum(variances, 0.0)  # rounding may leave some just below
    matrix = (directions / np.sqrt(variances + epsilon)) @ directions.T
    return data.transformed(lambda x: _apply(x, mean, matrix), f"{data.name}-whitened")


def _moments(x: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (features,) and covariance (features, features), in double precision, in parts."""
    mean = x.mean(axis=0, dtype=np.float64)
    total = np.zeros((len(mean), len(mean)))
    for first in range(0, len(x), ROWS_AT_ONCE):
        part = x[first : first + ROWS_AT_ONCE] - mean
        total += part.T @ part
    return mean, total / max(len(x) - 1, 1)


def _apply(
    x: NDArray[np.float32], mean: NDArray[np.float64], matrix: NDArray[np.float64]
) -> NDArray[np.float32]:
    # (n, features) times (features, features), which is symmetric; double would take twice as long.
    centred = np.subtract(x, mean, dtype=np.float32)
    return np.matmul(centred, matrix.astype(np.float32))
