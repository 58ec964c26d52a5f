"""Angles between weights or modulators, signed: 0 aligned, 90 unrelated, 180 opposed.

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
    first, second = pair(a, b)
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
    first, second = pair(w, b)
    if first.ndim != 2:
        raise InputError(f"w: expected a matrix (n_post, n_pre) (got shape {first.shape})")
    return _angles(first.T, second.T) if of == "pre" else _angles(first, second)


def modulator_angle(
    a: ArrayLike, b: ArrayLike, over: Literal["examples", "batch", "neurons"] = "examples"
) -> float:
    """Return the angle between two sets of modulators of one batch, in degrees.

    Parameters
    ----------
    a, b : (n_examples, n_neurons)
        The same layer's delta by two rules for the same examples.
    over : 'examples', 'batch' or 'neurons'
        'examples': the mean over examples of the angle between the two vectors of an example, as in
        Figs 2b and 3b of Lillicrap et al. 2016, which average over a window of single examples.
        'batch': one angle between the two matrices as vectors, in which large errors count more.
        'neurons': the mean over neurons of the angle between a neuron's modulators over the batch;
        `angles_per_neuron` gives each.

    Returns
    -------
    float
        Without what has no direction, such as an example without error; NaN if nothing has one.

    Raises
    ------
    InputError
        If the shapes differ or are no matrices, or ``over`` is another word.
    """
    first, second = pair(a, b)
    if first.ndim != 2:
        raise InputError(f"a: expected (n_examples, n_neurons) (got shape {first.shape})")
    if over == "batch":
        return angle(first, second)
    if over not in ("examples", "neurons"):
        raise InputError(f"over: expected examples, batch or neurons (got {over!r})")
    angles = _angles(first, second) if over == "examples" else _angles(first.T, second.T)
    known = angles[np.isfinite(angles)]
    return float(known.mean()) if len(known) else float("nan")


def angle_over_run(
    run: Run, projection: str, forward: str = "w", feedback: str = "b"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times of a projection's snapshots in ms and its angles in degrees, both (n,)."""
    times, forwards = run.weights(projection, forward)
    _, feedbacks = run.weights(projection, feedback)
    pairs = zip(forwards, feedbacks, strict=True)
    return times, np.array([angle(w, b) for w, b in pairs], dtype=np.float64)


def pair(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both in double precision, or refuse shapes that differ."""
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
