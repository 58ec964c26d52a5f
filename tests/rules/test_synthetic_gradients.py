import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.synthetic_gradients import SG, SG_DFA


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


def test_direct_feedback_is_taught_the_true_gradient(net, chain, loops):
    net.shared["etab"] = 0.3
    exact = chain(net, {at: net.forward[at]["w"] for at in (2, 3)})
    changes = Interpreter(SG_DFA).step(net)
    for at in (1, 2):
        mis = loops.down(net.forward[at + 1]["w"], exact[at + 1])
        mis = mis - loops.down(net.direct[at, 3]["b"], exact[3])
        expected = 0.3 * loops.outer(exact[3], mis)
        np.testing.assert_allclose(changes.direct[at, 3]["b"], expected, rtol=1e-12)


def test_direct_feedback_rests_at_the_product_of_the_weights_of_a_linear_net(net):
    for layer in net.layers[1:]:
        layer["df"] = np.ones_like(layer["df"])
    net.direct[2, 3]["b"] = net.forward[3]["w"].copy()
    net.direct[1, 3]["b"] = net.forward[3]["w"] @ net.forward[2]["w"]
    changes = Interpreter(SG_DFA).step(net)
    for at in (1, 2):
        np.testing.assert_allclose(changes.direct[at, 3]["b"], 0, atol=1e-14)
