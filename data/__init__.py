"""Readers of official file layouts, synthetic tasks, and downloads into a cache folder."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

from snn_credit.data import cifar, digits, mnist, mnist_back_image, svhn, timit
from snn_credit.data.dataset import Dataset
from snn_credit.data.folder_dataset import FolderDataset, load_folders
from snn_credit.data.image_folder import ImageFolder
from snn_credit.data.splits import hold_out
from snn_credit.data.tasks import Task
from snn_credit.data.whitening import whitened
from snn_credit.errors import InputError

__all__ = [
    "LOADERS",
    "Dataset",
    "FolderDataset",
    "ImageFolder",
    "Task",
    "hold_out",
    "load",
    "load_folders",
    "whitened",
]

LOADERS: Mapping[str, Callable[[], Dataset]] = MappingProxyType(
    {
        "digits": digits.load,
        "mnist": mnist.load,
        "cifar10": functools.partial(cifar.load, "cifar10"),
        "cifar100": functools.partial(cifar.load, "cifar100"),
        "svhn": svhn.load,
        "mnist-back-image": mnist_back_image.load,
        "timit": timit.load,
    }
)


def load(name: str) -> Dataset:
    """Load a data set by its name.

    Parameters
    ----------
    name : str
        One of `LOADERS`: ``digits`` is embedded; for the others files are looked for in
        ``SNN_CREDIT_DATA``, else in the user's cache folder.

    Returns
    -------
    Dataset
        Its train, validation and test splits.

    Raises
    ------
    InputError
        The name is unknown, or the files are missing or wrong.
    """
    if name not in LOADERS:
        raise InputError(f"data: expected one of {', '.join(LOADERS)} (got {name!r})")
    return LOADERS[name]()
