"""What the experiments of Kunin et al. 2020 share besides the rules: settings, and one training.

W learns by Nesterov's momentum from what B brings down, B by an optimiser of its own
(`snn_credit.experiments.kunin_methods`). `LAPTOP` has settings of small networks on CIFAR-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from snn_credit.errors import DivergedError, InputError, one_of
from snn_credit.experiments.kunin_methods import ALL, METHODS, SMALL, Method, learner
from snn_credit.harness import Context, file_name, require, roughly

if TYPE_CHECKING:
    from torch import nn

    from snn_credit.analysis import Trace
    from snn_credit.data import Dataset, FolderDataset
    from snn_credit.rate.training import Transform, Watch

TOP1, TOP5, FAILED = "top-1 accuracy %", "top-5 accuracy %", "not finite at step"
#: A training that is not finite within so many steps has failed: it counts as chance (Fig 3).
EARLY = 1000
SPLITS = ("train", "validation", "test")

Learning = Mapping[str, Any]


@dataclass(frozen=True)
class Training:
    """Settings of a training; the paper's are those of B.2.

    Attributes
    ----------
    methods : tuple of str
        Rows of the table.
    metaparameters : 'paper' or 'small'
        Which of `METHODS` and `SMALL`.
    data : str
        A data set's name in `snn_credit.data.load`, 'imagenet', or 'made' images.
    train_images, validation_images, test_images : int, optional
        How many of each; all of them where none is given.
    side : int
        Pixels of a side that images of CIFAR-10 are averaged down to.
    epochs, batch, lr, weight_decay
        Of W, the usual.
    warmup : float
        Epochs in which learning rates rise from 0.
    drops : tuple of float
        Epochs at which they fall to a tenth.
    width : int
        Maps of the networks' first stage.
    precision : str
        Of the products: 'float32' or 'bfloat16'.
    evaluations : int
        How often validation images are shown.
    """

    methods: tuple[str, ...] = ALL
    metaparameters: Literal["paper", "small"] = "paper"
    data: str = "imagenet"
    train_images: int | None = None
    validation_images: int | None = None
    test_images: int | None = None
    side: int = 32
    epochs: int = 90
    batch: int = 256
    lr: float = 0.1
    weight_decay: float = 1e-4
    warmup: float = 5.0
    drops: tuple[float, ...] = (30.0, 60.0, 80.0)
    width: int = 64
    precision: Literal["float32", "bfloat16"] = "float32"
    evaluations: int = 10

    def __post_init__(self) -> None:
        counts = ("train_images", "validation_images", "test_images", "epochs", "batch", "width")
        require(self, (*counts, "evaluations"), lambda n: n >= 1, "at least 1")
        require(self, ("side",), lambda n: n in (4, 8, 16, 32), "4, 8, 16 or 32")
        scales = ("lr", "weight_decay", "warmup", "drops")
        require(self, scales, lambda x: 0 <= x < inf, "finite numbers of at least 0")
        for method in self.methods:
            if method not in METHODS:
                raise InputError(f"methods: {one_of(method, METHODS)} (got {method!r})")

    def method(self, name: str) -> Method:
        """Return a rule with its metaparameters."""
        return (METHODS if self.metaparameters == "paper" else SMALL)[name]


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Attributes
    ----------
    learning : Learning
        What the run file says of it.
    module : nn.Module
        The network; as it was at first if the folder held the training already.
    failed : int, optional
        The step at which a weight or the loss was no number any more.
    """

    learning: Learning
    module: nn.Module
    failed: int | None = None

    def accuracy(self, classes: int, column: str = "test_error", top: int = 1) -> float | None:
        """Return the last accuracy in %; chance if it failed early, and none if later."""
        if self.failed is None:
            return 100 - float(self.learning[column][-1])
        return 100 * min(top, classes) / classes if self.failed <= EARLY else None


def dataset(config: Training) -> Dataset:
    """Return the data set of the settings, each image with mean 0 and standard deviation 1."""
    from snn_credit.data import load
    from snn_credit.data.made_images import made_images
    from snn_credit.data.standardised import each_standardised

    counts = (config.train_images, config.test_images, config.validation_images)
    if config.data == "made":
        train, test, validation = (count or 100 for count in counts)
        shape = (3, config.side, config.side)
        return made_images(shape, train=train, test=test, validation=validation)
    data = load(config.data).subset(*counts)
    if data.image_shape == (3, 32, 32) and config.side < 32:
        data = _averaged(data, config.side)
    return each_standardised(data)


def _averaged(data: Dataset, side: int) -> Dataset:
    """Average images of three channels over squares, down to (3, side, side)."""
    by = data.image_shape[-1] // side

    def smaller(x: Any) -> Any:
        return x.reshape(len(x), 3, side, by, side, by).mean((3, 5)).reshape(len(x), -1)

    splits = {f"{split}_x": smaller(getattr(data, f"{split}_x")) for split in SPLITS}
    return replace(data, image_shape=(3, side, side), **splits)


def flip(x: Any, random: Any) -> Any:
    """Reflect half of a batch of square images of three channels."""
    import numpy as np
    import torch

    from snn_credit.data.augmentation import random_flip

    side = round((x.shape[1] / 3) ** 0.5)
    images = random_flip(x.cpu().numpy().reshape(-1, 3, side, side), random)
    return torch.from_numpy(np.ascontiguousarray(images).reshape(len(x), -1)).to(x)


