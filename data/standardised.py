"""Inputs with mean 0 and standard deviation 1: all together, or each image by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.dataset import Dataset
from snn_credit.errors import InputError


def standardised(data: Dataset) -> Dataset:
    """Return a data set whose inputs have mean 0 and standard deviation 1.

    ``x <- (x - mean) / sd`` with two numbers for all features: the mean and the standard deviation
    of all training inputs. So pixels that hardly ever vary stay small.

    Lillicrap et al. 2016, Supplementary Note 5: "we normalized the inputs to have a mean of 0 and
    standard deviation of 1"; whether pixel by pixel they do not say.

    Parameters
    ----------
    data : Dataset
        Any; the result bears its name and has no bounds.

    Returns
    -------
    Dataset
        Of the same splits and shapes.

    Raises
    ------
    InputError
        The training inputs are all the same number.
    """
    mean, sd = (float(f(data.train_x, dtype=np.float64)) for f in (np.mean, np.std))
    if not sd > 0:
        raise InputError(f"data: inputs that differ (got {mean:g} throughout in {data.name})")
    return data.transformed(lambda x: (x - mean) / sd)


def each_standardised(data: Dataset) -> Dataset:
    """Return a data set in which every image has mean 0 and standard deviation 1 over its pixels.

    ``x <- (x - mean(x)) / max(std(x), 1 / sqrt(features))``, each image by itself, so nothing of
    one reaches another. The bound keeps an image without contrast finite.

    Parameters
    ----------
    data : Dataset

    Returns
    -------
    Dataset
        Under the name ``NAME-standardised``, without bounds.
    """
    return data.transformed(_standardise, f"{data.name}-standardised")


def _standardise(x: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = x.mean(axis=1, keepdims=True, dtype=np.float64)
    spread = x.std(axis=1, keepdims=True, dtype=np.float64)
    least = 1 / np.sqrt(x.shape[1])
    return ((x - mean) / np.maximum(spread, least)).astype(np.float32)
