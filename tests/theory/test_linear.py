"""The linear net's flow: the declared rules' expectation, what it keeps, its derivative."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import (
    Problem,
    State,
    TwoLayer,
    error,
    integrate,
    invariant,
    invariant_of_bp,
    linear_flow,
    normalized_error,
    white_inputs,
)
from snn_credit.theory.linear import Feedback, jacobian, pseudoinverse, through, transpose

SIZES = (6, 5, 3)


@pytest.fixture
def problem() -> Problem:
    return Problem.draw(np.random.default_rng(1), SIZES, 0.4)


def flows(problem: Problem) -> dict[str, Feedback]:
    return {"FA": through(problem.b), "BP": transpose, "pseudobackprop": pseudoinverse}


def declared(rule: str, problem: Problem, x: np.ndarray) -> State:
    net = TwoLayer(RULES[rule], problem.start, problem.b)
    changes = net.change(x, x @ problem.target.T, eta=1.0)
    return State(changes.forward[1]["w"], changes.forward[2]["w"])


@pytest.mark.parametrize("rule", ["FA", "BP", "pseudobackprop"])
def test_the_flow_is_the_expectation_of_the_declared_rule(rule: str, problem: Problem) -> None:
    expected = declared(rule, problem, white_inputs(SIZES[0]))
    found = linear_flow(problem.target, flows(problem)[rule])(problem.start)
    np.testing.assert_allclose(found.a, expected.a, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.w, expected.w, rtol=1e-12, atol=1e-14)
    others = [flow for name, flow in flows(problem).items() if name != rule]
    for other in others:
        assert np.abs(linear_flow(problem.target, other)(problem.start).a - expected.a).max() > 0.05


def test_many_normal_inputs_come_near_it(problem: Problem) -> None:
    x = np.random.default_rng(0).normal(size=(20_000, SIZES[0]))
    sampled = declared("FA", problem, x)
    found = linear_flow(problem.target, through(problem.b))(problem.start)
    np.testing.assert_allclose(sampled.a, found.a, atol=0.1)
    np.testing.assert_allclose(sampled.w, found.w, atol=0.1)
    # few inputs are not white
    assert np.abs(declared("FA", problem, x[:10]).a - found.a).max() > 0.2


def test_each_rule_keeps_its_own_invariant(problem: Problem) -> None:
    times = np.linspace(0, 10, 21)
    drifts = {}
    for rule in ("FA", "BP"):
        path = integrate(linear_flow(problem.target, flows(problem)[rule]), problem.start, times)
        fa, bp = invariant(problem.b, path[0]), invariant_of_bp(path[0])
        drifts[rule] = (
            max(np.abs(invariant(problem.b, path[k]) - fa).max() for k in range(21)),
            max(np.abs(invariant_of_bp(path[k]) - bp).max() for k in range(21)),
        )
        assert normalized_error(problem.target, path[-1]) < 1e-3
    assert drifts["FA"][0] < 1e-9
    assert drifts["BP"][1] < 1e-9
    assert min(drifts["FA"][1], drifts["BP"][0]) > 0.1


def test_the_jacobian_is_the_flows_derivative(problem: Problem) -> None:
    flow = linear_flow(problem.target, through(problem.b))
    split = problem.start.a.size

    def packed(theta: np.ndarray) -> np.ndarray:
        state = State(theta[:split].reshape(5, 6), theta[split:].reshape(3, 5))
        return np.concatenate([part.ravel() for part in flow(state)])

    theta = np.concatenate([part.ravel() for part in problem.start])
    step = 1e-6
    numeric = np.stack(
        [(packed(theta + step * one) - packed(theta - step * one)) / (2 * step)
         for one in np.eye(len(theta))], axis=1,
    )  # fmt: skip
    found = jacobian(problem.target, problem.b, problem.start)
    np.testing.assert_allclose(found, numeric, atol=1e-8)
    assert np.abs(found - found.T).max() > 0.5


def test_a_solution_of_bp_need_not_be_stable_under_fa(problem: Problem) -> None:
    times = [0.0, 60.0]
    growing = {}
    for rule in ("FA", "BP"):
        end = integrate(linear_flow(problem.target, flows(problem)[rule]), problem.start, times)[-1]
        assert normalized_error(problem.target, end) < 1e-12
        growing[rule] = np.linalg.eigvals(jacobian(problem.target, problem.b, end)).real.max()
    assert growing["FA"] < 1e-6
    assert growing["BP"] > 0.01


def test_pseudoinverse_sends_the_shortest_step_that_undoes_the_error(problem: Problem) -> None:
    e = np.random.default_rng(2).normal(size=3)
    shortest = np.linalg.lstsq(problem.start.w, e, rcond=None)[0]
    np.testing.assert_allclose(pseudoinverse(problem.start.w) @ e, shortest, rtol=1e-10)


def test_draws_and_errors(problem: Problem) -> None:
    big = Problem.draw(np.random.default_rng(0), (30, 20, 10), 0.01, 0.5)
    for drawn, reach in ((big.target, 1.0), (big.b, 0.5), (big.start.a, 0.01), (big.start.w, 0.01)):
        assert 0.9 * reach < np.abs(drawn).max() <= reach
    assert (big.target.shape, big.b.shape) == ((10, 30), (20, 10))
    a, w = problem.start
    np.testing.assert_array_equal(error(problem.target, problem.start), problem.target - w @ a)
    zero = State(0 * a, 0 * w)
    assert normalized_error(problem.target, zero) == 1.0
    with pytest.raises(InputError, match=r"^sizes: three of at least 1 \(got \(3, 0, 2\)\)$"):
        Problem.draw(np.random.default_rng(0), (3, 0, 2), 0.1)
    with pytest.raises(InputError, match=r"^target: T .* \(got \(3, 6\), \(5, 6\), \(3, 4\)\)$"):
        error(problem.target, State(a, np.zeros((3, 4))))
    with pytest.raises(InputError, match=r"^feedback: the shape .* \(5, 3\) \(got \(3, 5\)\)$"):
        linear_flow(problem.target, through(problem.b.T))(problem.start)
