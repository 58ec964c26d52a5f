"""Weight estimation: by hand, then the interpreter against sums written as loops."""

import numpy as np
import pytest

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net, apply
from snn_credit.rules.weight_estimation import WE, WE_SA, in_mirror


def two_by_two() -> Net:
    """One example, two hidden neurons and two outputs; only what the estimate reads is not 0."""
    zero = np.zeros((1, 2))
    return Net(
        layers=[
            {"h": zero.copy(), "x": zero.copy()},
            {"h": zero.copy(), "df": zero.copy(), "noise": np.array([[2.0, -1.0]]), "du": zero},
            {
                "h": zero.copy(),
                "df": zero.copy(),
                "err": zero.copy(),
                "noise": zero,
                "du": np.array([[3.0, 5.0]]),
            },
        ],
        forward={
            1: {"w": np.zeros((2, 2))},
            2: {name: np.zeros((2, 2)) for name in ("w", "b", "west")},
        },
        bias={1: np.zeros(2), 2: np.zeros(2)},
    )


def test_weight_estimation_by_hand():
    net = two_by_two()
    net.forward[2]["b"] = np.array([[1.0, 0.0], [0.0, 4.0]])
    net.shared["etab"] = 0.1
    changes = Interpreter(WE).step(net)
    # (du_i - b_ij xi_j) xi_j: (3 - 2) 2, (3 - 0)(-1); (5 - 0) 2, (5 + 4)(-1)
    expected = 0.1 * np.array([[2.0, -3.0], [10.0, -9.0]])
    np.testing.assert_allclose(changes.forward[2]["b"], expected, rtol=1e-12)
    np.testing.assert_array_equal(changes.forward[2]["w"], 0)


def test_alignment_with_an_estimate_by_hand():
    net = two_by_two()
    net.forward[2]["b"] = np.array([[1.0, 0.0], [0.0, 4.0]])
    net.forward[2]["west"] = np.array([[0.5, 0.0], [1.0, 1.0]])
    net.shared |= {"etab": 0.1, "etaw": 0.2, "c_self": 3.0, "c_decay": 2.0}
    changes = Interpreter(WE_SA).step(net)
    # (3 - 1) 2, (3 - 0)(-1); (5 - 2) 2, (5 + 1)(-1)
    estimate = 0.2 * np.array([[4.0, -3.0], [6.0, -6.0]])
    np.testing.assert_allclose(changes.forward[2]["west"], estimate, rtol=1e-12)
    # -(2 b - 3 west)
    feedback = -0.1 * np.array([[2.0 - 1.5, 0.0], [-3.0, 8.0 - 3.0]])
    np.testing.assert_allclose(changes.forward[2]["b"], feedback, rtol=1e-12, atol=1e-15)


def regression(loops, net, at, of):
    """Mean of (du - of xi) xi over a batch."""
    noise, du = net.layers[at - 1]["noise"], net.layers[at]["du"]
    return loops.outer(du, noise) - net.forward[at][of] * (noise**2).mean(0)


@pytest.mark.parametrize(("rule", "of", "rate"), [(WE, "b", "etab"), (WE_SA, "west", "etaw")])
def test_both_learn_w_by_the_chain_and_estimate(rule, of, rate, net, chain, loops, assert_learns):
    net.shared |= {rate: 0.3, "lam": 0.01}
    changes = Interpreter(rule).step(net)
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, changes, delta, rule.rates["eta"], 0.01)
    for at in (2, 3):
        expected = 0.3 * regression(loops, net, at, of)
        np.testing.assert_allclose(changes.forward[at][of], expected, rtol=1e-10, atol=1e-15)
    assert of not in changes.forward[1]
    if rule is WE_SA:
        for at in (2, 3):
            expected = rule.rates["etab"] * (net.forward[at]["west"] - net.forward[at]["b"])
            np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-12)


def test_the_estimate_settles_on_w(net):
    """On average: in one example the noise of the other neurons is there too."""
    random, interpreter = np.random.default_rng(0), Interpreter(WE)
    w, seen = net.forward[3]["w"].copy(), []
    net.shared |= {"etab": 0.05, "eta": 0.0}
    for _ in range(3000):
        noise = random.normal(size=net.layers[2]["noise"].shape)
        net.layers[2]["noise"], net.layers[3]["du"] = noise, noise @ w.T
        apply(net, interpreter.step(net))
        seen.append(net.forward[3]["b"].copy())
    np.testing.assert_allclose(np.mean(seen[300:], 0), w, atol=0.1)
    assert np.abs(seen[0] - w).max() > 0.5


def test_in_a_window_of_its_own(net, chain, loops, assert_learns):
    rule = in_mirror(WE)
    assert rule.name == "WE in mirror"
    interpreter = Interpreter(rule)
    values = interpreter.sweep(net, "standard")
    changes = interpreter.changes(net, values, "standard")
    assert_learns(net, changes, chain(net, {at: net.forward[at]["b"] for at in (2, 3)}), 1e-3)
    assert all("b" not in matrices for matrices in changes.forward.values())
    mirror = interpreter.changes(net, interpreter.sweep(net, "mirror"), "mirror")
    assert all("w" not in matrices for matrices in mirror.forward.values())
    assert not mirror.bias
    for at in (2, 3):
        expected = 4e-4 * regression(loops, net, at, "b")
        np.testing.assert_allclose(mirror.forward[at]["b"], expected, rtol=1e-10, atol=1e-18)
    np.testing.assert_array_equal(interpreter.drive(net, net.layers[0]["x"], "mirror"), 0)


def test_no_synapse_reads_another():
    for rule in (WE, WE_SA, in_mirror(WE)):
        assert rule.is_local
        assert not rule.weight_transport
