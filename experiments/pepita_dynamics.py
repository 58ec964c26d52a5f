"""Dellaferrera & Kreiman 2022, Figs 3 and 9: accuracy, angle of the weights to F, norm of W1.

Dellaferrera & Kreiman, ICML (2022), arXiv 2201.11665. PEPITA on MNIST, 784-1024-10, dropout 10%:
W2 W1, flattened, turns away from F' (their W1 W2 and F are transposed), from 90 degrees to about
120, while the norm of W1 grows. Angles are signed.

The second row is the control of section 4.3: the input x - F e. With -F in the place of F the run
is the same, so its angle to *its* F' is 180 degrees less that of the first: an identity, exact up
to rounding, which is why the paper says that the weights would align with F' there. Rounding
differs (the second row computes W1 (x - F e) as it stands), so trainings part by as much as two
orders of summation do.

Settings are those of appendix A, with the learning rate of the first 60 epochs; past epoch 60 it
falls to a tenth. ``laptop`` is the first 5 epochs at full size, with 5,000 images held out: 2
minutes a seed on one core. ``paper`` is Fig 3; ``--set epochs=1000`` is Fig 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from snn_credit.experiments.pepita_training import PAPER, TEST, Learner, cost, early, load, train
from snn_credit.harness import Claim, Context, Experiment, Table, above, require, rises

if TYPE_CHECKING:
    from snn_credit.rate import History

START, END = "angle at the start, degrees", "angle at the end, degrees"
NORM = "growth of |W1|"
MIRRORED = "PEPITA, x - F e, F mirrored"


@dataclass(frozen=True)
class Config:
    """Settings: how long, on what, and whether the mirrored run is made too."""

    data: str = "mnist"
    images: int | None = None
    hidden: int = 1024
    epochs: int = 5
    mirrored: bool = True
    held_out: bool = True

    def __post_init__(self) -> None:
        require(self, ("images", "hidden", "epochs"), lambda n: n >= 1, "at least 1")


def weights(net: Any) -> Mapping[str, float]:
    """Return the angle of W2 W1 to F', (n_L, n_0) both, in degrees, and the norm of W1."""
    from snn_credit.analysis import angle

    first, second = (w.detach().cpu().numpy() for w in net.parameters())
    feedback = net.synapses.get_buffer("b_0_2").cpu().numpy()
    return {"angle": angle(second @ first, feedback), "norm": float((first**2).sum() ** 0.5)}


def learners(config: Config) -> dict[str, Learner]:
    """Return what is trained, by the names of the rows."""
    from snn_credit.rules.pepita import PEPITA_MINUS

    learner = Learner("PEPITA", config.epochs, hidden=config.hidden, drops=early(config.epochs))
    found = {"PEPITA": learner}
    if config.mirrored:
        found[MIRRORED] = replace(learner, variant=PEPITA_MINUS, mirrored=True)
    return found


def run(config: Config, context: Context) -> Table:
    """Train with one seed, and once more mirrored; draw the three panels."""
    data = load(config.data, config.images, held_out=config.held_out)
    histories = {
        name: train(each, data, name, config, context, EXPERIMENT.id, watch=weights)
        for name, each in learners(config).items()
    }
    _draw(config, context, histories, len(data.train_y))
    return {name: _row(history) for name, history in histories.items()}


def _row(history: History) -> dict[str, float | None]:
    angle, norm = (history.watched[name] for name in ("angle", "norm"))
    return {
        TEST: 100 - history.test_error,
        START: float(angle[0]),
        END: float(angle[-1]),
        NORM: float(norm[-1] / norm[0]),
    }


def _draw(config: Config, context: Context, histories: Mapping[str, History], images: int) -> None:
    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import LEARNERS

    def panel(title: str, label: str, values: Mapping[str, Any]) -> Panel:
        traces = [
            Trace(histories[name].images_seen / images, value, color=color, label=name)
            for (name, value), color in zip(values.items(), LEARNERS, strict=False)
        ]
        return Panel(traces, title=title, x_label="epochs", y_label=label)

    split = "validation" if config.held_out else "test"
    panels = [
        panel("accuracy", f"{split} accuracy (%)",
              {n: 100 - h.validation_error for n, h in histories.items()}),
        panel("angle of W2 W1 to F'", "degrees",
              {n: h.watched["angle"] for n, h in histories.items()}),
        panel("norm of W1", "|W1|", {n: h.watched["norm"] for n, h in histories.items()}),
    ]  # fmt: skip
    trace_grid([panels], height=2.2).savefig(context.out / "dynamics.png")


EXPERIMENT = Experiment(
    id="pepita-dynamics",
    paper=PAPER,
    figure="Figs 3, 9",
    about="PEPITA's weights anti-align with F and grow; the same run mirrored",
    presets={
        "smoke": Config(data="digits", images=200, hidden=30, epochs=2),
        "laptop": Config(),
        "paper": Config(epochs=100, mirrored=False, held_out=False),
    },
    run=run,
    cost=lambda config: cost(
        (config.data, learner, config.images) for learner in learners(config).values()
    ),
    paper_numbers={"PEPITA": {START: 90.0, END: 120.0}},
    claims=(
        rises("PEPITA", START, END),
        above("PEPITA", END, 100),
        above("PEPITA", NORM, 1),
        Claim(
            "with -F the same run is mirrored: the angles add up to 180 degrees",
            lambda m: abs(m.value("PEPITA", END) + m.value(MIRRORED, END) - 180) < 0.5,
            ("laptop",),
        ),
    ),
)
