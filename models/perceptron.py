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
    w_scale: float | Sequence[float] | None = None,
    bias: bool = True,
    bias_scale: float = 0.0,
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
    w_scale : float or sequence of float, optional
        W is uniform in +-w_scale, which may be one number for each matrix, the lowest first;
        without it in +-sqrt(6/n_in) (He et al. 2015).
    bias : bool
        Whether there are biases.
    bias_scale : float
        They are uniform in +-bias_scale at the start.
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
    scales = _scales(w_scale, sizes)
    if not (isfinite(bias_scale) and bias_scale >= 0):
        raise InputError(f"bias_scale: a number >= 0 (got {bias_scale})")
    if not 0 <= dropout < 1:
        raise InputError(f"dropout: a fraction from 0 to below 1 (got {dropout})")
    if seed < 0:
        raise InputError(f"seed: an integer >= 0 (got {seed!r})")
    layers: list[nn.Module] = []
    for number, (pre, post) in enumerate(pairwise(sizes), start=1):
        layer = nn.Linear(pre, post, bias, dtype=dtype)
        random = uniform(layer.weight, scales[number - 1], number, seed)
        if bias:
            with torch.no_grad():
                layer.bias.copy_(torch.from_numpy(random.uniform(-bias_scale, bias_scale, post)))
        last = number == len(sizes) - 1
        activation = ACTIVATIONS[output if last else hidden]
        layers += [layer] if activation is None else [layer, activation()]
        if dropout and not last:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def uniform(weight: Tensor, bound: float, number: int, seed: int) -> np.random.Generator:
    """Draw the weights onto a layer, the number-th from the input, uniform in +-bound.

    Returns the layer's stream of random numbers, for what else is drawn.
    """
    random = np.random.default_rng((seed, ord("w"), number - 1, number))
    with torch.no_grad():
        weight.copy_(torch.from_numpy(random.uniform(-bound, bound, tuple(weight.shape))))
    return random


def _scales(w_scale: float | Sequence[float] | None, sizes: Sequence[int]) -> list[float]:
    """Return each matrix's bound."""
    if w_scale is None:
        return [sqrt(6 / pre) for pre in sizes[:-1]]
    if not isinstance(w_scale, Sequence):
        w_scale = [w_scale] * (len(sizes) - 1)
    if len(w_scale) != len(sizes) - 1:
        raise InputError(
            f"w_scale: one number, or one for each of {len(sizes) - 1} matrices (got {w_scale})"
        )
    for bound in w_scale:
        if not (isfinite(bound) and bound >= 0):
            raise InputError(f"w_scale: a number >= 0 (got {bound})")
    return list(w_scale)
