"""The networks of Dellaferrera & Kreiman 2022, and Algorithm 1 on them, written out in numpy."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.pepita import FIELD, MAPS, POOL, f_bound, learner, network, sgd
from snn_credit.rate import present
from snn_credit.rate.losses import cross_entropy, sigmoid_cross_entropy
from snn_credit.rules.pepita import (
    PEPITA,
    PEPITA_FIRST_PASS,
    PEPITA_MINUS,
    PEPITA_RANDOM,
    PEPITA_SECOND_ERROR,
)

FLAT, IMAGE = (1, 4, 3), (2, 8, 9)
CLASSES = 3


def batch(shape, n=5):
    random = np.random.default_rng(2)
    x = random.random((n, int(np.prod(shape))))
    return torch.from_numpy(x), torch.from_numpy(random.integers(CLASSES, size=n))


def softmax(u):
    grown = np.exp(u - u.max(1, keepdims=True))
    return grown / grown.sum(1, keepdims=True)


def gradients(module, x, y, loss=cross_entropy, seed=11):
    torch.manual_seed(seed)
    module.zero_grad()
    present(module, x, y, loss)
    return [p.grad.numpy() for p in module.parameters()]


class Dense:
    """The fully connected net, ReLU and a mask of dropout, in numpy."""

    def __init__(self, weights, mask):
        self.W1, self.W2 = weights
        self.mask = mask

    def forward(self, x):
        h = np.maximum(x @ self.W1.T, 0) * self.mask
        return h, h, h @ self.W2.T

    def pooled(self, h, winners):
        return h

    def change(self, delta, before):
        return delta.T @ before / len(before)


class Convolutional:
    """The convolutional net in numpy: loops over positions, a pool that halves."""

    def __init__(self, weights, shape):
        self.K, self.W2 = weights
        self.shape = shape
        self.rows, self.columns = (side - FIELD + 1 for side in shape[1:])

    def patch(self, x, row, column):
        return x.reshape(-1, *self.shape)[:, :, row : row + FIELD, column : column + FIELD]

    def forward(self, x):
        h = np.zeros((len(x), MAPS, self.rows, self.columns))
        for row in range(self.rows):
            for column in range(self.columns):
                under = self.patch(x, row, column)
                h[:, :, row, column] = np.einsum("bcij,mcij->bm", under, self.K)
        h = np.maximum(h, 0)
        pooled = self.pooled(h, h)
        return h, pooled, pooled @ self.W2.T

    def pooled(self, h, winners):
        """Each block's value of h where ``winners`` is largest."""
        rows, columns = self.rows // POOL, self.columns // POOL

        def blocks(value):
            kept = value[:, :, : rows * POOL, : columns * POOL]
            cut = kept.reshape(len(h), MAPS, rows, POOL, columns, POOL)
            return cut.transpose(0, 1, 2, 4, 3, 5).reshape(len(h), -1, POOL * POOL)

        best = blocks(winners).argmax(2)[..., None]
        return np.take_along_axis(blocks(h), best, 2)[..., 0]

    def change(self, delta, before):
        """Section 3.3, steps 1 to 3: the sum of products over positions, divided by how many."""
        if delta.ndim == 2:
            return delta.T @ before / len(before)
        total = np.zeros_like(self.K)
        for row in range(self.rows):
            for column in range(self.columns):
                under = self.patch(before, row, column)
                total += np.einsum("bm,bcij->mcij", delta[:, :, row, column], under)
        return total / (self.rows * self.columns) / len(before)


def algorithm_1(net, x, y, F, *, sign=1, first_pass=False, second_error=False, r=None):
    """dW1 and dW2 of Algorithm 1, and of its variants. F is (n_0, n_L), as in the paper."""
    target = np.eye(CLASSES)[y]
    h1, _, out = net.forward(x)
    e = softmax(out) - target
    modulated = x + sign * (e if r is None else r) @ F.T
    h2, pooled2, out2 = net.forward(modulated)
    e2 = softmax(out2) - target if second_error else e
    dW1 = net.change(h1 - h2, x if first_pass else modulated)
    # A pool passes a variable of the neurons below on from those that won in the second pass.
    dW2 = net.change(e2, net.pooled(h1, h2) if first_pass else pooled2)
    return dW1, dW2


def case(kind, rule=PEPITA, **settings):
    """A learner in double precision with F large, a batch, and its twin in numpy."""
    shape = FLAT if kind == "FC" else IMAGE
    net = network(kind, shape, CLASSES, hidden=6, dropout=0.3, seed=4).double()
    module = learner(net, rule, shape, seed=5, **settings)
    weights = [p.detach().numpy() for p in module.parameters()]
    module.synapses.get_buffer("b_0_2").mul_(20)
    x, y = batch(shape)
    torch.manual_seed(11)
    mask = nn.functional.dropout(torch.ones(len(x), 6, dtype=torch.float64), 0.3).numpy()
    twin = Dense(weights, mask) if kind == "FC" else Convolutional(weights, shape)
    return module, twin, x, y, module.synapses.get_buffer("b_0_2").numpy().T


