"""The two theorems hold, and where their conditions do not, neither do they."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.theory import Problem, State, integrate, linear_flow
from snn_credit.theory.linear import through
from snn_credit.theory.theorems import AlongFlow, along, left_without_feedback, single_pair

TIMES = np.linspace(0, 40, 81)


def follow(problem: Problem) -> AlongFlow:
    flow = linear_flow(problem.target, through(problem.b))
    return along(problem, integrate(flow, problem.start, TIMES))


@pytest.mark.parametrize("seed", range(3))
def test_theorem_1(seed: int) -> None:
    found = follow(Problem.draw(np.random.default_rng(seed), (8, 6, 4), 0.0, 1.0))
    assert found.nse[0] == 1.0
    assert found.nse[-1] < 1e-10
    assert found.drift.max() < 1e-9
    assert found.drift_of_bp.max() > 0.1
    # V never rises (eq 18), beyond what the integration's tolerance leaves
    assert np.diff(found.v).max() < 1e-9 * found.v[0]
    assert found.size.max() < 1  # eq 21


def test_theorem_1_needs_feedback_from_every_output() -> None:
    whole = Problem.draw(np.random.default_rng(0), (8, 6, 4), 0.0, 1.0)
    b = whole.b.copy()
    b[:, 2] = 0
    found = follow(Problem(whole.target, b, whole.start))
    assert found.nse[-1] == pytest.approx(left_without_feedback(whole.target, 2), rel=1e-6)
    assert found.nse[-1] > 0.01


def test_what_stays_without_feedback_by_hand() -> None:
    target = np.array([[1.0, 0.0, 0.0], [3.0, 4.0, 0.0]])
    assert left_without_feedback(target, 1) == pytest.approx(16 / 26)
    assert left_without_feedback(target, 0) == pytest.approx((1 - 9 / 25) / 26)


@pytest.fixture
def pair() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {
        "x": rng.normal(size=7),
        "y": rng.uniform(-2, 2, 3),
        "b": rng.uniform(-0.5, 0.5, (5, 3)),
    }


def test_theorem_2(pair: dict[str, np.ndarray]) -> None:
    zero = State(np.zeros((5, 7)), np.zeros((3, 5)))
    found = single_pair(pair["x"], pair["y"], pair["b"], zero, eta=0.05, steps=2000)
    assert len(found.left) > 20
    assert found.left[-1] < 2e-6
    assert np.all(found.s > 0)
    assert found.deviation(found.s) < 1e-6
    assert found.deviation(found.s_paper) > 0.1


def test_the_scalars_of_lemma_5(pair: dict[str, np.ndarray]) -> None:
    """Eqs 41, 45 and 46 by themselves, eq 45 without its spurious s_h."""
    eta, y, v = 0.05, pair["y"], pair["b"] @ pair["y"]
    zero = State(np.zeros((5, 7)), np.zeros((3, 5)))
    found = single_pair(pair["x"], y, pair["b"], zero, eta=eta, steps=40)
    s_h = s_w = 0.0
    for step in range(40):
        s_y = s_w * s_h * (v @ v)
        if step >= 2:
            np.testing.assert_allclose(found.fa[step - 2], (1 - s_y) * v, rtol=1e-9)
            assert found.s[step - 2] == pytest.approx(1 / (s_w * (v @ v)))
        s_h, s_w = s_h + eta * (1 - s_y), s_w + eta * (1 - s_y) * s_h
    # as eq 45 is printed, s_h stays 0 for ever
    assert s_h > 0.5


def test_theorem_2_needs_a_start_at_nought(pair: dict[str, np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    start = State(rng.uniform(-0.25, 0.25, (5, 7)), rng.uniform(-0.25, 0.25, (3, 5)))
    found = single_pair(pair["x"], pair["y"], pair["b"], start, eta=0.05, steps=200)
    along_fa = np.sum(found.fa * found.pbp, axis=1) / (
        np.linalg.norm(found.fa, axis=1) * np.linalg.norm(found.pbp, axis=1)
    )
    assert along_fa.min() < 0.95


def test_too_few_steps(pair: dict[str, np.ndarray]) -> None:
    zero = State(np.zeros((5, 7)), np.zeros((3, 5)))
    with pytest.raises(InputError, match=r"^steps: 3 or more \(got 2\)$"):
        single_pair(pair["x"], pair["y"], pair["b"], zero, eta=0.05, steps=2)
