import math

import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.sign_concordant_feedback import USF_INIT, USF_SN, strict_normalisation


def test_init_takes_signs_from_w_and_sizes_from_b(net, chain, assert_learns):
    changes = Interpreter(USF_INIT).step(net)
    feedback = {}
    for at in (2, 3):
        feedback[at] = np.zeros_like(net.forward[at]["w"])
        for place in np.ndindex(feedback[at].shape):
            size = abs(net.forward[at]["b"][place])
            feedback[at][place] = math.copysign(size, net.forward[at]["w"][place])
    assert_learns(net, changes, chain(net, feedback), USF_INIT.rates["eta"])


def test_strict_normalisation_by_hand():
    w = np.array([[3.0, -4.0], [0.5, 0.0]])
    # |W| = sqrt(25.25); three signs are not 0
    size = math.sqrt(25.25 / 3)
    np.testing.assert_allclose(strict_normalisation(w, w), [[size, -size], [size, 0]])


def test_strict_normalisation_sets_the_feedback(net, chain, assert_learns):
    interpreter = Interpreter(USF_SN)
    interpreter.run_hosts(net, "start")
    assert "b" not in net.forward[1]
    for at in (2, 3):
        w, b = net.forward[at]["w"], net.forward[at]["b"]
        np.testing.assert_array_equal(np.sign(b), np.sign(w))
        assert math.isclose((b**2).sum(), (w**2).sum())
    post = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, interpreter.step(net), post, USF_SN.rates["eta"])
