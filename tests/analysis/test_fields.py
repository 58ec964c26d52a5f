"""Receptive fields: every chosen unit's weights are where they belong in the image."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from snn_credit.analysis import receptive_fields
from snn_credit.errors import InputError


def test_a_field_a_unit_in_a_grid() -> None:
    w = np.random.default_rng(0).normal(size=(9, 12))
    figure = receptive_fields({"made": w}, (1, 3, 4), n=100)
    (ax,) = figure.axes
    (drawn,) = ax.images
    mosaic = np.asarray(drawn.get_array())
    assert mosaic.shape == (3 * 4 - 1, 3 * 5 - 1)
    scale = np.quantile(np.abs(w), 0.995)
    for k, field in enumerate(w):
        y, x = k // 3 * 4, k % 3 * 5
        expected = np.clip(0.5 + field.reshape(3, 4) / scale / 2, 0, 1)
        np.testing.assert_allclose(mosaic[y : y + 3, x : x + 4], expected)
    assert (mosaic[3] == 1).all()
    assert ax.get_title() == "made"
    figure.savefig(BytesIO(), format="png")


def test_zero_is_grey_and_strong_is_white_or_black() -> None:
    w = np.zeros((4, 4))
    w[0, 0], w[1, 0] = 3.0, -3.0
    mosaic = np.asarray(receptive_fields({"": w}, (1, 2, 2)).axes[0].images[0].get_array())
    assert (mosaic[0, 0], mosaic[0, 3], mosaic[3, 0]) == (1.0, 0.0, 0.5)


def test_weights_of_zero_are_grey() -> None:
    mosaic = receptive_fields({"": np.zeros((1, 4))}, (1, 2, 2)).axes[0].images[0].get_array()
    assert (np.asarray(mosaic) == 0.5).all()


def test_all_panels_show_the_same_random_units() -> None:
    w = np.arange(50.0)[:, None] * np.ones((50, 4))
    drawn = [
        [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.get_visible()]
        for figure in (receptive_fields({"a": w, "b": w}, (1, 2, 2), 9, s) for s in (0, 0, 1))
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0][0], drawn[0][1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_colours() -> None:
    w = np.random.default_rng(0).normal(size=(4, 3 * 5 * 5))
    mosaic = np.asarray(receptive_fields({"": w}, (3, 5, 5)).axes[0].images[0].get_array())
    assert mosaic.shape == (11, 11, 3)
    scale = np.quantile(np.abs(w), 0.995)
    blue = np.clip(0.5 + w[3, 50:].reshape(5, 5) / scale / 2, 0, 1)
    np.testing.assert_allclose(mosaic[6:, 6:, 2], blue)


@pytest.mark.parametrize(
    ("layers", "shape", "message"),
    [
        ({}, (1, 2, 2), r"layers: expected one at least \(got none\)"),
        ({"a": np.ones((3, 5))}, (1, 2, 2), r"layers: expected \(n_hidden, 4\) .* \(3, 5\) as a\)"),
        ({"a": np.ones(4)}, (1, 2, 2), r"layers: expected \(n_hidden, 4\) .*got \(4,\) as a\)"),
        ({"a": np.ones((3, 8))}, (2, 2, 2), r"shape: expected 1 or 3 channels .*\(2, 2, 2\)\)"),
    ],
)
def test_refuses(layers: dict, shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        receptive_fields(layers, shape)
