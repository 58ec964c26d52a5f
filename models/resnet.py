"""Residual networks, with activation after the sum (v1) or before the weights (v2).

    v1   x_{l+1} = relu(F(x_l) + S(x_l))          He et al. 2016a (CVPR), eqs 1 and 2
    v2   x_{l+1} = F(relu(norm(x_l))) + S(x_l)    He et al. 2016b (ECCV), eq 9, Fig 4e

======= ================================================== =====================================
symbol  meaning                                            here
======= ================================================== =====================================
x_l     input of a residual unit                           (batch, maps, height, width)
F       two 3 x 3 convolutions, or 1 x 1, 3 x 3 and 1 x 1  `Residual.branch`
        with four times as many maps after the last
S       what goes by: x_l itself, or a 1 x 1 convolution   `Residual.shortcut`
        where the number of maps or the stride changes it
======= ================================================== =====================================

Stimuli are (batch, features); what comes out is what a softmax is taken of. Where papers and
programs differ:

- In units of three convolutions the 3 x 3 one has the stride, as in torchvision and in TensorFlow's
  official models, which Kunin et al. 2020 trained; He et al. 2016a have it in the first.
- Convolutions have no biases, since a normalisation follows each or precedes the next.
- v2's 1 x 1 shortcut takes the activated input. So a first unit that changes the number of maps
  has its activation before the paths part, as He et al. 2016b say; the first unit of a CIFAR
  network, where nothing changes, passes its input by as it is. An activation follows the last unit.
- W of a convolution is normal with variance 2/n_out, n_out = maps * kernel^2 (He et al. 2015,
  eq 14); of the last, dense layer uniform in +-1/sqrt(n_in), with biases of 0. All gains (gamma) of
  normalisations begin at 1, the last of a unit too.

Sources: He, Zhang, Ren & Sun 2016a, "Deep residual learning for image recognition", CVPR; 2016b,
"Identity mappings in deep residual networks", ECCV; Kunin et al. 2020, ICML, Table 4.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snn_credit.errors import InputError, one_of

#: ImageNet networks -> units of each stage, whether units have three convolutions, and the kind.
IMAGENET: Mapping[str, tuple[tuple[int, ...], bool, int]] = {
    "ResNet-18": ((2, 2, 2, 2), False, 1),
    "ResNet-50": ((3, 4, 6, 3), True, 1),
    "ResNet-50v2": ((3, 4, 6, 3), True, 2),
    "ResNet-101v2": ((3, 4, 23, 3), True, 2),
    "ResNet-152v2": ((3, 8, 36, 3), True, 2),
}


class Residual(nn.Module):
    """A residual unit; see the module.

    Parameters
    ----------
    below, maps : int
        Maps of the input, and of the unit's 3 x 3 convolutions.
    stride : int
        Of the first 3 x 3 convolution, and of the shortcut.
    bottleneck : bool
        Whether there are three convolutions, with 4 maps coming out for each of ``maps``.
    version : int
        1 or 2.
    """

    above: int
    branch: nn.Sequential

    def __init__(self, below: int, maps: int, stride: int, bottleneck: bool, version: int) -> None:
        super().__init__()
        self.above = 4 * maps if bottleneck else maps
        if bottleneck:
            shapes = [(below, maps, 1, 1), (maps, maps, 3, stride), (maps, self.above, 1, 1)]
        else:
            shapes = [(below, maps, 3, stride), (maps, maps, 3, 1)]
        changes = stride != 1 or below != self.above
        by = _conv(below, self.above, 1, stride)
        if version == 1:
            self.first: nn.Module = nn.Identity()
            self.last: nn.Module = nn.ReLU()
            parts = [part for shape in shapes for part in (*_normed(*shape), nn.ReLU())][:-1]
            self.shortcut = _named(conv=by, norm=nn.BatchNorm2d(self.above)) if changes else None
        else:
            self.first = _named(norm=nn.BatchNorm2d(below), relu=nn.ReLU())
            self.last = nn.Identity()
            parts = [part for shape in shapes for part in (*_activated(shape[0]), _conv(*shape))]
            parts = parts[2:]  # the first activation is the unit's own, for the shortcut to take
            self.shortcut = by if changes else None
        self.branch = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the unit passes on, (batch, maps, height, width)."""
        active = self.first(x)
        by = x if self.shortcut is None else self.shortcut(active)
        return self.last(self.branch(active) + by)


