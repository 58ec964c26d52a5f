import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import apply
from snn_credit.rules.node_perturbation_ridge import GAMMA, NP_RIDGE, NP_RIDGE_DFA, ridge


def test_ridge_adds_up_products_and_solves(net, chain, loops, targets):
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


def test_direct_ridge_adds_up_products_and_solves(net, loops, targets, direct_delta):
    net.shared |= {"sig": 0.1, "forget": 0.25}
    delta = direct_delta(net)
    interpreter = Interpreter(NP_RIDGE_DFA)
    changes = interpreter.step(net)
    assert set(changes.own) == {3}
    dv = loops.outer(delta[3], delta[3]) - 0.25 * net.own[3]["v"]
    np.testing.assert_allclose(changes.own[3]["v"], dv, rtol=1e-12)
    for at in (1, 2):
        ds = loops.outer(delta[3], targets(net, at, 0.1)) - 0.25 * net.direct[at, 3]["s"]
        np.testing.assert_allclose(changes.direct[at, 3]["s"], ds, rtol=1e-12)
    apply(net, changes)
    interpreter.run_hosts(net)
    for at in (1, 2):
        v, found = net.own[3]["v"], net.direct[at, 3]
        np.testing.assert_allclose((v + GAMMA * np.eye(len(v))) @ found["b"], found["s"])
