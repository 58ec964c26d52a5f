"""Receptive fields of hidden units as a grid of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.style import WIDTH, styled
from snn_credit.errors import InputError


@styled
def receptive_fields(
    layers: Mapping[str, ArrayLike], shape: tuple[int, int, int], n: int = 100, seed: int = 0
) -> Figure:
    """Draw the weights into random hidden units, as in Supplementary Figure 5.

    White is strong and positive, black strong and negative, grey 0. Each panel has a scale of its
    own, and all show the same units.

    Parameters
    ----------
    layers : mapping of str to (n_hidden, n_in)
        Title of a panel, such as a learner's name -> the first layer's weights.
    shape : (int, int, int)
        Channels, height and width of an input, as `Dataset.shape` says; one channel or three.
    n : int
        How many units; all of them if there are fewer.
    seed : int
        Of the choice.

    Raises
    ------
    InputError
        If there is no panel, weights do not fit the shape, or it has two channels or above three.

    References
    ----------
    Lillicrap et al. 2016, Nature Communications 7:13276, Supplementary Figure 5.
    """
    if not layers:
        raise InputError("layers: expected one at least (got none)")
    if shape[0] not in (1, 3):
        raise InputError(f"shape: expected 1 or 3 channels first (got {shape})")
    matrices = {name: np.asarray(w, dtype=np.float64) for name, w in layers.items()}
    features = int(np.prod(shape))
    for name, w in matrices.items():
        if w.ndim != 2 or w.shape[1] != features:
            raise InputError(
                f"layers: expected (n_hidden, {features}) for inputs of {shape} "
                f"(got {w.shape} as {name})"
            )
    least = min(len(w) for w in matrices.values())
    units = np.sort(np.random.default_rng(seed).permutation(least)[:n])
    columns = min(len(matrices), 3)
    rows = -(-len(matrices) // columns)
    side = WIDTH / 3
    figure = Figure(figsize=(side * columns, (side + 0.2) * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax, (name, w) in zip(axes.flat, matrices.items(), strict=False):
        ax.imshow(_mosaic(w[units], shape), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(name)
    for k, ax in enumerate(axes.flat):
        ax.set_axis_off()
        ax.set_visible(k < len(matrices))
    return figure


def _mosaic(w: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[Any]:
    """Fields (n, n_in) as one image of values 0 to 1, (rows, columns) or (rows, columns, 3)."""
    channels, height, width = shape
    # The very largest weights would leave the others grey.
    scale = float(np.quantile(np.abs(w), 0.995)) or 1.0
    fields = np.clip(0.5 + 0.5 * w / scale, 0.0, 1.0).reshape(-1, channels, height, width)
    across = int(np.ceil(np.sqrt(len(fields))))
    down = -(-len(fields) // across)
    # One white pixel between two fields.
    canvas = np.ones((down * (height + 1) - 1, across * (width + 1) - 1, channels))
    for k, field in enumerate(fields):
        y, x = k // across * (height + 1), k % across * (width + 1)
        canvas[y : y + height, x : x + width] = field.transpose(1, 2, 0)
    return canvas[:, :, 0] if channels == 1 else canvas
