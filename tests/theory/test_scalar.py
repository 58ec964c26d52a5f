"""Three neurons in a row: what was derived by hand against what is integrated or differenced."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import State, TwoLayer, linear, scalar
from snn_credit.theory.jacobian import asymmetry, field_of, numeric_jacobian

T, B = 1.5, 0.7


def starts(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(5).uniform(-4, 4, (2, n)))


def test_the_flow_stays_on_its_parabola() -> None:
    a, w = starts()
    path_a, path_w = scalar.follow(a, w, T, B, np.linspace(0, 20, 11))
    c = scalar.constant(a, w, B)
    np.testing.assert_allclose(path_w, (path_a**2 + c) / (2 * B), atol=1e-7)
    # on it, A alone tells its own speed
    da, _ = scalar.velocity(path_a, path_w, T, B)
    np.testing.assert_allclose(da, -(path_a**3 + c * path_a - 2 * B * T) / 2, atol=1e-6)


def test_it_goes_where_the_parabola_says() -> None:
    a, w = starts(200)
    end_a, end_w = (path[-1] for path in scalar.follow(a, w, T, B, [0.0, 60.0]))
    bad = scalar.ends_badly(a, w, T, B)
    assert 20 < bad.sum() < 100
    np.testing.assert_array_equal(end_w < 0, bad)
    np.testing.assert_allclose(end_a * end_w, T, rtol=1e-6)
    for start, c, end in zip(a, scalar.constant(a, w, B), end_a, strict=True):
        points = scalar.resting_points(c, T, B)
        between = points[1] if len(points) == 3 else -np.inf
        expected = points[-1] if start > between else points[0]
        assert end == pytest.approx(expected, rel=1e-5)


def test_stability_is_that_of_the_jacobian() -> None:
    for a in (-3.0, -1.2, -1.0, -0.5, -0.1, 0.1, 1.0, 3.0):
        values = np.sort(np.linalg.eigvals(scalar.jacobian(a, T / a, T, B)).real)
        other = -(B * T / a + a**2)
        np.testing.assert_allclose(values, np.sort([0.0, other]), atol=1e-12)
        assert scalar.is_stable(a, T, B) == (other < 0)
    edge = -((B * T) ** (1 / 3))
    assert scalar.is_stable(1.01 * edge, T, B)
    assert not scalar.is_stable(0.99 * edge, T, B)


def test_the_matrix_flow_of_one_neuron_a_layer_is_this_one() -> None:
    one = [np.full((1, 1), value) for value in (T, B, 0.4, -1.1)]
    state = State(one[2], one[3])
    found = linear.linear_flow(one[0], linear.through(one[1]))(state)
    np.testing.assert_allclose([found.a[0, 0], found.w[0, 0]], scalar.velocity(0.4, -1.1, T, B))
    np.testing.assert_allclose(
        linear.jacobian(one[0], one[1], state), scalar.jacobian(0.4, -1.1, T, B)
    )


THETA = np.array([0.6, -0.2, 1.3, 0.4])  # W, b, A, c


def test_eq_79_corrected_is_the_derivative_and_as_printed_is_not() -> None:
    x, y = 0.8, 1.7
    numeric = numeric_jacobian(scalar.biased_velocity(B, x, y), THETA)
    np.testing.assert_allclose(scalar.biased_jacobian(THETA, B, x, y), numeric, atol=1e-8)
    wrong = np.abs(scalar.printed_jacobian(THETA, B, x, y) - numeric) > 1e-3
    assert np.argwhere(wrong).tolist() == [[0, 0], [0, 3]]


def test_the_flow_with_biases_is_that_of_the_declared_rule() -> None:
    x, y = 0.8, 1.7
    w, bias, a, c = THETA
    one = State(np.full((1, 1), a), np.full((1, 1), w))
    net = TwoLayer(RULES["FA"], one, np.full((1, 1), B), bias=True)
    field = field_of(net, np.full((1, 1), x), np.full((1, 1), y))
    found = field(np.array([a, w, c, bias]))
    np.testing.assert_allclose(found[[1, 3, 0, 2]], scalar.biased_velocity(B, x, y)(THETA))


def test_asymmetric_unless_b_is_w_and_the_error_is_nought() -> None:
    x, y = 0.8, 1.7
    w, bias, a, c = THETA
    found = scalar.biased_jacobian(THETA, B, x, y)
    h = a * x + c
    e = y - w * h - bias
    assert found[0, 2] - found[2, 0] == pytest.approx(x * (e + (B - w) * h))
    assert asymmetry(found) > 0.1
    there = w * h + bias  # the target that is met
    assert asymmetry(scalar.biased_jacobian(THETA, w, x, there)) == pytest.approx(0, abs=1e-12)
    assert asymmetry(scalar.biased_jacobian(THETA, w, x, y)) > 0.1


def test_b_against_t() -> None:
    with pytest.raises(InputError, match=r"^b: a number with B T > 0 \(got B = -1, T = 1\)$"):
        scalar.ends_badly(0.0, 0.0, 1.0, -1.0)
    with pytest.raises(InputError, match=r"^b: a number with B T > 0"):
        scalar.resting_points(0.0, 0.0, 1.0)