def assert_is(module, x, y, expected, shape):
    """Compare what one step of the paper's optimiser does to the weights."""
    before = [p.detach().clone().numpy() for p in module.parameters()]
    gradients(module, x, y)
    sgd(module, shape, lr=0.5).step()
    for now, then, change in zip(module.parameters(), before, expected, strict=True):
        assert np.abs(change).max() > 1e-4
        np.testing.assert_allclose(now.detach().numpy(), then - 0.5 * change, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("rule", "variant"),
    [
        (PEPITA, {}),
        (PEPITA_FIRST_PASS, {"first_pass": True}),
        (PEPITA_SECOND_ERROR, {"second_error": True}),
        (PEPITA_MINUS, {"sign": -1}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("kind", ["FC", "conv"])
def test_a_step_is_algorithm_1(kind, rule, variant):
    module, twin, x, y, F = case(kind, rule)
    expected = algorithm_1(twin, x.numpy(), y.numpy(), F, **variant)
    assert_is(module, x, y, expected, FLAT if kind == "FC" else IMAGE)


def test_the_random_projection_is_equation_11():
    module, twin, x, y, F = case("FC", PEPITA_RANDOM, k=0.5)
    drawn = []
    module._given["r"] = lambda h: drawn.append(torch.rand_like(h)) or drawn[-1]
    torch.manual_seed(11)
    gradients(module, x, y)
    expected = algorithm_1(twin, x.numpy(), y.numpy(), F, r=drawn[-1].numpy())
    for p, change in zip(module.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), change, rtol=0, atol=1e-13)


def test_the_random_projection_draws_anew_within_k():
    module, _, x, *_ = case("FC", PEPITA_RANDOM, k=0.5)
    drawn = [module.present(x).net.layers[2]["r"] for _ in range(2)]
    assert 0.3 < drawn[0].abs().max() <= 0.5
    assert drawn[0].min() < 0
    assert not torch.equal(*drawn)


@pytest.mark.parametrize("kind", ["FC", "conv"])
def test_what_is_added_to_the_input_as_a_product_is_the_plain_second_pass(kind):
    """W1 x + (W1 F) e is W1 (x + F e)."""
    plain = replace(PEPITA, phases=(PEPITA.phases[0], replace(PEPITA.phases[1], drive="mod + x")))
    fast, _, x, y, _ = case(kind)
    slow, *_ = case(kind, plain)
    assert fast._correction is not None
    assert slow._correction is None
    for ours, theirs in zip(gradients(fast, x, y), gradients(slow, x, y), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)


def test_without_feedback_the_hidden_layer_stays():
    shape = (1, 4, 3)
    module = learner(network("FC", shape, CLASSES), PEPITA, shape, spread="zero")
    x, y = batch(shape)
    hidden, output = gradients(module, x.float(), y)
    assert not hidden.any()
    assert output.any()


@pytest.mark.parametrize("kind", ["FC", "conv"])
def test_the_architecture(kind):
    shape = (1, 28, 28) if kind == "FC" else (3, 32, 32)
    net = network(kind, shape, 10)
    shapes = [tuple(p.shape) for p in net.parameters()]
    wanted = [(1024, 784), (10, 1024)] if kind == "FC" else [(32, 3, 5, 5), (10, 32 * 14 * 14)]
    assert shapes == wanted
    for w in net.parameters():
        n_in = w[0].numel()
        assert w.abs().max() <= sqrt(6 / n_in)
        assert np.isclose(w.detach().std(), sqrt(2 / n_in), rtol=0.05)
    assert any(isinstance(part, nn.Dropout) for part in net) == (kind == "FC")


def test_normal_weights_have_the_same_spread():
    first = next(network("FC", (1, 28, 28), 10, normal=True).parameters()).detach()
    assert np.isclose(first.std(), sqrt(2 / 784), rtol=0.01)
    assert first.abs().max() > 1.5 * sqrt(6 / 784)
    again = next(network("FC", (1, 28, 28), 10, normal=True).parameters()).detach()
    assert torch.equal(first, again)


def test_feedback_as_in_the_paper():
    shape = (1, 28, 28)
    net = network("FC", shape, 10)
    for spread, deviation in (("code", 0.05 * sqrt(2 / 784)), ("printed", 0.1 * sqrt(6 / 784))):
        F = learner(net, PEPITA, shape, spread=spread).synapses.b_0_2
        assert np.isclose(F.std(), deviation, rtol=0.03)
    assert np.isclose(learner(net, "FA chain", shape).synapses.b_2.std(), sqrt(2 / 1024), rtol=0.03)
    assert np.isclose(learner(net, "DRTP", shape).synapses.b_1_2.std(), sqrt(2 / 1024), rtol=0.03)
    conv = network("conv", shape, 10, activation="tanh")
    b = learner(conv, "DRTP", shape).synapses.b_1_2
    assert np.isclose(b.std(), sqrt(2 / (MAPS * 24 * 24)), rtol=0.03)


def test_the_loss_of_sigmoid_outputs_has_the_error_of_the_paper():
    u = torch.tensor([[0.3, -2.0, 60.0]], dtype=torch.float64, requires_grad=True)
    sigmoid_cross_entropy(u, torch.tensor([1])).sum().backward()
    expected = 1 / (1 + np.exp(-u.detach().numpy())) - [[0, 1, 0]]
    np.testing.assert_allclose(u.grad.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: network("dense", FLAT, 2), r"kind: .*FC, conv.* \(got 'dense'\)"),
        (lambda: network("conv", FLAT, 2), r"shape: .* at least 6 \(got \(1, 4, 3\)\)"),
        (lambda: network("conv", IMAGE, 2, activation="linear"), r"activation: .*got 'linear'"),
        (lambda: network("FC", FLAT, 2, activation="rely"), r"hidden: .*relu.*\(got 'rely'\)"),
        (lambda: f_bound(784, "wide"), r"spread: .*code, printed, zero.* \(got 'wide'\)"),
        (
            lambda: learner(network("FC", FLAT, 2), PEPITA_RANDOM, FLAT),
            r"rule: one that learns .* \(got PEPITA random, which asks for neurons with r\)",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
