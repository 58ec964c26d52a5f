"""Lillicrap et al. 2016, Supplementary Note 8, SF8: momentum speeds feedback alignment up.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. "Model and task similar to Figure 3d": a 30-20-10-10 tanh student with a
linear output learns a teacher of that size by FA, with momentum 0, 0.5 and 0.9, from the same
weights and through the same examples. v_{t+1} = alpha v_t + dtheta; here a step already uses the
new v, the paper's the one before.

``laptop`` is ``paper``: it shows 60,000 examples, ten a step, half a minute a seed. The scales are
those of ``lillicrap-teacher``; eta = 0.005 is a tenth of the one there, so that alpha = 0.9, with
which steps add up to ten times their size, learns steadily too (with 0.01, seeds 0 to 2, its NSE
jumped and it took half of alpha 0's examples; 0.005 was chosen with seed 100).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, Table, below, ordered, require

if TYPE_CHECKING:
    from snn_credit.rate.regression import Course

NSE, SAME, SHARE = (
    "NSE at the end", "examples to the last NSE of alpha 0", "share of alpha 0's examples"
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Settings; ``alphas`` are the coefficients of momentum."""

    sizes: tuple[int, ...] = (30, 20, 10, 10)
    teacher: tuple[int, ...] = (30, 20, 10, 10)
    alphas: tuple[float, ...] = (0.0, 0.5, 0.9)
    w_scale: float = 0.1
    bias_scale: float = 0.1
    b_scale: float = 1.0
    eta: float = 0.005
    examples: int = 60_000
    batch: int = 10
    looks: int = 120
    test_examples: int = 1000

    def __post_init__(self) -> None:
        counts = ("sizes", "teacher", "examples", "batch", "looks", "test_examples")
        require(self, counts, lambda n: n >= 1, "at least 1")
        require(self, ("alphas",), lambda alpha: 0 <= alpha < 1, "from 0 up to, not at, 1")
        scales = ("w_scale", "bias_scale", "b_scale", "eta")
        require(self, scales, lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Learn with each momentum from one seed; draw the figure."""
    courses = {f"FA, alpha {alpha:g}": _learn(config, context, alpha) for alpha in config.alphas}
    first = next(iter(courses.values()))
    # What the first reaches only at its end; noise from look to look lets others reach it early.
    level = float(first.seen["nse"].min())
    rows: dict[str, dict[str, float | None]] = {}
    base = first.first_below("nse", level * (1 + 1e-9))
    for name, course in courses.items():
        reached = course.first_below("nse", level * (1 + 1e-9))
        rows[name] = {
            NSE: float(course.seen["nse"][-1]),
            SAME: reached,
            SHARE: reached / base if reached is not None and base else None,
        }
    _draw(context, courses)
    return rows


def _learn(config: Config, context: Context, alpha: float) -> Course:
    import numpy as np

    from snn_credit.data import tasks
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert
    from snn_credit.rate.regression import error_on, learn

    task = tasks.teacher(context.seed, config.teacher)
    test = task.draw(config.test_examples, np.random.default_rng((context.seed, 1)))
    net = perceptron(config.sizes, hidden="tanh", output="linear", w_scale=config.w_scale,
                     bias_scale=config.bias_scale, seed=context.seed)  # fmt: skip
    return learn(
        convert(net, "FA", b_scale=config.b_scale, seed=context.seed), task.draw,
        examples=config.examples, batch=config.batch, lr=config.eta, momentum=alpha,
        look=error_on(*test), every=max(1, config.examples // config.looks),
        progress=context.progress, what=f"alpha {alpha:g}",
    )  # fmt: skip


def _draw(context: Context, courses: Mapping[str, Course]) -> None:
    """Draw SF8."""
    from snn_credit.analysis import Panel, Trace, shades, trace_grid

    traces = [Trace(course.examples, course.seen["nse"], color, name)
              for (name, course), color in zip(courses.items(), shades(len(courses)),
                                               strict=True)]  # fmt: skip
    panel = Panel(traces, "", "examples", "NSE", log_y=True)
    trace_grid([[panel]], height=2.3).savefig(context.out / "momentum.png")


EXPERIMENT = Experiment(
    id="lillicrap-momentum",
    paper="Lillicrap et al. 2016",
    figure="SN8, SF8",
    about="feedback alignment with momentum 0, 0.5 and 0.9",
    presets={
        "smoke": Config(sizes=(6, 8, 5, 3), teacher=(6, 8, 5, 3), examples=1000, looks=10,
                        test_examples=100),
        "laptop": Config(),
        "paper": Config(),
    },
    run=run,
    claims=(
        below("FA, alpha 0.9", SHARE, 0.5),
        ordered(NSE, "FA, alpha 0.9", "FA, alpha 0.5", "FA, alpha 0"),
    ),
)  # fmt: skip
