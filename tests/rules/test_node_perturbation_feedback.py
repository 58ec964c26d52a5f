import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import apply
from snn_credit.rules.node_perturbation_feedback import GAMMA, NP_FEEDBACK, NP_RIDGE, ridge


def targets(net, at, sig):
    return net.shared["dL"] * net.layers[at]["noise"] / sig**2


def test_gradient_form(net, chain, loops, assert_learns):
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


def test_ridge_adds_up_products_and_solves(net, chain, loops):
    net.shared |= {"sig": 0.1, "forget": 0.25}
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    interpreter = Interpreter(NP_RIDGE)
    changes = interpreter.step(net)
    for at in (2, 3):
        s, v = net.forward[at]["s"], net.own[at]["v"]
        ds = loops.outer(delta[at], targets(net, at - 1, 0.1)) - 0.25 * s
        dv = loops.outer(delta[at], delta[at]) - 0.25 * v
        np.testing.assert_allclose(changes.forward[at]["s"], ds, rtol=1e-12)
        np.testing.assert_allclose(changes.own[at]["v"], dv, rtol=1e-12)
    apply(net, changes)
    interpreter.run_hosts(net)
    for at in (2, 3):
        v, s = net.own[at]["v"], net.forward[at]["s"]
        np.testing.assert_allclose((v + GAMMA * np.eye(len(v))) @ net.forward[at]["b"], s)


def test_ridge_finds_the_matrix_behind_exact_targets():
    # est = delta' W exactly: with many examples b is W up to the ridge
    random = np.random.default_rng(0)
    w = random.normal(size=(3, 2))
    delta = random.normal(size=(500, 3))
    s, v = delta.T @ (delta @ w), delta.T @ delta
    np.testing.assert_allclose(ridge(s, v), w, atol=1e-3)
