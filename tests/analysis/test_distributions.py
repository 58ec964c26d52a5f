"""Fits to weights whose distribution is known, and against scipy's own."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from scipy import stats

from snn_credit.analysis import fit_weights, weight_distributions
from snn_credit.analysis.distributions import MOST_DF
from snn_credit.errors import InputError


def student(df: float, n: int = 4000, seed: int = 0) -> np.ndarray:
    return 0.02 + 0.3 * np.random.default_rng(seed).standard_t(df, n)


@pytest.mark.parametrize("df", [2.5, 5.0, 12.0])
def test_finds_the_t_that_weights_come_from(df: float) -> None:
    fit = fit_weights(student(df, 20_000))
    assert fit.df == pytest.approx(df, rel=0.25)
    assert fit.loc == pytest.approx(0.02, abs=0.02)
    assert fit.scale == pytest.approx(0.3, rel=0.05)
    assert fit.aic_difference > 20


def test_is_as_good_as_scipys_fit() -> None:
    weights = student(4.0)
    fit = fit_weights(weights)
    df, loc, scale = stats.t.fit(weights)
    theirs = 6 - 2 * stats.t.logpdf(weights, df, loc, scale).sum()
    assert fit.aic_t == pytest.approx(theirs, abs=0.01)
    assert (fit.df, fit.loc, fit.scale) == pytest.approx((df, loc, scale), rel=0.01)
    mean, sd = stats.norm.fit(weights)
    assert (fit.mean, fit.sd) == pytest.approx((mean, sd))
    assert fit.aic_normal == pytest.approx(4 - 2 * stats.norm.logpdf(weights, mean, sd).sum())


@pytest.mark.parametrize("seed", range(4))
def test_of_normal_weights_a_t_says_nothing_more(seed: int) -> None:
    fit = fit_weights(np.random.default_rng(seed).normal(0.1, 0.02, 4000))
    # Twice the gain in likelihood is half a chi square with one degree of freedom at most.
    assert -2.0 - 1e-6 <= fit.aic_difference < 8.0
    assert fit.df > 40


def test_lighter_tails_than_normal_reach_the_normal_itself() -> None:
    fit = fit_weights(np.random.default_rng(0).uniform(-1, 1, 4000))
    assert fit.aic_difference == pytest.approx(-2.0, abs=0.01)
    assert fit.df > 0.5 * MOST_DF


def test_the_unit_of_the_weights_does_not_matter() -> None:
    plain, other = fit_weights(student(3.0)), fit_weights(1e-4 * student(3.0) + 5e-3)
    assert other.aic_difference == pytest.approx(plain.aic_difference, rel=1e-4)
    assert other.df == pytest.approx(plain.df, rel=1e-3)
    assert other.scale == pytest.approx(1e-4 * plain.scale, rel=1e-3)


def test_any_shape() -> None:
    weights = student(3.0)
    assert fit_weights(weights.reshape(40, 100)) == fit_weights(weights)


def test_the_figure_has_a_panel_a_layer_with_both_curves() -> None:
    layers = {f"layer {k}": student(2.0 + k, 500, k) for k in range(5)}
    figure = weight_distributions(layers)
    assert [ax.get_title() for ax in figure.axes] == list(layers)
    for ax, weights in zip(figure.axes, layers.values(), strict=True):
        normal, t = ax.lines
        fit = fit_weights(weights)
        x = normal.get_xdata()
        np.testing.assert_allclose(normal.get_ydata(), stats.norm.pdf(x, fit.mean, fit.sd))
        np.testing.assert_allclose(t.get_ydata(), stats.t.pdf(x, fit.df, fit.loc, fit.scale))
        assert ax.texts[0].get_text().startswith(f"{fit.df:.1f} degrees of freedom\nAIC difference")
    figure.savefig(BytesIO(), format="png")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(20), r"weights: expected some that differ \(got 20 times 0\)"),
        (np.arange(9), r"weights: expected ten or more \(got 9\)"),
        ([*range(20), np.nan], r"weights: expected finite numbers \(got nan\)"),
    ],
)
def test_refuses(weights: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_weights(weights)


def test_no_panel() -> None:
    with pytest.raises(InputError, match=r"layers: expected one at least \(got none\)"):
        weight_distributions({})
