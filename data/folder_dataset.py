"""Folders of images as a data set to train on: what ImageNet's size needs in place of `Dataset`.

Nothing is held but names and labels. A batch is read by several threads when it is asked for, and
may be announced, so that it is read while another is learned from.
"""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count
from snn_credit.data.dataset import SPLIT_SEED
from snn_credit.data.files import FOLDER_VARIABLE, search_folders
from snn_credit.data.image_folder import ImageFolder
from snn_credit.data.splits import hold_out
from snn_credit.errors import InputError

THREADS = min(16, os.cpu_count() or 1)


class Images:
    """Some images of a folder, read as rows of numbers: ``images[[3, 5]]`` is (2, features).

    Parameters
    ----------
    folder : ImageFolder
        Its images are cut to one size.
    numbers : ndarray of int64, shape (n,)
        Which of them, in this order.

    Raises
    ------
    InputError
        The folder's images are not cut.
    """

    folder: ImageFolder
    shape: tuple[int, int]

    def __init__(self, folder: ImageFolder, numbers: NDArray[np.int64]) -> None:
        if folder.crop is None:
            raise InputError("folder: images of one size, which a crop gives (got none)")
        self.folder, self._numbers = folder, numbers
        self.shape = (len(numbers), 3 * folder.crop[0] * folder.crop[1])
        self._readers = ThreadPoolExecutor(THREADS)
        self._coming: tuple[NDArray[np.int64], list[Future[NDArray[np.float32]]]] | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._numbers)

    def __getitem__(self, chosen: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """Read images: (n, features) float32 from 0 to 1."""
        numbers = self._numbers[chosen]
        coming, self._coming = self._coming, None
        if coming is None or not np.array_equal(coming[0], numbers):
            coming = numbers, self._read(numbers)
        rows = np.empty((len(numbers), self.shape[1]), np.float32)
        for row, image in zip(rows, coming[1], strict=True):
            row[:] = image.result()
        return rows

    def announce(self, chosen: NDArray[np.int64]) -> None:
        """Begin to read what will be asked for next."""
        numbers = self._numbers[chosen]
        self._coming = numbers, self._read(numbers)

    def some(self, chosen: NDArray[np.int64]) -> Images:
        """Return a part of them."""
        return Images(self.folder, self._numbers[chosen])

    def _read(self, numbers: NDArray[np.int64]) -> list[Future[NDArray[np.float32]]]:
        return [self._readers.submit(self._one, int(number)) for number in numbers]

    def _one(self, number: int) -> NDArray[np.float32]:
        return self.folder[number][0].reshape(-1)


@dataclasses.dataclass(frozen=True, eq=False)
class FolderDataset:
    """Three splits of images in folders, with the attributes of `snn_credit.data.Dataset`.

    Attributes
    ----------
    name : str
    train_x, validation_x, test_x : Images
    train_y, validation_y, test_y : ndarray of int64, shape (n,)
    classes : int
    image_shape : (int, int, int)
        Channels, height, width.
    """

    name: str
    train_x: Images
    train_y: NDArray[np.int64]
    validation_x: Images
    validation_y: NDArray[np.int64]
    test_x: Images
    test_y: NDArray[np.int64]
    classes: int
    image_shape: tuple[int, int, int]

    @property
    def features(self) -> int:
        """Numbers of an image."""
        return self.train_x.shape[1]

    def subset(
        self,
        n_train: int | None = None,
        n_test: int | None = None,
        n_validation: int | None = None,
        seed: int = 0,
    ) -> FolderDataset:
        """Take fewer images with the same balance of classes, as `Dataset.subset` does.

        Raises
        ------
        InputError
            A split has fewer images than asked for, or no training image would be left.
        """
        wanted = {"train": n_train, "validation": n_validation, "test": n_test}
        parts: dict[str, Images | NDArray[np.int64]] = {}
        for split, n in wanted.items():
            if n is None:
                continue
            x, y = getattr(self, f"{split}_x"), getattr(self, f"{split}_y")
            check_count(f"subset.n_{split}", n, int(split == "train"), len(y))
            _, chosen = hold_out(y, n, seed)
            parts |= {f"{split}_x": x.some(chosen), f"{split}_y": y[chosen]}
        return dataclasses.replace(self, **parts)


def load_folders(
    root: Path | str | None = None, *, side: int = 299, validation: int = 10_000
) -> FolderDataset:
    """Read ImageNet's layout: ``train/CLASS/*`` and ``val/CLASS/*``.

    Each image is scaled so that its shorter side has `side` pixels, and cut to the square in its
    middle. What the folder calls val is the test set here; validation images are held out of train,
    each class in proportion and always the same ones.

    Parameters
    ----------
    root : path, optional
        Without one, ``imagenet`` in the folders where data sets are looked for.
    side : int
        Height and width in pixels.
    validation : int
        How many training images to hold out.

    Raises
    ------
    InputError
        The folders are not there, hold other classes, or `validation` leaves nothing to train on.
    """
    folder = _imagenet() if root is None else Path(root).expanduser()
    train, test = (ImageFolder(folder / part, resize=side, crop=side) for part in ("train", "val"))
    if train.classes != test.classes:
        other = sorted(set(train.classes) ^ set(test.classes))[0]
        raise InputError(f"{folder}: the same classes in train and val (got {other} in one only)")
    check_count("validation", validation, 0, len(train) - 1)
    kept, held = hold_out(train.labels, validation, SPLIT_SEED)
    return FolderDataset(
        name=folder.name,
        train_x=Images(train, kept),
        train_y=train.labels[kept],
        validation_x=Images(train, held),
        validation_y=train.labels[held],
        test_x=Images(test, np.arange(len(test))),
        test_y=test.labels,
        classes=len(train.classes),
        image_shape=(3, side, side),
    )


def _imagenet() -> Path:
    folders = search_folders("imagenet")
    for folder in folders:
        if os.path.isdir(folder / "train") and os.path.isdir(folder / "val"):
            return folder
    looked = ", ".join(map(str, folders))
    raise InputError(
        f"imagenet: expected a folder with train/ and val/ (got none of {looked}); set "
        f"{FOLDER_VARIABLE} to a folder that has it as imagenet/"
    )
