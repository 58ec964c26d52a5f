import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.synthetic_gradients import SG


def test_feedback_is_taught_the_true_gradient(net, chain, loops, assert_learns):
    net.shared["etab"] = 0.3
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    exact = chain(net, {at: net.forward[at]["w"] for at in (2, 3)})
    changes = Interpreter(SG).step(net)
    assert_learns(net, changes, delta, SG.rates["eta"])
    for at in (2, 3):
        mis = loops.down(net.forward[at]["w"], exact[at])
        mis = mis - loops.down(net.forward[at]["b"], delta[at])
        expected = 0.3 * loops.outer(delta[at], mis)
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_taught_feedback_comes_to_rest_at_w(net):
    for at in (2, 3):
        net.forward[at]["b"] = net.forward[at]["w"].copy()
    changes = Interpreter(SG).step(net)
    for at in (2, 3):
        np.testing.assert_allclose(changes.forward[at]["b"], 0, atol=1e-15)
