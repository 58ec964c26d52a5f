"""Images made of other images: elastic distortions, crops, reflections.

Everything takes and returns batches (n, channels, height, width), draws from a generator that is
passed in, and leaves its input as it was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count
from snn_credit.errors import InputError

Images = NDArray[np.float32]
AT_ONCE = 500


def elastic(
    images: Images, random: np.random.Generator, alpha: float = 34.0, sigma: float = 4.0
) -> Images:
    """Distort each image by a smooth random field of displacements.

    A pixel of the result is the bilinear interpolation of the image at the pixel's place moved by
    `displacement`; 0 lies outside. All channels of an image move together. Supplementary Note 5 of
    Lillicrap et al. 2016 refers to Simard et al. 2003, whose best values for MNIST are the defaults
    here: a standard deviation of 1.4 pixels.

    Parameters
    ----------
    images : ndarray of float, shape (n, channels, height, width)
    random : numpy.random.Generator
    alpha : float
        Strength, in pixels, alpha >= 0. At 0 the images come back as they are.
    sigma : float
        Smoothness, in pixels, sigma > 0.

    Returns
    -------
    ndarray of float32, of the same shape

    Raises
    ------
    InputError
        The images are no such batch, or a number is out of its range.

    References
    ----------
    P. Y. Simard, D. Steinkraus, J. C. Platt (2003), "Best practices for convolutional neural
    networks applied to visual document analysis", ICDAR, 958-963.
    """
    n, _, height, width = _shape(images)
    parts = [
        _interpolate(part, displacement(random, len(part), height, width, alpha, sigma))
        for part in (images[first : first + AT_ONCE] for first in range(0, max(n, 1), AT_ONCE))
    ]
    return np.concatenate(parts)


def displacement(
    random: np.random.Generator, n: int, height: int, width: int, alpha: float, sigma: float
) -> NDArray[np.float32]:
    """Draw n fields of displacements in pixels, (n, 2, height, width): down, then right.

    Uniform on [-1, 1] for each pixel, convolved with a Gaussian of standard deviation sigma and of
    sum 1, times alpha. So each displacement has mean 0 and standard deviation
    ``alpha / (sigma sqrt(12 pi))``, for sigma well above 1. The noise reaches beyond the image: its
    borders move as its middle does.

    Raises
    ------
    InputError
        alpha is below 0, sigma is not above 0, or one is not finite.
    """
    if not 0 <= alpha < np.inf:
        raise InputError(f"alpha: must be a finite number >= 0 (got {alpha})")
    if not 0 < sigma < np.inf:
        raise InputError(f"sigma: must be a finite number > 0 (got {sigma})")
    down, right = _smoothing(height, sigma), _smoothing(width, sigma)
    noise = random.random((n, 2, down.shape[1], right.shape[1]), dtype=np.float32) * 2 - 1
    return np.multiply(alpha, down @ noise @ right.T, dtype=np.float32)


def random_crop(
    images: Images, size: tuple[int, int], random: np.random.Generator, padding: int = 0
) -> Images:
    """Cut a window out of each image, anywhere in it.

    Moskovitz et al. 2018 train their first CIFAR-10 model on random windows of 24x24 (Table 2);
    `centre_crop` gives what to test on. They mention no reflections.

    Parameters
    ----------
    images : ndarray of float, shape (n, channels, height, width)
    size : (int, int)
        Height and width of the window.
    random : numpy.random.Generator
    padding : int
        Black pixels around the image before the cut: with the image's own size, a translation.

    Returns
    -------
    ndarray, shape (n, channels, *size)

    Raises
    ------
    InputError
        The images are no such batch, or the window does not fit.
    """
    check_count("padding", padding, 0, 2**15)
    n, channels, height, width = _shape(images)
    border = (padding, padding)
    padded = np.pad(images, ((0, 0), (0, 0), border, border)) if padding else images
    room = _room(size, height + 2 * padding, width + 2 * padding)
    top, left = (random.integers(0, most + 1, n)[:, None] for most in room)
    rows = (top + np.arange(size[0]))[:, None, :, None]
    columns = (left + np.arange(size[1]))[:, None, None, :]
    each, channel = np.arange(n)[:, None, None, None], np.arange(channels)[:, None, None]
    return padded[each, channel, rows, columns]


def random_windows(
    n: int,
    random: np.random.Generator,
    area: tuple[float, float] = (0.08, 1.0),
    aspect: tuple[float, float] = (0.75, 4 / 3),
    flip: float = 0.5,
) -> NDArray[np.float32]:
    """Draw windows of square images that are to be stretched to squares again, as maps (n, 2, 3).

    A map takes the result's coordinates (x, y, 1), from -1 to 1, to the image's, as torch's
    ``affine_grid`` wants it. The window has a share of the image's area that is uniform, and an
    aspect (width over height) whose logarithm is. Where it does not fit, both are drawn again, and
    after ten times it is cut to what there is. ImageNet networks are usually trained on such
    windows (Szegedy et al. 2015, section 6).

    Parameters
    ----------
    n : int
    random : numpy.random.Generator
    area, aspect : (float, float)
        The least and the greatest, 0 < least <= greatest; an area of at most 1.
    flip : float
        Probability of a reflection left to right.

    Raises
    ------
    InputError
        A range or probability is none.
    """
    for name, (least, greatest), most in (("area", area, 1.0), ("aspect", aspect, np.inf)):
        if not (0 < least <= greatest <= most and greatest < np.inf):
            raise InputError(f"{name}: 0 < least <= greatest (got {least} to {greatest})")
    if not 0 <= flip <= 1:
        raise InputError(f"flip: must lie in [0, 1] (got {flip})")
    half = np.empty((n, 2))  # of the width and the height, as parts of the image's
    left = np.arange(n)
    for _ in range(10):
        share = random.uniform(area[0], area[1], len(left))
        ratio = np.exp(random.uniform(np.log(aspect[0]), np.log(aspect[1]), len(left)))
        half[left] = np.sqrt(share[:, None] * np.stack([ratio, 1 / ratio], 1))
        left = left[(half[left] > 1).any(1)]
    half.clip(max=1, out=half)
    maps = np.zeros((n, 2, 3), np.float32)
    maps[:, :, 2] = random.uniform(-1, 1, (n, 2)) * (1 - half)
    maps[:, 0, 0] = half[:, 0] * np.where(random.random(n) < flip, -1, 1)
    maps[:, 1, 1] = half[:, 1]
    return maps


def centre_crop(images: Images, size: tuple[int, int]) -> Images:
    """Cut the window in the middle out of each image, (n, channels, *size), as a view.

    Raises
    ------
    InputError
        The images are no such batch, or the window does not fit.
    """
    _, _, height, width = _shape(images)
    top, left = (most // 2 for most in _room(size, height, width))
    return images[:, :, top : top + size[0], left : left + size[1]]


def random_flip(images: Images, random: np.random.Generator, probability: float = 0.5) -> Images:
    """Reflect images left to right, each with the given probability.

    Raises
    ------
    InputError
        The images are no such batch, or the probability is none.
    """
    n, *_ = _shape(images)
    if not 0 <= probability <= 1:
        raise InputError(f"probability: must lie in [0, 1] (got {probability})")
    chosen = random.random(n) < probability
    return np.where(chosen[:, None, None, None], images[..., ::-1], images)


def _shape(images: Images) -> tuple[int, int, int, int]:
    shape = np.shape(images)
    if len(shape) != 4:
        raise InputError(f"images: expected shape (n, channels, height, width) (got {shape})")
    n, channels, height, width = shape
    return n, channels, height, width


def _room(size: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """How far a window can move down and right."""
    if not (1 <= size[0] <= height and 1 <= size[1] <= width):
        raise InputError(f"size: must fit into {height} x {width} (got {size[0]} x {size[1]})")
    return height - size[0], width - size[1]


def _smoothing(length: int, sigma: float) -> NDArray[np.float32]:
    """Matrix (length, length + 2 reach) of a convolution with a Gaussian, cut at 4 sigma."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    matrix = np.zeros((length, length + 2 * reach), np.float32)
    for row in range(length):
        matrix[row, row : row + 2 * reach + 1] = kernel / kernel.sum()
    return matrix


def _interpolate(images: Images, moved: NDArray[np.float32]) -> Images:
    """Take images (n, c, h, w) at their pixels' places plus (n, 2, h, w)."""
    n, channels, height, width = images.shape
    # One black pixel all around: what lies further outside is held on it.
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1))).astype(np.float32, copy=False)
    flat = padded.reshape(n, channels, -1)
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] + moved[:, 0], -1, height) + 1
    x = np.clip(np.arange(width, dtype=np.float32) + moved[:, 1], -1, width) + 1
    top, left = np.minimum(np.floor(y), height), np.minimum(np.floor(x), width)
    below, beside = (y - top)[:, None], (x - left)[:, None]  # weights, (n, 1, h, w)
    corner = (top.astype(np.int64) * (width + 2) + left.astype(np.int64)).reshape(n, 1, -1)

    def at(down: int, right: int) -> Images:
        place = corner + down * (width + 2) + right
        return np.take_along_axis(flat, place, axis=2).reshape(images.shape)

    upper = (1 - beside) * at(0, 0) + beside * at(0, 1)
    lower = (1 - beside) * at(1, 0) + beside * at(1, 1)
    return np.add((1 - below) * upper, below * lower, dtype=np.float32)
