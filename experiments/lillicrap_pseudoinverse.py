"""Lillicrap et al. 2016, Supplementary Figure 13, Notes 13 to 15: B acts like W's pseudoinverse.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. Linear 30-20-10 nets learn by FA, example by example, from A and W uniform
in +-omega, nine values from 0.0001 to 0.25: the angle between FA's modulator B e and that of BP,
W'e, and that of pseudobackprop, W^+ e. Theorem 2: trained on one pair from A = W = 0, B e is W^+ e
times a positive number. And pseudobackprop as a rule that learns by itself.

The nets are those of Fig 2: T uniform in +-1, B in +-0.5, x normal, eta = 0.01 for all rules, the
largest of 0.003, 0.01 and 0.02 at which pseudobackprop learned with seeds 100 and 101. Angles are
means over ``probes`` fixed inputs, signed (the paper's formula folds them at 90 degrees). The rules
stand side by side from omega = 0.25: from small W the pseudoinverse is large, and pseudobackprop
runs away (the last row). Some ten seconds a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, Table, all_of, below, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.rules import Rule
    from snn_credit.theory import Problem

    Values = NDArray[np.float64]

Row = dict[str, float | None]
PBP = "pseudobackprop"
CLOSER = "angle to PBP below angle to BP for good, from example"
LEARNED = 1e-3  # the NSE of the row's "examples to NSE 1e-3"


@dataclass(frozen=True)
class Config:
    """Settings: the starts, the nets, and how often they are looked at."""

    omegas: tuple[float, ...] = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.125, 0.15, 0.2, 0.25)
    runs: int = 5
    sizes: tuple[int, int, int] = (30, 20, 10)
    b_scale: float = 0.5
    eta: float = 0.01
    examples: int = 1000
    every: int = 25
    look: int = 300
    probes: int = 100
    side_by_side: float = 0.25
    too_small: float = 0.01
    pair_eta: float = 0.02
    pair_steps: int = 3000

    def __post_init__(self) -> None:
        counts = ("runs", "sizes", "examples", "every", "look", "probes")
        require(self, counts, lambda n: n >= 1, "at least 1")
        require(self, ("pair_steps",), lambda n: n >= 3, "at least 3")
        require(self, ("omegas", "side_by_side", "too_small", "b_scale", "eta", "pair_eta"),
                lambda value: 0 < value < inf, "a finite number above 0")  # fmt: skip
        require(self, ("look",), lambda n: n % self.every == 0 and n <= self.examples,
                f"a multiple of every ({self.every}), up to {self.examples}")  # fmt: skip


@dataclass(frozen=True)
class Learning:
    """One net: examples seen, NSE, and in degrees the angles to BP's and pseudobackprop's delta."""

    seen: Values
    nse: Values
    to_bp: Values
    to_pbp: Values


def run(config: Config, context: Context) -> Table:
    """Train all nets of one seed, and draw them."""
    from snn_credit.rules import RULES

    by_omega: dict[float, list[Learning]] = {}
    context.progress.start(len(config.omegas), "omegas", "FA")
    for done, omega in enumerate(config.omegas):
        by_omega[omega] = _nets(config, context, RULES["FA"], omega)
        context.progress.update(done + 1)
    rows = {f"FA, omega = {omega:g}": _angles(config, nets) for omega, nets in by_omega.items()}
    rows |= {f"Theorem 2, {start}": row for start, row in _theorem2(config, context).items()}
    large, small = config.side_by_side, config.too_small
    for name, omega in (("FA", large), ("BP", large), (PBP, large), (PBP, small)):
        nets = _nets(config, context, RULES[name], omega)
        rows[f"{name} learns, omega = {omega:g}"] = _speed(nets)
    _draw(config, context, by_omega)
    return rows


def _problem(config: Config, context: Context, number: int, omega: float) -> Problem:
    import numpy as np

    from snn_credit.theory import Problem

    rng = np.random.default_rng((context.seed, number))
    return Problem.draw(rng, config.sizes, omega, config.b_scale)


def _nets(config: Config, context: Context, rule: Rule, omega: float) -> list[Learning]:
    """Train one net a run by a rule, example by example, and measure angles on the way."""
    import numpy as np

    from snn_credit.analysis import angles_per_neuron
    from snn_credit.rules import RULES
    from snn_credit.theory import TwoLayer
    from snn_credit.theory.online import learn_online

    found: list[Learning] = []
    for number in range(config.runs):
        problem = _problem(config, context, number, omega)
        rng = np.random.default_rng((context.seed, number, 1))
        probes = rng.normal(size=(config.probes, config.sizes[0]))
        inputs = rng.normal(size=(config.examples, config.sizes[0]))
        net = TwoLayer(rule, problem.start, problem.b)
        told = [net.under(RULES[name]) for name in ("FA", "BP", PBP)]

        def angles(told=told, probes=probes, wanted=probes @ problem.target.T) -> tuple[float, ...]:
            fa, *others = (each.modulator(probes, wanted) for each in told)
            # a row an input, so the angle of each row
            return tuple(angles_per_neuron(fa, delta, of="post").mean() for delta in others)

        looks = learn_online(net, problem.target, inputs, eta=config.eta, every=config.every,
                             look=angles)  # fmt: skip
        rows = [(seen, nse, *(seen_angles or (nan, nan))) for seen, nse, seen_angles in looks]
        found.append(Learning(*np.array(rows).T))
    return found


def _angles(config: Config, nets: list[Learning]) -> Row:
    import numpy as np

    seen = nets[0].seen
    to_bp, to_pbp = (np.mean([getattr(n, name) for n in nets], 0) for name in ("to_bp", "to_pbp"))
    last_above = np.flatnonzero(to_pbp >= to_bp)
    first = int(last_above[-1]) + 1 if len(last_above) else 0
    row: Row = {CLOSER: (float(seen[first]) if first < len(seen) else None)}
    for when, at in ((config.look, config.look // config.every), ("the end", -1)):
        name = f"after {when} examples" if isinstance(when, int) else f"at {when}"
        row |= {f"angle to BP {name}, degrees": float(to_bp[at]),
                f"angle to PBP {name}, degrees": float(to_pbp[at])}  # fmt: skip
    return row | {"NSE at the end": float(np.mean([n.nse[-1] for n in nets]))}


def _speed(nets: list[Learning]) -> Row:
    import numpy as np

    reached = [n.seen[n.nse < LEARNED] for n in nets]
    return {
        "runs": float(len(nets)),
        "runs that reach NSE 1e-3": float(sum(len(each) > 0 for each in reached)),
        "examples to NSE 1e-3": (
            float(np.mean([each[0] for each in reached])) if all(map(len, reached)) else None
        ),
        "NSE at the end": float(np.mean([n.nse[-1] for n in nets])),
    }


def _theorem2(config: Config, context: Context) -> dict[str, Row]:
    import numpy as np

    from snn_credit.analysis import angles_per_neuron
    from snn_credit.theory.theorems import single_pair

    rows: dict[str, Row] = {}
    for name, omega in (("A = W = 0", 0.0), (f"omega = {config.side_by_side:g} (control)",
                                             config.side_by_side)):  # fmt: skip
        p = _problem(config, context, 0, omega)
        x = np.random.default_rng((context.seed, 2)).normal(size=config.sizes[0])
        found = single_pair(x, p.target @ x / np.linalg.norm(x), p.b, p.start,
                            eta=config.pair_eta, steps=config.pair_steps)  # fmt: skip
        angles = angles_per_neuron(found.fa, found.pbp, of="post")
        rows[name] = {
            "largest angle of B e to W+ e, degrees": float(angles.max()),
            "steps": float(len(found.left)),
            "|e| / |y*| at the end": float(found.left[-1]),
        }
        if omega == 0:
            rows[name] |= {
                "largest |s B e - W+ e| / |W+ e|": found.deviation(found.s),
                "the same with the paper's s": found.deviation(found.s_paper),
            }
    return rows


def _draw(config: Config, context: Context, by_omega: dict[float, list[Learning]]) -> None:
    """Draw SF13: a curve a run, from small omega (dark) to large."""
    from snn_credit.analysis import Panel, Trace, shades, trace_grid

    colors = shades(len(by_omega))
    panels = []
    for name, title in (("nse", "NSE"), ("to_bp", "angle to BP"), ("to_pbp", "angle to PBP")):
        traces = [
            Trace(net.seen, getattr(net, name), color, f"omega = {omega:g}")
            for (omega, nets), color in zip(by_omega.items(), colors, strict=True)
            for net in nets
        ]
        angle = name != "nse"
        panels.append(Panel(traces, title, x_label="examples", y_label="degrees" if angle else "",
                            log_y=not angle, y_limits=(0, 120) if angle else None))  # fmt: skip
    trace_grid([panels], height=2.3).savefig(context.out / "pseudoinverse.png")


EXPERIMENT = Experiment(
    id="lillicrap-pseudoinverse",
    paper="Lillicrap et al. 2016",
    figure="SF13, Notes 13-15",
    about="feedback weights come to act like the pseudoinverse of the forward ones (Theorem 2)",
    presets={
        "smoke": Config(
            omegas=(0.001, 0.25), runs=1, sizes=(6, 5, 3), eta=0.03, examples=200, look=100
        ),
        "laptop": Config(),
        "paper": Config(runs=20, examples=2000),
    },
    run=run,
    claims=(
        all_of(
            *(below(f"FA, omega = {omega:g}", CLOSER, 300) for omega in Config.omegas),
            text="the angle to PBP is below that to BP from 300 examples on, for every omega",
        ),
        below("Theorem 2, A = W = 0", "largest |s B e - W+ e| / |W+ e|", 1e-6),
    ),
)
