from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.pepita import PEPITA


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
