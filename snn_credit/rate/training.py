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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from snn_credit.data import Dataset, FolderDataset
from snn_credit.data.folder_dataset import Images
from snn_credit.errors import DivergedError, InputError
from snn_credit.progress import Progress, Silent
from snn_credit.rate.aligner import LOOK_EVERY, check_feedback, feedback_parameters, moved
from snn_credit.rate.checkpoint import Optimisers
from snn_credit.rate.convert import present
from snn_credit.rate.distributed import Team, untaught
from snn_credit.rate.engine import Engine
from snn_credit.rate.evaluation import evaluate
from snn_credit.rate.layers import constrain, settle_all
from snn_credit.rate.logbook import Logbook
from snn_credit.rate.order import chosen_images
from snn_credit.rate.settings import (
    Settings,
    factor_of,
    loss_of,
    optimiser_of,
    settings_of,
)

# Of how many training images the training error is taken: enough for half a percent.
TRAINING_SAMPLE = 5000

#: What is done to a batch of stimuli before it is shown, with the run's random numbers.
Transform = Callable[[Tensor, np.random.Generator], Tensor]
#: What else is measured at each evaluation: given the module, numbers by name.
Watch = Callable[[nn.Module], Mapping[str, float]]


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
        The fields of `snn_credit.rate.Settings`: images, batch, loss, lr, optimiser, momentum,
        weight_decay, schedule, warmup, noise, alignment, constrain, precision, seed,
        evaluate_every.

    Returns
    -------
    History
        The learning curve, the test error and the module.

    Raises
    ------
    InputError
        If an argument is out of its range or the module does not fit the data. If the loss is not
        finite or feedback diverges it is a `snn_credit.errors.DivergedError`, whose message says at
        which step; the run file keeps its last checkpoint.
    """
    training = _Training(module, data, settings_of(settings, data), transform, watch)
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
        self._like = next(module.parameters())
        self.team, self._shared = Team(self._like.device), module
        self._sample = data.subset(n_train=min(len(data.train_y), TRAINING_SAMPLE))
        self.loss = loss_of(settings.loss, _outputs(module, data, self._like), data.classes)
        self.optimiser, self.aligner = _optimisers(module, settings)
        self._bases = [_rates(each) for each in (self.optimiser, self.aligner)]
        self.seen, self.rows = 0, []
        plain = self.team.size == 1 and settings.precision == "float32"
        self._engine = Engine.of(module, self.optimiser) if plain else None
        self._feedback = bool(feedback_parameters(module))
        self._coming = sorted((settings.constrain or {}).items())
        if self._coming:
            constrain(module)  # refuses a module that no constraint can be put on
        torch.manual_seed(settings.seed)

    @property
    def optimisers(self) -> Optimisers:
        """Return the optimisers by their names in a checkpoint."""
        found = {"optimiser": self.optimiser}
        return found if self.aligner is None else {**found, "aligner": self.aligner}

    def run(self, logbook: Logbook, progress: Progress, what: str) -> History:
        """Train to the end."""
        if self.team.size > 1:
            return self._in_team(lambda: self._run(logbook, progress, what))
        return self._run(logbook, progress, what)

    def _in_team(self, run: Callable[[], History]) -> History:
        """Run with the changes of all processes, all of them from where process 0 is."""
        states = {name: each.state_dict() for name, each in self.optimisers.items()}
        seen, rows, states = self.team.told(lambda: (self.seen, self.rows, states))
        if not self.team.leads:
            self.go_on_at(seen, rows)
            for name, each in self.optimisers.items():
                each.load_state_dict(states[name])
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
        chosen = chosen_images(self.seen, settings, len(self.data.train_y))
        team.weigh(chosen)
        x, y = self._images(team.part(chosen))
        self._announce(self.seen + len(chosen))
        if self._transform is not None:
            own = (team.rank,) if team.rank else ()
            x = self._transform(x, np.random.default_rng((settings.seed, self.seen, *own)))
        self.module.train()
        self._set_rates()
        loss = self._learn(x, y, self.seen < _delay(settings))
        self._check(loss)
        settle_all(self.module)
        self.seen += len(chosen)

    def _learn(self, x: Tensor, y: Tensor, delayed: bool) -> float:
        """Present a batch, change what it teaches, and return the loss before."""
        settings, alignment = self.settings, self.settings.alignment
        loss = self._teach(x, y)
        if not math.isfinite(loss):
            return loss
        if not delayed:
            (self._engine or self.optimiser).step()
            self._shake(self.optimiser, settings.noise, 0)
            if alignment is not None and alignment.alternate:
                settle_all(self.module)
                self._teach(x, y)
        if self.aligner is not None and alignment is not None:
            self.aligner.step()
            self._shake(self.aligner, alignment.noise, 1)
        return loss

    def _teach(self, x: Tensor, y: Tensor) -> float:
        """Present a batch; its changes wait for the optimisers."""
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        learn = self._engine.present if self._engine else partial(present, self._shared)
        mixed = self.settings.precision != "float32"
        with torch.autocast(self._like.device.type, torch.bfloat16, enabled=mixed):
            loss = self.team.mean(learn(x, y, self.loss)[0])
        if self._engine is not None and self.aligner is not None:
            self._engine.hand_over(self.aligner)
        return loss

    def _shake(self, optimiser: Optimizer, noise: float, which: int) -> None:
        """Add noise to what an optimiser has moved: the same in every process of a team."""
        if noise:
            key = (self.settings.seed, *map(ord, "noise"), self.seen, which)
            seed = int(np.random.SeedSequence(key).generate_state(1)[0])
            moved(optimiser, noise, torch.Generator(self._like.device).manual_seed(seed))

    def _set_rates(self) -> None:
        """Give the optimisers the learning rates of the coming step."""
        settings, alignment = self.settings, self.settings.alignment
        both = zip((settings, alignment), (self.optimiser, self.aligner), self._bases, strict=True)
        for given, optimiser, bases in both:
            if given is not None and optimiser is not None:
                times = factor_of(given, self.seen, settings.batch)
                for group, lr in zip(optimiser.param_groups, bases, strict=True):
                    group["lr"] = lr * times

    def _check(self, loss: float) -> None:
        """Refuse to go on where feedback diverges, or the loss."""
        step = self.seen // self.settings.batch + 1
        if self._feedback and (step % LOOK_EVERY == 0 or not math.isfinite(loss)):
            check_feedback(self.module, step)
        if not math.isfinite(loss):
            which = "lr: one that keeps"
            if self.aligner is not None:
                which = "lr, alignment.lr: ones that keep"
            raise DivergedError(f"{which} the loss finite (got {loss:g} at step {step})", step)

    def _announce(self, seen: int) -> None:
        """Let images that are read from files be read while these are learned from."""
        images = self.data.train_x
        if isinstance(images, Images) and seen < self.settings.images:
            following = chosen_images(seen, self.settings, len(self.data.train_y))
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
        try:
            return evaluate(self.module, x, y, data.classes)
        except DivergedError as error:
            error.step = math.ceil(self.seen / self.settings.batch)
            raise

    def _next(self) -> int:
        """Return after how many images the next evaluation is due."""
        return self.seen + (self.settings.evaluate_every or self.settings.images)


def _optimisers(module: nn.Module, settings: Settings) -> tuple[Optimizer, Optimizer | None]:
    """Return the optimiser of W and biases, and that of what a rule learns besides.

    Without settings for the latter, one optimiser has all of them.
    """
    learning = [p for p in module.parameters() if p.requires_grad]
    if settings.alignment is None:
        return optimiser_of(settings, learning), None
    apart = {id(p) for p in feedback_parameters(module)}
    if not apart:
        raise InputError(
            "alignment: settings of feedback that learns, in a module that has some (got none)"
        )
    forward = [p for p in learning if id(p) not in apart]
    back = [p for p in learning if id(p) in apart]
    return optimiser_of(settings, forward), optimiser_of(settings.alignment, back)


def _rates(optimiser: Optimizer | None) -> list[float]:
    return [] if optimiser is None else [group["lr"] for group in optimiser.param_groups]


def _delay(settings: Settings) -> int:
    return 0 if settings.alignment is None else settings.alignment.delay


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
