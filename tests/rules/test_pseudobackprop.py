import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.pseudobackprop import PSEUDOBACKPROP


def test_feedback_is_the_pseudoinverse(net, chain, assert_learns):
    interpreter = Interpreter(PSEUDOBACKPROP)
    interpreter.run_hosts(net, "start")
    for at in (2, 3):
        w, inverse = net.forward[at]["w"], net.forward[at]["b"].T
        # the four conditions of Penrose
        np.testing.assert_allclose(w @ inverse @ w, w, atol=1e-12)
        np.testing.assert_allclose(inverse @ w @ inverse, inverse, atol=1e-12)
        np.testing.assert_allclose((w @ inverse).T, w @ inverse, atol=1e-12)
        np.testing.assert_allclose((inverse @ w).T, inverse @ w, atol=1e-12)
    post = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, interpreter.step(net), post, PSEUDOBACKPROP.rates["eta"])
