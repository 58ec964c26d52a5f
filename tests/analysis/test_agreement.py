"""Signs, sizes and correlation of two sets of weights, by hand and by chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from snn_credit.analysis import angle, correlation, norm_ratio, relative_error, sign_congruence
from snn_credit.errors import InputError

W = np.array([[1.0, -2.0, 0.0], [3.0, -4.0, 5.0]])
B = np.array([[2.0, 2.0, 1.0], [-1.0, -1.0, 0.0]])


def test_signs_count_where_both_have_one() -> None:
    assert sign_congruence(W, B) == 0.5
    assert sign_congruence(W, 3 * W) == 1.0
    assert sign_congruence(W, -W) == 0.0
    assert np.isnan(sign_congruence([0.0, 1.0], [1.0, 0.0]))


def test_norms() -> None:
    assert norm_ratio(W, B) == pytest.approx((55 / 11) ** 0.5)
    assert norm_ratio(W, 0 * B) == np.inf
    assert np.isnan(norm_ratio(0 * W, 0 * B))


def test_how_far_one_is_from_the_other() -> None:
    assert relative_error(W, W) == 0
    assert relative_error(W, -W) == pytest.approx(2)
    assert relative_error([3.0, 4.0], [3.0, 1.0]) == pytest.approx(3 / 5)
    assert relative_error(0 * W, B) == np.inf
    assert np.isnan(relative_error(0 * W, 0 * W))


def test_correlation_is_that_of_numpy() -> None:
    w, b = np.random.default_rng(0).normal(1.0, 2.0, (2, 20, 30))
    assert correlation(w, w + b) == pytest.approx(np.corrcoef(w.ravel(), (w + b).ravel())[0, 1])
    assert correlation(w, 7 - 3 * w) == pytest.approx(-1.0)
    assert np.isnan(correlation(w, np.ones_like(w)))


def test_without_means_it_is_the_cosine_of_the_angle() -> None:
    w, b = np.random.default_rng(0).normal(size=(2, 20, 30))
    w, b = w - w.mean(), w + b - (w + b).mean()
    assert correlation(w, b) == pytest.approx(np.cos(np.radians(angle(w, b))))


def test_by_chance() -> None:
    w, b = np.random.default_rng(0).normal(size=(2, 300, 300))
    assert sign_congruence(w, b) == pytest.approx(0.5, abs=0.01)
    assert correlation(w, b) == pytest.approx(0.0, abs=0.01)
    assert norm_ratio(w, b) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("measure", [sign_congruence, norm_ratio, correlation, relative_error])
def test_shapes_that_differ(measure: Callable[..., float]) -> None:
    with pytest.raises(InputError, match=r"b: expected the shape of the other, \(2, 3\) \(got"):
        measure(W, B.T)
