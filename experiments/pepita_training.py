"""What the experiments of Dellaferrera & Kreiman 2022 share: their settings, and one training.

Settings are those of the paper's appendix A (Table 2): learning rates by rule and column, batches,
and where in a run the learning rate falls to a tenth, here as a fraction of the run, so that a
shorter run keeps its form. Momentum is 0.9. Inputs lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from snn_credit.errors import InputError, one_of
from snn_credit.harness import Context, roughly

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.rate import History, Stack
    from snn_credit.rules import Rule

PAPER = "Dellaferrera & Kreiman 2022"
TEST = "test accuracy %"
#: The data sets by their names in columns.
TITLES = {"mnist": "MNIST", "cifar10": "CIFAR10", "cifar100": "CIFAR100", "digits": "digits"}
RULES = ("BP", "FA", "DRTP", "PEPITA")


@dataclass(frozen=True)
class Column:
    """A column of Table 2.

    Attributes
    ----------
    lr : mapping of str to float
        Learning rate of each rule.
    batch : int
    drops : tuple of float
        Where lr falls to a tenth of what it was: fractions of the run.
    """

    lr: Mapping[str, float]
    batch: int
    drops: tuple[float, ...]


def _column(lr: Sequence[float], batch: int, *drops: float) -> Column:
    return Column(dict(zip(RULES, lr, strict=True)), batch, drops)


_FC_CIFAR = _column((0.01, 0.001, 0.001, 0.01), 64, 0.6, 0.9)
_CONV_CIFAR = _column((0.01, 0.01, 0.01, 0.1), 100, 0.1, 0.3, 0.5)
#: (kind of network, data set) -> settings; the digits, which the paper has not, take MNIST's.
COLUMNS: dict[tuple[str, str], Column] = {
    ("FC", "mnist"): (_fc_mnist := _column((0.1, 0.1, 0.01, 0.1), 64, 0.6)),
    ("FC", "cifar10"): _FC_CIFAR,
    ("FC", "cifar100"): _FC_CIFAR,
    ("FC", "digits"): _fc_mnist,
    ("conv", "mnist"): (_conv_mnist := _column((0.1, 0.1, 0.01, 0.1), 100, 0.1, 0.3, 0.5)),
    ("conv", "cifar10"): _CONV_CIFAR,
    ("conv", "cifar100"): _CONV_CIFAR,
    ("conv", "digits"): _conv_mnist,
}


@dataclass(frozen=True)
class Learner:
    """A network, what teaches it, and for how long.

    Attributes
    ----------
    rule : str
        A row of Table 1: 'BP', 'FA' (the chain, with slopes), 'DRTP' or 'PEPITA'.
    epochs : float
        Rounds of the training set.
    kind, hidden, dropout, normal
        See `snn_credit.models.pepita.network`.
    spread, k
        See `snn_credit.models.pepita.learner`.
    mirrored : bool
        Take -F in place of F.
    variant : Rule, optional
        What teaches in place of the rule, with its settings: one of `snn_credit.rules.pepita`.
    lr, drops : float, tuple of float, optional
        In place of the column's.
    """

    rule: str
    epochs: float
    kind: str = "FC"
    hidden: int = 1024
    dropout: float = 0.1
    normal: bool = False
    spread: str = "code"
    k: float | None = None
    mirrored: bool = False
    variant: Rule | None = None
    lr: float | None = None
    drops: tuple[float, ...] | None = None

    def network(self, data: Dataset, seed: int) -> Stack:
        """Return the network as it is before training."""
        from snn_credit.models.pepita import learner, network

        net = network(
            self.kind, data.shape, data.classes, hidden=self.hidden, dropout=self.dropout,
            normal=self.normal, activation="tanh" if self.rule == "DRTP" else "relu", seed=seed,
        )  # fmt: skip
        rule = self.variant or {"FA": "FA chain"}.get(self.rule, self.rule)
        made = learner(net, rule, data.shape, spread=self.spread, k=self.k, seed=seed)
        if self.mirrored:
            made.synapses.get_buffer("b_0_2").neg_()
        return made

    def train(self, data: Dataset, seed: int, net: Stack | None = None, **more: Any) -> History:
        """Train it, with the settings of the column that the data's name chooses.

        ``more`` goes to `snn_credit.rate.fit`.
        """
        from snn_credit.models.pepita import sgd
        from snn_credit.rate import fit

        column = COLUMNS[self.kind, data.name.removesuffix("-whitened")]
        lr = column.lr[self.rule] if self.lr is None else self.lr
        drops = column.drops if self.drops is None else self.drops
        net = self.network(data, seed) if net is None else net
        images = ceil(self.epochs * len(data.train_y))
        # The mean over positions is PEPITA's (section 3.3); a gradient is their sum.
        by_position = (lambda _: sgd(net, data.shape, lr)) if self.rule == "PEPITA" else "SGD"
        return fit(
            net,
            data,
            images=images,
            batch=column.batch,
            lr=lr,
            momentum=0.9,
            optimiser=by_position,
            schedule={ceil(drop * images): 0.1 for drop in drops},
            loss="sigmoid cross entropy" if self.rule == "DRTP" else "cross entropy",
            evaluate_every=more.pop("evaluate_every", len(data.train_y)),
            seed=seed,
            **more,
        )


def train(
    learner: Learner, data: Dataset, name: str, config: Any, context: Context, id: str, **more: Any
) -> History:
    """Train a network and keep it in ``NAME.h5``, or take it from there when a run is resumed."""
    from snn_credit.rate.archive import keep, kept

    file = name.lower().replace(",", "").replace("=", "").replace(" ", "_") + ".h5"
    path = context.out / file
    net = learner.network(data, context.seed)
    found = kept(path, net) if context.resume else None
    if found is None:
        found = learner.train(data, context.seed, net, progress=context.progress, what=name, **more)
        keep(
            path, found, experiment=id, config=asdict(config), seed=context.seed,
            sizes=(data.features, data.classes),
        )  # fmt: skip
    return found


def load(
    name: str,
    images: int | None = None,
    validation_images: int | None = None,
    held_out: bool = True,
) -> Dataset:
    """Load data; without ``held_out`` all official training images train, as in the paper.

    The learning curve is then that of the test images, as the paper's are.
    """
    import numpy as np

    from snn_credit import data as sets

    data = sets.load(name)
    if not held_out:
        data = replace(
            data,
            train_x=np.concatenate([data.train_x, data.validation_x]),
            train_y=np.concatenate([data.train_y, data.validation_y]),
            validation_x=data.test_x,
            validation_y=data.test_y,
        )
    return data.subset(images, n_validation=validation_images if held_out else None)


def load_if_there(name: str, context: Context, **more: Any) -> Dataset | None:
    """Load data as `load` does; where they are not there, say so in one line and return None."""
    try:
        return load(name, **more)
    except InputError as error:
        context.progress.note(f"{TITLES[name]} is left out: {error}")
        return None


#: Inputs and official training images of each data set.
_SIZES = {
    "mnist": (784, 60_000), "cifar10": (3072, 50_000), "cifar100": (3072, 50_000),
    "digits": (64, 1437),
}  # fmt: skip
_PER_SYNAPSE, _PER_PIXEL = 2.4e-10, 1e-6  # seconds on one core, of a presentation


def cost(trainings: Iterable[tuple[str, Learner, int | None]]) -> str | None:
    """Say what trainings take, each of a data set, a learner and a number of images, if minutes."""
    listed, seconds = list(trainings), 0.0
    for name, learner, images in listed:
        features, all_images = _SIZES[name]
        each = _PER_SYNAPSE * features * learner.hidden
        if learner.kind == "conv":
            each = _PER_PIXEL * features
        seconds += learner.epochs * (images or all_images) * each
    if seconds < 120:
        return None
    time = roughly(seconds)
    return (
        f"{len(listed)} training{'s' * (len(listed) > 1)}: about {time} a seed on one core; "
        "a run that is stopped goes on with the trainings that are left"
    )


def early(epochs: int) -> tuple[float, ...]:
    """Return where lr falls, as fractions, in the first epochs of the paper's 100: at epoch 60."""
    return (60 / epochs,) if epochs > 60 else ()


def check_column(name: str) -> tuple[str, str]:
    """Return kind and data set of a column such as 'FC mnist'.

    Raises
    ------
    InputError
        If there is no such column.
    """
    known = {f"{kind} {data}": (kind, data) for kind, data in COLUMNS}
    if name not in known:
        raise InputError(f"columns: {one_of(name, known)} (got {name!r})")
    return known[name]
