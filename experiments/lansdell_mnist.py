"""Lansdell et al. 2020, Fig 2: B learns by node perturbation while W learns MNIST through it.

Lansdell, Prakash & Kording, "Learning to solve the credit assignment problem", ICLR 2020,
arXiv:1906.00889, 4.1 and C.1. 784-50-20-10, logistic neurons, squared error, batches of 32, SGD
with 4e-4 for W and 5e-4 for B (of a sum over the batch), and a warm-up of 1000 iterations in which
B alone learns. A: relative error of B. B: angle of the synthetic gradient to the true one. C: equal
signs. D: error of BP, FA and node perturbation (NP) with perturbations of several sizes c. Layer l
is the hidden layer l that feedback comes to, from the one above.

The outputs are linear as in the authors' code, where the text says sigmoid: with logistic outputs
and these rates BP had 19 % errors after 50,000 iterations (seed 100, validation images), with
linear ones 10 %. The code runs two million; ``laptop`` has the paper's settings and 60,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.experiments import lansdell_training as shared
from snn_credit.harness import (
    Context,
    Experiment,
    Table,
    all_of,
    clearly,
    not_above,
    ordered,
    require,
)

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.rate import History

TEST, VALIDATION = "test error %", "validation error %"


@dataclass(frozen=True)
class Config:
    """Settings; ``levels`` are the sizes c of perturbations, ``warm`` the warm-up's iterations."""

    data: str = "mnist"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int | None = None
    hidden: tuple[int, ...] = (50, 20)
    output: str = "linear"
    levels: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1)
    lr: float = 4e-4
    lr_b: float = 5e-4
    warm: int = 1000
    iterations: int = 2_000_000
    batch: int = 32
    evaluations: int = 50
    probe_images: int = 500

    def __post_init__(self) -> None:
        counts = ("train_images", "test_images", "validation_images", "hidden", "iterations",
                  "batch", "evaluations", "probe_images")  # fmt: skip
        require(self, counts, lambda n: n >= 1, "at least 1")
        require(self, ("warm",), lambda n: 0 <= n < self.iterations,
                f"from 0 to below the {self.iterations} iterations")  # fmt: skip
        require(self, ("levels", "lr", "lr_b"), lambda x: 0 < x < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Learn in each way with one seed; draw the four panels."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    ways: dict[str, float | None] = {"BP": None, "FA": None}
    ways |= {f"NP, c = {c:g}": c for c in config.levels}
    histories = {name: _learn(config, context, data, name, c) for name, c in ways.items()}
    _draw(config, context, histories)
    return {
        name: {TEST: history.test_error, VALIDATION: float(history.validation_error[-1])}
        | shared.last(history.watched)
        for name, history in histories.items()
    }


def _learn(config: Config, context: Context, data: Dataset, name: str, c: float | None) -> History:
    from snn_credit.models.lansdell import classifier
    from snn_credit.rate import Alignment, convert, fit

    net = classifier(config.hidden, features=data.features, classes=data.classes,
                     output=config.output, seed=context.seed)  # fmt: skip
    rule = {"BP": "BP", "FA": "FA chain"}.get(name, "NP feedback")
    # etab is the optimiser's, as eta is.
    rates = {} if c is None else {"sig": c, "etab": 1.0}
    student = convert(net, rule, rates=rates, seed=context.seed)
    images = config.batch * config.iterations
    # What the authors multiply a sum by, we multiply a mean by, times the batch.
    aligned = Alignment(lr=config.lr_b * config.batch, delay=config.warm * config.batch)
    return fit(
        student, data, images=images, batch=config.batch, lr=config.lr * config.batch,
        alignment=None if c is None else aligned, seed=context.seed,
        evaluate_every=max(config.batch, images // config.evaluations),
        watch=shared.look(data, config.probe_images), progress=context.progress, what=name,
    )  # fmt: skip


def _draw(config: Config, context: Context, histories: Mapping[str, History]) -> None:
    from snn_credit.analysis import Panel, Trace, shades, trace_grid
    from snn_credit.analysis.style import WRONG

    colors = dict(zip(histories, ("#1a1a1a", WRONG, *shades(len(config.levels))), strict=True))
    panels = []
    for letter, measure in zip("ABC", shared.MEASURES, strict=True):
        traces = [
            Trace(history.images_seen / config.batch, history.watched[f"{measure}_{layer}"],
                  colors[name], name if layer == 2 else "", dashed=layer == 1)
            for name, history in histories.items() if history.watched
            for layer in (1, 2)
        ]  # fmt: skip
        panels.append(shared.panel(letter, measure, traces))
    errors = [
        Trace(history.images_seen[1:] / config.batch, history.validation_error[1:], colors[name],
              name)
        for name, history in histories.items()
    ]  # fmt: skip
    panels.append(Panel(errors, "D: validation error", "iterations", "%"))
    trace_grid([panels[:2], panels[2:]], height=2.0).savefig(context.out / "fig2.png")


def cost(config: Config) -> str | None:
    """Say what the trainings take, if it takes long."""
    return shared.cost(config.iterations, 2 * 0.4 + 0.7 * len(config.levels))


EXPERIMENT = Experiment(
    id="lansdell-mnist",
    paper=shared.PAPER,
    figure="Fig 2",
    about="784-50-20-10 on MNIST: BP, FA, and feedback learned by node perturbation",
    presets={
        "smoke": Config(data="digits", train_images=300, validation_images=60, test_images=60,
                        hidden=(12, 8), levels=(0.01,), warm=20, iterations=100, evaluations=2,
                        probe_images=40),
        "laptop": Config(levels=(1e-2, 1e-1), iterations=60_000, evaluations=20),
        "paper": Config(),
    },
    run=run,
    cost=cost,
    paper_numbers={
        name: {TEST: error}
        for name, error in {
            "BP": 2.65, "FA": 4.28, "NP, c = 0.0001": 3.51, "NP, c = 0.001": 3.51,
            "NP, c = 0.01": 3.64, "NP, c = 0.1": 15.92,
        }.items()
    },
    claims=(
        *(
            all_of(
                *(
                    clearly(ordered(shared.column(measure, layer), "NP, c = 0.01", "FA"))
                    for layer in (1, 2)
                ),
                text=f"{shared.MEASURES[measure].title}: NP clearly below FA in both layers",
            )
            for measure in ("angle", "error")
        ),
        not_above(TEST, "NP, c = 0.01", "BP", 1),
    ),
)  # fmt: skip
