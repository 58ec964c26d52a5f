import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import apply
from snn_credit.rules.weight_mirror import WM


def still(_drive):
    """Stand for a network whose activities are given."""


def test_w_learns_in_one_window_and_b_in_the_other(net, chain, loops, assert_learns):
    net.shared |= {"etab": 0.1, "c_amp": 2.0, "c_decay": 3.0, "sig": 0.5}
    changes = Interpreter(WM).step(net, forward=still)
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, changes, delta, WM.rates["eta"])
    for at in (2, 3):
        noise = net.layers[at - 1]["noise"]
        response = loops.up(net.forward[at]["w"], noise)
        expected = 0.1 * (2.0 * loops.outer(response, noise) / 0.25 - 3.0 * net.forward[at]["b"])
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_feedback_settles_on_w_at_the_default_rates(net):
    # Many examples of the authors' noise, many steps: b -> var w / sig^2 = w
    random = np.random.default_rng(0)
    w = net.forward[3]["w"]
    noise = random.uniform(-0.05, 0.05, size=(200_000, w.shape[1]))
    b = (noise @ w.T).T @ noise / len(noise) / WM.rates["sig"] ** 2
    np.testing.assert_allclose(b, w, atol=0.03)
    for layer in net.layers:
        layer["h"] = np.zeros((len(noise), layer["h"].shape[1]))
    net.layers[2]["noise"], net.forward[3]["b"] = noise, b.copy()
    net.forward = {3: net.forward[3]}
    interpreter = Interpreter(WM)
    values = [*net.layers]
    values[2] = {**values[2], "probe": noise / WM.rates["sig"] ** 2}
    values[3] = {**values[3], "hn": noise @ w.T}
    mirror = interpreter.changes(net, values, "mirror")
    apply(net, mirror)
    np.testing.assert_allclose(net.forward[3]["b"], b, rtol=1e-9)


def test_mirror_window_needs_no_error(net):
    del net.layers[3]["err"]
    interpreter = Interpreter(WM)
    assert "hn" in interpreter.sweep(net, "mirror")[3]
    with pytest.raises(InputError, match=r"net.layers\[3\]: WM's 'delta' reads 'err' \(got none\)"):
        interpreter.sweep(net, "standard")
