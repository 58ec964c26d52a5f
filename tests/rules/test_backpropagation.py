from __future__ import annotations

import numpy as np
import pytest

from snn_credit.rules.backpropagation import BP
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net

ACTIVATIONS = {
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "sigmoid": (lambda u: 1 / (1 + np.exp(-u)), lambda h: h * (1 - h)),
}


def run(net: Net, x: np.ndarray, target: np.ndarray, activation: str) -> float:
    """Fill in the activities; return the loss, half the squared error, mean over the batch."""
    function, slope = ACTIVATIONS[activation]
    h = x
    for at in range(1, len(net.layers)):
        h = function(h @ net.forward[at]["w"].T + net.bias[at])
        net.layers[at] = {"h": h, "df": slope(h)}
    net.layers[0] = {"h": x, "x": x}
    net.layers[-1]["err"] = h - target
    return 0.5 * float(((h - target) ** 2).sum(1).mean())


def test_two_by_two_by_hand():
    # W2 = [[1, 2], [3, 4]], err o df = (0.1, 0.2): W2' (err o df) = (0.7, 1.0), times df1
    net = Net(
        layers=[
            {"h": np.array([[1.0, -1.0]])},
            {"h": np.array([[0.5, 0.25]]), "df": np.array([[0.5, 0.1]])},
            {"h": np.zeros((1, 2)), "df": np.array([[0.5, 1.0]]), "err": np.array([[0.2, 0.2]])},
        ],
        forward={1: {"w": np.zeros((2, 2))}, 2: {"w": np.array([[1.0, 2.0], [3.0, 4.0]])}},
        shared={"eta": 10.0},
    )
    changes = Interpreter(BP).step(net)
    np.testing.assert_allclose(changes.forward[2]["w"], [[-0.5, -0.25], [-1.0, -0.5]])
    np.testing.assert_allclose(changes.forward[1]["w"], [[-3.5, 3.5], [-1.0, 1.0]])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_update_is_the_gradient(make_net, activation):
    net = make_net()
    random = np.random.default_rng(1)
    x, target = random.normal(size=(5, 3)), random.uniform(0.2, 0.8, size=(5, 2))
    run(net, x, target, activation)
    changes = Interpreter(BP).step(net)
    for at in (1, 2, 3):
        for array, got in (
            (net.forward[at]["w"], changes.forward[at]["w"]),
            (net.bias[at], changes.bias[at]),
        ):
            numeric = np.zeros_like(array)
            for place in np.ndindex(array.shape):
                kept = array[place]
                array[place] = kept + 1e-6
                more = run(net, x, target, activation)
                array[place] = kept - 1e-6
                less = run(net, x, target, activation)
                array[place] = kept
                numeric[place] = (more - less) / 2e-6
            np.testing.assert_allclose(got, -BP.rates["eta"] * numeric, rtol=1e-6, atol=1e-12)


def test_decay_of_weights_and_biases(net, chain, assert_learns):
    net.shared |= {"eta": 0.1, "lam": 0.01}
    changes = Interpreter(BP).step(net)
    post = chain(net, {at: net.forward[at]["w"] for at in (2, 3)})
    assert_learns(net, changes, post, eta=0.1, lam=0.01)
