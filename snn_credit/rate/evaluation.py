"""What a network guesses: the class whose output neurons have the largest sum."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from snn_credit.errors import InputError

AT_ONCE = 1000


def targets(labels: Tensor, outputs: int, classes: int) -> Tensor:
    """Return labels (batch,) as values (batch, outputs): each class owns an equal group of neurons.

    Raises
    ------
    InputError
        If the classes cannot share the outputs equally.
    """
    if outputs % classes:
        raise InputError(
            f"sizes: an output layer that {classes} classes share equally (got {outputs} neurons)"
        )
    return functional.one_hot(labels, classes).repeat_interleave(outputs // classes, dim=1).float()


def votes(output: Tensor, classes: int) -> Tensor:
    """Return the sum of each class's output neurons, (batch, classes)."""
    # (batch, n_L) -> (batch, classes, n_L / classes) -> (batch, classes)
    return output if output.shape[1] == classes else output.unflatten(1, (classes, -1)).sum(2)


def evaluate(module: nn.Module, x: NDArray[Any], y: NDArray[Any], classes: int) -> float:
    """Return the wrong guesses in % on inputs (n, ...) with labels (n,).

    Raises
    ------
    InputError
        If there is no input, or the network's activity is not finite.
    """
    if len(y) == 0:
        raise InputError("evaluate: at least one input to guess (got none)")
    like, training, wrong = next(module.parameters()), module.training, 0
    module.eval()
    try:
        for first in range(0, len(y), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            with torch.no_grad():
                output = module(torch.from_numpy(x[part]).to(like))
            if not output.isfinite().all():
                raise InputError("evaluate: a network with finite activity (got nan)")
            guesses = votes(output, classes).argmax(1).cpu()
            wrong += int((guesses != torch.from_numpy(y[part])).sum())
    finally:
        module.train(training)
    return 100 * wrong / len(y)
