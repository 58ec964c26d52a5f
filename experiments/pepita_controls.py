"""Dellaferrera & Kreiman 2022, Fig 5: what PEPITA's modulation of the input is worth.

Dellaferrera & Kreiman, ICML (2022), arXiv 2201.11665. CIFAR10, 3072-1024-10, dropout 10%. With
F = 0 the hidden layer never learns (44.6%). With a random projection (RP) the input is modulated by
F r k in place of F e: r is uniform in [-1, 1), as the text says (appendix D says [0, 1)), and k
0.01, 0.1 or 1. Two more rows are variants of PEPITA itself: the presynaptic factor of the standard
pass (section 3.2: same accuracy), and the output's error of the modulated pass (the authors' code).

Settings are those of appendix A, with F of the authors' code. ``laptop`` has 256 hidden neurons in
place of 1024, 15,000 images and 10 epochs in place of 50,000 and 100, and eta = 0.03 in place of
0.01 in every row: in so few steps of 0.01 PEPITA hardly changes its hidden layer (38.6% against
37.9% with F = 0 on validation images, 43.4% against 39.0% at 0.03; seed 100). 3 minutes a seed on
one core.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from snn_credit.experiments.pepita_training import PAPER, TEST, Learner, cost, load, train
from snn_credit.harness import Context, Experiment, Table, ordered, require, within

FIRST, SECOND = "PEPITA, first pass presynaptic", "PEPITA, error of the second pass"


@dataclass(frozen=True)
class Config:
    """Settings: how long, on what, and the scales k of the random projection."""

    data: str = "cifar10"
    images: int | None = 15_000
    hidden: int = 256
    epochs: int = 10
    lr: float = 0.03
    k: tuple[float, ...] = (0.01, 0.1, 1.0)
    held_out: bool = True

    def __post_init__(self) -> None:
        require(self, ("images", "hidden", "epochs"), lambda n: n >= 1, "at least 1")
        require(self, ("k", "lr"), lambda value: value > 0, "a number above 0")


def learners(config: Config) -> dict[str, Learner]:
    """Return what is compared, by the names of the rows."""
    from snn_credit.rules.pepita import PEPITA_FIRST_PASS, PEPITA_RANDOM, PEPITA_SECOND_ERROR

    def learner(**more: object) -> Learner:
        base = Learner("PEPITA", config.epochs, hidden=config.hidden, lr=config.lr)
        return replace(base, **more)  # type: ignore[arg-type]

    return {
        "PEPITA": learner(),
        "F=0": learner(spread="zero"),
        **{f"RP k={k:g}": learner(variant=PEPITA_RANDOM, k=k) for k in config.k},
        FIRST: learner(variant=PEPITA_FIRST_PASS),
        SECOND: learner(variant=PEPITA_SECOND_ERROR),
    }


def run(config: Config, context: Context) -> Table:
    """Train all of them with one seed; draw the learning curves."""
    from snn_credit.analysis import learning_curve

    data = load(config.data, config.images, held_out=config.held_out)
    rows: dict[str, dict[str, float | None]] = {}
    curves: dict[str, list[Mapping[str, object]]] = {}
    for name, learner in learners(config).items():
        history = train(learner, data, name, config, context, EXPERIMENT.id)
        rows[name] = {TEST: 100 - history.test_error}
        curves[name] = [vars(history)]
    chance = 100 * (1 - 1 / data.classes)
    figure = learning_curve(curves, chance=chance, column="validation_error", log_x=False)  # type: ignore[arg-type]
    figure.savefig(context.out / "controls.png")
    return rows


EXPERIMENT = Experiment(
    id="pepita-controls",
    paper=PAPER,
    figure="Fig 5",
    about="PEPITA against F = 0 and against random modulation of the input",
    presets={
        "smoke": Config(data="digits", images=200, hidden=30, epochs=2, lr=0.1, k=(0.01, 1.0)),
        "laptop": Config(),
        "paper": Config(images=None, hidden=1024, epochs=100, lr=0.01, held_out=False),
    },
    run=run,
    cost=lambda config: cost(
        (config.data, learner, config.images) for learner in learners(config).values()
    ),
    paper_numbers={"PEPITA": {TEST: 52.57}, "F=0": {TEST: 44.6}},
    claims=(
        ordered(TEST, "F=0", "PEPITA"),
        ordered(TEST, "RP k=1", "F=0"),
        within(TEST, FIRST, "PEPITA", 1),
    ),
)
