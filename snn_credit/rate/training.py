"""The training loop: minibatches in a random order, one step of the rule for each.

    g_t = the rule's changes, the mean over the batch, with the sign of a gradient
    v_t = momentum v_{t-1} + g_t,    W_t = W_{t-1} - lr v_t            SGD
    Adam, and any other of torch's optimisers, as torch has it

The learning rate multiplies a mean over the examples of a batch, and decay acts once a step: a run
with another batch needs another lr and decay for the same drift.

Under ``torchrun`` several processes share every batch (`snn_credit.rate.distributed`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from snn_credit.data import Dataset, FolderDataset
from snn_credit.data.folder_dataset import Images
from snn_credit.errors import InputError, one_of
from snn_credit.progress import Progress, Silent
from snn_credit.rate.convert import present
from snn_credit.rate.distributed import Team, untaught
from snn_credit.rate.engine import Engine
from snn_credit.rate.evaluation import evaluate, targets
from snn_credit.rate.layers import constrain, settle_all
from snn_credit.rate.logbook import Logbook
from snn_credit.rate.losses import LOSSES
from snn_credit.rate.manhattan import Manhattan
from snn_credit.rate.stack import Loss
from snn_credit.rate.support import is_count
from snn_credit.rules.constraints import CONSTRAINTS

# Of how many training images the training error is taken: enough for half a percent.
TRAINING_SAMPLE = 5000

Parameters = Iterable[Tensor]
#: What is done to a batch of stimuli before it is shown, with the run's random numbers.
Transform = Callable[[Tensor, np.random.Generator], Tensor]
#: What else is measured at each evaluation: given the module, numbers by name.
Watch = Callable[[nn.Module], Mapping[str, float]]


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
    constrain : mapping of int to str
        Images seen -> a constraint on the forward weights, one of
        `snn_credit.rules.constraints.CONSTRAINTS`, that begins there.
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
    optimiser: str | Callable[[Parameters], Optimizer] = "SGD"
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: Mapping[int, float] | None = None
    constrain: Mapping[int, str] | None = None
    seed: int = 0
    evaluate_every: int | None = None


@dataclass(frozen=True, eq=False)
class History:
    """What a run measured.

    Attributes
    ----------
    images_seen : ndarray of int64, shape (n,)
        Images presented before each evaluation; the first is 0, the last all of them.
    train_error, validation_error : ndarray of float64, shape (n,)
        Wrong guesses in %. The training error is that of the same images throughout, at most
        `TRAINING_SAMPLE` of the training set.
    watched : mapping of str to ndarray, shape (n,)
        What else was measured at each evaluation.
    test_error : float
        Wrong guesses in % after the last image.
    module : nn.Module
        The trained module.
    """

    images_seen: NDArray[np.int64]
    train_error: NDArray[np.float64]
    validation_error: NDArray[np.float64]
    watched: Mapping[str, NDArray[np.float64]]
    test_error: float
    module: nn.Module


def fit(
    module: nn.Module,
    data: Dataset | FolderDataset,
    *,
    path: str | PathLike[str] | None = None,
    experiment: str | None = None,
    config: Mapping[str, Any] | None = None,
    resume: bool = False,
    transform: Transform | None = None,
    watch: Watch | None = None,
    progress: Progress | None = None,
    what: str = "training",
    **settings: Any,
) -> History:
    """Train a module, in place, on the training set; measure it on the others.

    Parameters
    ----------
    module : nn.Module
        One that `snn_credit.rate.convert` made, or any other, which then learns by
        backpropagation. Stimuli are (batch, features); an image's shape is an ``nn.Unflatten``.
    data : Dataset or FolderDataset
        All of its splits are used; only the training set changes the module.
    path : path, optional
        The run file; with ``resume`` a run that was stopped goes on from its last evaluation.
    experiment, config
        What the run file says that it is.
    transform : callable, optional
        Changes a batch of stimuli before it is shown (`snn_credit.data.augmentation`).
    watch : callable, optional
        What else to measure at each evaluation.
    progress : Progress, optional
        Who to tell; ``what`` is the name of the phase there.
    **settings
        The fields of `Settings`: images, batch, loss, lr, optimiser, momentum, weight_decay,
        schedule, constrain, seed, evaluate_every.

    Returns
    -------
    History
        The learning curve, the test error and the module.

    Raises
    ------
    InputError
        If an argument is out of its range or the module does not fit the data, or the loss is not
        finite (the message says at which step; the run file keeps its last checkpoint).
    """
    training = _Training(module, data, _settings(settings), transform, watch)
    leads = training.team.leads
    with Logbook(path if leads else None, training, experiment, config, resume) as logbook:
        return training.run(logbook, (leads and progress) or Silent(), what)


class _Training:
    """A training on its way."""

    def __init__(
        self,
        module: nn.Module,
        data: Dataset | FolderDataset,
        settings: Settings,
        transform: Transform | None,
        watch: Watch | None,
    ) -> None:
        self.module, self.data, self.settings = module, data, settings
        self._transform, self._watch = transform, watch
        _check(settings, data)
        self._like = next(module.parameters())
        self.team, self._shared = Team(self._like.device), module
        self._sample = data.subset(n_train=min(len(data.train_y), TRAINING_SAMPLE))
        self.loss = _loss(settings.loss, _outputs(module, data, self._like), data.classes)
        self.optimiser = _optimiser(settings, [p for p in module.parameters() if p.requires_grad])
        self._base = [group["lr"] for group in self.optimiser.param_groups]
        self.seen, self.rows = 0, []
        self._engine = Engine.of(module, self.optimiser) if self.team.size == 1 else None
        self._coming = sorted((settings.constrain or {}).items())
        if self._coming:
            constrain(module)  # refuses a module that no constraint can be put on
        torch.manual_seed(settings.seed)

    def run(self, logbook: Logbook, progress: Progress, what: str) -> History:
        """Train to the end."""
        if self.team.size > 1:
            return self._in_team(lambda: self._run(logbook, progress, what))
        return self._run(logbook, progress, what)

    def _in_team(self, run: Callable[[], History]) -> History:
        """Run with the changes of all processes, all of them from where process 0 is."""
        state = (self.seen, self.rows, self.optimiser.state_dict())
        seen, rows, optimiser = self.team.told(lambda: state)
        if not self.team.leads:
            self.go_on_at(seen, rows)
            self.optimiser.load_state_dict(optimiser)
            torch.manual_seed(self.team.own_seed(self.settings.seed, seen))
        x, y = self._images(np.arange(min(2, len(self.data.train_y))))
        left = untaught(lambda copy: present(copy, x, y, self.loss), self.module)
        for parameter in left:
            parameter.requires_grad_(False)
        self._shared = self.team.wrap(self.module)
        try:
            return run()
        finally:
            for parameter in left:
                parameter.requires_grad_(True)

    def _run(self, logbook: Logbook, progress: Progress, what: str) -> History:
        images = self.settings.images
        progress.start(images, "images", what)
        try:
            if not self.rows:
                self._evaluate(logbook)
            due = self._next()
            while self.seen < images:
                self._step()
                if self.seen >= due or self.seen == images:
                    self._evaluate(logbook)
                    due = self._next()
                progress.update(self.seen, error_percent=self.rows[-1]["validation_error"])
        finally:
            progress.stop()
        test = self.team.told(lambda: self._error("test"))
        logbook.finish(test)
        columns = {name: np.array([row[name] for row in self.rows]) for name in self.rows[0]}
        return History(
            columns.pop("images_seen").astype(np.int64),
            columns.pop("train_error"),
            columns.pop("validation_error"),
            columns,
            test,
            self.module,
        )

    def go_on_at(self, seen: int, rows: list[dict[str, float]]) -> None:
        """Take a checkpoint's place in the training, with the constraints that had begun there."""
        self.seen, self.rows = seen, rows
        if seen:
            # They begin before a step: those of the last one's place and of all before.
            self._constrain((seen - 1) // self.settings.batch * self.settings.batch)

    def _constrain(self, seen: int) -> None:
        while self._coming and self._coming[0][0] <= seen:
            constrain(self.module, self._coming.pop(0)[1])

    def _step(self) -> None:
        """Present the next batch."""
        self._constrain(self.seen)
        settings, team = self.settings, self.team
        chosen = _chosen(self.seen, settings, len(self.data.train_y))
        team.weigh(chosen)
        x, y = self._images(team.part(chosen))
        self._announce(self.seen + len(chosen))
        if self._transform is not None:
            own = (team.rank,) if team.rank else ()
            x = self._transform(x, np.random.default_rng((settings.seed, self.seen, *own)))
        factor = _factor(settings.schedule, self.seen)
        for group, lr in zip(self.optimiser.param_groups, self._base, strict=True):
            group["lr"] = lr * factor
        self.module.train()
        self.optimiser.zero_grad(set_to_none=True)
        learn = self._engine.present if self._engine else partial(present, self._shared)
        loss = team.mean(learn(x, y, self.loss)[0])
        if not math.isfinite(loss):
            step = self.seen // settings.batch + 1
            raise InputError(f"lr: one that keeps the loss finite (got {loss:g} at step {step})")
        (self._engine or self.optimiser).step()
        settle_all(self.module)
        self.seen += len(chosen)

    def _announce(self, seen: int) -> None:
        """Let images that are read from files be read while these are learned from."""
        images = self.data.train_x
        if isinstance(images, Images) and seen < self.settings.images:
            following = _chosen(seen, self.settings, len(self.data.train_y))
            images.announce(self.team.part(following))

    def _images(self, chosen: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        x, y = self.data.train_x[chosen], self.data.train_y[chosen]
        return torch.from_numpy(x).to(self._like), torch.from_numpy(y).to(self._like.device)

    def _evaluate(self, logbook: Logbook) -> None:
        self.rows.append(self.team.told(self._row))
        logbook.note(self.rows[-1])

    def _row(self) -> dict[str, float]:
        row = {
            "images_seen": float(self.seen),
            "train_error": self._error("train"),
            "validation_error": self._error("validation"),
        }
        if self._watch is not None:
            row |= {name: float(value) for name, value in self._watch(self.module).items()}
        return row

    def _error(self, split: str) -> float:
        data = self._sample
        x, y = getattr(data, f"{split}_x"), getattr(data, f"{split}_y")
        return evaluate(self.module, x, y, data.classes)

    def _next(self) -> int:
        """Return after how many images the next evaluation is due."""
        return self.seen + (self.settings.evaluate_every or self.settings.images)


def _chosen(seen: int, settings: Settings, n: int) -> NDArray[np.int64]:
    """Return which images come next: one random order after another, cut across their ends."""
    last = min(seen + settings.batch, settings.images)
    rounds = range(seen // n, (last - 1) // n + 1)
    orders = [_order(settings.seed, number, n) for number in rounds]
    first = rounds[0] * n
    return np.concatenate(orders)[seen - first : last - first]


_ORDERS: dict[tuple[int, int, int], NDArray[np.int64]] = {}


def _order(seed: int, number: int, n: int) -> NDArray[np.int64]:
    """Return the random order of the images in one time round."""
    key = seed, number, n
    if key not in _ORDERS:
        for old in [other for other in _ORDERS if other[1] < number - 1 or other[::2] != key[::2]]:
            del _ORDERS[old]
        _ORDERS[key] = np.random.default_rng((seed, *map(ord, "order"), number)).permutation(n)
    return _ORDERS[key]


def _factor(schedule: Mapping[int, float] | None, seen: int) -> float:
    return math.prod(factor for start, factor in (schedule or {}).items() if seen >= start)


def _outputs(module: nn.Module, data: Dataset | FolderDataset, like: Tensor) -> int:
    """Return the size of the output, by showing the module an image."""
    module.eval()
    with torch.no_grad():
        try:
            output = module(torch.from_numpy(data.train_x[np.arange(1)]).to(like))
        except RuntimeError as error:
            raise InputError(
                f"module: one for stimuli of {data.features} features, those of {data.name} "
                f"(got {str(error).splitlines()[0]})"
            ) from None
    if output.ndim != 2:
        raise InputError(f"module: outputs (batch, n) (got {tuple(output.shape)})")
    return output.shape[1]


def _loss(loss: str | Loss, outputs: int, classes: int) -> Loss:
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


def _optimiser(settings: Settings, parameters: list[Tensor]) -> Optimizer:
    if callable(settings.optimiser):
        return settings.optimiser(parameters)
    kinds: dict[str, Any] = {"SGD": SGD, "Adam": Adam, "Manhattan": Manhattan}
    kind = kinds.get(settings.optimiser)
    if kind is None:
        known = one_of(settings.optimiser, kinds)
        raise InputError(f"optimiser: {known} (got {settings.optimiser!r})")
    more: dict[str, Any] = {} if kind is Adam else {"momentum": settings.momentum}
    return kind(parameters, lr=settings.lr, weight_decay=settings.weight_decay, **more)


def _settings(given: Mapping[str, Any]) -> Settings:
    known = Settings.__dataclass_fields__
    for name in given:
        if name not in known:
            raise InputError(f"fit: {one_of(name, known)} (got {name!r})")
    if "images" not in given:
        raise InputError("images: how many to present (got none)")
    return Settings(**given)


def _check(settings: Settings, data: Dataset | FolderDataset) -> None:
    for split, labels in (("validation", data.validation_y), ("test", data.test_y)):
        if len(labels) == 0:
            raise InputError(f"data: {split} images to evaluate on (got none)")
    for name in ("images", "batch", "evaluate_every"):
        count = getattr(settings, name)
        if count is not None and not is_count(count):
            raise InputError(f"{name}: an integer >= 1 (got {count!r})")
    for name in ("lr", "weight_decay"):
        value = getattr(settings, name)
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"{name}: a number >= 0 (got {value})")
    if not 0 <= settings.momentum < 1:
        raise InputError(f"momentum: a number from 0 up to, not at, 1 (got {settings.momentum})")
    for start, name in (settings.constrain or {}).items():
        if not is_count(start, least=0):
            raise InputError(f"constrain: from how many images on, >= 0 (got {start!r})")
        if name not in CONSTRAINTS:
            raise InputError(f"constrain: {one_of(name, CONSTRAINTS)} (got {name!r})")
    if not is_count(settings.seed, least=0):
        raise InputError(f"seed: an integer >= 0 (got {settings.seed!r})")
