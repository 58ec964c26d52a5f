"""The convolutional networks of Moskovitz, Litwin-Kumar & Abbott 2018: their Tables 2 and 3.

All are chains of layers, ``nn.Sequential``, for stimuli (batch, features), and end with what a
softmax is taken of. Where the paper leaves something open:

- Convolutions are padded by half a kernel: with stride s a side n becomes ceil(n / s). So the
  global pools of both all-convolutional networks see the 8 x 8 and 4 x 4 positions that the tables
  say.
- Pools stand before the ReLU, with which they commute, so that a layer's neurons, to which DFA and
  DenseFA send their feedback, are those that are left after the pool: a quarter as many.
- "10-way softmax" after a global pool has no weights of its own; after a dense layer it has.
- W is uniform with variance 1/n_in, and B, by `preserve_variance`, with 1/n_out (section 5.1); the
  distribution is that of Glorot & Bengio 2010. It matters: |B| sign(W) is at 41 degrees to W if
  both are uniform, at 50 if both are normal. Biases start at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate import Stack
from snn_credit.rate.layers import settle_all


def mnist(
    maps: Sequence[int] = (32, 64), dense: int = 1024, dropout: float = 0.5, seed: int = 0
) -> nn.Sequential:
    """Make the MNIST network: two 5 x 5 convolutions with pools, a dense layer with dropout.

    Parameters
    ----------
    maps : (int, int)
        Of the convolutions.
    dense : int
        Neurons of the dense layer.
    dropout : float
        The fraction of them that are silent in a presentation.
    seed : int
        Of W; each matrix has a stream of its own.

    Raises
    ------
    InputError
        If a size is none, or the fraction is out of its range.
    """
    one, two = _sizes("maps", maps, 2)
    (units,) = _sizes("dense", (dense,), 1)
    return _ready(
        seed,
        nn.Unflatten(1, (1, 28, 28)),
        *(_conv(1, one, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(_conv(one, two, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(two * 7 * 7, units), nn.ReLU(), *_dropout(dropout)),
        nn.Linear(units, 10),
    )


def cifar1(
    maps: Sequence[int] = (64, 64), dense: Sequence[int] = (384, 192), seed: int = 0
) -> nn.Sequential:
    """Make the first CIFAR-10 network: two 5 x 5 convolutions with pools, two dense layers.

    It takes whole images and sees the 24 x 24 pixels in their middle: an augmentation moves the
    window that is to be seen there.

    Raises
    ------
    InputError
        If a size is none.
    """
    one, two = _sizes("maps", maps, 2)
    three, four = _sizes("dense", dense, 2)
    return _ready(
        seed,
        *(nn.Unflatten(1, (3, 32, 32)), nn.ZeroPad2d(-4)),
        *(_conv(3, one, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(_conv(one, two, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(two * 6 * 6, three), nn.ReLU()),
        *(nn.Linear(three, four), nn.ReLU(), nn.Linear(four, 10)),
    )


def cifar2(
    maps: Sequence[int] = (96, 192), dropout: Sequence[float] = (0.2, 0.5), seed: int = 0
) -> nn.Sequential:
    """Make the second CIFAR-10 network: nine convolutions and a global pool.

    Parameters
    ----------
    maps : (int, int)
        Of layers 1 to 3, and of layers 4 to 8; layer 9 has a map a class.
    dropout : (float, float)
        Of the pixels, and of the neurons of layers 3 and 6.
    seed : int
        Of W.

    Raises
    ------
    InputError
        If a size is none, or a fraction is out of its range.
    """
    few, many = _sizes("maps", maps, 2)
    if len(dropout) != 2:
        raise InputError(f"dropout: two fractions, of pixels and of neurons (got {len(dropout)})")
    pixels, neurons = dropout
    return _ready(
        seed,
        *(nn.Unflatten(1, (3, 32, 32)), *_dropout(pixels)),
        *(_conv(3, few, 3), nn.ReLU(), _conv(few, few, 3), nn.ReLU()),
        *(_conv(few, few, 3, 2), nn.ReLU(), *_dropout(neurons)),
        *(_conv(few, many, 3), nn.ReLU(), _conv(many, many, 3), nn.ReLU()),
        *(_conv(many, many, 3, 2), nn.ReLU(), *_dropout(neurons)),
        *(_conv(many, many, 3), nn.ReLU(), _conv(many, many, 1), nn.ReLU()),
        *(_conv(many, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )


def imagenet1(
    maps: int = 192, dense: int = 512, classes: int = 1000, side: int = 299, seed: int = 0
) -> nn.Sequential:
    """Make the first ImageNet network: two convolutions with pools, two dense layers.

    Parameters
    ----------
    maps, dense, classes : int
        Of the convolutions, of the dense layers, of the output.
    side : int
        Of an image, in pixels: 11 or more.
    seed : int
        Of W.

    Raises
    ------
    InputError
        If a size is none, or the image too small.
    """
    maps, dense, classes = _sizes("maps, dense, classes", (maps, dense, classes), 3)
    last = side
    for stride in (2, 2):
        last = ceil(last / stride) // 2
    if last < 1:
        raise InputError(f"side: 11 pixels or more (got {side})")
    return _ready(
        seed,
        nn.Unflatten(1, (3, side, side)),
        *(_conv(3, maps, 9, 2), nn.MaxPool2d(2), nn.ReLU()),
        *(_conv(maps, maps, 5, 2), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(maps * last * last, dense), nn.ReLU()),
        *(nn.Linear(dense, dense), nn.ReLU(), nn.Linear(dense, classes)),
    )


def imagenet2(
    maps: Sequence[int] = (192, 256, 512), classes: int = 1000, side: int = 299, seed: int = 0
) -> nn.Sequential:
    """Make the second ImageNet network: nine convolutions and a global pool.

    Parameters
    ----------
    maps : (int, int, int)
        Of layers 1 to 3, 4 to 6, and 7 and 8; layer 9 has a map a class.
    classes, side : int
        Of the output; of an image, in pixels.
    seed : int
        Of W.

    Raises
    ------
    InputError
        If a size is none.
    """
    one, two, three = _sizes("maps", maps, 3)
    classes, side = _sizes("classes, side", (classes, side), 2)
    shapes = [
        *((3, one, 9, 4), (one, one, 3, 2), (one, one, 3, 3)),
        *((one, two, 5, 2), (two, two, 3, 1), (two, two, 3, 2)),
        *((two, three, 3, 1), (three, three, 1, 1), (three, classes, 1, 1)),
    ]
    layers = [part for shape in shapes for part in (_conv(*shape), nn.ReLU())]
    return _ready(
        seed, nn.Unflatten(1, (3, side, side)), *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )


def preserve_variance(module: nn.Module, seed: int = 0) -> nn.Module:
    """Draw the feedback weights of a module that `snn_credit.rate.convert` made, with 1/n_out.

    B is uniform with variance 1/n_out, where n_out is "the number of incoming connections that a
    layer receives during the backward pass" (section 5.1): those of a kernel, over the square of
    its stride, for each map above. While W of variance 1/n_in keeps an error's norm, B keeps its
    size for each neuron. Feedback that skips layers stays as it was drawn; what a rule makes of W
    it makes again.

    Returns
    -------
    nn.Module
        The same, changed in place.
    """
    layers = [part for part in module.modules() if isinstance(part, nn.Linear | nn.Conv2d)]
    for number, layer in enumerate(layers, start=1):
        owner: Any = module.synapses if isinstance(module, Stack) else layer
        name = f"b_{number}" if isinstance(module, Stack) else "feedback_b"
        b = owner._buffers.get(name, owner._parameters.get(name))
        if b is not None:
            random = np.random.default_rng((seed, ord("b"), number - 1, number))
            _fill(b, sqrt(1 / incoming(layer)[1]), random)
    settle_all(module)
    return module


def incoming(layer: nn.Module) -> tuple[float, float]:
    """Return n_in and n_out: how many synapses bring each neuron what goes up, and what goes down.

    Raises
    ------
    InputError
        If the module is neither ``nn.Linear`` nor ``nn.Conv2d``.
    """
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if not isinstance(layer, nn.Conv2d):
        raise InputError(f"layer: a Linear or Conv2d layer (got {type(layer).__name__})")
    positions = layer.kernel_size[0] * layer.kernel_size[1]
    strides = layer.stride[0] * layer.stride[1]
    return layer.in_channels * positions, layer.out_channels * positions / strides


def _ready(seed: int, *parts: nn.Module) -> nn.Sequential:
    net = nn.Sequential(*parts)
    layers: list[Any] = [part for part in net if isinstance(part, nn.Linear | nn.Conv2d)]
    for number, layer in enumerate(layers, start=1):
        random = np.random.default_rng((seed, ord("w"), number - 1, number))
        _fill(layer.weight, sqrt(1 / incoming(layer)[0]), random)
        nn.init.zeros_(layer.bias)
    return net


def _fill(values: Tensor, deviation: float, random: np.random.Generator) -> None:
    bound = sqrt(3) * deviation
    with torch.no_grad():
        values.copy_(torch.from_numpy(random.uniform(-bound, bound, tuple(values.shape))))


def _conv(below: int, maps: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(below, maps, kernel, stride, padding=kernel // 2)


def _dropout(fraction: float) -> list[nn.Module]:
    if not 0 <= fraction < 1:
        raise InputError(f"dropout: a fraction from 0 to below 1 (got {fraction})")
    return [nn.Dropout(fraction)] if fraction else []


def _sizes(name: str, given: Sequence[int], count: int) -> tuple[int, ...]:
    if len(given) != count or any(not isinstance(n, int | np.integer) or n < 1 for n in given):
        raise InputError(f"{name}: {count} whole numbers of at least 1 (got {tuple(given)})")
    return tuple(given)
