"""MNIST digits before patches of photographs, from the two official ``.amat`` text files.

A line an image: 784 pixels from 0 to 1 and the label, between spaces. The training file has 12,000
lines, of which the last 2,000 are for validation; the test file has 50,000.
Source: H. Larochelle, D. Erhan, A. Courville, J. Bergstra, Y. Bengio (2007), "An empirical
evaluation of deep architectures on problems with many factors of variation", ICML, 473-480.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.data import files
from snn_credit.data.dataset import Dataset
from snn_credit.errors import InputError

NAME = "mnist-back-image"
URL = "www.iro.umontreal.ca/~lisa/icml2007data/mnist_background_images.zip"
TRAIN, TEST = "mnist_background_images_train.amat", "mnist_background_images_test.amat"
LINES = {TRAIN: 12_000, TEST: 50_000}
PIXELS = 784
Part = tuple[NDArray[np.float32], NDArray[np.int64]]


def load(swapped: bool = True, official_size: bool = True) -> Dataset:
    """Load mnist-back-image.

    Parameters
    ----------
    swapped : bool
        Train on the 50,000 images of the test file and test on the first 10,000 of the training
        file, as Supplementary Note 5 of Lillicrap et al. 2016 does; False keeps the official sets.
        Either way the last sixth of the training file is for validation.
    official_size : bool
        Refuse files with another number of lines than the official ones.

    Returns
    -------
    Dataset
        `image_shape` is (28, 28).

    Raises
    ------
    InputError
        The files are not there, are damaged, or are not of this layout.
    """
    paths = files.find(NAME, LINES, hint=f"such as the unpacked {URL}")
    counts = LINES if official_size else dict.fromkeys(LINES)
    x, y = read(paths[TRAIN], counts[TRAIN])
    first = len(y) - len(y) // 6
    smaller, held = (x[:first], y[:first]), (x[first:], y[first:])
    larger = read(paths[TEST], counts[TEST])
    train, test = (larger, smaller) if swapped else (smaller, larger)
    return Dataset(
        name=NAME,
        train_x=train[0],
        train_y=train[1],
        validation_x=held[0],
        validation_y=held[1],
        test_x=test[0],
        test_y=test[1],
        classes=10,
        image_shape=(28, 28),
    )


def read(path: Path, lines: int | None = None) -> Part:
    """Read one ``.amat`` file, gzipped or not.

    Parameters
    ----------
    path : Path
        The file.
    lines : int, optional
        How many it must have.

    Returns
    -------
    pixels : ndarray of float32, shape (n, 784)
        In the order of the file.
    labels : ndarray of int64, shape (n,)

    Raises
    ------
    InputError
        The file cannot be read, holds something else than numbers, or has another number of lines
        or of columns, or a label that is none.
    """
    text = io.TextIOWrapper(io.BytesIO(files.read_bytes(path)), "latin1")
    try:
        with warnings.catch_warnings():  # of a file without lines, which is refused below
            warnings.simplefilter("ignore")
            table = np.loadtxt(text, dtype=np.float32, ndmin=2)
    except ValueError as error:
        reason = " ".join(str(error).split(";")[0].split())
        raise InputError(f"{path}: expected rows of numbers (got: {reason})") from None
    if table.shape != (lines or max(len(table), 1), PIXELS + 1):
        raise InputError(
            f"{path}: expected {lines or 'some'} rows of {PIXELS} pixels and a label "
            f"(got {table.shape})"
        )
    labels = table[:, PIXELS]
    wrong = np.flatnonzero(~np.isin(labels, np.arange(10)))
    if wrong.size:
        raise InputError(
            f"{path}: expected labels 0 to 9 (got {labels[wrong[0]]:g} in row {wrong[0] + 1})"
        )
    return np.ascontiguousarray(table[:, :PIXELS]), labels.astype(np.int64)
