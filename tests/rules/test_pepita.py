from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net
from snn_credit.rules.pepita import (
    PEPITA,
    PEPITA_FIRST_PASS,
    PEPITA_MINUS,
    PEPITA_RANDOM,
    PEPITA_SECOND_ERROR,
)


@pytest.fixture
def forward(net):
    """Return a tanh network with a linear output, and its target."""
    target = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])

    def run(drive):
        h = drive
        for at in (1, 2, 3):
            u = h @ net.forward[at]["w"].T
            h = np.tanh(u) if at < 3 else u
            net.layers[at]["h"] = h
            net.layers[at]["df"] = 1 - h**2 if at < 3 else np.ones_like(u)
        net.layers[3]["err"] = h - target

    return run, target


def test_algorithm_1(net, forward, loops):
    run, target = forward
    x, weights = net.layers[0]["x"], {at: net.forward[at]["w"] for at in (1, 2, 3)}

    def activities(start):
        h = {0: start}
        for at in (1, 2, 3):
            u = loops.up(weights[at], h[at - 1])
            h[at] = np.tanh(u) if at < 3 else u
        return h

    standard = activities(x)
    e = standard[3] - target
    modulated = activities(x + loops.down(net.direct[0, 3]["b"], e))
    changes = Interpreter(PEPITA).step(net, x, run)
    eta = PEPITA.rates["eta"]
    for at in (1, 2):
        expected = -eta * loops.outer(standard[at] - modulated[at], modulated[at - 1])
        np.testing.assert_allclose(changes.forward[at]["w"], expected, rtol=1e-10, atol=1e-14)
    expected = -eta * loops.outer(e, modulated[2])
    np.testing.assert_allclose(changes.forward[3]["w"], expected, rtol=1e-10)


def test_without_feedback_only_the_output_learns(net, forward):
    net.direct[0, 3]["b"] *= 0
    changes = Interpreter(PEPITA).step(net, forward=forward[0])
    for at in (1, 2):
        np.testing.assert_array_equal(changes.forward[at]["w"], 0)
    assert np.abs(changes.forward[3]["w"]).max() > 0


def test_needs_a_forward_function(net):
    with pytest.raises(InputError, match=r"forward: PEPITA has phases and needs one \(got None\)"):
        Interpreter(PEPITA).step(net)


def test_windows_are_named(net):
    with pytest.raises(InputError, match=r"phase: a window of PEPITA: standard, modulated \(got N"):
        Interpreter(PEPITA).sweep(net)


@pytest.fixture
def by_hand():
    """Run a 2-2-2 net, ReLU and then linear, by a rule with eta = 1; return its changes.

    x = (1, 2), W1 = [[1, 0], [0, 1]], W2 = [[1, -1], [0, 1]], target (0, 1), so that h1 = (1, 2),
    h2 = (-1, 2) and e = (-1, 1). With F = [[2, 0], [0, 1]] F e = (-2, 1), and with it the second
    window's input is (-1, 3), h1 = (0, 3), h2 = (-3, 3) and its own error (-3, 2).
    """

    def run(rule, sign=1.0, target=(0.0, 1.0), **output):
        net = Net(
            layers=[{"x": np.array([[1.0, 2.0]])}, {}, {}],
            forward={1: {"w": np.eye(2)}, 2: {"w": np.array([[1.0, -1.0], [0.0, 1.0]])}},
            direct={(0, 2): {"b": sign * np.array([[2.0, 0.0], [0.0, 1.0]])}},
            shared={"eta": 1.0},
        )
        net.layers[2] |= {name: np.array([value]) for name, value in output.items()}

        def forward(drive):
            h = np.maximum(drive @ net.forward[1]["w"].T, 0)
            y = h @ net.forward[2]["w"].T
            net.layers[1] |= {"h": h, "df": 1.0 * (h > 0)}
            net.layers[2] |= {"h": y, "df": np.ones((1, 2)), "err": y - [target]}

        changes = Interpreter(rule).step(net, forward=forward)
        return changes.forward[1]["w"], changes.forward[2]["w"]

    return run


# W1 changes by -(h1 - h1^err) pre' = -(1, -1) pre'
@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        (PEPITA, [[1, -3], [-1, 3]], [[0, 3], [0, -3]]),
        (PEPITA_FIRST_PASS, [[-1, -2], [1, 2]], [[1, 2], [-1, -2]]),
        (PEPITA_SECOND_ERROR, [[1, -3], [-1, 3]], [[0, 9], [0, -6]]),
        # x - F e = (3, 1): the hidden layer answers (3, 1), and h1 - h1^err = (-2, 1)
        (PEPITA_MINUS, [[6, 2], [-3, -1]], [[3, 1], [-3, -1]]),
        # r = (0, 1): F r = (0, 1), the second input is (1, 3), and h1 - h1^err = (0, -1)
        (PEPITA_RANDOM, [[0, 0], [1, 3]], [[1, 3], [-1, -3]]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_two_by_two_by_hand(by_hand, rule, first, second):
    given = {"r": [0.0, 1.0]} if "r" in rule.needs else {}
    found = by_hand(rule, **given)
    np.testing.assert_array_equal(found[0], first)
    np.testing.assert_array_equal(found[1], second)


def test_minus_is_the_same_with_feedback_mirrored(by_hand):
    ours, theirs = by_hand(PEPITA), by_hand(PEPITA_MINUS, sign=-1.0)
    np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(ours, by_hand(PEPITA_MINUS))


def test_the_random_control_does_not_hear_the_error(by_hand):
    r, other = [0.5, -0.25], (3.0, -2.0)
    hidden = by_hand(PEPITA_RANDOM, r=r)[0]
    assert np.abs(hidden).max() > 0
    np.testing.assert_array_equal(hidden, by_hand(PEPITA_RANDOM, target=other, r=r)[0])
    assert not np.array_equal(by_hand(PEPITA)[0], by_hand(PEPITA, target=other)[0])


def test_variants_are_no_rules_of_their_own():
    variants = (PEPITA_FIRST_PASS, PEPITA_SECOND_ERROR, PEPITA_MINUS, PEPITA_RANDOM)
    for variant in variants:
        assert variant.name not in RULES
        assert variant.is_local
