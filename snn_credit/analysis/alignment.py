"""Angles between forward and feedback weights, signed: 0 aligned, 90 unrelated, 180 opposed.

The Methods of Lillicrap et al. 2016 print ``theta = acos(|a.b| / (|a||b|))``, which folds 180 onto
0 and hides feedback that points the wrong way. Here nothing is folded: ``acos(a.b / (|a||b|))``.

``w`` and ``b`` have the shape ``(n_post, n_pre)`` both: ``b`` is the paper's B transposed, stored
where ``w`` is, so the angle of W to B' is that of ``w`` to ``b``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError
from snn_credit.recording import Run


def angle(a: ArrayLike, b: ArrayLike) -> float:
    """Return the angle between two arrays, flattened, in degrees from 0 to 180.

    NaN if one of them is zero throughout, as it then has no direction.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    first, second = _pair(a, b)
    return float(_angles(first.reshape(1, -1), second.reshape(1, -1))[0])


def angles_per_neuron(
    w: ArrayLike, b: ArrayLike, of: Literal["pre", "post"] = "pre"
) -> NDArray[np.float64]:
    """Return each neuron's angle in degrees.

    Parameters
    ----------
    w, b : (n_post, n_pre)
        Forward and feedback weights of one projection.
    of : 'pre' or 'post'
        'pre': for neuron j of the lower layer, the forward weights out of it (column j of W) with
        the feedback weights into it (row j of B, column j of ``b``), as in Fig 5a of Lillicrap et
        al. 2016. 'post': the same for the rows.

    Returns
    -------
    (n_pre,) or (n_post,)
    """
    first, second = _pair(w, b)
    if first.ndim != 2:
        raise InputError(f"w: expected a matrix (n_post, n_pre) (got shape {first.shape})")
    return _angles(first.T, second.T) if of == "pre" else _angles(first, second)


def angle_over_run(
    run: Run, projection: str, forward: str = "w", feedback: str = "b"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times of a projection's snapshots in ms and its angles in degrees, both (n,)."""
    times, forwards = run.weights(projection, forward)
    _, feedbacks = run.weights(projection, feedback)
    pairs = zip(forwards, feedbacks, strict=True)
    return times, np.array([angle(w, b) for w, b in pairs], dtype=np.float64)


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise InputError(f"b: expected the shape of the other, {first.shape} (got {second.shape})")
    return first, second


def _angles(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angles of rows, each (n, k). Exact near 0 and 180, where acos is not (Kahan)."""
    with np.errstate(invalid="ignore"):  # 0/0 is the NaN of a row without direction
        first = a / np.linalg.norm(a, axis=1, keepdims=True)
        second = b / np.linalg.norm(b, axis=1, keepdims=True)
    apart = np.linalg.norm(first - second, axis=1)
    along = np.linalg.norm(first + second, axis=1)
    return np.degrees(2.0 * np.arctan2(apart, along))
