"""Learning example by example: what is applied, when it is looked at, when it is given up."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import Problem, TwoLayer
from snn_credit.theory.online import learn_batch, learn_online


@pytest.fixture
def problem() -> Problem:
    return Problem.draw(np.random.default_rng(0), (5, 4, 3), 0.3)


def test_each_example_once_in_order(problem: Problem) -> None:
    inputs = np.random.default_rng(1).normal(size=(7, 5))
    net = TwoLayer(RULES["FA"], problem.start, problem.b)
    found = learn_online(
        net, problem.target, inputs, eta=0.05, every=3, look=lambda: net.state.a[0, 0]
    )
    t, b, a, w = problem.target, problem.b, problem.start.a.copy(), problem.start.w.copy()
    looked = {}
    for seen in range(8):
        looked[seen] = (np.sum((t - w @ a) ** 2) / np.sum(t**2), a[0, 0])
        if seen < 7:
            x = inputs[seen]
            h = a @ x
            e = t @ x - w @ h
            a, w = a + 0.05 * np.outer(b @ e, x), w + 0.05 * np.outer(e, h)
    assert [row[0] for row in found] == [0, 3, 6]
    for seen, *row in found:
        np.testing.assert_allclose(np.array(row, dtype=float), looked[seen], rtol=1e-10)
    np.testing.assert_allclose(net.state.w, w, rtol=1e-10)


def test_a_net_that_runs_away_is_given_up(problem: Problem) -> None:
    inputs = np.random.default_rng(1).normal(size=(500, 5))
    net = TwoLayer(RULES["FA"], problem.start, problem.b)
    found = learn_online(net, problem.target, inputs, eta=5.0, every=100, look=lambda: 1)
    assert found[-1][1:] == (inf, None)
    assert 0 < found[-1][0] < 100


def test_all_examples_at_once(problem: Problem) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(9, 5)), rng.normal(size=(9, 3)) + 2.0
    net = TwoLayer(RULES["BP"], problem.start, problem.b)
    told: list[tuple[int, float]] = []
    found = learn_batch(
        net, x, y, eta=0.05, updates=4, every=2, told=lambda *numbers: told.append(numbers)
    )
    a, w = problem.start.a.copy(), problem.start.w.copy()
    expected = []
    for update in range(5):
        e = y - x @ a.T @ w.T
        expected.append(np.sum(e**2) / (9 * y.var(axis=0).sum()))
        if update < 4:
            a, w = a + 0.05 * w.T @ e.T @ x / 9, w + 0.05 * e.T @ (x @ a.T) / 9
    np.testing.assert_allclose(found, expected[::2], rtol=1e-10)
    assert told == list(zip((0, 2, 4), found.tolist(), strict=True))


def test_every(problem: Problem) -> None:
    net = TwoLayer(RULES["FA"], problem.start, problem.b)
    with pytest.raises(InputError, match=r"^every: 1 or more \(got 0\)$"):
        learn_online(net, problem.target, np.ones((1, 5)), eta=0.1, every=0, look=lambda: 1)
    with pytest.raises(InputError, match=r"^every: 1 or more \(got -1\)$"):
        learn_batch(net, np.ones((2, 5)), np.eye(2, 3), eta=0.1, updates=1, every=-1)
