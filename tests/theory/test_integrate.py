"""Flows integrated: against closed forms, block by block, and what cannot be integrated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from snn_credit.errors import InputError
from snn_credit.theory import Problem, State, alternate, integrate, linear_flow, only
from snn_credit.theory.linear import through


@pytest.fixture
def problem() -> Problem:
    return Problem.draw(np.random.default_rng(3), (5, 4, 3), 0.4)


def test_two_matrices_at_rates_of_their_own() -> None:
    start = State(np.array([[1.0, -2.0]]), np.array([[3.0], [0.5]]))
    path = integrate(lambda s: State(-s.a, 2 * s.w), start, [0.0, 0.4, 1.0])
    for at, time in enumerate((0.0, 0.4, 1.0)):
        np.testing.assert_allclose(path[at].a, start.a * np.exp(-time), rtol=1e-9)
        np.testing.assert_allclose(path[at].w, start.w * np.exp(2 * time), rtol=1e-9)
    assert len(path) == 3
    assert path.ends == (2,)
    assert not path.stopped
    np.testing.assert_allclose(path.measure(lambda s: s.a[0, 0]), np.exp([0, -0.4, -1]), rtol=1e-9)


def test_a_alone_is_a_linear_equation(problem: Problem) -> None:
    # dA/dt = B T - B W A, with a constant forcing: one exponential of an enlarged matrix
    t, b, (a, w) = problem.target, problem.b, problem.start
    path = integrate(only(linear_flow(t, through(b)), "A"), problem.start, [0.0, 0.7])
    system = np.block([[-b @ w, b @ t], [np.zeros((5, 4)), np.zeros((5, 5))]])
    expected = (expm(0.7 * system) @ np.vstack([a, np.eye(5)]))[:4]
    np.testing.assert_allclose(path[-1].a, expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(path[-1].w, w)


def test_w_alone_is_a_linear_equation(problem: Problem) -> None:
    # E decays by A A' within the rows of A: W(t) = W + int E A' with dW/dt = T A' - W A A'
    t, b, (a, w) = problem.target, problem.b, problem.start
    path = integrate(only(linear_flow(t, through(b)), "W"), problem.start, [0.0, 0.7])
    best = t @ a.T @ np.linalg.inv(a @ a.T)
    expected = best + (w - best) @ expm(-0.7 * a @ a.T)
    np.testing.assert_allclose(path[-1].w, expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(path[-1].a, a)


def test_blocks_follow_one_another(problem: Problem) -> None:
    flow = linear_flow(problem.target, through(problem.b))
    path = alternate(flow, problem.start, [("A", 0.3), ("W", 0.2), ("both", 0.1)], samples=4)
    assert path.ends == (4, 8, 12)
    assert len(path) == 13
    np.testing.assert_allclose(path.times[list(path.ends)], [0.3, 0.5, 0.6])
    middle = integrate(only(flow, "A"), problem.start, [0.0, 0.3])[-1]
    later = integrate(only(flow, "W"), middle, [0.0, 0.2])[-1]
    np.testing.assert_allclose(path[4].a, middle.a, rtol=1e-8)
    np.testing.assert_array_equal(path[4].w, problem.start.w)
    np.testing.assert_array_equal(path[8].a, path[4].a)
    np.testing.assert_allclose(path[8].w, later.w, rtol=1e-8)
    assert np.abs(path[12].a - path[8].a).max() > 0
    assert np.abs(path[12].w - path[8].w).max() > 0


def test_a_flow_may_stop() -> None:
    grow = State(np.ones((1, 1)), np.zeros((1, 1)))
    path = integrate(
        lambda s: State(s.a, s.w), grow, [0.0, 0.5, 1.0, 5.0], stop=lambda s: s.a[0, 0] - 2.0
    )
    assert path.stopped
    np.testing.assert_allclose(path.times, [0.0, 0.5, np.log(2)], rtol=1e-8)
    assert path[-1].a[0, 0] == pytest.approx(2.0)
    never = integrate(lambda s: State(s.a, s.w), grow, [0.0, 0.5], stop=lambda s: s.a[0, 0] - 2.0)
    assert not never.stopped
    assert never.times[-1] == 0.5


def test_what_cannot_be_integrated() -> None:
    one = State(np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(InputError, match=r"^times: two or more, ascending \(got \[1\. 0\.\]\)$"):
        integrate(lambda s: s, one, [1.0, 0.0])
    with pytest.raises(InputError, match=r"^times: two or more"):
        integrate(lambda s: s, one, [0.0])
    # da/dt = a^2 is infinite at t = 1
    with pytest.raises(ArithmeticError, match=r"^flow: a solution up to t = 2 \(got: "):
        integrate(lambda s: State(s.a**2, 0 * s.w), one, [0.0, 2.0])
    with pytest.raises(InputError, match=r"^learns: one of A, W, both \(got 'B'\)$"):
        only(lambda s: s, "B")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"^blocks: one or more \(got none\)$"):
        alternate(lambda s: s, one, [])
