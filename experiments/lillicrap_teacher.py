"""Lillicrap et al. 2016, Fig 3c,d, SF6: feedback alignment gains from a second hidden layer.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. Students of three and four layers (30-20-10, 30-20-10-10; tanh, linear
outputs) learn a 30-20-10-10 teacher whose weights and biases are uniform in +-0.5, by shallow
learning, BP and FA: delta_2 = B_2 e, delta_1 = B_1 delta_2. Each simulation has a teacher, students
and feedback of its own, and all students of a simulation see the same examples: a paired t-test
compares four layers with three. Control (SF6): wider students, 30-40-10 and 30-40-20-10, and the
deep one with W0 frozen, so that its extra layer only mixes random features; minibatches of 100 and
learning rate 0.05 are the paper's.

``laptop`` is ``paper`` in sizes, teacher and the number of simulations (20, and 5 for the control);
one seed is all of them and takes about ten minutes on one core. The paper gives neither scales of
the students' weights nor rates of Fig 3d nor when it stopped. Here W and biases start in +-0.1, and
80,000 examples are shown, 20 an update. eta = 0.07 (of 0.04 and 0.07; 0.05 with ten examples an
update) and B in +-1 were chosen with seeds 100 to 102: with B in +-0.5, 0.7, 1.4 and 2 the deep net
learned more slowly by FA.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, Table, all_of, below, ordered, require

if TYPE_CHECKING:
    from snn_credit.rate.regression import Course

NSE, P, BETTER = "NSE at the end", "P of 4 layers against 3", "better than 3 layers, % of nets"
Nets = dict[str, list["Course"]]


@dataclass(frozen=True)
class Config:
    """Settings; names that begin with ``control`` are those of SF6."""

    teacher: tuple[int, ...] = (30, 20, 10, 10)
    three: tuple[int, ...] = (30, 20, 10)
    four: tuple[int, ...] = (30, 20, 10, 10)
    simulations: int = 20
    w_scale: float = 0.1
    b_scale: float = 1.0
    eta: float = 0.07
    batch: int = 20
    examples: int = 80_000
    control_three: tuple[int, ...] = (30, 40, 10)
    control_four: tuple[int, ...] = (30, 40, 20, 10)
    control_simulations: int = 5
    control_eta: float = 0.05
    control_batch: int = 100
    control_examples: int = 200_000
    looks: int = 20
    test_examples: int = 1000

    def __post_init__(self) -> None:
        counts = ("teacher", "three", "four", "simulations", "batch", "examples", "control_three",
                  "control_four", "control_simulations", "control_batch", "control_examples",
                  "looks", "test_examples")  # fmt: skip
        require(self, counts, lambda n: n >= 1, "at least 1")
        scales = ("w_scale", "b_scale", "eta", "control_eta")
        require(self, scales, lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Run all simulations of one seed; draw the figures."""
    three, four = config.three, config.four
    nets = _simulate(config, context, config.simulations, {
        "Shallow, 3 layers": ("Shallow", three, ()),
        "BP, 3 layers": ("BP", three, ()), "BP, 4 layers": ("BP", four, ()),
        "FA, 3 layers": ("FA", three, ()), "FA, 4 layers": ("FA", four, ()),
    }, config.eta, config.batch, config.examples)  # fmt: skip
    three, four = config.control_three, config.control_four
    control = _simulate(config, context, config.control_simulations, {
        f"{rule}, {name}": (rule, sizes, frozen)
        for rule in ("BP", "FA")
        for name, sizes, frozen in (("3 layers", three, ()), ("4 layers", four, ()),
                                    ("4 layers, W0 frozen", four, ("0",)))
    }, config.control_eta, config.control_batch, config.control_examples)  # fmt: skip
    _draw(context, nets, control)
    rows = _rows(nets, "")
    return rows | _rows(control, "SF6: ")


