"""The mean-field gradient against torch's autograd and finite differences."""

import numpy as np
import torch

from snn_credit.theory.mean_field import gradient, rates

SIZES, BATCH = (5, 4, 3, 2), 6


def network(seed: int = 0):
    random = np.random.default_rng(seed)
    ends = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    weights = [random.normal(size=shape) for shape in ends]
    biases = [random.normal(size=shape[0]) for shape in ends]
    first = random.random((BATCH, SIZES[0]))
    target = np.eye(SIZES[-1])[random.integers(SIZES[-1], size=BATCH)]
    return weights, biases, first, target


def loss(weights, biases, first, target) -> float:
    return float(0.5 * ((rates(weights, biases, first)[-1] - target) ** 2).sum(1).mean())


def test_rates_of_every_layer():
    weights, biases, first, _ = network()
    found = rates(weights, biases, first)
    assert [layer.shape for layer in found] == [(BATCH, n) for n in SIZES]
    np.testing.assert_array_equal(found[0], first)
    drive = sum(weights[0][2, j] * first[1, j] for j in range(SIZES[0])) + biases[0][2]
    np.testing.assert_allclose(found[1][1, 2], 1 / (1 + np.exp(-drive)), rtol=1e-12)


def test_gradient_is_autograds():
    weights, biases, first, target = network(1)
    tensors = [torch.tensor(w, requires_grad=True) for w in weights]
    layer = torch.tensor(first)
    for w, bias in zip(tensors, biases, strict=True):
        layer = torch.sigmoid(layer @ w.T + torch.tensor(bias))
    (0.5 * (layer - torch.tensor(target)) ** 2).sum(1).mean().backward()
    for found, w in zip(gradient(weights, biases, first, target), tensors, strict=True):
        assert w.grad is not None
        np.testing.assert_allclose(found, w.grad.numpy(), rtol=1e-9, atol=1e-14)


def test_gradient_is_the_slope_of_the_loss():
    weights, biases, first, target = network(2)
    found = gradient(weights, biases, first, target)
    for at in range(len(weights)):
        for i, j in ((0, 0), (1, 2)):
            moved = [w.copy() for w in weights]
            moved[at][i, j] += 1e-6
            slope = loss(moved, biases, first, target) - loss(weights, biases, first, target)
            np.testing.assert_allclose(found[at][i, j], slope / 1e-6, rtol=1e-4, atol=1e-8)
