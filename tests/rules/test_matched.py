import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.matched import MATCHED


def test_b_takes_the_update_of_w_and_both_decay(net, chain, loops, assert_learns):
    net.shared |= {"eta": 0.1, "lam": 0.05}
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    changes = Interpreter(MATCHED).step(net)
    assert_learns(net, changes, delta, 0.1, 0.05)
    for at in (2, 3):
        taken = changes.forward[at]["w"] + 0.05 * net.forward[at]["w"]
        expected = taken - 0.05 * net.forward[at]["b"]
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_two_by_two_by_hand(make_net):
    net = make_net((2, 2, 2))
    net.shared |= {"eta": 0.5, "lam": 0.1}
    for layer in net.layers:
        for name, values in layer.items():
            layer[name] = values[:1]
    net.layers[1]["h"] = np.array([[1.0, 2.0]])
    net.layers[2] |= {"err": np.array([[3.0, -1.0]]), "df": np.array([[0.5, 1.0]])}
    net.forward[2]["b"] = np.array([[1.0, 0.0], [2.0, -4.0]])
    # delta = (1.5, -1); -0.5 delta h' = ((-0.75, -1.5), (0.5, 1)), less a tenth of b
    change = Interpreter(MATCHED).step(net).forward[2]["b"]
    np.testing.assert_allclose(change, [[-0.85, -1.5], [0.3, 1.4]], rtol=1e-12)
