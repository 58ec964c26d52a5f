import numpy as np

from snn_credit.rules.information_alignment import IA
from snn_credit.rules.interpreter import Interpreter


def test_three_primitives(net, chain, loops, assert_learns):
    rates = {"etab": 0.1, "c_amp": 2.0, "c_decay": 0.5, "c_null": 3.0}
    net.shared |= rates
    changes = Interpreter(IA).step(net)
    feedback = {at: net.forward[at]["b"] for at in (2, 3)}
    assert_learns(net, changes, chain(net, feedback), IA.rates["eta"])
    for at in (2, 3):
        above, here = net.layers[at]["h"], net.layers[at - 1]["h"]
        mis = 2.0 * here - 3.0 * loops.down(feedback[at], above)
        expected = 0.1 * (loops.outer(above, mis) - 0.5 * feedback[at])
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_change_descends_its_regulariser(net):
    def regulariser(b):
        above, here = net.layers[3]["h"], net.layers[2]["h"]
        back = above @ b
        return float((-(here * back) + 0.5 * back**2).sum(1).mean() + 0.5 * (b**2).sum())

    change = Interpreter(IA).step(net).forward[3]["b"]
    b = net.forward[3]["b"]
    for place in np.ndindex(b.shape):
        step = np.zeros_like(b)
        step[place] = 1e-6
        slope = (regulariser(b + step) - regulariser(b - step)) / 2e-6
        np.testing.assert_allclose(change[place], -IA.rates["etab"] * slope, rtol=1e-5, atol=1e-9)
