"""How fast a learning curve rises: the slowness of Dellaferrera & Kreiman 2022."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.errors import InputError


@dataclass(frozen=True)
class Plateau:
    """A curve that was fitted.

    Attributes
    ----------
    max_accuracy : float
        Where it levels off, in the accuracies' own unit.
    slowness : float
        Epochs until half of it: the lower, the faster.
    """

    max_accuracy: float
    slowness: float

    def __call__(self, epochs: ArrayLike) -> NDArray[np.float64]:
        """Return the curve at epochs above 0, of any shape."""
        return _curve(np.asarray(epochs, dtype=np.float64), self.max_accuracy, self.slowness)


def plateau(epochs: ArrayLike, accuracy: ArrayLike, until: float = 60) -> Plateau:
    """Fit the plateau equation for learning curves by least squares.

    ``accuracy = max_accuracy * epochs / (slowness + epochs)``, eqs (7) and (8) of Dellaferrera &
    Kreiman 2022. They add the chance level as a point at epoch 0. The curve is 0 there, whatever
    its two parameters, so no accuracy at epoch 0 can change the fit: such a point may be given and
    is left out.

    Parameters
    ----------
    epochs : (n,)
        Epochs of training before each measurement.
    accuracy : (n,)
        What was measured, the mean over seeds in the paper. NaN where nothing was.
    until : float
        The last epoch of the fit: the paper's learning rate falls after epoch 60.

    Raises
    ------
    InputError
        If the lengths differ or fewer than two measurements are left.

    References
    ----------
    Dellaferrera & Kreiman 2022, ICML, appendix C and Table 3.
    """
    # Slow to import, and needed by nothing else here.
    from scipy.optimize import curve_fit

    e, a = np.asarray(epochs, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    if e.ndim != 1 or e.shape != a.shape:
        raise InputError(f"accuracy: expected one for each of {e.shape} epochs (got {a.shape})")
    used = (e > 0) & (e <= until) & np.isfinite(a)
    e, a = e[used], a[used]
    if len(np.unique(e)) < 2:
        raise InputError(
            f"epochs: expected two or more measured after 0 and until {until:g} (got {len(e)})"
        )
    best = max(float(a.max()), 1e-9)
    half = float(np.median(e * (best / np.maximum(a, 1e-3 * best) - 1.0)))
    start = (best, max(half, 1e-3))
    (top, slowness), _ = curve_fit(_curve, e, a, p0=start, bounds=(0.0, np.inf))
    return Plateau(float(top), float(slowness))


def _curve(epochs: NDArray[np.float64], top: float, slowness: float) -> NDArray[np.float64]:
    return top * epochs / (slowness + epochs)
