"""Scikit-learn's handwritten digits: 1797 images of 8x8, no download needed.

Source: E. Alpaydin, C. Kaynak (1998), "Optical recognition of handwritten digits", UCI machine
learning repository; scikit-learn embeds its test part.
"""

from __future__ import annotations

import numpy as np

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
    # Slow to import, and needed by nothing else here.
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = np.asarray(x, np.float32) / np.float32(16)
    y = np.asarray(y, np.int64)
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
