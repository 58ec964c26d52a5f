"""Dellaferrera & Kreiman 2022, Table 3 and Figs 7, 8: how fast four rules learn.

Dellaferrera & Kreiman, ICML (2022), arXiv 2201.11665. The slowness is that of the plateau equation
for learning curves (eqs 7, 8), fitted to one accuracy an epoch up to epoch 60, before the learning
rate falls; the paper's point at chance at epoch 0 cannot change the fit (`snn_credit.analysis.
plateau`). Fully connected networks, settings of appendix A: on CIFAR the learning rate of FA and
DRTP is a tenth of that of BP and PEPITA, and on MNIST DRTP's is, so part of their slowness is that.
The paper fits the mean curve of ten runs, here each seed's curve is fitted.

``laptop`` has 256 hidden neurons in place of 1024, on MNIST 4 epochs of 55,000 images, on CIFAR10
and CIFAR100 10 epochs of 15,000, and the accuracy on 5,000 held-out images in place of the test
images: 2 minutes a seed on one core. Data that are not there are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snn_credit.errors import InputError
from snn_credit.experiments.pepita_training import (
    PAPER,
    RULES,
    TEST,
    TITLES,
    Learner,
    cost,
    early,
    load_if_there,
    train,
)
from snn_credit.harness import Context, Experiment, Table, ordered, require

if TYPE_CHECKING:
    from snn_credit.analysis import Panel, Plateau
    from snn_credit.rate import History


@dataclass(frozen=True)
class Config:
    """Settings: on what, and how long each.

    ``images`` and ``epochs`` are those of the data sets, in their order; 0 images are all.
    """

    datasets: tuple[str, ...] = ("mnist", "cifar10", "cifar100")
    images: tuple[int, ...] = (0, 15_000, 15_000)
    epochs: tuple[int, ...] = (4, 10, 10)
    hidden: int = 256
    held_out: bool = True

    def __post_init__(self) -> None:
        require(self, ("datasets",), lambda name: name in TITLES, f"of {', '.join(TITLES)}")
        require(self, ("images",), lambda n: n >= 0, "at least 0, which is all")
        require(self, ("hidden",), lambda n: n >= 1, "at least 1")
        require(self, ("epochs",), lambda n: n >= 2, "at least 2")
        for name in ("images", "epochs"):
            if (n := len(getattr(self, name))) != len(self.datasets):
                raise InputError(f"{name}: one for each of {len(self.datasets)} datasets (got {n})")


def run(config: Config, context: Context) -> Table:
    """Train every rule on every data set with one seed, and fit the curves."""
    from snn_credit.analysis import plateau, trace_grid

    rows: dict[str, dict[str, float | None]] = {rule: {} for rule in RULES}
    panels = []
    for name, images, epochs in zip(config.datasets, config.images, config.epochs, strict=True):
        slowness, accuracy = f"slowness {TITLES[name]}, epochs", f"{TITLES[name]}, {TEST}"
        for row in rows.values():
            row |= {slowness: None, accuracy: None}
        data = load_if_there(name, context, images=images or None, held_out=config.held_out)
        if data is None:
            continue
        n, curves = len(data.train_y), {}
        for rule in RULES:
            learner = _learner(config, rule, epochs)
            history = train(learner, data, f"{name} {rule}", config, context, EXPERIMENT.id)
            curve = plateau(history.images_seen / n, 100 - history.validation_error)
            rows[rule] |= {slowness: curve.slowness, accuracy: 100 - history.test_error}
            curves[rule] = (history, curve)
        panels.append(_panel(TITLES[name], "validation" if config.held_out else "test", n, curves))
    if not panels:
        raise InputError("datasets: one at least that is there (got none)")
    trace_grid([panels], height=2.4).savefig(context.out / "slowness.png")
    return rows


def _learner(config: Config, rule: str, epochs: int) -> Learner:
    return Learner(rule, epochs, hidden=config.hidden, drops=early(epochs))


def _cost(config: Config) -> str | None:
    each = zip(config.datasets, config.images, config.epochs, strict=True)
    return cost(
        (name, _learner(config, rule, epochs), images)
        for name, images, epochs in each
        for rule in RULES
    )


def _panel(
    title: str, split: str, images: int, curves: Mapping[str, tuple[History, Plateau]]
) -> Panel:
    """Draw what was measured, and dashed what was fitted."""
    import numpy as np

    from snn_credit.analysis import Panel, Trace
    from snn_credit.analysis.style import LEARNERS

    traces = []
    for (rule, (history, curve)), color in zip(curves.items(), LEARNERS, strict=False):
        epochs = history.images_seen / images
        grid = np.linspace(0.01, epochs[-1], 200)
        traces.append(Trace(epochs[1:], 100 - history.validation_error[1:], color, rule))
        traces.append(Trace(grid, curve(grid), color, f"{rule}, fitted", dashed=True))
    label = f"{split} accuracy (%)"
    return Panel(traces, title=title, x_label="epochs", y_label=label)


def _paper() -> Table:
    numbers = {
        "BP": (0.026, 0.659, 1.338),
        "FA": (0.068, 1.048, 4.243),
        "DRTP": (0.063, 0.336, 4.05),
        "PEPITA": (0.049, 0.785, 2.552),
    }
    headings = [f"slowness {TITLES[name]}, epochs" for name in Config().datasets]
    return {rule: dict(zip(headings, row, strict=True)) for rule, row in numbers.items()}


EXPERIMENT = Experiment(
    id="pepita-slowness",
    paper=PAPER,
    figure="Table 3, Figs 7, 8",
    about="how fast BP, FA, DRTP and PEPITA learn: the slowness of their curves",
    presets={
        "smoke": Config(datasets=("digits",), images=(200,), epochs=(3,), hidden=30),
        "laptop": Config(),
        "paper": Config(images=(0, 0, 0), epochs=(100, 100, 100), hidden=1024, held_out=False),
    },
    run=run,
    cost=_cost,
    paper_numbers=_paper(),
    claims=(
        *(
            ordered(f"slowness {title}, epochs", "BP", "PEPITA", "FA")
            for title in ("MNIST", "CIFAR10", "CIFAR100")
        ),
    ),
)
