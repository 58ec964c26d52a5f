"""Times in ms as times in s, and back to the last bit.

A simulation makes its times as ``1e3 * s``, with ``s = step * dt`` in seconds. Such a number
divided by 1000 and multiplied by 1000 again is the same number, whatever s is. Let s be in [1, 2),
without loss of generality, and u the distance between neighbouring numbers there. From 1.024 on the
products lie 1024 u apart, and 1000 times the rounded quotient is at most 500 u away: it rounds to
the same product. Below 1.024 they lie 512 u apart, so that a product is at most 256 u from 1000 s
and its quotient less than u/2 from s: it rounds to s.

Numbers that are nobody's rounded product with 1000 come back as their neighbour. 1001 is one. They
make up half of those between 1000 and 1024, and as many a factor of two above and below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def to_seconds(times_ms: ArrayLike) -> NDArray[np.float64]:
    """Return times in s."""
    return np.asarray(times_ms, dtype=np.float64) / 1e3


def to_milliseconds(seconds: ArrayLike) -> NDArray[np.float64]:
    """Return times in ms."""
    return np.asarray(seconds, dtype=np.float64) * 1e3


def lost(times_ms: ArrayLike) -> NDArray[np.bool_]:
    """Return which times do not come back from seconds as they were, but as a neighbour."""
    return to_milliseconds(to_seconds(times_ms)) != np.asarray(times_ms, dtype=np.float64)
