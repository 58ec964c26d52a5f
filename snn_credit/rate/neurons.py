"""What a layer's neurons do with their sums: activations and their slopes, dropout, noise."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from snn_credit.errors import InputError

#: Activity ``h`` of the sums ``u``, and its slope ``df`` as a function of that activity.
_CLOSED: dict[type[nn.Module], tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    nn.ReLU: (torch.relu, lambda h: (h > 0).to(h.dtype)),
    nn.Sigmoid: (torch.sigmoid, lambda h: h * (1 - h)),
    nn.Tanh: (torch.tanh, lambda h: 1 - h * h),
}

#: Further activations, each a function of one sum; their slopes are torch's.
_OPEN = (
    *(nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus, nn.Softsign),
    *(nn.Hardtanh, nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.LogSigmoid, nn.Tanhshrink),
)

ACTIVATIONS = (*_CLOSED, *_OPEN)

DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d)


class Noise(nn.Module):
    """Neurons that are not exact: h = f(u) + c xi in training mode, and f(u) in evaluation mode.

    It stands behind a layer's activation and dropout. What is added does not change the slope.

    Parameters
    ----------
    c : float
        The standard deviation; xi is standard normal, drawn for each neuron and example.

    Raises
    ------
    InputError
        If c is below 0 or not finite.

    References
    ----------
    Lansdell, Prakash & Kording 2020, ICLR, 2.2 and C.5.
    """

    def __init__(self, c: float) -> None:
        super().__init__()
        if not (isfinite(c) and c >= 0):
            raise InputError(f"Noise.c: a finite number of at least 0 (got {c})")
        self.c = c

    def forward(self, h: Tensor) -> Tensor:
        """Return the activity with noise."""
        return h + self.draw(h) if self.training and self.c else h

    def draw(self, h: Tensor) -> Tensor:
        """Return noise for an activity, of its shape."""
        return self.c * torch.randn_like(h)

    def extra_repr(self) -> str:
        """Return what stands between the brackets where the module is printed."""
        return f"c={self.c}"


def respond(activation: nn.Module | None, sums: Tensor) -> tuple[Tensor, Any]:
    """Return the neurons' activity h = f(u) and its slope f'(u); without an f, h = u."""
    if activation is None:
        return sums, 1.0
    if type(activation) in _CLOSED:
        value, slope = _CLOSED[type(activation)]
        h = value(sums)
        return h, slope(h)
    with torch.enable_grad():
        leaf = sums.detach().requires_grad_()
        h = activation(leaf)
    # h_i depends on u_i alone, so the gradient of the sum is every slope at once.
    return h.detach(), torch.autograd.grad(h, leaf, torch.ones_like(h))[0]


def survivors(dropout: nn.Module, like: Tensor) -> Tensor:
    """Draw a mask: 1/(1 - p) for each neuron, or each channel, that stays, and 0 for the others."""
    return dropout(torch.ones_like(like))