def _simulate(
    config: Config, context: Context, simulations: int,
    students: Mapping[str, tuple[str, Sequence[int], Sequence[str]]],
    eta: float, batch: int, examples: int,
) -> Nets:  # fmt: skip
    """Train each student, (rule, sizes, frozen layers), in each simulation."""
    import numpy as np

    from snn_credit.data import tasks
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert
    from snn_credit.rate.regression import error_on, freeze, learn

    found: Nets = {name: [] for name in students}
    for number in range(simulations):
        seed = 1000 * context.seed + number
        for name, (rule, sizes, frozen) in students.items():
            task = tasks.teacher(seed, config.teacher)
            test = task.draw(config.test_examples, np.random.default_rng((seed, 1)))
            net = perceptron(sizes, hidden="tanh", output="linear", w_scale=config.w_scale,
                             bias_scale=config.w_scale, seed=seed)  # fmt: skip
            student = convert(net, rule, b_scale=config.b_scale, seed=seed)
            freeze(student, *frozen)
            found[name].append(learn(
                student, task.draw, examples=examples, batch=batch, lr=eta, look=error_on(*test),
                every=max(1, examples // config.looks), progress=context.progress,
                what=f"simulation {number + 1}/{simulations}, {name}",
            ))  # fmt: skip
    return found


def _rows(nets: Nets, prefix: str) -> dict[str, dict[str, float | None]]:
    """Return the mean NSE of each student, and how it compares with the one of three layers."""
    import numpy as np
    from scipy.stats import ttest_rel

    last = {name: np.array([course.seen["nse"][-1] for course in courses])
            for name, courses in nets.items()}  # fmt: skip
    rows: dict[str, dict[str, float | None]] = {}
    for name, errors in last.items():
        rows[prefix + name] = {NSE: float(errors.mean())}
        three = last[name.split(",")[0] + ", 3 layers"]
        if "4 layers" in name:
            rows[prefix + name][BETTER] = float(100 * (errors < three).mean())
            if len(errors) > 1:
                rows[prefix + name][P] = float(ttest_rel(three, errors).pvalue)
    return rows


def _draw(context: Context, nets: Nets, control: Nets) -> None:
    """Draw Fig 3d and SF6: the mean over simulations."""
    import numpy as np

    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import GREY, INK, LEARNERS, POTENTIAL, RIGHT

    colors = {"Shallow, 3 layers": GREY, "BP, 3 layers": INK, "FA, 3 layers": RIGHT,
              "BP, 4 layers": LEARNERS[0], "FA, 4 layers": POTENTIAL,
              "BP, 4 layers, W0 frozen": LEARNERS[0],
              "FA, 4 layers, W0 frozen": POTENTIAL}  # fmt: skip
    panels = []
    for title, found in (("Fig 3d", nets), ("SF6, wider nets", control)):
        traces = [
            Trace(courses[0].examples, np.mean([each.seen["nse"] for each in courses], axis=0),
                  colors[name], name, dashed="frozen" in name)
            for name, courses in found.items()
        ]  # fmt: skip
        panels.append(Panel(traces, title, "examples", "NSE", log_y=True))
    trace_grid([panels], height=2.3).savefig(context.out / "teacher.png")


EXPERIMENT = Experiment(
    id="lillicrap-teacher",
    paper="Lillicrap et al. 2016",
    figure="Fig 3c,d, SF6",
    about="students of three and four layers learn a teacher; control with a frozen first layer",
    presets={
        "smoke": Config(teacher=(6, 5, 4, 3), three=(6, 5, 3), four=(6, 5, 4, 3), simulations=2,
                        examples=400, control_three=(6, 8, 3), control_four=(6, 8, 5, 3),
                        control_simulations=2, control_examples=1000, looks=4, test_examples=100),
        "laptop": Config(),
        "paper": Config(),
    },
    run=run,
    claims=(
        *(
            all_of(
                ordered(NSE, f"{rule}, 4 layers", f"{rule}, 3 layers"),
                below(f"{rule}, 4 layers", P, 0.01),
                text=f"{rule}: four layers better than three, P at most 0.01 (paper: {printed})",
            )
            for rule, printed in (("FA", "9e-13"), ("BP", "3e-12"))
        ),
        ordered(NSE, "FA, 3 layers", "Shallow, 3 layers"),
        *(
            ordered(NSE, f"SF6: {rule}, 3 layers", f"SF6: {rule}, 4 layers, W0 frozen")
            for rule in ("FA", "BP")
        ),
    ),
)  # fmt: skip
