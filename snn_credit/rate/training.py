"""The training loop: minibatches in a random order, one step of the rule for each, momentum.

    v <- momentum v + (mean over the batch of the rule's changes, less its leak)
    W <- W + v,   and so for biases and whatever else the rule changes

The rate ``eta`` therefore multiplies the mean over the examples of a batch, and the decay ``lam``
acts once a step: a run with another batch needs another ``eta`` and ``lam`` for the same drift.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from snn_credit.data import Dataset
from snn_credit.errors import InputError
from snn_credit.rate.network import Dense
from snn_credit.rate.support import is_count
from snn_credit.rules import Rule
from snn_credit.rules.net import Changes, apply

# Of how many training images the training error is taken: enough for half a percent.
TRAINING_SAMPLE = 5000
EVALUATED_AT_ONCE = 1000

Progress = Callable[[int, float], None]


@dataclass(frozen=True, eq=False)
class History:
    """What a run measured.

    Attributes
    ----------
    rule : str
        The rule's name.
    images_seen : ndarray of int64, shape (n,)
        Images presented before each evaluation; the first is 0, the last all of them.
    train_error, validation_error : ndarray of float64, shape (n,)
        Wrong guesses in %. The training error is that of the same images throughout, at most
        `TRAINING_SAMPLE` of the training set.
    test_error : float
        Wrong guesses in % after the last image.
    network : Dense
        The trained network: W is ``network.net.forward[layer]['w']``, (n_post, n_pre).
    """

    rule: str
    images_seen: NDArray[np.int64]
    train_error: NDArray[np.float64]
    validation_error: NDArray[np.float64]
    test_error: float
    network: Dense


def train(
    rule: Rule | str,
    sizes: Sequence[int],
    data: Dataset,
    *,
    images: int,
    batch: int,
    w_scale: float,
    b_scale: float,
    eta: float | None = None,
    lam: float | None = None,
    rates: Mapping[str, float] | None = None,
    momentum: float = 0.0,
    activation: str = "logistic",
    seed: int = 0,
    evaluate_every: int | None = None,
    progress: Progress | None = None,
) -> History:
    """Train a dense network by a rule.

    Parameters
    ----------
    rule, sizes, w_scale, b_scale, activation
        As in `Dense`.
    data : Dataset
        All of its splits are used; only the training set changes the network.
    images : int
        How many are presented, in a new random order each time round. The last batch may be short.
    batch : int
        Images a step.
    eta, lam : float, optional
        The rule's learning rate, for the mean over a batch, and its decay per step; the
        declaration's own values where none are given.
    rates : mapping of str to float, optional
        Further shared scalars of the rule, such as ``etab``.
    momentum : float
        0 <= momentum < 1 (Lillicrap et al. 2016, Supplementary Note 8).
    seed : int
        Of the first weights and of the order of the images. Rules with the same seed start from the
        same W and see the same images.
    evaluate_every : int, optional
        Images between two evaluations, rounded up to whole batches; without it only the start and
        the end are evaluated.
    progress : callable, optional
        Called after each batch with the images seen and the last validation error in %.

    Returns
    -------
    History
        The learning curve, the test error and the trained network.

    Raises
    ------
    InputError
        If an argument is out of its range, the sizes do not fit the data, the rule has no such rate
        or does not learn on this path, or the loss is not finite (the message says at which step).
    """
    network = Dense(
        rule,
        sizes,
        w_scale=w_scale,
        b_scale=b_scale,
        classes=data.classes,
        activation=activation,
        seed=seed,
    )
    _check(sizes, data, images, batch, momentum, evaluate_every)
    network.net.shared |= _rates(network.rule, {"eta": eta, "lam": lam, **(rates or {})})
    random = np.random.default_rng((seed, *map(ord, "order")))
    sample = data.subset(n_train=min(len(data.train_y), TRAINING_SAMPLE))
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    seen, due, curve, velocity = 0, 0, [], Changes()
    for step, chosen in enumerate(_batches(random, len(y), images, batch), start=1):
        if seen >= due:
            curve.append(_evaluated(network, seen, sample))
            due = seen + (evaluate_every or images)
        loss = learn(network, x[chosen], y[chosen], velocity, momentum)
        if not math.isfinite(loss):
            raise InputError(f"rates: some that keep the loss finite (got {loss} at step {step})")
        seen += len(chosen)
        if progress is not None:
            progress(seen, curve[-1][2])
    curve.append(_evaluated(network, seen, sample))
    counts, train_errors, validation_errors = zip(*curve, strict=True)
    return History(
        rule=network.rule.name,
        images_seen=np.array(counts, np.int64),
        train_error=np.array(train_errors),
        validation_error=np.array(validation_errors),
        test_error=evaluate(network, data.test_x, data.test_y),
        network=network,
    )


def learn(
    network: Dense, x: torch.Tensor, y: torch.Tensor, velocity: Changes, momentum: float = 0.0
) -> float:
    """Show one batch, (batch, n_0) and labels (batch,), and change the network in place.

    Parameters
    ----------
    velocity : Changes
        The running change, kept by the caller from step to step; empty at first.

    Returns
    -------
    float
        The loss before the change, the mean over the batch.
    """
    network.forward(x)
    loss = network.compare(y)
    changes = network.interpreter.step(network.net)
    if momentum:
        _slow(velocity, momentum)
        velocity.add(changes)
        changes = velocity
    apply(network.net, changes)
    network.interpreter.run_hosts(network.net)
    return float(loss)


def evaluate(network: Dense, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Return the wrong guesses in % on inputs (n, n_0) with labels (n,).

    Raises
    ------
    InputError
        If there is no input, or the network's weights have become nan.
    """
    if len(y) == 0:
        raise InputError("evaluate: at least one input to guess (got none)")
    wrong = 0
    for first in range(0, len(y), EVALUATED_AT_ONCE):
        part = slice(first, first + EVALUATED_AT_ONCE)
        votes = network.votes(torch.from_numpy(x[part]).to(network.dtype))
        if not votes.isfinite().all():
            raise InputError("evaluate: a network with finite activity (got nan)")
        wrong += int((votes.argmax(1) != torch.from_numpy(y[part])).sum())
    return 100 * wrong / len(y)


