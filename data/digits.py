"""Scikit-learn's handwritten digits: 1797 images of 8x8, no download needed.

Source: E. Alpaydin, C. Kaynak (1998), "Optical recognition of handwritten digits", UCI machine
learning repository; scikit-learn embeds its test part.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.dataset import SPLIT_SEED, Dataset
from snn_credit.data.splits import hold_out

N_TEST = 360
N_VALIDATION = 180


def load() -> Dataset:
    """Load the digits with a fixed, stratified split in 1257, 180 and 360 images.

    Returns
    -------
    Dataset
        Pixels are 0, 1/16 .. 1; `image_shape` is (8, 8).
    """
    table = _table()
    x, y = table[:, :-1].astype(np.float32) / np.float32(16), table[:, -1].astype(np.int64)
    official, test = hold_out(y, N_TEST, SPLIT_SEED)
    rest, held = hold_out(y[official], N_VALIDATION, SPLIT_SEED)
    train, validation = official[rest], official[held]
    return Dataset(
        name="digits",
        train_x=x[train],
        train_y=y[train],
        validation_x=x[validation],
        validation_y=y[validation],
        test_x=x[test],
        test_y=y[test],
        classes=10,
        image_shape=(8, 8),
    )


def _table() -> NDArray[np.float64]:
    """Return 64 pixels and the digit of each image."""
    # Importing scikit-learn takes longer than the whole of a short run: its file is read instead.
    found = find_spec("sklearn")
    for folder in found.submodule_search_locations or () if found else ():
        path = Path(folder, "datasets", "data", "digits.csv.gz")
        if path.is_file():
            return np.loadtxt(path, delimiter=",")
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return np.column_stack([x, y])