def train(
    config: Training,
    context: Context,
    data: Dataset | FolderDataset,
    network: nn.Module,
    name: str,
    method: Method,
    *,
    noise: float = 0.0,
    watch: Watch | None = None,
    transform: Transform | None = flip,
    whole: bool = False,
) -> Outcome:
    """Train a network by a method.

    A training that the folder holds already is not done again.

    Parameters
    ----------
    name : str
        Of the training; its run file is named after it.
    noise : float
        Standard deviation of what is added to the updates of B, or of everything where there is
        nothing but W, times the learning rate (B.3).
    whole : bool
        Whether a training that was stopped begins anew, for a watch that remembers.
    """
    from snn_credit.rate import fit
    from snn_credit.rate.distributed import Team, on_own_device
    from snn_credit.recording import open_run

    module = on_own_device(learner(method, network, name, context.seed))
    path = context.out / f"{file_name(name)}.h5"
    team = Team(next(module.parameters()).device)
    complete = team.told(lambda: context.resume and path.exists() and open_run(path).complete)
    if whole and not complete:
        path.unlink(missing_ok=True)
    failed = None
    if not complete:
        try:
            fit(
                module, data, path=path, experiment=name, config=asdict(config),
                resume=context.resume, watch=watch, transform=transform, what=name,
                progress=context.progress, seed=context.seed,
                **_settings(config, method, len(data.train_y), noise),
            )  # fmt: skip
        except DivergedError as error:
            failed = error.step
    return Outcome(team.told(lambda: open_run(path).metrics("learning")), module, failed)


def score(
    config: Training,
    seed: int,
    data: Dataset | FolderDataset,
    network: nn.Module,
    name: str,
    method: Method,
    transform: Transform | None,
) -> tuple[dict[str, float], bool]:
    """Train without a file; return accuracies in % by split, and whether it was not finite."""
    from snn_credit.rate import fit
    from snn_credit.rate.distributed import on_own_device

    settings = _settings(config, method, len(data.train_y), 0.0) | {"evaluate_every": None}
    module = on_own_device(learner(method, network, name, seed))
    try:
        history = fit(module, data, transform=transform, seed=seed, **settings)
    except DivergedError:
        return dict.fromkeys(("validation", "test"), 100 / data.classes), True
    accuracies = {"validation": history.validation_error[-1], "test": history.test_error}
    return {split: 100 - float(error) for split, error in accuracies.items()}, False


def _settings(config: Training, method: Method, n: int, noise: float) -> Any:
    """Return the settings of `fit` for ``n`` training images."""
    from snn_credit.rate import Alignment

    lr = config.lr if method.forward_lr is None else method.forward_lr
    decay = config.weight_decay if method.decay is None else method.decay
    images = round((config.epochs + method.delay) * n)
    schedule = {round((epoch + method.delay) * n): 0.1 for epoch in config.drops}
    optimiser = partial(_nesterov, lr=lr, decay=decay)
    warmup = round(config.warmup * n)
    own = {
        "schedule": schedule, "warmup": warmup if method.warm else 0, "noise": noise,
        "delay": round(method.delay * n), "alternate": method.alternate,
    }  # fmt: skip
    alignment = None
    if method.optimiser == "as W":
        alignment = Alignment(optimiser=optimiser, lr=lr, **own)
    elif method.optimiser:
        alignment = Alignment(optimiser=method.optimiser, lr=method.lr, **own)
    return {
        "images": images,
        "batch": method.batch or config.batch,
        "loss": "cross entropy",
        "lr": lr,
        "optimiser": optimiser,
        "schedule": schedule,
        "warmup": warmup,
        "noise": 0.0 if alignment else noise,
        "alignment": alignment,
        "precision": config.precision,
        "evaluate_every": max(1, images // config.evaluations),
    }


def _nesterov(parameters: Any, lr: float, decay: float) -> Any:
    from torch.optim import SGD

    return SGD(parameters, lr=lr, momentum=0.9, nesterov=True, weight_decay=decay)


def trace(x: Sequence[float], values: Sequence[Sequence[float | None]], rule: str) -> Trace:
    """Return a rule's curve: the mean over seeds, with the standard deviation as a spread.

    ``values`` are (seeds, x); those that a seed has not are left out.
    """
    import numpy as np

    from snn_credit.analysis import Trace
    from snn_credit.analysis.style import LEARNERS

    measured = np.ma.masked_invalid(np.array(values, float))
    spread = measured.std(axis=0, ddof=1) if len(measured) > 1 else np.zeros(measured.shape[1])
    colors = (*LEARNERS, "#58b4c9")
    order = list(METHODS).index(rule)
    return Trace(
        x, measured.mean(axis=0).filled(np.nan), colors[order % len(colors)], rule,
        dashed=order >= len(colors), spread=np.ma.filled(spread, 0.0),
    )  # fmt: skip


def cost(config: Training, ms: float, images: int, trainings: int) -> str | None:
    """Say what trainings take, given the milliseconds an image and the images of an epoch."""
    count = config.epochs * (config.train_images or images) * trainings
    seconds = count * ms / 1000
    if seconds < 120:
        return None
    time = roughly(seconds)
    return f"{trainings} trainings, {count:,} images in all: about {time} a seed on one core"


def smoke(config: Any, **changes: Any) -> Any:
    """Return settings for seconds: few images, one epoch."""
    few = {"train_images": 40, "validation_images": 20, "test_images": 20, "epochs": 1}
    return replace(
        config, metaparameters="small", data="made", **few, batch=10, warmup=0.2, drops=(0.5,),
        width=2, side=8, evaluations=1, precision="float32", **changes,
    )  # fmt: skip


#: Settings of small networks on CIFAR-10, chosen on validation images with seed 100.
LAPTOP: dict[str, Any] = {
    "metaparameters": "small",
    "data": "cifar10",
    "train_images": 10_000,
    "validation_images": 1000,
    "test_images": 2000,
    "side": 16,
    "epochs": 4,
    "batch": 32,
    "lr": 0.1,
    "warmup": 0.2,
    "drops": (2.8,),
    "width": 8,
    "evaluations": 4,
}
