import numpy as np
import torch

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.modified_backpropagation import BP_ALIGNMENT, BP_NOISE, reordered
from snn_credit.rules.net import apply


def forward_weights(net):
    return {at: net.forward[at]["w"] for at in (2, 3)}


def test_noise_is_on_what_a_neuron_learns_from_and_not_on_what_it_sends(net, chain, assert_learns):
    net.shared["sig"] = 0.01  # the standard deviation of this net's noise
    changes = Interpreter(BP_NOISE).step(net)
    delta = chain(net, forward_weights(net))
    post = {at: delta[at] * (1 + net.layers[at]["noise"] / 0.01) for at in delta}
    assert_learns(net, changes, post, BP_NOISE.rates["eta"])
    assert all(np.abs(post[at] - delta[at]).max() > 0.01 for at in delta)


def test_without_noise_it_is_bp(net, chain, assert_learns):
    for layer in net.layers[1:]:
        layer["noise"] = np.zeros_like(layer["h"])
    changes = Interpreter(BP_NOISE).step(net)
    assert_learns(net, changes, chain(net, forward_weights(net)), BP_NOISE.rates["eta"])


def test_noise_of_the_signals_variance_is_at_45_degrees(make_net):
    net = make_net((5, 4000, 3000, 2000))
    random = np.random.default_rng(1)
    for layer in net.layers[1:]:
        layer["noise"] = random.normal(size=layer["h"].shape)
    for at, values in enumerate(Interpreter(BP_NOISE).sweep(net)[1:], start=1):
        a, b = values["delta"].ravel(), values["signal"].ravel()
        found = np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
        assert abs(found - 45) < 2, at


def test_the_penalty_draws_every_layer_to_its_random_matrix(net, chain, assert_learns):
    plain = {at: net.forward[at]["w"].copy() for at in (1, 2, 3)}
    interpreter = Interpreter(BP_ALIGNMENT)
    interpreter.run_hosts(net, "start")
    net.shared |= {"eta": 0.5, "lama": 0.1}
    changes = interpreter.step(net)
    delta = chain(net, forward_weights(net))
    for at, w in plain.items():
        v = net.forward[at]["v"]
        np.testing.assert_array_equal(np.sort(v, axis=None), np.sort(w, axis=None))
        # d/dW of lambda |W - V|^2, times eta
        changes.forward[at]["w"] += 0.5 * 2 * 0.1 * (w - v)
    assert_learns(net, changes, delta, 0.5)


def test_the_random_matrix_stays_while_the_weights_move(net):
    interpreter = Interpreter(BP_ALIGNMENT)
    interpreter.run_hosts(net, "start")
    net.shared |= {"eta": 0.3, "lama": 1.0}
    net.layers[3]["err"] *= 0
    before = {at: net.forward[at]["v"].copy() for at in (1, 2, 3)}
    for _ in range(40):
        apply(net, interpreter.step(net))
        interpreter.run_hosts(net)
    for at, v in before.items():
        np.testing.assert_array_equal(net.forward[at]["v"], v)
        # without an error only the penalty acts
        np.testing.assert_allclose(net.forward[at]["w"], v, rtol=1e-9)


def test_another_order_is_the_same_for_numpy_and_torch_and_uncorrelated():
    w = np.random.default_rng(2).normal(size=(60, 5, 3, 3))
    v = reordered(w)
    np.testing.assert_array_equal(v, reordered(torch.from_numpy(w)).numpy())
    assert v.shape == w.shape
    assert abs(np.corrcoef(w.ravel(), v.ravel())[0, 1]) < 0.05
