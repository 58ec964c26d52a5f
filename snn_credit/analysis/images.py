"""Images under one another: what was shown, and what several networks made of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from snn_credit.analysis.style import GREY, WIDTH, styled
from snn_credit.errors import InputError


@styled
def image_rows(rows: Mapping[str, ArrayLike], shape: tuple[int, int, int]) -> Figure:
    """Draw a row of images for each name, from black (0) to white (1); what is beyond is cut off.

    Parameters
    ----------
    rows : mapping of str to (n, features)
        Name -> images; all rows have as many.
    shape : (int, int, int)
        Channels, height and width of an image; one channel or three.

    Raises
    ------
    InputError
        If there is no row, rows differ in length, or images do not fit the shape.
    """
    if not rows:
        raise InputError("rows: expected one at least (got none)")
    if shape[0] not in (1, 3):
        raise InputError(f"shape: expected 1 or 3 channels first (got {shape})")
    images = {name: np.asarray(row, dtype=np.float64) for name, row in rows.items()}
    wanted = (len(next(iter(images.values()))), int(np.prod(shape)))
    for name, row in images.items():
        if row.shape != wanted:
            raise InputError(f"rows: expected images {wanted} (got {row.shape} as {name})")
    side, room = 0.42, 1.3
    figure = Figure(figsize=(min(WIDTH, room + side * wanted[0]), side * len(images)))
    left = room / figure.get_figwidth()
    for number, (name, row) in enumerate(images.items()):
        height = 1 / len(images)
        ax = figure.add_axes((left, 1 - (number + 1) * height, 1 - left, height))
        # (n, channels, height, width) -> (height, n * width, channels)
        strip = row.reshape(-1, *shape).clip(0, 1).transpose(2, 0, 3, 1)
        strip = strip.reshape(shape[1], -1, shape[0])
        ax.imshow(strip[:, :, 0] if shape[0] == 1 else strip, cmap="gray", vmin=0, vmax=1,
                  interpolation="nearest", aspect="auto")  # fmt: skip
        ax.set_axis_off()
        figure.text(left - 0.01, 1 - (number + 0.5) * height, name, ha="right", va="center",
                    color=GREY)  # fmt: skip
    return figure