def imagenet_resnet(
    name: str,
    classes: int = 1000,
    side: int = 224,
    width: int = 64,
    border: int = 0,
    seed: int = 0,
) -> nn.Sequential:
    """Make an ImageNet network: a 7 x 7 convolution, a pool, four stages of units, a dense layer.

    Parameters
    ----------
    name : str
        One of `IMAGENET`.
    classes, side : int
        Of the output; of an image, in pixels.
    width : int
        Maps of the first stage; each further one has twice as many, and half of the side.
    border : int
        Pixels at each edge that are not seen: an augmentation moves what is to be seen within.
    seed : int
        Of W; each layer has a stream of its own.

    Raises
    ------
    InputError
        If the name is unknown or a size is none.
    """
    if name not in IMAGENET:
        raise InputError(f"name: {one_of(name, IMAGENET)} (got {name!r})")
    units, bottleneck, version = IMAGENET[name]
    _check(classes=classes, side=side, width=width)
    if not 0 <= 2 * border < side:
        raise InputError(f"border: from 0 to less than half of {side} pixels (got {border})")
    parts: dict[str, nn.Module] = {"image": nn.Unflatten(1, (3, side, side))}
    if border:
        parts["window"] = nn.ZeroPad2d(-border)
    parts["conv"] = _conv(3, width, 7, 2)
    if version == 1:
        parts |= {"norm": nn.BatchNorm2d(width), "relu": nn.ReLU()}
    parts["pool"] = nn.MaxPool2d(3, 2, padding=1)
    return _network(seed, parts, width, units, bottleneck, version, classes)


def cifar_resnet(
    depth: int = 20,
    width: int = 16,
    version: int = 1,
    classes: int = 10,
    side: int = 32,
    channels: int = 3,
    seed: int = 0,
) -> nn.Sequential:
    """Make a CIFAR-10 network (He et al. 2016a, section 4.2): a 3 x 3 convolution, three stages.

    Parameters
    ----------
    depth : int
        6 n + 2 layers with weights, for n units a stage: 8, 14, 20 ...
    width : int
        Maps of the first stage; the others have two and four times as many.
    version : int
        1 or 2.
    classes, side, seed : int
        As of `imagenet_resnet`.
    channels : int
        Of an image.

    Raises
    ------
    InputError
        If a size is none, the depth is no such number or the version neither 1 nor 2.
    """
    _check(depth=depth, width=width, classes=classes, side=side, channels=channels)
    if depth < 8 or depth % 6 != 2:
        raise InputError(f"depth: 6 n + 2, such as 8, 14 or 20 (got {depth})")
    if version not in (1, 2):
        raise InputError(f"version: 1 or 2 (got {version})")
    image = nn.Unflatten(1, (channels, side, side))
    parts: dict[str, nn.Module] = {"image": image, "conv": _conv(channels, width, 3, 1)}
    if version == 1:
        parts |= {"norm": nn.BatchNorm2d(width), "relu": nn.ReLU()}
    units = ((depth - 2) // 6,) * 3
    return _network(seed, parts, width, units, False, version, classes)


def _network(
    seed: int,
    stem: Mapping[str, nn.Module],
    width: int,
    units: Sequence[int],
    bottleneck: bool,
    version: int,
    classes: int,
) -> nn.Sequential:
    parts = dict(stem)
    maps = width
    for stage, count in enumerate(units):
        here = []
        for number in range(count):
            stride = 2 if stage and not number else 1
            unit = Residual(maps, width * 2**stage, stride, bottleneck, version)
            maps = unit.above
            here.append(unit)
        parts[f"stage{stage + 1}"] = nn.Sequential(*here)
    if version == 2:
        parts |= {"norm": nn.BatchNorm2d(maps), "relu": nn.ReLU()}
    parts |= {"mean": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}
    net = _named(**parts, dense=nn.Linear(maps, classes))
    _fill(net, seed)
    return net


def _fill(net: nn.Module, seed: int) -> None:
    layers = [part for part in net.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    for number, layer in enumerate(layers, start=1):
        random = np.random.default_rng((seed, ord("w"), number - 1, number))
        shape: tuple[int, ...] = tuple(layer.weight.shape)
        if isinstance(layer, nn.Conv2d):
            spread = np.float32(sqrt(2 / (shape[0] * shape[2] * shape[3])))
            values = spread * random.standard_normal(shape, np.float32)
        else:
            bound = sqrt(1 / shape[1])
            values = random.uniform(-bound, bound, shape)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(values))


def _normed(below: int, maps: int, kernel: int, stride: int) -> tuple[nn.Module, nn.Module]:
    return _conv(below, maps, kernel, stride), nn.BatchNorm2d(maps)


def _activated(maps: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(maps), nn.ReLU()


def _conv(below: int, maps: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(below, maps, kernel, stride, padding=kernel // 2, bias=False)


def _named(**parts: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(parts))


def _check(**sizes: Any) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
            raise InputError(f"{name}: a whole number of at least 1 (got {size!r})")
