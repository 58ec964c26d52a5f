import numpy as np

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net
from snn_credit.rules.node_perturbation import NP


def estimates(net, sig):
    """(L~ - L) xi / sig^2 of each example and hidden neuron."""
    out = {}
    for at in (1, 2):
        noise, out[at] = net.layers[at]["noise"], np.zeros_like(net.layers[at]["noise"])
        for example, neuron in np.ndindex(noise.shape):
            out[at][example, neuron] = (
                float(net.shared["dL"][example, 0]) * noise[example, neuron] / (sig * sig)
            )
    return out


def test_global_signal_times_own_noise(net, assert_learns):
    net.shared["sig"] = 0.2
    changes = Interpreter(NP).step(net)
    post = {at: est * net.layers[at]["df"] for at, est in estimates(net, 0.2).items()}
    post[3] = net.layers[3]["err"] * net.layers[3]["df"]
    assert_learns(net, changes, post, NP.rates["eta"])


def test_estimate_is_the_gradient_on_average():
    # A linear loss L = g.h has dL = g.noise, so the mean of delta over much noise is g.
    random = np.random.default_rng(0)
    g, sig, examples = np.array([0.3, -0.7]), 0.01, 200_000
    noise = random.normal(0, sig, size=(examples, 2))
    delta = (noise @ g)[:, None] * noise / sig**2
    ones = np.ones((examples, 1))
    net = Net(
        layers=[
            {"h": ones},
            {"h": noise * 0, "df": noise * 0 + 1, "noise": noise},
            {"h": ones, "df": ones, "err": ones},
        ],
        forward={1: {"w": np.zeros((2, 1))}, 2: {"w": np.zeros((1, 2))}},
        shared={"dL": (noise @ g)[:, None], "eta": 1.0, "sig": sig},
    )
    change = Interpreter(NP).step(net).forward[1]["w"][:, 0]
    np.testing.assert_allclose(change, -delta.mean(0), rtol=1e-9)
    np.testing.assert_allclose(change, -g, atol=0.01)
