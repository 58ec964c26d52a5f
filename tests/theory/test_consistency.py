"""Estimates by name beside their limits, and how they come closer."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.theory.consistency import Case, Estimate
from snn_credit.theory.static import StaticNet


@pytest.fixture
def net() -> StaticNet:
    return StaticNet.draw(np.random.default_rng(0), (12, 3, 4, 5, 6), 60)


def test_names_and_limits(net: StaticNet) -> None:
    chain, direct = Case(net).limits(0.5), Case(net, direct=True).limits(0.5)
    assert list(chain) == ["W2", "W3", "W4"]
    assert list(direct) == ["W4W3W2", "W4W3"]
    np.testing.assert_array_equal(chain["W3"].limit, net.w[2])
    np.testing.assert_allclose(direct["W4W3"].limit, net.w[3] @ net.w[2])
    for each in (*chain.values(), *direct.values()):
        assert each.error < 1e-9
        assert each.angle == pytest.approx(0.0, abs=1e-4)


def test_what_is_sent_down_is_the_gradient(net: StaticNet) -> None:
    for case in (Case(net), Case(net, direct=True)):
        for each, gradient in zip(case.limits(0.1).values(), net.gradients(), strict=False):
            np.testing.assert_allclose(each.e @ each.limit, gradient, atol=1e-12)


def test_error_and_angle_by_hand() -> None:
    limit, e = np.eye(2), np.array([[1.0, 0.0], [0.0, 3.0]])
    assert Estimate(2 * limit, limit, e).error == pytest.approx(1.0)
    assert Estimate(2 * limit, limit, e).angle == pytest.approx(0.0, abs=1e-6)
    assert Estimate(-limit, limit, e).angle == pytest.approx(180.0)
    turned = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert Estimate(turned, limit, e).angle == pytest.approx(22.5)


def test_more_presentations_are_added_to_those_before(net: StaticNet) -> None:
    case = Case(net)
    found = list(case.growing(np.random.default_rng(1), (2_000, 20_000, 200_000), 0.01))
    errors = [each["W4"].error for each in found]
    assert errors[0] > errors[1] > errors[2]
    whole = case.observe(np.random.default_rng(1), 2_000, 0.01)
    np.testing.assert_array_equal(case.estimates(whole)["W4"].b, found[0]["W4"].b)


def test_known_sampling_errors_go_by_the_same_names(net: StaticNet) -> None:
    assert list(Case(net).sampling()) == ["W4"]
    assert list(Case(net, direct=True).sampling()) == ["W4W3W2", "W4W3"]
    deep = StaticNet.draw(np.random.default_rng(0), (12, 5, 4, 3), 60, "tanh", "tanh")
    assert list(Case(deep).sampling()) == ["W3"]
