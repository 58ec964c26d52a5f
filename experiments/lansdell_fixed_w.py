"""Lansdell et al. 2020, Fig 4: W is fixed, and B learns it by node perturbation.

Lansdell, Prakash & Kording, "Learning to solve the credit assignment problem", ICLR 2020,
arXiv:1906.00889, B and C.3. 784-50-20-10 on MNIST, logistic neurons, squared error, batches of 32;
W as it was drawn, B by online ridge regression on what perturbations of size c say (eq 18,
gamma = 0.1), from 0 on. A: relative error of B, |W - B| / |W|. B: angle of the synthetic gradient
to the true one. C: weights with equal signs. D, E: errors and angles with N neurons in the first
hidden layer, 784-N-50-10. Layer l is the hidden layer l that feedback comes to, from the one above.

The paper says neither which c and N, nor for how long; those here are our choice, and c = 0.01
where N varies. The outputs are logistic, as the text has it. The authors' code has linear ones, a
row of their own here (``linear``): errors of a random W then have nearly one direction, and B is
slower to be found in the others. ``together`` batches are presented at once in ``laptop``: the same
sums, to which B is fitted after every tenth batch, for W does not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.experiments import lansdell_training as shared
from snn_credit.harness import Context, Experiment, Table, above, all_of, below, require

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.rate.regression import Course


LINEAR = "linear outputs"


@dataclass(frozen=True)
class Config:
    """Settings; ``levels`` are the c of Fig 4A-C, ``widths`` the N of Fig 4D, E, ``c`` theirs."""

    data: str = "mnist"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int | None = None
    hidden: tuple[int, int] = (50, 20)
    linear: bool = True
    levels: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0)
    widths: tuple[int, ...] = (20, 50, 100, 200, 500)
    upper: int = 50
    c: float = 0.01
    iterations: int = 1_000_000
    batch: int = 32
    together: int = 1
    looks: int = 50
    probe_images: int = 500

    def __post_init__(self) -> None:
        counts = ("train_images", "test_images", "validation_images", "hidden", "widths", "upper",
                  "iterations", "batch", "together", "looks", "probe_images")  # fmt: skip
        require(self, counts, lambda n: n >= 1, "at least 1")
        require(self, ("levels", "c"), lambda c: 0 < c < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Learn B for each size of noise and each width with one seed; draw the five panels."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    levels = {f"c = {c:g}": _learn(config, context, data, config.hidden, c) for c in config.levels}
    widths = {
        f"N = {n}": _learn(config, context, data, (n, config.upper), config.c)
        for n in config.widths
    }
    _draw(config, context, levels, widths)
    courses = levels | widths
    if config.linear:
        name = f"c = {config.c:g}, {LINEAR}"
        courses[name] = _learn(config, context, data, config.hidden, config.c, "linear")
    return {name: shared.last(course.seen) for name, course in courses.items()}


def _learn(
    config: Config, context: Context, data: Dataset, hidden: tuple[int, int], c: float,
    output: str = "logistic",
) -> Course:  # fmt: skip
    import numpy as np

    from snn_credit.models.lansdell import classifier
    from snn_credit.rate import convert
    from snn_credit.rate.regression import freeze, in_random_order, learn

    net = classifier(hidden, features=data.features, classes=data.classes, output=output,
                     seed=context.seed)  # fmt: skip
    student = convert(net, "NP feedback ridge", rates={"sig": c}, seed=context.seed)
    freeze(student, *(name for name, _ in net.named_children()))
    batch = config.batch * config.together
    targets = np.eye(data.classes, dtype=np.float32)[data.train_y]
    return learn(
        student, in_random_order(data.train_x, targets, context.seed),
        lr=batch,  # so the regression's sums are over examples, as in the paper, not over means
        examples=config.iterations * config.batch, batch=batch, seed=context.seed,
        look=shared.look(data, config.probe_images),
        every=config.batch * max(1, config.iterations // config.looks),
        progress=context.progress, what=f"{hidden[0]}-{hidden[1]}, c = {c:g}",
    )  # fmt: skip


def _draw(
    config: Config, context: Context, levels: Mapping[str, Course], widths: Mapping[str, Course]
) -> None:
    from snn_credit.analysis import Trace, shades, trace_grid

    for courses, letters, name in ((levels, "ABC", "noise"), (widths, "DE", "width")):
        panels = []
        for letter, measure in zip(letters, shared.MEASURES, strict=False):
            traces = [
                Trace(course.examples[1:] / config.batch, course.seen[f"{measure}_{layer}"][1:],
                      color, label if layer == 2 else "", dashed=layer == 1)
                for (label, course), color in zip(courses.items(), shades(len(courses)),
                                                  strict=True)
                for layer in (1, 2)
            ]  # fmt: skip
            panels.append(shared.panel(letter, measure, traces))
        trace_grid([panels], height=2.1).savefig(context.out / f"{name}.png")


def cost(config: Config) -> str | None:
    """Say what learning B takes, if it takes long."""
    trainings = len(config.levels) + len(config.widths) + config.linear
    return shared.cost(trainings * config.iterations, 0.8 if config.together == 1 else 0.2)


EXPERIMENT = Experiment(
    id="lansdell-fixed-w",
    paper=shared.PAPER,
    figure="Fig 4",
    about="feedback weights learn fixed forward weights by node perturbation (ridge regression)",
    presets={
        "smoke": Config(data="digits", train_images=300, validation_images=60, test_images=60,
                        hidden=(12, 8), levels=(0.01,), widths=(6,), upper=8, iterations=200,
                        looks=4, probe_images=40),
        "laptop": Config(widths=(20, 200), iterations=60_000, together=10, looks=30),
        "paper": Config(),
    },
    run=run,
    cost=cost,
    paper_numbers={"c = 0.01": {shared.column("error", 2): 0.8}},
    claims=(
        below("c = 0.01", shared.column("error", 2), 3),
        all_of(
            *(below("c = 0.01", shared.column("angle", layer), 10) for layer in (1, 2)),
            text="c = 0.01: at most 10 degrees to the true gradient in both layers",
        ),
        above("c = 0.01", shared.column("signs", 2), 90),
    ),
)  # fmt: skip
