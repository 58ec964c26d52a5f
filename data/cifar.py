"""CIFAR-10 and CIFAR-100 from their official files: 50,000 and 10,000 colour images of 32x32.

Both layouts are read, binary and python. A binary file is a row an image: its label in a byte
(CIFAR-100: the coarse label, then the fine one), then 3 x 32 x 32 bytes, channel by channel, row by
row. A python file is a pickled dict: ``data`` (n, 3072) bytes in the same order, and ``labels``
(CIFAR-100: ``fine_labels``).
Source: A. Krizhevsky (2009), "Learning multiple layers of features from tiny images",
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.data import archives, unpickle
from snn_credit.data.archives import Archive
from snn_credit.data.dataset import Dataset, Part, of_bytes
from snn_credit.errors import InputError, one_of

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32


@dataclasses.dataclass(frozen=True)
class Kind:
    """One of the two data sets.

    Attributes
    ----------
    classes : int
        Number of classes.
    images : int
        How many there are in a file of training images; a file of test images has 10,000.
    label_bytes : int
        How many bytes of label a row of the binary layout starts with; the last one counts.
    label_key : str
        Under which key the python layout keeps them.
    binary, python : Archive
        The two layouts. The last member holds the test images.
    """

    classes: int
    images: int
    label_bytes: int
    label_key: str
    binary: Archive
    python: Archive


_BATCHES = tuple(f"data_batch_{k}" for k in range(1, 6))
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "cifar10": Kind(
            classes=10,
            images=10_000,
            label_bytes=1,
            label_key="labels",
            binary=Archive(
                "cifar-10-binary.tar.gz",
                "cifar-10-batches-bin",
                tuple(f"{name}.bin" for name in (*_BATCHES, "test_batch")),
            ),
            python=Archive(
                "cifar-10-python.tar.gz", "cifar-10-batches-py", (*_BATCHES, "test_batch")
            ),
        ),
        "cifar100": Kind(
            classes=100,
            images=50_000,
            label_bytes=2,
            label_key="fine_labels",
            binary=Archive(
                "cifar-100-binary.tar.gz", "cifar-100-binary", ("train.bin", "test.bin")
            ),
            python=Archive("cifar-100-python.tar.gz", "cifar-100-python", ("train", "test")),
        ),
    }
)
TEST_IMAGES = 10_000


def load(name: str = "cifar10", validation: int = 5000, official_size: bool = True) -> Dataset:
    """Load CIFAR-10 or CIFAR-100, with validation images held out of the training set.

    Parameters
    ----------
    name : str
        ``cifar10`` or ``cifar100``.
    validation : int
        How many of the 50,000 training images to hold out, stratified and always the same ones.
    official_size : bool
        Refuse files with another number of images than the official ones. False takes what is
        there, such as the first images of each.

    Returns
    -------
    Dataset
        Pixels are 0, 1/255 .. 1; `image_shape` is (3, 32, 32).

    Raises
    ------
    InputError
        The name is unknown, the files are not there (the message says where was looked and what to
        type) or are damaged or wrong, or `validation` leaves no training image.
    """
    if name not in KINDS:
        raise InputError(f"cifar.name: expected {one_of(name, KINDS)} (got {name!r})")
    kind = KINDS[name]
    layout, contents = archives.find(name, (kind.binary, kind.python))
    parts = []
    for member in layout.members:
        content, source = contents.pop(member)
        expected = TEST_IMAGES if member == layout.members[-1] else kind.images
        parse = parse_binary if layout is kind.binary else parse_python
        parts.append(parse(content, kind, source, expected if official_size else None))
    *train, test = parts
    images, labels = (np.concatenate(arrays) for arrays in zip(*train, strict=True))
    return of_bytes(name, (images, labels), test, classes=kind.classes, validation=validation)


def parse_binary(content: bytes, kind: Kind, source: str, expected: int | None = None) -> Part:
    """Make images and labels of the bytes of a binary file.

    Parameters
    ----------
    content : bytes
        The whole file.
    kind : Kind
        Which data set it is of.
    source : str
        What the message names: the path of the file.
    expected : int, optional
        How many images it must hold.

    Returns
    -------
    images : ndarray of uint8, shape (n, 3, 32, 32)
    labels : ndarray of int64, shape (n,)

    Raises
    ------
    InputError
        The file has fewer or more bytes than its images need, or a label is out of range.
    """
    size = kind.label_bytes + PIXELS
    present = len(content)
    if expected is not None and present != expected * size:
        fault = "truncated" if present < expected * size else "trailing bytes"
        raise InputError(
            f"{source}: expected {expected * size} bytes, {expected} rows of {size}, {fault} "
            f"(got {present})"
        )
    if present == 0 or present % size:
        raise InputError(f"{source}: expected rows of {size} bytes (got {present} bytes)")
    rows = np.frombuffer(content, np.uint8).reshape(-1, size)
    labels = rows[:, kind.label_bytes - 1].astype(np.int64)
    _check_labels(labels, kind, source)
    return rows[:, kind.label_bytes :].reshape(-1, *SHAPE), labels


def parse_python(content: bytes, kind: Kind, source: str, expected: int | None = None) -> Part:
    """Make images and labels of the bytes of a python file, without running what it says.

    Parameters and results are those of `parse_binary`.

    Raises
    ------
    InputError
        The file is no pickle, is truncated, names anything but arrays (see `unpickle`), or does not
        hold what it must.
    """
    found = unpickle.loads(content, source)
    if not isinstance(found, dict):
        raise InputError(f"{source}: expected a dict (got {type(found).__name__})")
    named = {k.decode("latin1") if isinstance(k, bytes) else k: v for k, v in found.items()}
    for key in ("data", kind.label_key):
        if key not in named:
            raise InputError(f"{source}: expected the key {key} (got {', '.join(map(str, named))})")
    data, labels = named["data"], _as_array(named[kind.label_key])
    n = labels.size if expected is None else expected
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape != (n, PIXELS):
        came = getattr(data, "shape", type(data).__name__), getattr(data, "dtype", "")
        raise InputError(
            f"{source}: expected data ({n}, {PIXELS}) of uint8 (got {came[0]} {came[1]})"
        )
    if labels.shape != (n,) or labels.dtype.kind not in "iu" or n == 0:
        raise InputError(
            f"{source}: expected {max(n, 1)} integers as {kind.label_key} (got shape "
            f"{labels.shape} of {labels.dtype})"
        )
    labels = labels.astype(np.int64)
    _check_labels(labels, kind, source)
    return data.reshape(-1, *SHAPE), labels


def _as_array(labels: Any) -> NDArray[Any]:
    """Return a list of integers as an array; what is no such list, as an array of objects."""
    try:
        return np.asarray(labels)
    except ValueError:
        return np.asarray(None)


def _check_labels(labels: NDArray[np.int64], kind: Kind, source: str) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= kind.classes))
    if wrong.size:
        raise InputError(
            f"{source}: expected labels 0 to {kind.classes - 1} (got {labels[wrong[0]]} of image "
            f"{wrong[0]})"
        )
