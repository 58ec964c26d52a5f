"""The deep networks of Lillicrap et al. 2016, Supplementary Notes 5 to 7.

    u_l = W_l h_{l-1} + bias_l,   h_l = f(u_l),   f: tanh, or x for x > 0 and x/20 else (eq 1 there)

The first layer may be locally connected: maps of neurons with a patch of the image as receptive
field, each neuron with weights of its own. Outputs are tanh, for targets of -0.9 and 0.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atanh, sqrt

import numpy as np
import torch
from torch import Tensor, nn

from snn_credit.errors import InputError, one_of
from snn_credit.rate.losses import squared_error
from snn_credit.rate.wiring import LocallyConnected2d

#: Slope of the piecewise linear activation below 0.
LEAK = 1 / 20
ACTIVATIONS = ("tanh", "leaky", "relu")
HIGH, LOW = 0.9, -0.9


def network(
    shape: tuple[int, int, int],
    hidden: Sequence[int],
    classes: int,
    *,
    activation: str = "tanh",
    maps: int = 0,
    field: int = 0,
    dropout: float = 0.0,
    seed: int = 0,
) -> nn.Sequential:
    """Make a network.

    Parameters
    ----------
    shape : (int, int, int)
        Channels, height and width of an input, as `Dataset.shape` says; inputs come flattened.
    hidden : sequence of int
        Neurons in each fully connected hidden layer, the lowest first.
    classes : int
        Output neurons.
    activation : str
        Of hidden neurons: 'tanh', 'leaky' or 'relu'.
    maps, field : int
        With maps > 0 the lowest hidden layer is locally connected, stride 1, to patches of
        field x field pixels.
    dropout : float
        The fraction of hidden neurons that are silent in a presentation.
    seed : int
        Of the weights, which are uniform in +-sqrt(3/n_in), so that sums have the variance of the
        activity below. Biases start at 0, those of the outputs where tanh is the mean target: else
        the first examples would drive all hidden neurons along one direction. The paper says
        neither.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    if activation not in ACTIVATIONS:
        raise InputError(f"activation: {one_of(activation, ACTIVATIONS)} (got {activation!r})")
    if maps and not 1 <= field <= min(shape[1:]):
        raise InputError(f"field: from 1 to the image's {min(shape[1:])} (got {field})")
    if not 0 <= dropout < 1:
        raise InputError(f"dropout: a fraction from 0 to below 1 (got {dropout})")
    if any(n < 1 for n in (*hidden, classes)):
        raise InputError(f"hidden: at least 1 neuron a layer (got {tuple(hidden)}, {classes})")
    layers: list[nn.Module] = []
    n = shape[0] * shape[1] * shape[2]
    if maps:
        local = LocallyConnected2d(shape[0], maps, field, (shape[1], shape[2]))
        layers += [nn.Unflatten(1, shape), local, *_neurons(activation, dropout), nn.Flatten()]
        n = maps * local.grid[0] * local.grid[1]
    for size in hidden:
        layers += [nn.Linear(n, size), *_neurons(activation, dropout)]
        n = size
    outputs = nn.Linear(n, classes)
    module = nn.Sequential(*layers, outputs, nn.Tanh())
    _draw(module, seed)
    with torch.no_grad():
        outputs.bias.fill_(atanh((HIGH + (classes - 1) * LOW) / classes))
    return module


def plus_minus(output: Tensor, labels: Tensor) -> Tensor:
    """Return |output - target|^2 / 2 with targets 0.9 for the label and -0.9 for all others."""
    target = torch.full_like(output, LOW).scatter_(1, labels[:, None], HIGH)
    return squared_error(output, target)


def _neurons(activation: str, dropout: float) -> list[nn.Module]:
    kind = {"tanh": nn.Tanh, "relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(LEAK)}[activation]
    return [kind(), nn.Dropout(dropout)] if dropout else [kind()]


def _draw(module: nn.Sequential, seed: int) -> None:
    """Draw the weights; each layer has a stream of its own."""
    number = 0
    for layer in module:
        if isinstance(layer, nn.Linear | LocallyConnected2d):
            number += 1
            random = np.random.default_rng((seed, ord("w"), number - 1, number))
            # (n_post, n_pre), or (maps, positions, n_pre)
            bound = sqrt(3 / layer.weight.shape[-1])
            values = random.uniform(-bound, bound, tuple(layer.weight.shape))
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(values))
                layer.bias.zero_()
