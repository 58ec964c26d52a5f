import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.node_perturbation_feedback import NP_FEEDBACK, NP_FEEDBACK_DFA


def test_gradient_form(net, chain, loops, targets, assert_learns):
    net.shared |= {"etab": 0.3, "sig": 0.1}
    feedback = {at: net.forward[at]["b"] for at in (2, 3)}
    delta = chain(net, feedback)
    changes = Interpreter(NP_FEEDBACK).step(net)
    assert_learns(net, changes, delta, NP_FEEDBACK.rates["eta"])
    for at in (2, 3):
        mis = targets(net, at - 1, 0.1) - loops.down(feedback[at], delta[at])
        expected = 0.3 * loops.outer(delta[at], mis)
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)
    assert "b" not in changes.forward[1]


def test_direct_gradient_form(net, loops, targets, direct_delta, assert_learns):
    net.shared |= {"etab": 0.3, "sig": 0.1}
    delta = direct_delta(net)
    changes = Interpreter(NP_FEEDBACK_DFA).step(net)
    assert_learns(net, changes, delta, NP_FEEDBACK_DFA.rates["eta"])
    assert set(changes.direct) == {(1, 3), (2, 3)}
    for at in (1, 2):
        mis = targets(net, at, 0.1) - loops.down(net.direct[at, 3]["b"], delta[3])
        expected = 0.3 * loops.outer(delta[3], mis)
        np.testing.assert_allclose(changes.direct[at, 3]["b"], expected, rtol=1e-12)
