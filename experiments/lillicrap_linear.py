"""Lillicrap et al. 2016, Fig 2: feedback alignment learns a linear function as fast as BP.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. A linear 30-20-10 net without biases learns y* = T x, one example at a
time: T uniform in +-1, W0 and W in +-0.01, B in +-0.5, x normal. Four rules: the output weights
alone (shallow), node perturbation (the paper's "fast form of reinforcement learning": the output
layer is given its error), BP and FA; the NSE on 1,000 other examples, and for each example the
angle between what FA and BP would tell the hidden neurons. Of 30 white dimensions the shallow net
can explain the 20 that its hidden neurons see: its NSE stays above the share of T that they do not
see, 1/3 on average.

``laptop`` is ``paper``, about half a minute a seed. The paper chose a learning rate for each rule
by hand, for speed, and so does this: the fastest to NSE 1e-3 with which no net of seeds 100 to 102
ran away, of 0.005, 0.008, 0.01, 0.012, 0.015 and 0.02 for BP and FA, of 0.0005, 0.001, 0.0015,
0.002, 0.0025, 0.003 and 0.004 for node perturbation; of 3 and 10 for the shallow net, whose hidden
activity is small, the one with the lower error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import (
    Context,
    Experiment,
    Table,
    above,
    all_of,
    below,
    between,
    ratio,
    require,
)

if TYPE_CHECKING:
    from snn_credit.rate.regression import Course

LEARNED = 1e-3
TIME, LOWEST, LAST = "examples to NSE 1e-3", "lowest NSE", "NSE at the end"
FLOOR = "share of T that W0 does not see"
FIRST_ANGLE = "angle of delta to BP's, first 10 examples, degrees"
LAST_ANGLE = "angle of delta to BP's, last 100 examples, degrees"
WINDOW = 10


@dataclass(frozen=True)
class Config:
    """Settings; etas are the learning rates of each rule."""

    sizes: tuple[int, int, int] = (30, 20, 10)
    w_scale: float = 0.01
    b_scale: float = 0.5
    eta_shallow: float = 10.0
    eta_np: float = 0.003
    eta_bp: float = 0.01
    eta_fa: float = 0.01
    sigma: float = 0.01
    examples: int = 1500
    examples_np: int = 6000
    every: int = 10
    test_examples: int = 1000

    def __post_init__(self) -> None:
        counts = ("sizes", "examples", "examples_np", "every", "test_examples")
        require(self, counts, lambda n: n >= 1, "at least 1")
        scales = ("w_scale", "b_scale", "eta_shallow", "eta_np", "eta_bp", "eta_fa", "sigma")
        require(self, scales, lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Learn by each rule with one seed; draw the figure."""
    settings = {
        "Shallow": (config.eta_shallow, config.examples),
        "NP": (config.eta_np, config.examples_np),
        "BP": (config.eta_bp, config.examples),
        "FA": (config.eta_fa, config.examples),
    }
    courses: dict[str, Course] = {}
    angles: list[float] = []
    for rule, (eta, examples) in settings.items():
        found = angles if rule == "FA" else None
        courses[rule] = _learn(config, context, rule, eta, examples, found)
    _draw(context, courses, angles)
    rows: dict[str, dict[str, float | None]] = {
        rule: {
            TIME: course.first_below("nse", LEARNED),
            LOWEST: float(course.seen["nse"].min()),
            LAST: float(course.seen["nse"][-1]),
        }
        for rule, course in courses.items()
    }
    rows["Shallow"][FLOOR] = _unseen(config, context)
    rows["FA"] |= {FIRST_ANGLE: _mean(angles[:10]), LAST_ANGLE: _mean(angles[-100:])}
    return rows


