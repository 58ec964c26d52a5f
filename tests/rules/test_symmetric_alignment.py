import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.symmetric_alignment import SA


def test_b_is_drawn_to_w(net, chain, assert_learns):
    net.shared |= {"etab": 0.1, "c_self": 2.0, "c_decay": 3.0}
    changes = Interpreter(SA).step(net)
    assert_learns(
        net, changes, chain(net, {at: net.forward[at]["b"] for at in (2, 3)}), SA.rates["eta"]
    )
    for at in (2, 3):
        w, b = net.forward[at]["w"], net.forward[at]["b"]
        for place in np.ndindex(w.shape):
            expected = -0.1 * (3.0 * b[place] - 2.0 * w[place])
            np.testing.assert_allclose(changes.forward[at]["b"][place], expected, rtol=1e-12)
    assert "b" not in changes.forward[1]
