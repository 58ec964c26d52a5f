import dataclasses

import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.kolen_pollack import KP
from snn_credit.rules.net import apply
from snn_credit.rules.primitives import aligned


def test_w_and_b_change_alike(net, chain, loops, assert_learns):
    net.shared |= {"eta": 0.1, "lam": 0.05}
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    changes = Interpreter(KP).step(net)
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


def test_difference_shrinks_as_a_power_of_the_decay(net):
    net.shared |= {"eta": 0.1, "lam": 0.05}
    before = net.forward[2]["w"] - net.forward[2]["b"]
    interpreter = Interpreter(KP)
    for _ in range(7):
        apply(net, interpreter.step(net))
    after = net.forward[2]["w"] - net.forward[2]["b"]
    np.testing.assert_allclose(after, 0.95**7 * before, rtol=1e-9)


def test_it_descends_angle_and_decay(net):
    # Kunin et al. 2020, D.3: alpha = 1, beta = lam / eta
    rates = {"eta": 0.1, "lam": 0.05}
    alike = aligned("angle", "none", angle=1.0, decay=rates["lam"] / rates["eta"])
    ours = Interpreter(KP).step(dataclasses.replace(net, shared={**net.shared, **rates}))
    shared = {**net.shared, **rates, "etab": rates["eta"]}
    theirs = Interpreter(alike).step(dataclasses.replace(net, shared=shared))
    for at in (2, 3):
        np.testing.assert_allclose(ours.forward[at]["b"], theirs.forward[at]["b"], rtol=1e-12)
