"""Predicting responses from features: against least squares, against known answers, controls."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from snn_credit.analysis import Predictivity, neural_predictivity, predictivity_bars
from snn_credit.errors import InputError

IMAGES, CATEGORIES = 2400, np.arange(2400) % 8


def latent(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(IMAGES, 25))


def weights() -> np.ndarray:
    """Return those of forty sites, each of length 1, so that signals have variance 1."""
    drawn = np.random.default_rng(1).normal(size=(25, 40))
    return drawn / np.linalg.norm(drawn, axis=0)


def sites(z: np.ndarray, noise: float) -> np.ndarray:
    return z @ weights() + noise * np.random.default_rng(6).normal(size=(IMAGES, 40))


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_the_known_answer_where_features_hold_the_signal(noise: float) -> None:
    z = latent()
    rng = np.random.default_rng(2)
    # sixty features that the 25 numbers can be read from, with directions that have no signal
    features = z @ rng.normal(size=(25, 60)) + 0.01 * rng.normal(size=(IMAGES, 60))
    found = neural_predictivity(features, sites(z, noise), CATEGORIES)
    expected = 1 / np.sqrt(1 + noise**2)
    assert found.median == pytest.approx(expected, abs=0.02)
    assert found.held_out == IMAGES // 4


def test_features_with_a_part_of_the_signal_give_the_root_of_its_share() -> None:
    z = latent()
    found = neural_predictivity(z[:, :12], sites(z, 0.0), CATEGORIES, components=12)
    share = np.sum(weights()[:12] ** 2, axis=0)
    assert share.min() < 0.3 < 0.6 < share.max()
    np.testing.assert_allclose(found.correlations, np.sqrt(share), atol=0.1)
    assert np.mean(found.correlations - np.sqrt(share)) == pytest.approx(0.0, abs=0.02)


def test_nothing_is_found_in_other_features_or_in_images_in_another_order() -> None:
    z, responses = latent(), sites(latent(), 0.5)
    for features in (latent(7), z[np.random.default_rng(3).permutation(IMAGES)]):
        found = neural_predictivity(features, responses, CATEGORIES)
        assert found.median == pytest.approx(0.0, abs=0.03)
        # a correlation of 600 images without any has a standard deviation of 1/sqrt(600)
        assert found.correlations.std() == pytest.approx(600**-0.5, rel=0.4)


def test_with_all_components_it_is_least_squares_on_the_same_images() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(40, 3)) + 5
    y = x @ rng.normal(size=(3, 2)) + rng.normal(size=(40, 2)) - 2
    labels = np.repeat([0, 1], 20)
    found = neural_predictivity(x, y, labels, components=3, seed=9)
    # the split, by hand
    order = np.random.default_rng(9)
    held = np.concatenate([order.permutation(np.flatnonzero(labels == c))[:5] for c in (0, 1)])
    rest = np.setdiff1d(np.arange(40), held)
    design = np.column_stack([x, np.ones(40)])
    weights = np.linalg.lstsq(design[rest], y[rest], rcond=None)[0]
    for site in range(2):
        expected = np.corrcoef(design[held] @ weights[:, site], y[held, site])[0, 1]
        assert found.correlations[site] == pytest.approx(expected, abs=1e-6)


def test_one_component_by_hand() -> None:
    """The first direction of partial least squares for one site is X'y."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(60, 4)) * [1, 2, 3, 4], rng.normal(size=(60, 1))
    y += x[:, :1] + x[:, 3:]
    found = neural_predictivity(x, y, np.zeros(60), components=1)
    held = np.random.default_rng(0).permutation(60)[:15]
    rest = np.setdiff1d(np.arange(60), held)
    direction = (x[rest] - x[rest].mean(0)).T @ (y[rest] - y[rest].mean(0))
    expected = np.corrcoef((x[held] @ direction).ravel(), y[held, 0])[0, 1]
    assert found.correlations[0] == pytest.approx(expected, abs=1e-9)
    scaled = neural_predictivity(x, y, np.zeros(60), components=1, scale=True)
    assert scaled.correlations[0] != pytest.approx(expected, abs=1e-3)


def test_each_category_is_split_on_its_own() -> None:
    labels = np.array([0] * 100 + [1] * 20 + [2] * 2)
    # a category that were not held out could not be told: responses are one site a category
    responses = np.eye(3)[labels] + 1e-3 * np.random.default_rng(0).normal(size=(122, 3))
    found = neural_predictivity(responses, responses, labels, components=3)
    assert found.held_out == 25 + 5 + 1
    assert (found.correlations > 0.99).all()


def test_neurons_that_do_not_vary_do_not_count() -> None:
    responses = sites(latent(), 0.5)
    responses[:, 3] = 1.5
    found = neural_predictivity(latent(), responses, CATEGORIES)
    assert np.isnan(found.correlations[3])
    rest = np.delete(found.correlations, 3)
    assert found.median == np.median(rest)
    assert found.standard_error == pytest.approx(rest.std(ddof=1) / np.sqrt(39))


def test_the_split_follows_its_seed() -> None:
    x, y = latent(), sites(latent(), 1.0)
    one, same, other = (neural_predictivity(x, y, CATEGORIES, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(one.correlations, same.correlations)
    assert (one.correlations != other.correlations).all()


def test_the_figure() -> None:
    found = {name: Predictivity(np.array([low, low + 0.2]), 5)
             for name, low in (("BP", 0.5), ("FA", 0.4), ("shuffled", -0.1))}  # fmt: skip
    figure = predictivity_bars(found, expected=0.7, controls=1)
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)] == pytest.approx(
        [0.6, 0.5, 0.0]
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == list(found)
    first, second, last = (bar.get_facecolor() for bar in ax.patches)
    assert first == second != last
    figure.savefig(BytesIO(), format="png")
    with pytest.raises(InputError, match=r"^found: one network or more \(got none\)$"):
        predictivity_bars({})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.zeros(9)}, r"^features: expected a row an image, .* \(got \(9,\)\)$"),
        ({"responses": np.zeros((9, 0))}, r"^responses: expected a row an image"),
        ({"features": np.full((9, 2), np.inf)}, r"^features: finite numbers \(got 18 others\)$"),
        ({"responses": np.zeros((8, 2))}, r"as many rows each \(got 9, 8 and shape \(9,\)\)$"),
        ({"categories": [0] * 8 + [5]}, r"^categories: two images of each .* \(got one of 5\)$"),
        ({"components": 3}, r"^components: 1 to 2 \(got 3\)$"),
        ({"components": 0}, r"^components: 1 to 2 \(got 0\)$"),
        ({"held_out": 1.0}, r"^held_out: a fraction between 0 and 1 \(got 1\.0\)$"),
    ],
)
def test_refusals(changes: dict, message: str) -> None:
    given = {"features": np.zeros((9, 2)), "responses": np.zeros((9, 2)), "categories": [0] * 9}
    with pytest.raises(InputError, match=message):
        neural_predictivity(**{"components": 2, **given, **changes})
