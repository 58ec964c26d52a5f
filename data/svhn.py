"""SVHN from its official files of cropped digits: house numbers, colour images of 32x32.

A ``.mat`` file holds ``X`` (32, 32, 3, n), bytes, and ``y`` (n, 1), labels 1 to 10, where 10 means
the digit 0. There are 73,257 training, 26,032 test and 531,131 extra images.
Source: Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng (2011), "Reading digits in
natural images with unsupervised feature learning", http://ufldl.stanford.edu/housenumbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from snn_credit.data import files
from snn_credit.data.dataset import Dataset, Part, of_bytes
from snn_credit.errors import InputError

TRAIN, TEST, EXTRA = "train_32x32.mat", "test_32x32.mat", "extra_32x32.mat"
SHA256: Mapping[str, str] = MappingProxyType(
    {
        TRAIN: "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        TEST: "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        EXTRA: "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3",
    }
)


def load(
    grey: bool = False,
    extra: bool = False,
    validation: int = 5000,
    sha256: Mapping[str, str] = SHA256,
) -> Dataset:
    """Load SVHN, with validation images held out of the training set.

    Parameters
    ----------
    grey : bool
        Take the mean of the three colours: 1024 inputs, as in Supplementary Note 6 of Lillicrap et
        al. 2016.
    extra : bool
        Add the extra images to the training set, as there: 604,388 images, which take 7 GB of
        memory in colour and 2.5 GB in grey.
    validation : int
        How many training images to hold out, stratified and always the same ones.
    sha256 : mapping of str to str
        File name to checksum.

    Returns
    -------
    Dataset
        Pixels are 0, 1/255 .. 1 (in grey, thirds of these); labels are the digits themselves;
        `image_shape` is (3, 32, 32), or (32, 32) in grey.

    Raises
    ------
    InputError
        The files are not there (the message says where was looked and what to type), are damaged
        or are not the official ones, or `validation` leaves no training image.
    """
    wanted = [TRAIN, TEST, *([EXTRA] if extra else [])]
    both = "or type: snn-credit data fetch svhn, and: snn-credit data fetch svhn-extra"
    paths = files.find("svhn", wanted, gzipped=False, hint=both if extra else None)
    parts = {file: _read(paths[file], sha256[file], grey) for file in wanted}
    train = parts[TRAIN]
    if extra:
        (images, labels), (more_images, more_labels) = train, parts[EXTRA]
        train = np.concatenate([images, more_images]), np.concatenate([labels, more_labels])
    return of_bytes("svhn", train, parts[TEST], classes=10, validation=validation)


def _read(path: Path, sha256: str, grey: bool) -> Part:
    images, labels = read(path)
    # The layout first: "truncated" says more than a checksum that differs.
    files.check_file_sha256(path, sha256)
    return (images.mean(axis=1, dtype=np.float32), labels) if grey else (images, labels)


def read(path: Path) -> Part:
    """Read one file of cropped digits.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    images : ndarray of uint8, shape (n, 3, 32, 32)
    labels : ndarray of int64, shape (n,)
        The digits, 0 to 9.

    Raises
    ------
    InputError
        The file cannot be read, is no MATLAB file or a truncated one, or does not hold X and y of
        the shapes and types above.
    """
    found = _variables(path)
    x, y = (found.get(name) for name in ("X", "y"))
    if x is None or y is None:
        there = ", ".join(name for name in found if not name.startswith("__")) or "neither"
        raise InputError(f"{path}: expected the variables X and y (got {there})")
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[:3] != (32, 32, 3):
        raise InputError(f"{path}: expected X (32, 32, 3, n) of uint8 (got {x.shape} of {x.dtype})")
    labels = y.ravel()
    if labels.dtype.kind not in "iuf" or len(labels) != x.shape[3]:
        raise InputError(
            f"{path}: expected y with {x.shape[3]} numbers, one an image (got {y.shape} of "
            f"{y.dtype})"
        )
    wrong = np.flatnonzero(~np.isin(labels, np.arange(1, 11)))
    if wrong.size:
        raise InputError(
            f"{path}: expected labels 1 to 10 (got {labels[wrong[0]]} of image {wrong[0]})"
        )
    return x.transpose(3, 2, 0, 1), labels.astype(np.int64) % 10


def _variables(path: Path) -> dict[str, Any]:
    # Slow to import, and needed by nothing else here.
    from scipy.io import loadmat

    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: expected a readable file (got {error.strerror})") from None
    with file:
        try:
            return loadmat(file, variable_names=["X", "y"])
        except Exception as error:  # a damaged file raises almost anything
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{path}: expected a whole MATLAB file (got: {reason})") from None
