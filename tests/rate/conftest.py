import numpy as np
import pytest
import rate_by_hand as hand
import torch
from torch import nn

from snn_credit.data import Dataset, load


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="session")
def few_digits(digits) -> Dataset:
    return digits.subset(n_train=600)


def _places(layer, shape):
    """T of a layer, by giving each weight alone to torch's own forward pass: (n_w, post, pre)."""
    inputs = torch.eye(int(np.prod(shape)), dtype=torch.float64).reshape(-1, *shape)
    found = []
    with torch.no_grad():
        kept = layer.weight.clone()
        for k in range(layer.weight.numel()):
            layer.weight.zero_().view(-1)[k] = 1.0
            sums = layer(inputs) - layer(torch.zeros_like(inputs))
            found.append(sums.flatten(1).T.numpy())
        layer.weight.copy_(kept)
    return np.array(found)


def _chain_of(net, x):
    """The net as the reference has it, and the shapes of its layers."""
    layers, biases, shapes, value = [], [], [tuple(x.shape[1:])], x[:1]
    for part in net:
        if isinstance(part, nn.Linear | nn.Conv2d):
            T = _places(part, value.shape[1:])
            layers.append((T, part.weight.detach().numpy().ravel()))
            value = part(value)
            bias = torch.zeros(len(part.weight)) if part.bias is None else part.bias.detach()
            axes = value.ndim - 2
            biases.append(
                bias.reshape(-1, *[1] * axes).expand(value.shape[1:]).double().numpy().ravel()
            )
            shapes.append(tuple(value.shape[1:]))
        else:
            value = part(value)
    return hand.Chain(layers, biases), shapes


@pytest.fixture
def chain_of():
    return _chain_of
