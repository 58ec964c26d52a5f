"""What every data set looks like here: three splits of inputs and of labels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count, checked_inputs, checked_labels
from snn_credit.data.splits import hold_out
from snn_credit.errors import InputError

SPLITS = ("train", "validation", "test")
SPLIT_SEED = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs and labels of a classification task, split in train, validation and test.

    The validation set is a part of the official training set, so choices (step sizes, stopping
    times) never see the test set. Inputs of another real type are cast to float32, labels of
    another integer type to int64.

    Attributes
    ----------
    name : str
        What it is called in `snn_credit.data.load`.
    train_x, validation_x, test_x : ndarray of float32, shape (n, features)
        One flattened input per row, each value within `bounds`.
    train_y, validation_y, test_y : ndarray of int64, shape (n,)
        Labels, 0 <= label < classes.
    classes : int
        Number of classes.
    image_shape : tuple of int
        Shape of one input before it was flattened: (height, width) such as (28, 28), (channels,
        height, width) such as (3, 32, 32), or (features,) where an input is no image.
    bounds : (float, float)
        The least and the greatest value that an input may have.

    Raises
    ------
    InputError
        A value is not finite or outside the bounds, a label is out of range, or lengths, shapes or
        types do not fit.
    """

    name: str
    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    validation_x: NDArray[np.float32]
    validation_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]
    classes: int
    image_shape: tuple[int, ...]
    bounds: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise InputError(f"Dataset.classes: must be >= 1 (got {self.classes})")
        if not 1 <= len(self.image_shape) <= 3:
            raise InputError(
                f"Dataset.image_shape: expected one to three lengths (got {self.image_shape})"
            )
        for split in SPLITS:
            x_name, y_name = f"{split}_x", f"{split}_y"
            given = getattr(self, x_name)
            x = checked_inputs(f"Dataset.{x_name}", given, self.image_shape, self.bounds)
            y = checked_labels(f"Dataset.{y_name}", getattr(self, y_name), self.classes)
            if len(x) != len(y):
                raise InputError(
                    f"Dataset.{y_name}: expected one label for each of {len(x)} inputs "
                    f"(got {len(y)})"
                )
            # The dataclass is frozen for its users; here the cast arrays are put in place.
            object.__setattr__(self, x_name, x)
            object.__setattr__(self, y_name, y)
        if len(self.train_x) == 0:
            raise InputError("Dataset.train_x: expected at least one input (got none)")

    @property
    def features(self) -> int:
        """Length of one flattened input."""
        return self.train_x.shape[1]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one input: (1, 28, 28) for MNIST, (3, 32, 32) for CIFAR.

        Lengths that `image_shape` does not have are 1.
        """
        channels, height, width = (1, 1, 1, *self.image_shape)[-3:]
        return channels, height, width

    def images(self, split: str) -> NDArray[np.float32]:
        """Return the inputs of a split as images: the same memory, (n, channels, height, width).

        Parameters
        ----------
        split : str
            ``train``, ``validation`` or ``test``.

        Raises
        ------
        InputError
            There is no such split.
        """
        if split not in SPLITS:
            raise InputError(f"images.split: expected one of {', '.join(SPLITS)} (got {split!r})")
        return getattr(self, f"{split}_x").reshape(-1, *self.shape)

    def transformed(
        self, change: Callable[[NDArray[np.float32]], NDArray[np.float32]], name: str | None = None
    ) -> Dataset:
        """Return a data set with other inputs, without bounds.

        Parameters
        ----------
        change : callable
            Given the inputs of a split, (n, features), returns the others.
        name : str, optional
            Of the result; without it this one's.
        """
        parts = {f"{split}_x": change(getattr(self, f"{split}_x")) for split in SPLITS}
        name = self.name if name is None else name
        return dataclasses.replace(self, **parts, name=name, bounds=(-np.inf, np.inf))

    def subset(
        self,
        n_train: int | None = None,
        n_test: int | None = None,
        n_validation: int | None = None,
        seed: int = 0,
    ) -> Dataset:
        """Take a smaller data set with the same balance of classes.

        Parameters
        ----------
        n_train, n_test, n_validation : int, optional
            How many inputs of each split; all of them where none is given.
        seed : int
            Which ones: the same seed picks the same inputs. Their order is kept.

        Returns
        -------
        Dataset
            A data set of the same name.

        Raises
        ------
        InputError
            A split has fewer inputs than asked for, or no training input would be left.
        """
        wanted = {"train": n_train, "validation": n_validation, "test": n_test}
        parts: dict[str, NDArray] = {}
        for split, n in wanted.items():
            x, y = getattr(self, f"{split}_x"), getattr(self, f"{split}_y")
            if n is None:
                continue
            least = 1 if split == "train" else 0
            check_count(f"subset.n_{split}", n, least, len(y))
            _, chosen = hold_out(y, n, seed)
            parts |= {f"{split}_x": x[chosen], f"{split}_y": y[chosen]}
        return dataclasses.replace(self, **parts)


#: Images (n, height, width) or (n, channels, height, width), and their labels (n,).
Part = tuple[NDArray[Any], NDArray[np.int64]]


def of_bytes(name: str, train: Part, test: Part, *, classes: int, validation: int) -> Dataset:
    """Make a data set of official images of bytes, with validation images held out of training.

    Parameters
    ----------
    name : str
        The data set, which the message about `validation` names too.
    train, test : (images, labels)
        The official sets; pixels are bytes, or means of bytes, from 0 to 255.
    classes : int
        Number of classes.
    validation : int
        How many training images to hold out, each class in proportion and always the same ones.

    Returns
    -------
    Dataset
        Pixels are divided by 255.

    Raises
    ------
    InputError
        `validation` leaves no training image, or a label is out of range.
    """
    images, labels = train
    check_count(f"{name}.validation", validation, 0, len(labels) - 1)
    kept, held = hold_out(labels, validation, SPLIT_SEED)
    return Dataset(
        name=name,
        train_x=_flat(images[kept]),
        train_y=labels[kept],
        validation_x=_flat(images[held]),
        validation_y=labels[held],
        test_x=_flat(test[0]),
        test_y=test[1],
        classes=classes,
        image_shape=images.shape[1:],
    )


def _flat(images: NDArray[Any]) -> NDArray[np.float32]:
    """(n, ...) from 0 to 255 to (n, features) from 0 to 1."""
    rows = images.reshape(len(images), math.prod(images.shape[1:]))
    return np.divide(rows, 255, dtype=np.float32)
