"""A folder of images with a folder a class, as ImageNet's train and val folders: read one by one.

    root/n01440764/n01440764_10026.JPEG    class 0
    root/n01443537/n01443537_10007.JPEG    class 1

Pillow reads the files; matplotlib brings it along.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count
from snn_credit.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
Transform = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


class ImageFolder:
    """Images and labels, each read from its file when it is asked for.

    It has what torch's ``DataLoader`` asks of a data set of random access. Classes are the
    folders' names in alphabetical order, so train and validation folders with the same classes
    number them alike.

    Parameters
    ----------
    root : path
        Folder with one folder a class, whose images may lie in further folders.
    resize : int, optional
        Scale each image so that its shorter side has this length, before anything else.
    crop : int or (int, int), optional
        Then cut the window of this height and width out of its middle. Images have the sizes of
        their files without it.
    transform : callable, optional
        Then (3, height, width) and a generator -> another image, such as a random crop. What is
        drawn depends on `seed`, the epoch and the image's number alone, not on who reads it when.
    seed : int
        Of the transform.

    Attributes
    ----------
    classes : list of str
        Names of the classes, in the order of their labels.
    files : list of Path
        Every image.
    labels : ndarray of int64, shape (n,)

    Raises
    ------
    InputError
        The folder is not there, has no folders or no images in one, an argument is out of its
        range, or Pillow is not installed.
    """

    crop: tuple[int, int] | None
    root: Path
    resize: int | None
    transform: Transform | None
    seed: int
    classes: list[str]
    files: list[Path]
    labels: NDArray[np.int64]
    epoch: int

    def __init__(
        self,
        root: Path | str,
        *,
        resize: int | None = None,
        crop: int | tuple[int, int] | None = None,
        transform: Transform | None = None,
        seed: int = 0,
    ) -> None:
        _check_pillow()
        if resize is not None:
            check_count("ImageFolder.resize", resize, 1, 2**15)
        self.crop = (crop, crop) if isinstance(crop, int) else crop
        for length in self.crop or ():
            check_count("ImageFolder.crop", length, 1, 2**15)
        self.root, self.resize, self.transform = Path(root).expanduser(), resize, transform
        self.seed, self.epoch = seed, 0
        self.classes = _classes(self.root)
        found = [_images(self.root / name) for name in self.classes]
        self.files = [path for paths in found for path in paths]
        self.labels = np.repeat(np.arange(len(found)), [len(paths) for paths in found])

    def set_epoch(self, epoch: int) -> None:
        """Let the transform draw anew: call it before each epoch, before the loader starts."""
        self.epoch = epoch

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], int]:
        """Read an image.

        Returns
        -------
        image : ndarray of float32, shape (3, height, width)
            From 0 to 1, before the transform. Grey images have three equal channels.
        label : int

        Raises
        ------
        InputError
            The file cannot be read, is damaged, or is smaller than the crop.
        IndexError
            There is no such image.
        """
        index = range(len(self.files))[index]  # negative ones count from the end
        image = self._read(self.files[index])
        if self.transform is not None:
            image = self.transform(image, np.random.default_rng((self.seed, self.epoch, index)))
        return image, int(self.labels[index])

    def _read(self, path: Path) -> NDArray[np.float32]:
        from PIL import Image

        try:
            with Image.open(path) as opened:
                image = opened.convert("RGB")
        except Exception as error:  # Pillow's readers raise almost anything
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{path}: expected a whole image (got: {reason})") from None
        if self.resize is not None:
            scale = self.resize / min(image.size)
            width, height = (max(self.resize, round(scale * side)) for side in image.size)
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        if self.crop is not None:
            image = _cut(image, self.crop, path)
        pixels = np.asarray(image, np.uint8).transpose(2, 0, 1)
        return np.divide(pixels, 255, dtype=np.float32)


def _cut(image: Image, size: tuple[int, int], path: Path) -> Image:
    """Cut (height, width) out of the middle."""
    top, left = (there - wanted for there, wanted in zip(image.size[::-1], size, strict=True))
    if top < 0 or left < 0:
        raise InputError(
            f"{path}: expected at least {size[0]} x {size[1]} pixels for the crop (got "
            f"{image.height} x {image.width}); give a resize"
        )
    return image.crop((left // 2, top // 2, left // 2 + size[1], top // 2 + size[0]))


def _classes(root: Path) -> list[str]:
    if not os.path.isdir(root):
        raise InputError(f"ImageFolder.root: expected an existing folder (got {str(root)!r})")
    names = sorted(e.name for e in os.scandir(root) if e.is_dir() and not e.name.startswith("."))
    if not names:
        raise InputError(f"ImageFolder.root: expected a folder a class (got none in {root})")
    return names


def _images(folder: Path) -> list[Path]:
    files = sorted(
        Path(where) / name
        for where, _, names in os.walk(folder, followlinks=True)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )
    if not files:
        raise InputError(
            f"ImageFolder.root: expected images in every folder, such as .jpg or .png (got none "
            f"in {folder})"
        )
    return files


def _check_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        raise InputError(
            "ImageFolder: expected Pillow to read images (got none); type: pip install pillow"
        ) from None
