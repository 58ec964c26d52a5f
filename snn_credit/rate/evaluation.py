"""What a network guesses: the classes whose output neurons have the largest sums."""

from __future__ import annotations

import math
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from snn_credit.errors import DivergedError, InputError

# Inputs that are shown together: as many as this, or as have so many numbers.
AT_ONCE, NUMBERS_AT_ONCE = 1000, 2**24


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


def evaluate(
    module: nn.Module, x: NDArray[Any], y: NDArray[Any], classes: int, top: int = 1
) -> float:
    """Return the wrong guesses in % on inputs (n, ...) with labels (n,).

    A guess is wrong if the label is not among the ``top`` classes with the largest sums.

    Raises
    ------
    InputError
        If there is no input, ``top`` is out of its range, or, a `DivergedError`, the network's
        activity is not finite.
    """
    if len(y) == 0:
        raise InputError("evaluate: at least one input to guess (got none)")
    if not 1 <= top <= classes:
        raise InputError(f"top: from 1 to {classes}, the classes (got {top})")
    at_once = max(1, min(AT_ONCE, NUMBERS_AT_ONCE // max(1, math.prod(x.shape[1:]))))
    like, training, wrong = next(module.parameters()), module.training, 0
    module.eval()
    try:
        for first in range(0, len(y), at_once):
            part = slice(first, first + at_once)
            with torch.no_grad():
                output = module(torch.from_numpy(x[part]).to(like))
            if not output.isfinite().all():
                raise DivergedError("evaluate: a network with finite activity (got nan)")
            guesses = votes(output, classes).topk(top, dim=1).indices.cpu()
            right = (guesses == torch.from_numpy(y[part])[:, None]).any(1)
            wrong += int((~right).sum())
    finally:
        module.train(training)
    return 100 * wrong / len(y)
