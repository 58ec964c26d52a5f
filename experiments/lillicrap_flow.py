"""Lillicrap et al. 2016, Supplementary Figure 10 and Note 11: FA as a flow, and Theorem 1.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. Three neurons in a row with T = 1 and B = 1: the flow in the plane of A and
W, where it rests, and from where it goes to the solution at which e W B e < 0. Then linear nets:
along FA's flow B W + W' B' - A A' stays as it is, and from A = W = 0 the error goes to 0.

Two controls must fail: along BP's flow FA's invariant changes (another one, W' W - A A', stays),
and where B lacks one output, so that B^+ B is not I, the error stays at what the other outputs'
rows of T cannot make of that output's.

A few seconds a seed. The linear nets have the sizes and scales of Fig 2, 30-20-10 with T uniform in
+-1 and B in +-0.5; the paper names neither the starts nor the plane's grid. ``paper`` has a finer
grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, Table, all_of, below, require

if TYPE_CHECKING:
    from snn_credit.analysis import Plane
    from snn_credit.theory import Flow, Problem
    from snn_credit.theory.theorems import AlongFlow

DRIFT, NSE = "largest change of BW + W'B' - AA'", "NSE at the end"
Row = dict[str, float | None]


@dataclass(frozen=True)
class Config:
    """Settings: the scalar net's T, B and plane, and the linear nets."""

    target: float = 1.0
    b: float = 1.0
    reach: float = 4.0
    starts: int = 40
    sizes: tuple[int, int, int] = (30, 20, 10)
    b_scale: float = 0.5
    random_scale: float = 0.5
    duration: float = 40.0
    samples: int = 201

    def __post_init__(self) -> None:
        require(self, ("sizes",), lambda size: size >= 1, "at least 1")
        require(self, ("starts", "samples"), lambda n: n >= 2, "at least 2")
        positive = ("target", "b", "reach", "b_scale", "random_scale", "duration")
        require(self, positive, lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Follow the flows of one seed and draw them."""
    import numpy as np

    from snn_credit.theory import Problem, linear_flow
    from snn_credit.theory.linear import through, transpose
    from snn_credit.theory.theorems import left_without_feedback

    rng = np.random.default_rng(context.seed)
    zero = Problem.draw(rng, config.sizes, 0.0, config.b_scale)
    apart = Problem.draw(rng, config.sizes, config.random_scale, config.b_scale)
    lacking = np.where(np.arange(config.sizes[2]) < config.sizes[2] - 1, zero.b, 0.0)
    deaf = Problem(zero.target, lacking, zero.start)

    def fa(problem: Problem) -> AlongFlow:
        return _along(config, problem, linear_flow(problem.target, through(problem.b)))

    found = {
        "linear net, from A = W = 0 (Theorem 1)": fa(zero),
        "linear net, from A and W at random": fa(apart),
        "control: an output without feedback": fa(deaf),
        "control: BP, from A and W at random": _along(
            config, apart, linear_flow(apart.target, transpose)
        ),
    }
    rows = {"scalar net, all starts": _scalar(config, context)}
    rows |= {name: _row(flow) for name, flow in found.items()}
    rows["control: an output without feedback"]["NSE at the end, expected"] = left_without_feedback(
        zero.target, -1
    )
    _draw(config, context, found)
    return rows


def _along(config: Config, problem: Problem, flow: Flow) -> AlongFlow:
    import numpy as np

    from snn_credit.theory import integrate
    from snn_credit.theory.theorems import along

    times = np.linspace(0, config.duration, config.samples)
    return along(problem, integrate(flow, problem.start, times))


def _row(found: AlongFlow) -> Row:
    import numpy as np

    return {
        DRIFT: float(found.drift.max()),
        "largest change of W'W - AA'": float(found.drift_of_bp.max()),
        NSE: float(found.nse[-1]),
        "largest rise of |BE|^2, share of its start": float(np.diff(found.v).max() / found.v[0]),
        "largest |A|^2, share of its bound": float(found.size.max()),
    }


def _scalar(config: Config, context: Context) -> Row:
    """Follow a grid of starts, compare with the parabolas, and draw the plane."""
    import numpy as np

    from snn_credit.analysis import flow_field
    from snn_credit.theory import scalar

    t, b = config.target, config.b
    side = np.linspace(-config.reach, config.reach, config.starts)
    a, w = (part.ravel() for part in np.meshgrid(side, side))
    followed = scalar.follow(a, w, t, b, np.linspace(0, config.duration, config.samples))
    change = np.abs(scalar.constant(*followed, b) - scalar.constant(a, w, b))
    bad = scalar.ends_badly(a, w, t, b)
    flow_field(_plane(config)).savefig(context.out / "flow.png")
    return {
        DRIFT: float(change.max()),
        NSE: float(((t - followed[0][-1] * followed[1][-1]) ** 2).max() / t**2),
        "starts": float(len(a)),
        "starts that end at e W B e < 0, %": 100 * float((followed[0][-1] < 0).mean()),
        "starts that end where their parabola says, %": (
            100 * float(((followed[0][-1] < 0) == bad).mean())
        ),
    }


def _plane(config: Config) -> Plane:
    import numpy as np

    from snn_credit.analysis import Plane
    from snn_credit.theory import scalar

    t, b, reach = config.target, config.b, config.reach
    side = np.linspace(-reach, reach, 25)
    a, w = np.meshgrid(side, side)
    da, dw = scalar.velocity(a, w, t, b)
    fine_a, fine_w = np.meshgrid(*[np.linspace(-reach, reach, 401)] * 2)
    region = scalar.ends_badly(fine_a, fine_w, t, b)
    edge, far = (b * t) ** (1 / 3), t / reach
    stretches = (("good", far, reach), ("bad", -reach, -edge), ("unstable", -edge, -far))
    rest = {
        kind: [(along := np.linspace(start, stop, 200), t / along)]
        for kind, start, stop in stretches
    }
    # near 0, and three elsewhere in the plane, in parts of its reach
    starts = np.array([(0.05 / reach, 0.05 / reach), (-0.6, 0.9), (0.55, -0.9), (-0.35, -0.8)])
    begun_a, begun_w = reach * starts.T
    times = np.linspace(0, config.duration, 2001)
    paths_a, paths_w = scalar.follow(begun_a, begun_w, t, b, times)
    return Plane(side, side, da, dw, region, rest, list(zip(paths_a.T, paths_w.T, strict=True)))


def _draw(config: Config, context: Context, found: dict[str, AlongFlow]) -> None:
    """Draw error and invariants of the linear nets."""
    import numpy as np

    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import LEARNERS

    times = np.linspace(0, config.duration, config.samples)
    colors = (LEARNERS[4], LEARNERS[2], LEARNERS[1], LEARNERS[0])

    def panel(title: str, name: str) -> Panel:
        traces = [
            Trace(times, np.maximum(getattr(flow, name), 1e-16), color, label)
            for (label, flow), color in zip(found.items(), colors, strict=True)
        ]
        return Panel(traces, title, x_label="time", log_y=True)

    titles = {"nse": "NSE", "drift": DRIFT, "drift_of_bp": "largest change of W'W - AA'"}
    figure = trace_grid([[panel(title, name) for name, title in titles.items()]], height=2.4)
    figure.savefig(context.out / "theorem1.png")


_LINEAR = ("linear net, from A = W = 0 (Theorem 1)", "linear net, from A and W at random")
EXPERIMENT = Experiment(
    id="lillicrap-flow",
    paper="Lillicrap et al. 2016",
    figure="SF10, Note 11",
    about="feedback alignment as a flow: its invariant, and an error that goes to 0 (Theorem 1)",
    presets={
        "smoke": Config(starts=10, sizes=(6, 5, 3), duration=60.0, samples=31),
        "laptop": Config(),
        "paper": Config(starts=200),
    },
    run=run,
    claims=(
        all_of(
            *(below(row, DRIFT, 1e-6) for row in ("scalar net, all starts", *_LINEAR)),
            text="FA's flow keeps BW + W'B' - AA' to 1e-6",
        ),
        all_of(
            *(below(row, NSE, 1e-6) for row in ("scalar net, all starts", _LINEAR[0])),
            text="the error goes to 0 (below 1e-6), from A = W = 0 too (Theorem 1)",
        ),
    ),
)
