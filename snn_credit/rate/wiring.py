"""Which neurons a torch layer's synapses connect: the sums that a rule's messages and updates make.

Each class is a `snn_credit.rules.net.Wiring`, so a declaration that knows only ``h`` and ``w`` runs
on convolutions too. A layer tells its wiring for inputs of a given shape by `wiring_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from snn_credit.rules.net import Wiring


class AllToAll:
    """The synapses of ``nn.Linear``: (n_post, n_pre), for inputs (batch, ..., n_pre)."""

    def up(self, below: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * below for each upper neuron."""
        # (batch, ..., n_pre) x (n_post, n_pre)' -> (batch, ..., n_post)
        return functional.linear(below, weights)

    def down(self, above: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * above for each lower neuron."""
        # (batch, ..., n_post) x (n_post, n_pre) -> (batch, ..., n_pre)
        return above @ weights

    def outer(self, above: Tensor, below: Tensor) -> Tensor:
        """Sum above * below for each synapse."""
        # (batch, ..., n_post)' x (batch, ..., n_pre) -> (n_post, n_pre)
        return above.flatten(0, -2).T @ below.flatten(0, -2)

    def total(self, above: Tensor) -> Tensor:
        """Sum above for each bias."""
        return above.flatten(0, -2).sum(0)


class Convolution:
    """The synapses of ``nn.Conv1d`` and ``nn.Conv2d``: (channels, channels / groups, *kernel).

    Parameters
    ----------
    layer
        Its stride, dilation, groups, padding and padding mode count.
    shape
        That of an input, (batch, channels, *positions).
    """

    def __init__(self, layer: nn.Conv1d | nn.Conv2d, shape: Sequence[int]) -> None:
        self._axes = len(layer.kernel_size)
        self._frame: tuple[list[int], str] | None = None
        padding = layer.padding
        if layer.padding_mode != "zeros" or padding == "same":
            # What a layer does with these: an edge is laid around the input first.
            mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
            self._frame, padding = (list(layer._reversed_padding_repeated_twice), mode), "valid"
        self._padding = [0] * self._axes if padding == "valid" else list(cast(Any, padding))
        self._stride, self._dilation = list(layer.stride), list(layer.dilation)
        self._groups, self._kernel = layer.groups, layer.weight
        self._shape = tuple(shape)

    def up(self, below: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * below for each upper neuron."""
        return torch.convolution(
            self._framed(below), weights, None, self._stride, self._padding, self._dilation,
            False, [0] * self._axes, self._groups,
        )  # fmt: skip

    def down(self, above: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * above for each lower neuron."""
        below = above.new_empty(self._shape)
        if self._frame is None:
            return self._backward(above, below, weights, 0)
        # The edge's values are copies of inner ones, which receive what the copies receive.
        with torch.enable_grad():
            below = below.zero_().requires_grad_()
            framed = self._framed(below)
        at_frame = self._backward(above, framed.detach(), weights, 0)
        # Where something learns from what comes down, it must be a function of the weights still.
        again = at_frame.requires_grad
        return torch.autograd.grad(framed, below, at_frame, create_graph=again)[0]

    def outer(self, above: Tensor, below: Tensor) -> Tensor:
        """Sum above * below for each synapse."""
        return self._backward(above, self._framed(below), self._kernel.detach(), 1)

    def total(self, above: Tensor) -> Tensor:
        """Sum above for each bias."""
        return above.sum([0, *range(2, above.ndim)])

    def _framed(self, below: Tensor) -> Tensor:
        return below if self._frame is None else functional.pad(below, *self._frame)

    def _backward(self, above: Tensor, below: Tensor, weights: Tensor, which: int) -> Tensor:
        return torch.ops.aten.convolution_backward(
            above, below, weights, None, self._stride, self._padding, self._dilation,
            False, [0] * self._axes, self._groups, [which == 0, which == 1, False],
        )[which]  # fmt: skip


class LocallyConnected2d(nn.Module):
    """A convolution whose weights are not shared: every position has a kernel of its own.

    Lillicrap et al. 2016, Supplementary Note 5, has one as its first layer.

    Parameters
    ----------
    channels : int
        Of the input.
    maps : int
        Neurons at each position.
    kernel : int
        Side of the receptive field.
    size : tuple of int
        (height, width) of the input.
    stride : int

    Attributes
    ----------
    weight : Parameter
        (maps, positions, channels * kernel * kernel).
    bias : Parameter
        (maps, positions).
    """

    kernel: int
    stride: int
    size: tuple[int, ...]
    grid: tuple[int, ...]
    weight: nn.Parameter
    bias: nn.Parameter

    def __init__(
        self, channels: int, maps: int, kernel: int, size: tuple[int, int], stride: int = 1
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.size = kernel, stride, tuple(size)
        self.grid = tuple((side - kernel) // stride + 1 for side in size)
        positions, inputs = self.grid[0] * self.grid[1], channels * kernel**2
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(maps, positions, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(maps, positions).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, maps, height, width) for images (batch, channels, height, width)."""
        return self.up(x, self.weight) + self.bias.unflatten(1, self.grid)

    def up(self, below: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * below for each upper neuron."""
        # (batch, inputs, positions), (maps, positions, inputs) -> (batch, maps, positions)
        sums = torch.einsum("bip,mpi->bmp", self._fields(below), weights)
        return sums.unflatten(2, self.grid)

    def down(self, above: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * above for each lower neuron."""
        # (batch, maps, positions), (maps, positions, inputs) -> (batch, inputs, positions)
        fields = torch.einsum("bmp,mpi->bip", above.flatten(2), weights)
        return functional.fold(fields, self.size, self.kernel, stride=self.stride)

    def outer(self, above: Tensor, below: Tensor) -> Tensor:
        """Sum above * below for each synapse."""
        return torch.einsum("bmp,bip->mpi", above.flatten(2), self._fields(below))

    def total(self, above: Tensor) -> Tensor:
        """Sum above for each bias."""
        return above.flatten(2).sum(0)

    def _fields(self, below: Tensor) -> Tensor:
        return functional.unfold(below, self.kernel, stride=self.stride)

    def extra_repr(self) -> str:
        """Return what is printed of this layer."""
        maps, _, inputs = self.weight.shape
        return f"{inputs} inputs to {maps} maps of {self.grid}, stride={self.stride}"


#: Layers with synapses that can learn by a rule.
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, LocallyConnected2d)


def wiring_of(layer: nn.Module, shape: Sequence[int]) -> Wiring:
    """Return the wiring of one of `LAYERS` for inputs of a shape, batch first."""
    if isinstance(layer, nn.Conv1d | nn.Conv2d):
        return Convolution(layer, shape)
    return layer if isinstance(layer, LocallyConnected2d) else AllToAll()
