"""How a module is trained: what `snn_credit.rate.fit` is told, checked, and what is made of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from snn_credit.data import Dataset, FolderDataset
from snn_credit.errors import InputError, one_of
from snn_credit.rate.evaluation import targets
from snn_credit.rate.losses import LOSSES
from snn_credit.rate.manhattan import Manhattan
from snn_credit.rate.stack import Loss
from snn_credit.rate.support import is_count
from snn_credit.rules.constraints import CONSTRAINTS

Parameters = Iterable[Tensor]
#: A name of one of torch's optimisers, or a function that makes one of parameters.
Optimiser = str | Callable[[Parameters], Optimizer]
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Alignment:
    """How what a rule learns besides W and biases is trained: B, with an optimiser of its own.

    Attributes
    ----------
    lr : float
        Learning rate. SGD's multiplies the rule's own ``etab``, which `snn_credit.rate.convert`
        leaves at its default: with ``rates={"etab": 1.0}`` this is the rate of B.
    optimiser : str or callable
        As for W (`Settings`). Adam has no momentum of `Settings` and no decay here.
    momentum, weight_decay : float
        Of SGD and Manhattan; Adam takes the decay too.
    schedule : mapping of int to float
        Images seen -> what its learning rate is multiplied by from there on.
    warmup : int
        Images over which its learning rate rises linearly from 0, batch by batch.
    delay : int
        Images until which B alone learns (Kunin et al. 2020, B.1: delay epochs; Lansdell et al.
        2020, C.1: warm-up). The learning rate of W warms up from the first image on all the same.
    alternate : bool
        Whether each batch is presented twice: W learns from the first presentation, B from the
        second, which W has changed (alternating minimisation).
    noise : float
        Standard deviation of Gaussian noise, times the current learning rate, that is added to
        every update (B.3).
    """

    lr: float = 1e-3
    optimiser: Optimiser = "SGD"
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: Mapping[int, float] | None = None
    warmup: int = 0
    delay: int = 0
    alternate: bool = False
    noise: float = 0.0


@dataclass(frozen=True)
class Settings:
    """How a module is trained.

    Attributes
    ----------
    images : int
        How many are presented, in a new random order each time round. The last batch may be short.
    batch : int
        Images a step.
    loss : str or callable
        One of `snn_credit.rate.losses.LOSSES`, or a function of outputs and labels (batch,), and of
        nothing else that learns, that gives each example's loss, (batch,).
    lr : float
        Learning rate.
    optimiser : str or callable
        'SGD', 'Adam', 'Manhattan' (`snn_credit.rate.manhattan`), or a function that makes one of
        torch's optimisers of parameters.
    momentum, weight_decay : float
        Of SGD and Manhattan; 0 <= momentum < 1. Adam takes the decay too.
    schedule : mapping of int to float
        Images seen -> what the learning rate is multiplied by from there on.
    warmup : int
        Images over which the learning rate rises linearly from 0, batch by batch.
    noise : float
        Standard deviation of Gaussian noise, times the current learning rate, that is added to
        every update of W and biases (Kunin et al. 2020, B.3).
    alignment : Alignment, optional
        How B learns. Without it B is an optimiser's parameter like W, and noise is added to it too.
    constrain : mapping of int to str
        Images seen -> a constraint on the forward weights, one of
        `snn_credit.rules.constraints.CONSTRAINTS`, that begins there.
    precision : str
        'float32', or 'bfloat16' for mixed precision (torch's autocast). What a chain's rule makes
        by its interpreted declaration stays in float32.
    seed : int
        Of the order of the images, dropout and noise.
    evaluate_every : int, optional
        Images between two evaluations, rounded up to whole batches; without it only the start and
        the end are evaluated.
    """

    images: int
    batch: int = 64
    loss: str | Loss = "squared error"
    lr: float = 1.0
    optimiser: Optimiser = "SGD"
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: Mapping[int, float] | None = None
    warmup: int = 0
    noise: float = 0.0
    alignment: Alignment | None = None
    constrain: Mapping[int, str] | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0
    evaluate_every: int | None = None


def settings_of(given: Mapping[str, Any], data: Dataset | FolderDataset) -> Settings:
    """Return settings, checked.

    Raises
    ------
    InputError
        If one is unknown, missing or out of its range.
    """
    known = Settings.__dataclass_fields__
    for name in given:
        if name not in known:
            raise InputError(f"fit: {one_of(name, known)} (got {name!r})")
    if "images" not in given:
        raise InputError("images: how many to present (got none)")
    settings = Settings(**given)
    _check(settings, data)
    if settings.alignment is not None:
        if not isinstance(settings.alignment, Alignment):
            kind = type(settings.alignment).__name__
            raise InputError(f"alignment: an Alignment (got {kind})")
        check_alignment(settings.alignment, settings.images)
    return settings


def loss_of(loss: str | Loss, outputs: int, classes: int) -> Loss:
    """Return the loss of outputs and labels; several neurons may stand for a class."""
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise InputError(f"loss: {one_of(loss, LOSSES)} (got {loss!r})")
    of_values = LOSSES[loss]
    if loss == "squared error":
        targets(torch.zeros(1, dtype=torch.int64), outputs, classes)
        return lambda output, labels: of_values(output, targets(labels, outputs, classes))
    if outputs != classes:
        raise InputError(f"sizes: {classes} outputs for cross entropy, one a class (got {outputs})")
    return of_values


def optimiser_of(settings: Settings | Alignment, parameters: Sequence[Tensor]) -> Optimizer:
    """Return an optimiser of parameters.

    Raises
    ------
    InputError
        If there is none of its name, or nothing to optimise.
    """
    if not parameters:
        what = "b" if isinstance(settings, Alignment) else "W or biases"
        raise InputError(f"module: {what} that learns, with requires_grad (got none)")
    if callable(settings.optimiser):
        return settings.optimiser(parameters)
    kinds: dict[str, Any] = {"SGD": SGD, "Adam": Adam, "Manhattan": Manhattan}
    kind = kinds.get(settings.optimiser)
    if kind is None:
        known = one_of(settings.optimiser, kinds)
        raise InputError(f"optimiser: {known} (got {settings.optimiser!r})")
    more: dict[str, Any] = {} if kind is Adam else {"momentum": settings.momentum}
    return kind(parameters, lr=settings.lr, weight_decay=settings.weight_decay, **more)


def factor_of(settings: Settings | Alignment, seen: int, batch: int) -> float:
    """Return what the learning rate of a step after so many images is multiplied by."""
    schedule = (settings.schedule or {}).items()
    warmed = min(1.0, (seen + batch) / settings.warmup) if settings.warmup else 1.0
    return warmed * math.prod(factor for start, factor in schedule if seen >= start)


def check_alignment(alignment: Alignment, images: int) -> None:
    """Refuse settings of feedback that are out of their range, or contradict each other.

    Raises
    ------
    InputError
        The first of them.
    """
    _check_numbers(alignment, "alignment.", ("lr", "weight_decay", "noise"))
    for name in ("warmup", "delay"):
        count = getattr(alignment, name)
        if not is_count(count, least=0):
            raise InputError(f"alignment.{name}: an integer >= 0 (got {count!r})")
    if alignment.delay >= images:
        raise InputError(
            f"alignment.delay: fewer than the {images} images of the training, for W does not "
            f"learn until then (got {alignment.delay})"
        )
    for start in alignment.schedule or {}:
        if not is_count(start, least=0) or start >= images:
            raise InputError(
                f"alignment.schedule: from how many images on, from 0 to {images - 1} (got {start})"
            )


def _check(settings: Settings, data: Dataset | FolderDataset) -> None:
    for split, labels in (("validation", data.validation_y), ("test", data.test_y)):
        if len(labels) == 0:
            raise InputError(f"data: {split} images to evaluate on (got none)")
    for name in ("images", "batch", "evaluate_every"):
        count = getattr(settings, name)
        if count is not None and not is_count(count):
            raise InputError(f"{name}: an integer >= 1 (got {count!r})")
    _check_numbers(settings, "", ("lr", "weight_decay", "noise"))
    if not is_count(settings.warmup, least=0):
        raise InputError(f"warmup: an integer >= 0 (got {settings.warmup!r})")
    for start, name in (settings.constrain or {}).items():
        if not is_count(start, least=0):
            raise InputError(f"constrain: from how many images on, >= 0 (got {start!r})")
        if name not in CONSTRAINTS:
            raise InputError(f"constrain: {one_of(name, CONSTRAINTS)} (got {name!r})")
    if settings.precision not in PRECISIONS:
        known = one_of(settings.precision, PRECISIONS)
        raise InputError(f"precision: {known} (got {settings.precision!r})")
    if not is_count(settings.seed, least=0):
        raise InputError(f"seed: an integer >= 0 (got {settings.seed!r})")


def _check_numbers(settings: Settings | Alignment, where: str, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(settings, name)
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"{where}{name}: a number >= 0 (got {value})")
    if not 0 <= settings.momentum < 1:
        raise InputError(
            f"{where}momentum: a number from 0 up to, not at, 1 (got {settings.momentum})"
        )
