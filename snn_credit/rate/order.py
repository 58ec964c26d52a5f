"""Which images a training shows when: one random order of all of them after another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_credit.rate.settings import Settings


def chosen_images(seen: int, settings: Settings, n: int) -> NDArray[np.int64]:
    """Return which images come next: one random order after another, cut across their ends."""
    last = min(seen + settings.batch, settings.images)
    rounds = range(seen // n, (last - 1) // n + 1)
    orders = [_order(settings.seed, number, n) for number in rounds]
    first = rounds[0] * n
    return np.concatenate(orders)[seen - first : last - first]


_ORDERS: dict[tuple[int, int, int], NDArray[np.int64]] = {}


def _order(seed: int, number: int, n: int) -> NDArray[np.int64]:
    """Return the random order of the images in one time round."""
    key = seed, number, n
    if key not in _ORDERS:
        for old in [other for other in _ORDERS if other[1] < number - 1 or other[::2] != key[::2]]:
            del _ORDERS[old]
        _ORDERS[key] = np.random.default_rng((seed, *map(ord, "order"), number)).permutation(n)
    return _ORDERS[key]
