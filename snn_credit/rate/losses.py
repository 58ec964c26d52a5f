"""Losses of each example, (batch,), for outputs (batch, n) and labels (batch,) or values.

cross entropy          -log softmax(u)_label          u: the output layer's sums
sigmoid cross entropy  -sum over outputs of y* log s(u) + (1 - y*) log(1 - s(u)),  s the logistic
squared error          |h - y*|^2 / 2
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Return -log softmax(output) at the label, or its mean under target probabilities."""
    return functional.cross_entropy(output, target, reduction="none")


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return |output - target|^2 / 2, so that err = output - target."""
    return (output - target_values(output, target)).square().flatten(1).sum(1) / 2


def sigmoid_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Return the sum over outputs of their binary cross-entropy, so that err = s(u) - target."""
    target = target_values(output, target)
    each = functional.binary_cross_entropy_with_logits(output, target, reduction="none")
    return each.flatten(1).sum(1)


def error(
    loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """Return a batch's mean loss, and its derivative by the output.

    Cross entropy with labels has its derivative written out, (softmax(u) - y*) / batch; that of any
    other loss is autograd's.
    """
    if loss is cross_entropy and output.ndim == 2 and target.dtype == torch.int64:
        logs, at = functional.log_softmax(output, 1), target[:, None]
        err = logs.exp().scatter_add_(1, at, logs.new_full((), -1.0).expand_as(at))
        return -logs.gather(1, at).mean(), err.div_(len(output))
    leaf = output.detach().requires_grad_()
    with torch.enable_grad():
        mean = loss(leaf, target).mean()
    return mean.detach(), torch.autograd.grad(mean, leaf)[0]


def target_values(output: Tensor, target: Tensor) -> Tensor:
    """Return targets as the output's values: labels become one-hot."""
    if target.is_floating_point():
        return target.to(output.dtype)
    return functional.one_hot(target, output.shape[-1]).to(output.dtype)


LOSSES = {
    "cross entropy": cross_entropy,
    "squared error": squared_error,
    "sigmoid cross entropy": sigmoid_cross_entropy,
}
