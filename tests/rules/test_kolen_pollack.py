import numpy as np
import pytest

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.kolen_pollack import KP, MATCHED
from snn_credit.rules.net import apply


@pytest.mark.parametrize("rule", [KP, MATCHED], ids=lambda rule: rule.name)
def test_w_and_b_change_alike(net, chain, loops, assert_learns, rule):
    net.shared |= {"eta": 0.1, "lam": 0.05}
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    changes = Interpreter(rule).step(net)
    assert_learns(net, changes, delta, 0.1, 0.05)
    for at in (2, 3):
        expected = -0.1 * loops.outer(delta[at], net.layers[at - 1]["h"])
        expected -= 0.05 * net.forward[at]["b"]
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_difference_shrinks_by_the_decay(net):
    net.shared |= {"eta": 0.1, "lam": 0.05}
    before = net.forward[3]["w"] - net.forward[3]["b"]
    apply(net, Interpreter(KP).step(net))
    np.testing.assert_allclose(net.forward[3]["w"] - net.forward[3]["b"], 0.95 * before)
