"""Made images: each class is a colour with a dark stripe at a place of its own, under noise.

They are quick to learn and stand in for photographs where only the program is to be tried: as a
data set of any shape, or as files in ImageNet's layout.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count
from snn_credit.data.dataset import Dataset

NOISE = 0.1


def made_images(
    shape: tuple[int, int, int],
    *,
    classes: int = 10,
    train: int = 100,
    validation: int = 20,
    test: int = 20,
    seed: int = 0,
) -> Dataset:
    """Return a data set of made images.

    Parameters
    ----------
    shape : (int, int, int)
        Channels, height and width.
    classes, train, validation, test : int
        How many classes, and images of each split; classes take turns.
    seed : int
        Of classes and noise.

    Raises
    ------
    InputError
        A count is out of its range.
    """
    for name, count in (("classes", classes), ("train", train), ("test", test)):
        check_count(f"made_images.{name}", count, 1, 2**31)
    check_count("made_images.validation", validation, 0, 2**31)
    random = np.random.default_rng(seed)
    looks = _looks(classes, shape[0], random)
    splits = {}
    for split, n in (("train", train), ("validation", validation), ("test", test)):
        labels = np.arange(n) % classes
        pixels = [_draw(*looks[label], shape[1:], random) for label in labels]
        splits[f"{split}_x"] = np.array(pixels, np.float32).reshape(n, math.prod(shape))
        splits[f"{split}_y"] = labels
    return Dataset("made", **splits, classes=classes, image_shape=shape)


def write_images(root: Path, *, classes: int, images: int, side: int = 40, seed: int = 0) -> None:
    """Write made images as ``root/train/CLASS/*.JPEG`` and ``root/val/CLASS/*.JPEG``.

    Parameters
    ----------
    root : Path
        It need not exist.
    classes, images : int
        How many classes, and images of each in train; val has half as many.
    side : int
        The shortest that a picture's side can be, in pixels; the longest is half as much again.
    seed : int
        Of classes, sizes and noise.
    """
    from PIL import Image

    random = np.random.default_rng(seed)
    for number, look in enumerate(_looks(classes, 3, random)):
        for part, count in (("train", images), ("val", max(1, images // 2))):
            folder = root / part / f"n{number:08d}"
            folder.mkdir(parents=True, exist_ok=True)
            for at in range(count):
                height, width = side + random.integers(0, side // 2 + 1, 2)
                pixels = _draw(*look, (int(height), int(width)), random).transpose(1, 2, 0)
                picture = Image.fromarray(np.rint(255 * pixels).astype(np.uint8))
                picture.save(folder / f"{part}_{at}.JPEG", quality=90)


def _looks(
    classes: int, channels: int, random: np.random.Generator
) -> list[tuple[NDArray[np.float64], float]]:
    """Colour, (channels,), and place of the stripe from 0 to 1, of each class."""
    return [(random.uniform(0.3, 1.0, channels), random.uniform(0.2, 0.8)) for _ in range(classes)]


def _draw(
    colour: NDArray[np.float64], place: float, size: tuple[int, int], random: np.random.Generator
) -> NDArray[np.float64]:
    """Return an image (channels, height, width) from 0 to 1."""
    pixels = np.empty((len(colour), *size))
    pixels[:] = colour[:, None, None]
    left = int((place - 0.125) * size[1])
    pixels[:, :, left : left + max(1, size[1] // 4)] *= 0.2
    return (pixels + NOISE * random.standard_normal(pixels.shape)).clip(0, 1)
