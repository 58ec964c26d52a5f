"""What a hidden layer tells apart: neighbours of the same class, and t-SNE before and after."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.style import WIDTH, styled
from snn_credit.errors import InputError


def neighbourhood_score(x: ArrayLike, labels: ArrayLike, k: int = 10) -> float:
    """Return the mean fraction of a point's k nearest neighbours that have its label.

    1 where classes lie apart; for labels without meaning the chance of two points to share one.

    Parameters
    ----------
    x : (n, d)
        Points: a hidden layer's activity, or its embedding.
    labels : (n,)
    k : int
        1 <= k < n.

    Raises
    ------
    InputError
        If the lengths differ, or there are too few points.
    """
    # Slow to import, and needed by nothing else here but the embedding.
    from sklearn.neighbors import NearestNeighbors

    points, named = _points(x, labels)
    if not 1 <= k < len(points):
        raise InputError(f"k: expected 1 to {len(points) - 1}, fewer than the points (got {k})")
    neighbours = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    return float(np.mean(named[neighbours] == named[:, None]))


def embed(x: ArrayLike, seed: int = 0, perplexity: float = 30.0) -> NDArray[np.float64]:
    """Return the t-SNE embedding of points (n, d), (n, 2), started from principal components.

    Raises
    ------
    InputError
        If there are no more points than the perplexity.
    """
    from sklearn.manifold import TSNE

    points = np.asarray(x, dtype=np.float64)
    if points.ndim != 2 or len(points) <= perplexity:
        raise InputError(f"x: expected more than {perplexity:g} rows (got shape {points.shape})")
    return TSNE(init="pca", random_state=seed, perplexity=perplexity).fit_transform(points)


@styled
def embeddings(panels: Mapping[str, ArrayLike], labels: ArrayLike, k: int = 10) -> Figure:
    """Draw embeddings side by side with their `neighbourhood_score`, a colour a class.

    Parameters
    ----------
    panels : mapping of str to (n, 2)
        Title, such as ``before`` and ``after`` -> what `embed` gave.
    labels : (n,)
        Classes from 0, written where they lie.
    k : int
        Of the score.

    Raises
    ------
    InputError
        See `neighbourhood_score`; or if there is no panel.

    References
    ----------
    Dellaferrera & Kreiman 2022, ICML, Fig 4.
    """
    if not panels:
        raise InputError("panels: expected one at least (got none)")
    side = WIDTH / 3
    figure = Figure(figsize=(side * len(panels), side + 0.25), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (name, x) in zip(axes, panels.items(), strict=True):
        points, named = _points(x, labels)
        score = neighbourhood_score(points, named, k)
        _scatter(ax, points, named)
        ax.set_title(f"{name}\n{score:.0%} of {k} neighbours share the class")
    return figure


def _scatter(ax: Axes, points: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    classes = np.unique(labels)
    colors = mpl.colormaps["tab10"] if len(classes) <= 10 else mpl.colormaps["turbo"]
    steps = np.arange(len(classes)) if len(classes) <= 10 else np.linspace(0, 1, len(classes))
    for step, label in zip(steps, classes, strict=True):
        own = points[labels == label]
        ax.scatter(*own.T, s=2.0, color=colors(step), linewidths=0, rasterized=True)
    for step, label in zip(steps, classes, strict=True):
        x, y = np.median(points[labels == label], axis=0)
        ax.text(
            x, y, str(label), ha="center", va="center", color=colors(step), fontweight="bold",
            path_effects=[withStroke(linewidth=1.8, foreground="white")],
        )  # fmt: skip
    ax.set(xticks=[], yticks=[])
    ax.set_aspect("equal", adjustable="datalim")
    ax.spines[:].set_visible(False)


def _points(x: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    points, named = np.asarray(x, dtype=np.float64), np.asarray(labels)
    if points.ndim != 2 or named.shape != points.shape[:1]:
        raise InputError(
            f"labels: expected one for each of {points.shape[0]} points (got shape {named.shape})"
        )
    return points, named.astype(np.int64)
