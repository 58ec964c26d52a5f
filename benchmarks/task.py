"""What every contender simulates: random images shown to the network of Lillicrap et al. Fig 4.

Imports numpy only, so that every contender's environment can have it.
"""

from __future__ import annotations

import numpy as np

#: Of eqs (5)-(7); the learning rate; time steps an image; classes that share the output.
TAU, ETA, IMAGE_STEPS, CLASSES = 0.9, 1e-3, 5, 10
#: W is uniform in +-W_SCALE and B in +-B_SCALE.
W_SCALE, B_SCALE = 0.05, 0.1
#: The most that a pixel can be: the probability of an input's spike in a step.
BRIGHTEST = 0.95
#: Different images; after the last comes the first again.
IMAGES = 1000
_INK = 0.19


def images_and_labels(size: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw images with as much ink as handwritten digits: a fifth of the pixels, grey values."""
    rng = np.random.default_rng(0)
    ink = rng.random((number, size)) < _INK
    return np.where(ink, rng.random((number, size)), 0.0), rng.integers(0, CLASSES, number)


def input_activity(size: int) -> float:
    """Return the expected fraction of input neurons that spike in a step."""
    return float(np.clip(images_and_labels(size, IMAGES)[0], 0, BRIGHTEST).mean())
