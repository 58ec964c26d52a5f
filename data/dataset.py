"""What every data set looks like here: three splits of inputs in [0, 1] and of labels."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError

SPLITS = ("train", "validation", "test")


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
        One flattened input per row, each value in [0, 1].
    train_y, validation_y, test_y : ndarray of int64, shape (n,)
        Labels, 0 <= label < classes.
    classes : int
        Number of classes.
    image_shape : tuple of int
        Shape of one input before it was flattened, such as (28, 28).

    Raises
    ------
    InputError
        A value is not finite or outside [0, 1], a label is out of range, or lengths, shapes or
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

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise InputError(f"Dataset.classes: must be >= 1 (got {self.classes})")
        for split in SPLITS:
            x_name, y_name = f"{split}_x", f"{split}_y"
            x = _checked_inputs(f"Dataset.{x_name}", getattr(self, x_name), self.image_shape)
            y = _checked_labels(f"Dataset.{y_name}", getattr(self, y_name), self.classes)
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


def check_count(argument: str, n: int, least: int, most: int) -> None:
    """Refuse a count that is not an integer from least to most, with the argument's name."""
    is_integer = isinstance(n, int | np.integer) and not isinstance(n, bool)
    if not is_integer or not least <= n <= most:
        raise InputError(f"{argument}: must be an integer from {least} to {most} (got {n!r})")


def _checked_inputs(
    argument: str, given: ArrayLike, image_shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Cast inputs to float32, after looking at shape, type, finiteness and range."""
    x = np.asarray(given)
    features = math.prod(image_shape)
    if x.ndim != 2 or x.shape[1] != features:
        raise InputError(
            f"{argument}: expected shape (n, {features}) for images of {image_shape} "
            f"(got {x.shape})"
        )
    if x.dtype.kind not in "fiu":
        raise InputError(f"{argument}: expected real numbers (got dtype {x.dtype})")
    # min and max pass a NaN on, so a sound array costs no mask of its size.
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        wrong = ~np.isfinite(x)
        expected = "must be finite" if wrong.any() else "must lie in [0, 1]"
        if not wrong.any():
            wrong = (x < 0) | (x > 1)
        row, column = (int(k) for k in np.argwhere(wrong)[0])
        raise InputError(f"{argument}: {expected} (got {x[row, column]} at [{row}, {column}])")
    return x.astype(np.float32, copy=False)


def _checked_labels(argument: str, given: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Cast labels to int64, after looking at shape, type and range."""
    y = np.asarray(given)
    if y.ndim != 1:
        raise InputError(f"{argument}: expected shape (n,) (got {y.shape})")
    if y.dtype.kind not in "iu":
        raise InputError(f"{argument}: expected integers (got dtype {y.dtype})")
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if wrong.size:
        raise InputError(
            f"{argument}: must lie in 0..{classes - 1} (got {y[wrong[0]]} at [{wrong[0]}])"
        )
    return y.astype(np.int64, copy=False)
