"""Rows of images: which pixel stands where, and what is refused."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import ArrayLike

from snn_credit.analysis import image_rows
from snn_credit.errors import InputError


def test_images_stand_side_by_side_and_names_under_one_another() -> None:
    images = np.random.default_rng(0).random((5, 12))
    figure = image_rows({"shown": images, "made": 2 * images - 0.5}, (1, 3, 4))
    above, below = (np.asarray(ax.images[0].get_array()) for ax in figure.axes)
    assert above.shape == (3, 20)
    for k in range(5):
        np.testing.assert_array_equal(above[:, 4 * k : 4 * k + 4], images[k].reshape(3, 4))
    np.testing.assert_array_equal(below, np.clip(2 * above - 0.5, 0, 1))
    assert [text.get_text() for text in figure.texts] == ["shown", "made"]
    heights = [text.get_position()[1] for text in figure.texts]
    assert heights[0] > heights[1]
    figure.savefig(BytesIO(), format="png")


def test_colours() -> None:
    images = np.random.default_rng(0).random((2, 3 * 4 * 4))
    (ax,) = image_rows({"": images}, (3, 4, 4)).axes
    drawn = np.asarray(ax.images[0].get_array())
    assert drawn.shape == (4, 8, 3)
    np.testing.assert_array_equal(drawn[:, 4:, 2], images[1, 32:].reshape(4, 4))


@pytest.mark.parametrize(
    ("rows", "shape", "message"),
    [
        ({}, (1, 2, 2), r"rows: expected one at least \(got none\)"),
        ({"a": np.zeros((2, 8))}, (2, 2, 2), r"shape: expected 1 or 3 channels first"),
        ({"a": np.zeros((2, 5))}, (1, 2, 2), r"rows: expected images \(2, 4\) \(got \(2, 5\) as a"),
        ({"a": np.zeros((2, 4)), "b": np.zeros((3, 4))}, (1, 2, 2), r"\(got \(3, 4\) as b\)"),
    ],
)
def test_rows_that_cannot_be(
    rows: dict[str, ArrayLike], shape: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        image_rows(rows, shape)
