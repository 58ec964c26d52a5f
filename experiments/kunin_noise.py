"""Kunin et al. 2020, Figs 5 and S1: noise in what changes weights.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins, "Two routes to scalable credit assignment
without weight symmetry", ICML (2020). At each step N(0, sigma^2) times the current learning rate is
added: to B for SA, AA and KP, but to all weights for BP. That is what the paper compares, and it is
no fair comparison, since BP's W itself moves at random. So there is a control,

    BP + noise in W'    dB = -(B - W') + noise, that is B = W' + noise at each step,

the limit of SA with a rate of 1: errors come down through a noisy W', and W is left alone.

Learning rates differ (0.1 of W, 1e-3 of SA's and AA's B, 1 in the control), so the same sigma moves
weights by other amounts. Columns are of the same lr sigma, the standard deviation of one step's
movement before learning rates drop. The figure has sigma^2 for the axis of its left panel, and
sigma^2 (lr / lr of BP)^2, the paper's, which moves SA and AA by 10^4 (B.3), for that of its right.
Each row also has the angle between W and B at the end, the mean over layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log10
from typing import Any

from snn_credit.experiments import kunin_resnet as networks
from snn_credit.experiments import kunin_training as shared
from snn_credit.experiments.kunin_methods import CONTROL, PAPER
from snn_credit.experiments.kunin_training import TOP1
from snn_credit.harness import Claim, Context, Experiment, Table, all_of, ordered, require

ANGLE = "angle of W and B, degrees"


@dataclass(frozen=True)
class Config(networks.Config):
    """Settings; the first of the ``networks`` is trained, with each of ``steps``, lr sigma."""

    methods: tuple[str, ...] = ("BP", CONTROL, "SA", "AA", "KP")
    networks: tuple[str, ...] = ("ResNet-18",)
    steps: tuple[float, ...] = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, ("steps",), lambda x: 0 <= x < inf, "finite numbers of at least 0")

    def rate(self, name: str) -> float:
        """Return the learning rate of what a method's noise is added to."""
        method = self.method(name)
        if method.optimiser in ("", "as W"):
            return self.lr if method.forward_lr is None else method.forward_lr
        return method.lr


def run(config: Config, context: Context) -> Table:
    """Train by each method with each noise, with one seed."""
    import numpy as np

    from snn_credit.analysis import angle
    from snn_credit.rate import feedback_pairs

    def look(module: Any) -> dict[str, float]:
        pairs = feedback_pairs(module).values()
        angles = [angle(*(each.detach().cpu().numpy() for each in pair)) for pair in pairs]
        return {"angle": float(np.mean(angles)) if angles else 0.0}

    data, network, transform = networks.task(config, context, config.networks[0])
    rows: dict[str, dict[str, float | None]] = {name: {} for name in config.methods}
    for name in config.methods:
        for step in config.steps:
            outcome = shared.train(
                config, context, data, network(), f"{name}, noise {step:g}", config.method(name),
                noise=step / config.rate(name), watch=look, transform=transform,
            )  # fmt: skip
            rows[name][_column(step, TOP1)] = outcome.accuracy(data.classes)
            if name != "BP":
                rows[name][_column(step, ANGLE)] = float(outcome.learning["angle"][-1])
            if outcome.failed is not None:
                rows[name][_column(step, shared.FAILED)] = float(outcome.failed)
    return rows


def _column(step: float, quantity: str) -> str:
    return f"lr sigma = {step:g}: {quantity}"


def draw(config: Config, tables: Sequence[Table], context: Context) -> None:
    """Draw Figs 5 and S1 on both axes: accuracy against the variance of noise."""
    from snn_credit.analysis import Panel, trace_grid

    def panel(title: str, label: str, shifted: bool) -> Panel:
        traces = []
        for name in config.methods:
            rate = config.rate("BP") if shifted else config.rate(name)
            steps = [step for step in config.steps if step > 0]
            values = [[table[name].get(_column(step, TOP1)) for step in steps] for table in tables]
            exponents = [2 * log10(step / rate) for step in steps]
            traces.append(shared.trace(exponents, values, name))
        return Panel(traces, title, label, TOP1)

    panels = [
        panel("raw", "log10 of the variance", False),
        panel("shifted to equal movement", "log10 of the variance, of BP's rate", True),
    ]
    trace_grid([panels], height=2.4).savefig(context.out / "noise.png")


# with rates of 0.1 of BP and 0.01 of SA the last two are of one sigma
_CALM, _SMALL, _LARGE = (_column(step, TOP1) for step in (0, 0.01, 0.1))

EXPERIMENT = Experiment(
    id="kunin-noise",
    paper=PAPER,
    figure="Figs 5, S1",
    about="noise in the updates of B, of all of BP's weights, and in BP's W' alone",
    presets={
        "smoke": shared.smoke(Config(), networks=("ResNet-8",), steps=(0.0, 1e-3, 1.0)),
        "laptop": Config(
            networks=("ResNet-8",), steps=(0.0, 1e-3, 1e-2, 1e-1, 1.0),
            **(shared.LAPTOP | {"epochs": 2, "drops": (1.4,)}),
        ),
        "paper": Config(warmup=0.0, drops=(30.0, 60.0)),
    },
    run=run,
    draw=draw,
    cost=lambda config: shared.cost(
        config, 0.9 if config.networks[0] in networks.SMALL else 1500, 1_271_167,
        len(config.methods) * len(config.steps),
    ),
    claims=(
        all_of(
            Claim("BP loses half", lambda m: m.least(0, (0.5, "BP", _CALM), (-1, "BP", _LARGE))),
            Claim("SA does not", lambda m: m.least(-2, (1, "SA", _SMALL), (-1, "SA", _CALM))),
            text="as large a sigma costs BP half of its accuracy, and SA at most 2 points",
        ),
        ordered(_LARGE, "BP", "SA", text="moved alike, by 0.1 a step: SA above BP"),
    ),
)  # fmt: skip
