"""Standardised inputs: each image with mean 0 and standard deviation 1."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.dataset import SPLITS, Dataset


def standardised(data: Dataset) -> Dataset:
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
    parts = {f"{split}_x": _standardise(getattr(data, f"{split}_x")) for split in SPLITS}
    name = f"{data.name}-standardised"
    return dataclasses.replace(data, name=name, bounds=(-np.inf, np.inf), **parts)


def _standardise(x: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = x.mean(axis=1, keepdims=True, dtype=np.float64)
    spread = x.std(axis=1, keepdims=True, dtype=np.float64)
    least = 1 / np.sqrt(x.shape[1])
    return ((x - mean) / np.maximum(spread, least)).astype(np.float32)
