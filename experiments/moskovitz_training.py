"""What the experiments of Moskovitz et al. 2018 share: the methods of Table 1, and one training.

All train with Adam, cross entropy and the settings of section 7.1. FA's feedback weights have the
variance 1/n_out, forward weights 1/n_in (5.1). E/I freezes signs after 5% of the training (4).
Where the paper says nothing (Batch Manhattan's step, validation images, ImageNet's learning rate)
the experiment's own docstring does. Nor does it say how pixels were scaled: here MNIST's are from 0
to 1, and each CIFAR-10 image has mean 0 and standard deviation 1, without which FA does not learn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from snn_credit.errors import InputError, one_of
from snn_credit.harness import Claim, Context, all_of, clearly, file_name, ordered, require, roughly

if TYPE_CHECKING:
    from torch import nn

    from snn_credit.data import Dataset, FolderDataset
    from snn_credit.rate.training import Transform, Watch

PAPER = "Moskovitz, Litwin-Kumar & Abbott 2018"
TEST, VALIDATION = "test error %", "validation error %"
SIGNS, NORM = "frozen signs", "constant norm"

#: The table of a run file: column -> a number at each evaluation.
Learning = Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """A row of Table 1.

    Attributes
    ----------
    rule : str
        The rule's name here. The paper's FA is the chain with slopes (eq 3).
    frozen, constant : bool
        Whether signs are frozen during the training, and whether norms are constant (eq 10).
    manhattan : bool
        Whether Batch Manhattan takes Adam's place (5.1).
    """

    rule: str
    frozen: bool = False
    constant: bool = False
    manhattan: bool = False


METHODS: Mapping[str, Method] = {
    **{rule: Method(rule) for rule in ("BP", "BP + noise", "BP + alignment")},
    "FA": Method("FA chain"),
    "uSF Init E/I": Method("uSF Init", frozen=True),
    **{rule: Method(rule) for rule in ("uSF Init", "uSF SN", "DFA", "DenseFA")},
    "BP, constant norm": Method("BP", constant=True),
    "uSF Init, constant norm": Method("uSF Init", constant=True),
    "uSF Init E/I, constant norm": Method("uSF Init", frozen=True, constant=True),
    "BP, Batch Manhattan": Method("BP", manhattan=True),
    "uSF Init, Batch Manhattan": Method("uSF Init", manhattan=True),
    "FA, Batch Manhattan": Method("FA chain", manhattan=True),
}
CHAINS = ("BP", "BP + noise", "BP + alignment", "FA", "uSF Init E/I", "uSF Init", "uSF SN")
ALL = (*CHAINS, "DFA", "DenseFA")
MANHATTAN = ("BP, Batch Manhattan", "uSF Init, Batch Manhattan", "FA, Batch Manhattan")


def _nearer(name: str) -> Claim:
    terms = ((-2, name, TEST), (1, "BP", TEST), (1, "FA", TEST))
    return Claim(f"{name} is nearer to BP than to FA", lambda m: m.least(0, *terms))


#: What both networks for CIFAR-10 must show.
CIFAR_CLAIMS = (
    clearly(ordered(TEST, "BP", "FA")),
    all_of(
        *(_nearer(name) for name in ("uSF Init", "uSF SN", "uSF Init E/I")),
        text="uSF Init, uSF SN and uSF Init E/I are nearer to BP than to FA",
    ),
)


@dataclass(frozen=True)
class Training:
    """Settings of a training; experiments add those of their networks.

    Attributes
    ----------
    methods : tuple of str
        Rows of the table.
    data : str
        A data set's name in `snn_credit.data.load`, or 'made': images of `made_images`.
    train_images, validation_images, test_images : int, optional
        How many of each; all of them where none is given.
    epochs, batch, lr, weight_decay
        The usual.
    decay, decay_every : float, int
        What the learning rate is multiplied by, and after how many epochs each time.
    step : float
        Of Batch Manhattan, in place of lr.
    freeze_after : float
        The fraction of the training after which E/I freezes signs.
    evaluations : int
        How often validation images are shown.
    """

    methods: tuple[str, ...] = ALL
    data: str = "cifar10"
    train_images: int | None = None
    validation_images: int | None = None
    test_images: int | None = None
    epochs: int = 25
    batch: int = 50
    lr: float = 1e-4
    weight_decay: float = 0.0
    decay: float = 1.0
    decay_every: int = 1
    step: float = 1e-4
    freeze_after: float = 0.05
    evaluations: int = 10

    def __post_init__(self) -> None:
        counts = ("train_images", "validation_images", "test_images", "epochs", "batch")
        require(self, (*counts, "decay_every", "evaluations"), lambda n: n >= 1, "at least 1")
        scales = ("lr", "weight_decay", "decay", "step")
        require(self, scales, lambda x: 0 <= x < inf, "a finite number of at least 0")
        require(self, ("freeze_after",), lambda x: 0 <= x <= 1, "a fraction from 0 to 1")
        for method in self.methods:
            if method not in METHODS:
                raise InputError(f"methods: {one_of(method, METHODS)} (got {method!r})")


def dataset(config: Training, shape: tuple[int, int, int]) -> Dataset:
    """Return the data set of the settings; ``shape`` is that of the network's images."""
    from snn_credit.data import load
    from snn_credit.data.made_images import made_images
    from snn_credit.data.standardised import each_standardised

    counts = (config.train_images, config.test_images, config.validation_images)
    if config.data == "made":
        train, test, validation = (count or 100 for count in counts)
        return made_images(shape, train=train, test=test, validation=validation)
    data = load(config.data).subset(*counts)
    return each_standardised(data) if data.shape[0] == 3 else data