def _evaluated(network: Dense, seen: int, data: Dataset) -> tuple[int, float, float]:
    return (
        seen,
        evaluate(network, data.train_x, data.train_y),
        evaluate(network, data.validation_x, data.validation_y),
    )


def _batches(random: np.random.Generator, n: int, images: int, batch: int) -> list[torch.Tensor]:
    """Return the indices of each batch: one random order after another, cut across their ends."""
    orders = [random.permutation(n) for _ in range(math.ceil(images / n))]
    return list(torch.from_numpy(np.concatenate(orders)[:images]).split(batch))


def _slow(velocity: Changes, momentum: float) -> None:
    for layers in (velocity.forward, velocity.own):
        for variables in layers.values():
            for name in variables:
                variables[name] *= momentum
    for layer in velocity.bias:
        velocity.bias[layer] *= momentum


def _rates(rule: Rule, asked: Mapping[str, float | None]) -> dict[str, float]:
    given = {name: value for name, value in asked.items() if value is not None}
    for name, value in given.items():
        if name not in rule.rates:
            known = ", ".join(rule.rates) or "none"
            raise InputError(f"{name}: a rate of {rule.name}, which has: {known} (got {value})")
        if not math.isfinite(value):
            raise InputError(f"{name}: a finite number (got {value})")
    return given


def _check(
    sizes: Sequence[int],
    data: Dataset,
    images: int,
    batch: int,
    momentum: float,
    evaluate_every: int | None,
) -> None:
    if sizes[0] != data.features:
        raise InputError(
            f"sizes: {data.features} inputs first, the features of {data.name} (got {sizes[0]})"
        )
    for split, labels in (("validation", data.validation_y), ("test", data.test_y)):
        if len(labels) == 0:
            raise InputError(f"data: {split} images to evaluate on (got none)")
    counts = {"images": images, "batch": batch, "evaluate_every": evaluate_every}
    for name, count in counts.items():
        if count is not None and not is_count(count):
            raise InputError(f"{name}: an integer >= 1 (got {count!r})")
    if not 0 <= momentum < 1:
        raise InputError(f"momentum: a number from 0 up to, not at, 1 (got {momentum})")