def _learn(
    config: Config, context: Context, rule: str, eta: float, examples: int,
    angles: list[float] | None,
) -> Course:  # fmt: skip
    """Learn by one rule; put the angle of its delta to BP's at each example into a list."""
    import numpy as np
    import torch

    from snn_credit.data import tasks
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import LOSSES, convert
    from snn_credit.rate.modulators import modulator_angles
    from snn_credit.rate.regression import error_on, learn

    n_in, _, n_out = config.sizes
    task = tasks.linear(context.seed, n_in, n_out)
    test = task.draw(config.test_examples, np.random.default_rng((context.seed, 1)))
    net = perceptron(config.sizes, hidden="linear", output="linear", bias=False,
                     w_scale=config.w_scale, seed=context.seed, dtype=torch.float64)  # fmt: skip
    rates = {"sig": config.sigma} if rule == "NP" else None
    torch.manual_seed(context.seed)
    student = convert(net, rule, b_scale=config.b_scale, rates=rates, seed=context.seed)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = task.draw(n)
        if angles is not None:
            example = torch.from_numpy(x), torch.from_numpy(y)
            angles.extend(modulator_angles(student, *example, LOSSES["squared error"]))
        return x, y

    return learn(student, draw, examples=examples, lr=eta, look=error_on(*test),
                 every=config.every, progress=context.progress, what=rule)  # fmt: skip


def _unseen(config: Config, context: Context) -> float:
    """Return |T|^2 outside the rows of the first W0, over |T|^2: the least NSE of a shallow net."""
    import numpy as np

    from snn_credit.data import tasks
    from snn_credit.models.perceptron import perceptron

    n_in, _, n_out = config.sizes
    t = tasks.linear(context.seed, n_in, n_out).function(np.eye(n_in)).T  # (n_out, n_in)
    net = perceptron(config.sizes, w_scale=config.w_scale, seed=context.seed)
    w0 = net.get_parameter("0.weight").detach().double().numpy()
    rows, _ = np.linalg.qr(w0.T)  # (n_in, n_hidden)
    return float(1 - np.sum((t @ rows) ** 2) / np.sum(t**2))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _draw(context: Context, courses: Mapping[str, Course], angles: list[float]) -> None:
    """Draw Fig 2: NSE, and the angle in a sliding window of ten examples."""
    import numpy as np

    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import GREY, INK, LEARNERS, RIGHT

    colors = {"Shallow": GREY, "NP": LEARNERS[1], "BP": INK, "FA": RIGHT}
    nse = [Trace(course.examples, course.seen["nse"], colors[rule], rule)
           for rule, course in courses.items()]  # fmt: skip
    shown = (0.0, float(courses["FA"].examples[-1]))
    panels = [Panel(nse, "error", "examples", "NSE", log_y=True, x_limits=shown)]
    if len(angles) >= WINDOW:
        windows = np.lib.stride_tricks.sliding_window_view(np.array(angles), WINDOW)
        mean, spread = windows.mean(axis=1), windows.std(axis=1, ddof=1)
        at = np.arange(len(mean)) + WINDOW / 2
        lines = [Trace(at, mean, RIGHT, "FA")]
        lines += [Trace(at, mean + k * spread, RIGHT, dashed=True) for k in (-2, 2)]
        panels.append(Panel(lines, "FA's delta to BP's, mean and 2 s.d.", "examples", "degrees",
                            y_limits=(0, 150)))  # fmt: skip
    trace_grid([panels], height=2.3).savefig(context.out / "linear.png")


EXPERIMENT = Experiment(
    id="lillicrap-linear",
    paper="Lillicrap et al. 2016",
    figure="Fig 2",
    about="a linear function: shallow, node perturbation, BP and FA; angle of FA's delta to BP's",
    presets={
        "smoke": Config(sizes=(6, 5, 3), eta_np=0.01, eta_bp=0.05, eta_fa=0.05, examples=300,
                        examples_np=500, test_examples=100),
        "laptop": Config(),
        "paper": Config(),
    },
    run=run,
    claims=(
        all_of(below("BP", LAST, LEARNED), below("FA", LAST, LEARNED)),
        ratio(TIME, "FA", "BP", most=2),
        ratio(TIME, "NP", "BP", least=5),
        above("Shallow", LOWEST, 0.33),
        all_of(
            between("FA", FIRST_ANGLE, 75, 105), between("FA", LAST_ANGLE, 1, 60),
            text="FA's delta is 90 ± 15 degrees from BP's at first; at the end below 60, and not 0",
        ),
    ),
)  # fmt: skip