def train(
    config: Training,
    context: Context,
    data: Dataset | FolderDataset,
    network: nn.Module,
    name: str,
    method: Method,
    *,
    watch: Watch | None = None,
    transform: Transform | None = None,
    whole: bool = False,
) -> tuple[Learning, nn.Module]:
    """Train a network by a method; return what its run file says of its learning, and the network.

    A training that the folder holds already is not done again; its network is as it was at first.

    Parameters
    ----------
    name : str
        Of the row; its run file is named after it.
    whole : bool
        Whether a training that was stopped begins anew, for a watch that remembers.
    """
    from snn_credit.models.moskovitz import preserve_variance
    from snn_credit.rate import convert, fit
    from snn_credit.rate.distributed import Team, on_own_device
    from snn_credit.recording import open_run

    constraints = (NORM,) if method.constant else ()
    module = convert(network, method.rule, shape=(data.features,), constraints=constraints,
                     seed=context.seed)  # fmt: skip
    preserve_variance(module, context.seed)
    on_own_device(module)
    images = config.epochs * len(data.train_y)
    path = context.out / f"{file_name(name)}.h5"
    team = Team(next(module.parameters()).device)
    complete = team.told(lambda: context.resume and path.exists() and open_run(path).complete)
    if whole and not complete:
        path.unlink(missing_ok=True)
    if not complete:
        every = config.decay_every * len(data.train_y)
        fit(
            module, data, images=images, batch=config.batch, loss="cross entropy",
            lr=config.step if method.manhattan else config.lr,
            optimiser="Manhattan" if method.manhattan else "Adam",
            weight_decay=config.weight_decay,
            schedule=dict.fromkeys(range(every, images, every), config.decay),
            constrain={round(config.freeze_after * images): SIGNS} if method.frozen else None,
            seed=context.seed, evaluate_every=max(1, images // config.evaluations),
            path=path, experiment=name, config=asdict(config), resume=context.resume,
            watch=watch, transform=transform, progress=context.progress, what=name,
        )  # fmt: skip
    return team.told(lambda: open_run(path).metrics("learning")), module


def table(
    config: Training,
    context: Context,
    data: Dataset | FolderDataset,
    network: Callable[[], nn.Module],
    **more: Any,
) -> dict[str, dict[str, float | None]]:
    """Train by every method of the settings; return the rows, and draw the learning curves."""
    from snn_credit.analysis import learning_curve

    rows: dict[str, dict[str, float | None]] = {}
    curves = {}
    for name in config.methods:
        learning, _ = train(config, context, data, network(), name, METHODS[name], **more)
        curves[name] = [learning]
        rows[name] = errors(learning)
    chance = 100 * (1 - 1 / data.classes)
    figure = learning_curve(curves, chance=chance, column="validation_error", log_x=False)
    figure.savefig(context.out / "learning.png")
    return rows


def errors(learning: Learning) -> dict[str, float | None]:
    """Return the last errors."""
    return {
        TEST: float(learning["test_error"][-1]),
        VALIDATION: float(learning["validation_error"][-1]),
    }


def paper(errors: Mapping[str, float]) -> dict[str, dict[str, float | None]]:
    """Return a column of Table 1 as rows."""
    return {name: {TEST: error} for name, error in errors.items()}


def cost(config: Training, ms: float, images: int) -> str | None:
    """Say what a training takes, given the milliseconds an image and the images of an epoch."""
    count = config.epochs * (config.train_images or images) * len(config.methods)
    seconds = count * ms / 1000
    if seconds < 120:
        return None
    time = roughly(seconds)
    return (
        f"{len(config.methods)} methods, {count:,} images in all: about {time} a seed on one core"
    )


def smoke(config: Any, **changes: Any) -> Any:
    """Return settings for seconds: few images, one epoch."""
    few = {"train_images": 60, "validation_images": 20, "test_images": 20, "epochs": 1}
    return replace(config, data="made", **few, evaluations=1, **changes)
