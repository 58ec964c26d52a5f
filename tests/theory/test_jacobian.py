"""Jacobians by differences, and how far they are from symmetric."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import State, TwoLayer
from snn_credit.theory.jacobian import (
    asymmetry,
    field_of,
    numeric_jacobian,
    sampled_asymmetry,
    weights_of,
)

MATRIX = np.random.default_rng(0).normal(size=(40, 40))


def test_a_linear_field_is_its_own_jacobian() -> None:
    found = numeric_jacobian(lambda theta: MATRIX @ theta, np.ones(40))
    np.testing.assert_allclose(found, MATRIX, atol=1e-8)


def test_asymmetry() -> None:
    assert asymmetry(MATRIX + MATRIX.T) == 0
    assert asymmetry(MATRIX - MATRIX.T) == pytest.approx(2)
    assert asymmetry(MATRIX) == pytest.approx(2**0.5, rel=0.1)
    with pytest.raises(InputError, match=r"^matrix: a square one \(got shape \(2, 3\)\)$"):
        asymmetry(np.zeros((2, 3)))


@pytest.mark.parametrize("weight", [-1.0, -0.4, 0.0, 1.0])
def test_samples_come_near_it(weight: float) -> None:
    matrix = MATRIX + weight * MATRIX.T
    rng = np.random.default_rng(1)
    found = sampled_asymmetry(lambda theta: matrix @ theta, np.ones(40), rng, pairs=800)
    assert found == pytest.approx(asymmetry(matrix), rel=0.1, abs=1e-6)
    with pytest.raises(InputError, match=r"^pairs: 1 or more \(got 0\)$"):
        sampled_asymmetry(lambda theta: theta, np.ones(2), rng, pairs=0)


def test_bp_is_a_gradient_and_fa_is_none() -> None:
    rng = np.random.default_rng(2)
    start = State(rng.normal(size=(4, 3)), rng.normal(size=(2, 4)))
    x, y, b = rng.normal(size=(9, 3)), rng.normal(size=(9, 2)), rng.normal(size=(4, 2))
    found = {}
    for rule in ("BP", "FA"):
        net = TwoLayer(RULES[rule], start, b, activation="tanh", bias=True)
        theta = weights_of(net)
        assert theta.shape == (3 * 4 + 4 * 2 + 4 + 2,)
        field = field_of(net, x, y)
        found[rule] = asymmetry(numeric_jacobian(field, theta))
        np.testing.assert_array_equal(weights_of(net), theta)
        moved = net.change(x, y, eta=0.1)
        np.testing.assert_allclose(field(theta)[:12], 10 * moved.forward[1]["w"].ravel())
    assert found["BP"] < 1e-8
    assert found["FA"] > 0.3
