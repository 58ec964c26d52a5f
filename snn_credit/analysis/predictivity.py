"""How well a network's features predict the responses of neurons to the same images.

    fit      responses ~ features, by partial least squares of 25 components, on 75% of the images
             of each category
    measure  Pearson's correlation over the other images, for each neuron
    report   the median over neurons, and the standard error over neurons

Kunin et al. 2020, ICML, Figure 6 and B.5 (after Yamins et al. 2014).

The responses are not a part of this package: V4 and IT sites of Majaj et al. 2015 must be asked of
their authors. What to bring is two arrays and a list, a row an image in the same order: features
(images, n), responses (images, neurons), and the category of each image. Kunin et al. have 5,120
images of 64 objects and 256 sites. A site's response to an image is the mean over some 50 trials of
its spikes from 70 to 170 ms after the image came on, divided by the mean to a blank image. Features
are activities of one layer, flattened. Responses must be means over trials already: noise that is
left in them bounds the correlation, and is not divided out here.

The paper does not say whether features are scaled: they are centred only, unless ``scale``; nor
whether all neurons are fitted at once: here they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.style import GREY, INK, POTENTIAL, WIDTH, WRONG, open_axes, styled
from snn_credit.errors import InputError

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictivity:
    """Predictions of held-out responses.

    Attributes
    ----------
    correlations : (neurons,)
        Pearson's correlation over held-out images; NaN for a neuron that does not vary in them.
    held_out : int
        Their number.
    """

    correlations: Values
    held_out: int

    @property
    def median(self) -> float:
        """The median over neurons that vary."""
        return float(np.nanmedian(self.correlations))

    @property
    def standard_error(self) -> float:
        """The standard deviation over neurons that vary, by the root of their number."""
        found = self.correlations[~np.isnan(self.correlations)]
        return float(found.std(ddof=1) / np.sqrt(len(found))) if len(found) > 1 else float("nan")


def neural_predictivity(
    features: ArrayLike,
    responses: ArrayLike,
    categories: ArrayLike,
    *,
    components: int = 25,
    held_out: float = 0.25,
    scale: bool = False,
    seed: int = 0,
) -> Predictivity:
    """Fit responses to features on some images and correlate predictions with responses on others.

    Parameters
    ----------
    features : (images, n)
        Activity of a network's layer.
    responses : (images, neurons)
    categories : (images,)
        Each is split on its own.
    components : int
        Of partial least squares; no more than n, nor than images to fit.
    held_out : float
        The fraction of each category's images that is not fitted, rounded; at least one image of
        each, and one that is fitted.
    scale : bool
        Whether features and responses are divided by their standard deviation.
    seed : int
        Of the split.

    Raises
    ------
    InputError
        If the arrays do not fit one another, hold what is not finite, or are too small.
    """
    # Slow to import, and needed by nothing else here.
    from sklearn.cross_decomposition import PLSRegression
    from sklearn.exceptions import ConvergenceWarning

    x, y, named = _arrays(features, responses, categories)
    rest, held = _split(named, held_out, seed)
    most = min(x.shape[1], len(rest))
    if not 1 <= components <= most:
        raise InputError(f"components: 1 to {most} (got {components})")
    model = PLSRegression(n_components=components, scale=scale, copy=False)
    with warnings.catch_warnings():
        # It warns where two directions are about as good, as those of noise are: either will do.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x[rest], y[rest])
    predicted = np.asarray(model.predict(x[held])).reshape(len(held), -1)
    return Predictivity(_correlations(predicted, y[held]), len(held))


@styled
def predictivity_bars(
    found: Mapping[str, Predictivity], expected: float | None = None, controls: int = 0
) -> Figure:
    """Draw a bar a network, the first on top: the median, and the standard error over neurons.

    Parameters
    ----------
    found : mapping of str to Predictivity
    expected : float, optional
        A line at what can be reached.
    controls : int
        How many of the last are drawn in another colour.

    Raises
    ------
    InputError
        If there is no network.

    References
    ----------
    Kunin et al. 2020, ICML, Fig 6.
    """
    if not found:
        raise InputError("found: one network or more (got none)")
    figure = Figure(figsize=(WIDTH * 2 / 3, 0.7 + 0.2 * len(found)), layout="constrained")
    ax = figure.subplots()
    open_axes(ax)
    at, last = np.arange(len(found)), len(found) - controls
    ax.barh(
        at, [each.median for each in found.values()],
        xerr=[each.standard_error for each in found.values()], height=0.65,
        color=[POTENTIAL if k < last else WRONG for k in at],
        error_kw={"ecolor": INK, "elinewidth": 0.9, "capsize": 2},
    )  # fmt: skip
    ax.axvline(0, color=INK, linewidth=0.5)
    if expected is not None:
        ax.axvline(expected, color=GREY, linewidth=0.8, dashes=(4, 2), label="all of the signal")
        figure.legend(loc="outside upper right", frameon=False, fontsize=6.5)
    ax.set(xlabel="median correlation over neurons")
    ax.set_yticks(at, list(found))
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    return figure


def _arrays(
    features: ArrayLike, responses: ArrayLike, categories: ArrayLike
) -> tuple[Values, Values, NDArray[np.generic]]:
    x, y = (np.asarray(part, dtype=np.float64) for part in (features, responses))
    named = np.asarray(categories)
    for name, part in (("features", x), ("responses", y)):
        if part.ndim != 2 or part.shape[1] == 0:
            raise InputError(f"{name}: expected a row an image, (images, n) (got {part.shape})")
        if not np.isfinite(part).all():
            raise InputError(f"{name}: finite numbers (got {np.sum(~np.isfinite(part))} others)")
    if not len(x) == len(y) or named.shape != (len(x),):
        raise InputError(
            "features, responses, categories: as many rows each "
            f"(got {len(x)}, {len(y)} and shape {named.shape})"
        )
    return x, y, named


def _split(
    named: NDArray[np.generic], held_out: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the images to fit and those held out, each category split on its own."""
    if not 0 < held_out < 1:
        raise InputError(f"held_out: a fraction between 0 and 1 (got {held_out})")
    rng = np.random.default_rng(seed)
    rest: list[NDArray[np.int64]] = []
    held: list[NDArray[np.int64]] = []
    for category in np.unique(named):
        own = rng.permutation(np.flatnonzero(named == category))
        if len(own) < 2:
            raise InputError(f"categories: two images of each at least (got one of {category})")
        count = min(max(round(held_out * len(own)), 1), len(own) - 1)
        held.append(own[:count])
        rest.append(own[count:])
    return np.concatenate(rest), np.concatenate(held)


def _correlations(predicted: Values, measured: Values) -> Values:
    """Return Pearson's correlation of each column."""
    first, second = (part - part.mean(axis=0) for part in (predicted, measured))
    scale = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    products = np.sum(first * second, axis=0)
    return np.divide(products, scale, out=np.full(len(scale), np.nan), where=scale > 0)
