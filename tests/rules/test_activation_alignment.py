import numpy as np

from snn_credit.rules.activation_alignment import AA
from snn_credit.rules.interpreter import Interpreter


def test_feedback_is_made_to_give_the_activity(net, chain, loops, assert_learns):
    net.shared["etab"] = 0.1
    changes = Interpreter(AA).step(net)
    feedback = {at: net.forward[at]["b"] for at in (2, 3)}
    assert_learns(net, changes, chain(net, feedback), AA.rates["eta"])
    for at in (2, 3):
        above, here = net.layers[at]["h"], net.layers[at - 1]["h"]
        expected = 0.1 * loops.outer(above - loops.up(feedback[at], here), here)
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_rest_where_b_predicts_the_activity(net):
    for at in (2, 3):
        net.layers[at]["h"] = net.layers[at - 1]["h"] @ net.forward[at]["b"].T
    changes = Interpreter(AA).step(net)
    np.testing.assert_allclose(changes.forward[3]["b"], 0, atol=1e-15)
