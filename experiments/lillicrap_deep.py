"""What the deep networks of Lillicrap et al. 2016, Supplementary Notes 5 to 7, have in common.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. Inputs of mean 0 and standard deviation 1, targets of -0.9 and 0.9, squared
error, minibatches of 100, decay 1e-6 (of W, each step), a learning rate that falls tenfold once
progress has slowed, and feedback scaled so that errors of equal size reach every layer. Here the
rate falls at fixed shares of the training, 60% and 85%.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import Context, require, roughly

if TYPE_CHECKING:
    import numpy as np
    import torch

    from snn_credit.data import Dataset
    from snn_credit.rate import History
    from snn_credit.rate.training import Transform

TEST, VALIDATION = "test error %", "validation error %"
Rows = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Variant:
    """A network and a rule; see `snn_credit.models.lillicrap_deep.network`."""

    rule: str
    hidden: tuple[int, ...]
    activation: str = "tanh"
    maps: int = 0
    field: int = 0
    dropout: float = 0.0
    elastic: bool = False
    data: str = ""


@dataclass(frozen=True)
class Recipe:
    """How networks are trained; ``gain`` is that of `snn_credit.rate.levels.level_feedback`."""

    images: int
    batch: int
    eta: float
    gain: float = 1.0
    decay: float = 1e-6
    falls: tuple[float, ...] = (0.6, 0.85)
    evaluations: int = 10

    def __post_init__(self) -> None:
        require(self, ("images", "batch", "evaluations"), lambda n: n >= 1, "at least 1")
        require(self, ("eta", "gain"), lambda value: 0 < value < inf, "a finite number above 0")
        require(self, ("decay",), lambda value: 0 <= value < 1, "a number from 0 to below 1")
        require(self, ("falls",), lambda share: 0 <= share <= 1, "a share of the training")


def train(variant: Variant, data: Dataset, recipe: Recipe, context: Context, what: str) -> History:
    """Train one network on standardised data.

    Parameters
    ----------
    data : Dataset
        As `snn_credit.data.standardised.standardised` returns it.
    what : str
        The network's name, for a person.
    """
    from snn_credit.models.lillicrap_deep import network, plus_minus
    from snn_credit.rate import convert, fit
    from snn_credit.rate.levels import level_feedback

    net = network(
        data.shape, variant.hidden, data.classes, activation=variant.activation,
        maps=variant.maps, field=variant.field, dropout=variant.dropout,
        seed=context.seed,
    )  # fmt: skip
    student = convert(net, variant.rule, b_scale=1.0, seed=context.seed)
    if variant.rule != "BP":
        level_feedback(student, recipe.gain)
    return fit(
        student, data, images=recipe.images, batch=recipe.batch, loss=plus_minus, lr=recipe.eta,
        # torch multiplies the decay by the learning rate
        weight_decay=recipe.decay / recipe.eta,
        schedule={round(share * recipe.images): 0.1 for share in recipe.falls},
        seed=context.seed, evaluate_every=max(recipe.batch, recipe.images // recipe.evaluations),
        transform=distorted(data) if variant.elastic else None,
        progress=context.progress, what=what,
    )  # fmt: skip


def distorted(data: Dataset) -> Transform:
    """Return what distorts a batch elastically (Supplementary Note 5), black around the images."""
    import torch

    from snn_credit.data.augmentation import elastic

    black, shape = float(data.train_x.min()), data.shape

    def transform(x: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
        images = (x.cpu().numpy().reshape(-1, *shape) - black).astype("float32")
        return torch.from_numpy(elastic(images, random) + black).reshape(x.shape).to(x)

    return transform


def cost(updates: float, batch: int, synapses: float) -> str | None:
    """Say what training takes, if it takes ten minutes: 1 ms an update, and per synapse.

    Parameters
    ----------
    updates, batch : number, int
        Updates of all networks together, and examples in each.
    synapses : number
        Of one network, on average.
    """
    seconds = updates * (1e-3 + synapses * (1e-9 + 1.2e-10 * batch))
    if seconds < 600:
        return None
    return (
        f"{updates:,.0f} updates of {batch} examples: about {roughly(seconds)} a seed on one core"
    )


def synapses(sizes: Sequence[int]) -> int:
    """Return the number of synapses of fully connected layers."""
    return sum(a * b for a, b in pairwise(sizes))


def cost_of(variants: Sequence[Variant], recipe: Recipe, inputs: int) -> str | None:
    """Say what training all of these takes."""
    sizes = [synapses((inputs, *variant.hidden, 10)) for variant in variants]
    updates = len(variants) * recipe.images / recipe.batch
    return cost(updates, recipe.batch, sum(sizes) / len(sizes))


def rows(histories: Mapping[str, History]) -> Rows:
    """Return the table of errors."""
    return {
        name: {TEST: history.test_error, VALIDATION: float(history.validation_error[-1])}
        for name, history in histories.items()
    }


def draw_curves(histories: Mapping[str, History], context: Context) -> None:
    """Draw the learning curves."""
    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import LEARNERS

    def color(number: int) -> str:
        return LEARNERS[number % len(LEARNERS)]

    traces: Sequence[Trace] = [
        Trace(history.images_seen, history.validation_error, color(number), name,
              dashed=number >= len(LEARNERS))
        for number, (name, history) in enumerate(histories.items())
    ]  # fmt: skip
    panel = Panel(traces, "", "images", "validation error, %", log_y=True)
    trace_grid([[panel]], height=2.8).savefig(context.out / "learning.png")
