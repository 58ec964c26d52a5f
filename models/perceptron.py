"""Fully connected networks of rate neurons.

    u_l = W_l h_{l-1} + bias_l,   h_l = f(u_l)

With logistic neurons and several output neurons a class these are the rate-coded form of the
spiking network of Lillicrap et al. 2016, Fig 4, and start from the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, sqrt

import numpy as np
import torch
from torch import Tensor, nn

from snn_credit.errors import InputError, one_of

ACTIVATIONS: dict[str, type[nn.Module] | None] = {
    "logistic": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky relu": nn.LeakyReLU,
    "linear": None,
}  # fmt: skip


def perceptron(
    sizes: Sequence[int],
    *,
    hidden: str = "logistic",
    output: str = "logistic",
    w_scale: float | None = None,
    bias: bool = True,
    dropout: float = 0.0,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """Make fully connected layers.

    Parameters
    ----------
    sizes : sequence of int
        Neurons per layer, input to output.
    hidden, output : str
        Activations: 'logistic', 'tanh', 'relu', 'leaky relu' or 'linear'.
    w_scale : float, optional
        W is uniform in +-w_scale; without it in +-sqrt(6/n_in) (He et al. 2015). Biases start at 0.
    bias : bool
        Whether there are biases.
    dropout : float
        The fraction of hidden neurons that are silent in a presentation.
    seed : int
        Of the weights. Each matrix has a stream of its own, that of the spiking network.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    if len(sizes) < 2 or any(not isinstance(n, int | np.integer) or n < 1 for n in sizes):
        raise InputError(f"sizes: two or more layers of at least 1 neuron (got {tuple(sizes)})")
    for name, kind in (("hidden", hidden), ("output", output)):
        if kind not in ACTIVATIONS:
            raise InputError(f"{name}: {one_of(kind, ACTIVATIONS)} (got {kind!r})")
    if w_scale is not None and not (isfinite(w_scale) and w_scale >= 0):
        raise InputError(f"w_scale: a number >= 0 (got {w_scale})")
    if not 0 <= dropout < 1:
        raise InputError(f"dropout: a fraction from 0 to below 1 (got {dropout})")
    if seed < 0:
        raise InputError(f"seed: an integer >= 0 (got {seed!r})")
    layers: list[nn.Module] = []
    for number, (pre, post) in enumerate(pairwise(sizes), start=1):
        layer = nn.Linear(pre, post, bias, dtype=dtype)
        uniform(layer.weight, sqrt(6 / pre) if w_scale is None else w_scale, number, seed)
        if bias:
            nn.init.zeros_(layer.bias)
        last = number == len(sizes) - 1
        activation = ACTIVATIONS[output if last else hidden]
        layers += [layer] if activation is None else [layer, activation()]
        if dropout and not last:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def uniform(weight: Tensor, bound: float, number: int, seed: int) -> None:
    """Draw the weights onto a layer, the number-th from the input, uniform in +-bound."""
    random = np.random.default_rng((seed, ord("w"), number - 1, number))
    with torch.no_grad():
        weight.copy_(torch.from_numpy(random.uniform(-bound, bound, tuple(weight.shape))))
