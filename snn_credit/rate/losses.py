"""Losses of each example, (batch,), for outputs (batch, n) and labels (batch,) or values.

cross entropy          -log softmax(u)_label          u: the output layer's sums
sigmoid cross entropy  -sum over outputs of y* log s(u) + (1 - y*) log(1 - s(u)),  s the logistic
squared error          |h - y*|^2 / 2
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Return -log softmax(output) at the label, or its mean under target probabilities."""
    return functional.cross_entropy(output, target, reduction="none")


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return |output - target|^2 / 2, so that err = output - target."""
    if not target.is_floating_point():
        target = functional.one_hot(target, output.shape[-1])
    return (output - target).square().flatten(1).sum(1) / 2


def sigmoid_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Return the sum over outputs of their binary cross-entropy, so that err = s(u) - target."""
    if not target.is_floating_point():
        target = functional.one_hot(target, output.shape[-1]).to(output.dtype)
    each = functional.binary_cross_entropy_with_logits(output, target, reduction="none")
    return each.flatten(1).sum(1)


LOSSES = {
    "cross entropy": cross_entropy,
    "squared error": squared_error,
    "sigmoid cross entropy": sigmoid_cross_entropy,
}
