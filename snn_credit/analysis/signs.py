"""Whether the signs of weights settle while a network learns: Fig 5 of Moskovitz et al. 2018."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError


@dataclass(frozen=True)
class SignChanges:
    """Fractions of the weights, over n snapshots.

    Attributes
    ----------
    cumulative : (n,)
        Those whose sign has changed at least once since the first snapshot: the paper's measure.
        It cannot fall, and a weight that crosses 0 and comes back counts for ever.
    from_start : (n,)
        Those whose sign is another one than in the first snapshot.
    flips : (n - 1,)
        Those whose sign changed from one snapshot to the next.
    """

    cumulative: NDArray[np.float64]
    from_start: NDArray[np.float64]
    flips: NDArray[np.float64]

    def late_flips(self, share: float = 0.25) -> float:
        """Return the mean of the last ``share`` of `flips`: above 0 where signs never settle."""
        return float(np.mean(self.flips[-max(1, round(share * len(self.flips))) :]))


class SignTracker:
    """Follows signs without keeping snapshots: ``add`` each, then ask for the ``changes``.

    A weight of exactly 0 has no sign and keeps the one it had, so resting at 0 is no change.

    Parameters
    ----------
    first : array
        The weights before training, of any shape.
    """

    def __init__(self, first: ArrayLike) -> None:
        self._shape = np.shape(first)
        self._start = np.sign(np.asarray(first)).astype(np.int8)
        if not self._start.size:
            raise InputError("first: expected weights (got none)")
        self._last = self._start.copy()
        self._ever = np.zeros(self._shape, dtype=bool)
        self._rows: list[tuple[float, float, float]] = []

    def add(self, weights: ArrayLike) -> None:
        """Take the next snapshot.

        Raises
        ------
        InputError
            If its shape is another one than the first's.
        """
        if np.shape(weights) != self._shape:
            raise InputError(f"weights: expected shape {self._shape} (got {np.shape(weights)})")
        signs = np.sign(np.asarray(weights)).astype(np.int8)
        signs = np.where(signs == 0, self._last, signs)
        self._start = np.where(self._start == 0, signs, self._start)
        flipped = signs * self._last < 0
        self._ever |= flipped
        away = signs * self._start < 0
        self._rows.append((float(self._ever.mean()), float(away.mean()), float(flipped.mean())))
        self._last = signs

    @property
    def changes(self) -> SignChanges:
        """What was seen so far."""
        cumulative, from_start, flips = np.array([(0.0, 0.0, 0.0), *self._rows]).T
        return SignChanges(cumulative, from_start, flips[1:])


def sign_changes(snapshots: Iterable[ArrayLike]) -> SignChanges:
    """Return how signs changed over snapshots of the same weights, (n_snapshots, ...) or a stream.

    Raises
    ------
    InputError
        If there are fewer than two, or their shapes differ.

    References
    ----------
    Moskovitz, Litwin-Kumar & Abbott 2018, arXiv:1812.06488, section 5.5, Fig 5.
    """
    stream = iter(snapshots)
    first = next(stream, None)
    tracker = None if first is None else SignTracker(first)
    for weights in stream:
        assert tracker is not None
        tracker.add(weights)
    if tracker is None or not len(tracker.changes.flips):
        raise InputError(f"snapshots: expected two or more (got {0 if tracker is None else 1})")
    return tracker.changes
