"""The quantities of Note 12 along blocks, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.theory import Problem
from snn_credit.theory.decoupled import decoupled


@pytest.fixture
def problem() -> Problem:
    return Problem.draw(np.random.default_rng(0), (12, 8, 4), 0.05)


def test_at_the_start(problem: Problem) -> None:
    found = decoupled(problem, [("both", 0.1)], samples=2)
    t, b, (a, w) = problem.target, problem.b, problem.start
    e = t - w @ a
    assert found.trace_abe[0] == pytest.approx(np.trace(a.T @ b @ e))
    assert found.trace_bw[0] == pytest.approx(np.trace(b @ w))
    assert found.nse[0] == pytest.approx(np.sum(e**2) / np.sum(t**2))


def test_what_each_block_does(problem: Problem) -> None:
    found = decoupled(problem, [("A", 0.5), ("W", 0.5), ("A", 0.5)], samples=50)
    one, two, three = found.ends
    # A alone: tr(BW) stays, tr(A'BE) rises above 0
    np.testing.assert_allclose(found.trace_bw[: one + 1], found.trace_bw[0])
    assert found.trace_abe[one] > 1
    # W alone: tr(BW) changes at the rate tr(A'BE) (eq 27), so it rises
    times = found.times[one : two + 1]
    gained = np.trapezoid(found.trace_abe[one : two + 1], times)
    assert found.trace_bw[two] - found.trace_bw[one] == pytest.approx(gained, rel=1e-3)
    assert found.trace_bw[two] > 0.5
    # A alone again: now the error falls
    assert found.nse[three] < 0.95 * found.nse[two]


def test_without_alignment_a_alone_does_not_help(problem: Problem) -> None:
    found = decoupled(problem, [("A", 0.5)], samples=50)
    assert abs(found.nse[-1] - 1) < 0.05
