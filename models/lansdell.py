"""The networks of Lansdell, Prakash & Kording 2020: chains of layers, with noise where it is asked.

    h_l = sigma(W_l h_{l-1} + bias_l) + c xi,   xi ~ N(0, 1)                                  2.2

xi is on hidden layers only, and only if a network is made with noise: what node perturbation tries
out belongs to its rule, not to the network. As in the authors' code W ~ N(0, 2 / n_in), biases are
one more column of W, and the classifier of digits has linear outputs, where the text (C.1) says "a
sigmoid non-linearity" for all.

Of the CNN no code was published; its shape is that of Crafton et al. 2019. What is open there:
pools are padded, so a side n becomes n / 2, and stand before the ReLU, with which they commute, so
that a layer's neurons are those that are left after the pool; dropout is on the dense layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
import torch
from torch import nn

from snn_credit.errors import InputError, one_of
from snn_credit.rate import Noise

#: n standard normal numbers, drawn by a generator.
_Draw = Callable[[np.random.Generator, int], np.ndarray]


def classifier(
    hidden: Sequence[int] = (50, 20),
    *,
    features: int = 784,
    classes: int = 10,
    output: str = "linear",
    seed: int = 0,
) -> nn.Sequential:
    """Make the network of Figs 2 and 4, 784-50-20-10 with logistic neurons.

    Parameters
    ----------
    hidden : sequence of int
        Neurons of the hidden layers.
    features, classes : int
        Of the input and the output.
    output : str
        'linear', or 'logistic' as the text has it.
    seed : int
        Of W and biases; each layer has a stream of its own.

    Raises
    ------
    InputError
        If a size is none, or the output another word.
    """
    kinds: dict[str, list[nn.Module]] = {"linear": [], "logistic": [nn.Sigmoid()]}
    if output not in kinds:
        raise InputError(f"output: {one_of(output, kinds)} (got {output!r})")
    sizes = (features, *_sizes("hidden", hidden), *_sizes("classes", (classes,)))
    layers: list[nn.Module] = []
    for pre, post in pairwise(sizes):
        layers += [nn.Linear(pre, post), nn.Sigmoid()]
    return _drawn(nn.Sequential(*layers[:-1], *kinds[output]), seed)


def autoencoder(
    hidden: Sequence[int] = (200, 2, 200),
    *,
    features: int = 784,
    noise: float = 0.0,
    published: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """Make the autoencoder of Fig 3 and Table 2a: tanh, identity, tanh, relu (C.2).

    Parameters
    ----------
    hidden : (int, int, int)
        Neurons of the hidden layers.
    features : int
        Pixels.
    noise : float
        c, on all three hidden layers.
    published : bool
        The start of the published classes of NP, SG and matched: a normal distribution cut at two
        standard deviations, and biases of 0.1.
    seed : int
        Of W and biases.

    Raises
    ------
    InputError
        If there are not three sizes of at least 1, or c is below 0.
    """
    below, code, above = _sizes("hidden", hidden, 3)
    net = nn.Sequential(
        *(nn.Linear(features, below), nn.Tanh(), *_noise(noise)),
        *(nn.Linear(below, code), *_noise(noise)),
        *(nn.Linear(code, above), nn.Tanh(), *_noise(noise)),
        *(nn.Linear(above, features), nn.ReLU()),
    )
    return _drawn(net, seed, _cut, bias=0.1) if published else _drawn(net, seed)


def cnn(
    maps: Sequence[int] = (32, 128, 256),
    dense: Sequence[int] = (2048, 2048),
    *,
    classes: int = 10,
    dropout: float = 0.5,
    noise: float = 0.0,
    seed: int = 0,
) -> nn.Sequential:
    """Make the network for CIFAR (C.4): three convolutions with pools, two dense layers, softmax.

    Parameters
    ----------
    maps : (int, int, int)
        Of the convolutions, of 3 x 3, 5 x 5 and 5 x 5 pixels.
    dense : (int, int)
        Neurons of the dense layers.
    classes : int
        Of the output, whose sums a softmax is taken of.
    dropout : float
        The fraction of dense neurons that are silent in a presentation.
    noise : float
        c, on all hidden layers.
    seed : int
        Of W; biases start at 0.

    Raises
    ------
    InputError
        If a size is none, or a fraction or c out of its range.
    """
    one, two, three = _sizes("maps", maps, 3)
    four, five = _sizes("dense", dense, 2)
    (outputs,) = _sizes("classes", (classes,))
    if not 0 <= dropout < 1:
        raise InputError(f"dropout: a fraction from 0 to below 1 (got {dropout})")

    def conv(below: int, above: int, kernel: int) -> list[nn.Module]:
        pool = nn.MaxPool2d(3, stride=2, padding=1)
        synapses = nn.Conv2d(below, above, kernel, padding=kernel // 2)
        return [synapses, pool, nn.ReLU(), *_noise(noise)]

    def full(below: int, above: int) -> list[nn.Module]:
        silent = [nn.Dropout(dropout)] if dropout else []
        return [nn.Linear(below, above), nn.ReLU(), *silent, *_noise(noise)]

    net = nn.Sequential(
        *(nn.Unflatten(1, (3, 32, 32)), *conv(3, one, 3), *conv(one, two, 5)),
        *(*conv(two, three, 5), nn.Flatten(), *full(three * 4 * 4, four), *full(four, five)),
        nn.Linear(five, outputs),
    )
    return _drawn(net, seed, bias=0.0)


def _normal(random: np.random.Generator, count: int) -> np.ndarray:
    return random.standard_normal(count)


def _cut(random: np.random.Generator, count: int) -> np.ndarray:
    """Return standard normal numbers of which those beyond 2 are drawn again."""
    values = random.standard_normal(count)
    while (far := np.abs(values) > 2).any():
        values[far] = random.standard_normal(int(far.sum()))
    return values


def _drawn(
    net: nn.Sequential, seed: int, draw: _Draw = _normal, bias: float | None = None
) -> nn.Sequential:
    """Draw W with the variance 2 / n_in; biases likewise, or all of one value."""
    layers = [part for part in net if isinstance(part, nn.Linear | nn.Conv2d)]
    for number, layer in enumerate(layers, start=1):
        random = np.random.default_rng((seed, ord("w"), number - 1, number))
        deviation = sqrt(2 / layer.weight[0].numel())
        for values in (layer.weight, layer.bias):
            assert values is not None  # all layers here have biases
            start = np.full(values.numel(), bias)
            if values is layer.weight or bias is None:
                start = deviation * draw(random, values.numel())
            with torch.no_grad():
                values.copy_(torch.from_numpy(start).reshape(values.shape))
    return net


def _noise(c: float) -> list[nn.Module]:
    return [Noise(c)] if c else []


def _sizes(name: str, given: Sequence[int], count: int | None = None) -> tuple[int, ...]:
    wrong = count is not None and len(given) != count
    if wrong or any(not isinstance(n, int | np.integer) or n < 1 for n in given):
        many = "" if count is None else f"{count} "
        raise InputError(f"{name}: {many}whole numbers of at least 1 (got {tuple(given)})")
    return tuple(given)
