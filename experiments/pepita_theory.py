"""Dellaferrera & Kreiman 2022, appendix E: why W A comes to anti-align with F' under PEPITA.

Dellaferrera & Kreiman, ICML (2022), arXiv 2201.11665. A linear 30-20-10 net with white inputs. The
decoupled flow: A learns alone until |A|^2 has grown 1.3 times, then W learns alone, and tr(FWA)
falls. The simultaneous flow: tr(FWA) falls, too. Eqs 25 and 29 put a number in the place of the
matrix A'A; the step that holds is tr(F E A'A) < 0, whereas tr(F E) has either sign.

Beyond the paper: the simultaneous flow ends at the sum of those eigenvalues of T F whose real part
is negative, and never learns what belongs to the others (see `snn_credit.theory.pepita`). Controls:
the input x - F e aligns W A with F'; and of an F that is not the net's own tr(FWA) falls in about
half of the runs.

20 runs a seed, each with its own T (uniform in +-1) and uniform He weights: A in +-sqrt(6/n_i), W
in +-sqrt(6/n_h), F in +-0.05 sqrt(6/n_i), the range that the authors' code uses (the paper's text
gives its double as a standard deviation). The appendix names no sizes; these are those of the note
that it follows, Lillicrap et al. 2016. Under a minute a seed; ``paper`` is the same as ``laptop``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, Table, above, require

if TYPE_CHECKING:
    from snn_credit.theory import Flow, State, Trajectory
    from snn_credit.theory.pepita import PepitaProblem

Row = dict[str, float | None]


@dataclass(frozen=True)
class Config:
    """Settings: the nets and how long their flows are followed."""

    runs: int = 20
    sizes: tuple[int, int, int] = (30, 20, 10)
    f_scale: float = 0.05
    growth: float = 1.3
    wait: float = 1000.0
    second: float = 20.0
    together: float = 500.0
    samples: int = 101

    def __post_init__(self) -> None:
        require(self, ("sizes",), lambda n: n >= 1, "at least 1")
        require(self, ("runs", "samples"), lambda n: n >= 2, "at least 2")
        require(self, ("growth",), lambda g: 1 < g < inf, "a finite number above 1")
        require(self, ("f_scale", "wait", "second", "together"), lambda value: 0 < value < inf,
                "a finite number above 0")  # fmt: skip


def run(config: Config, context: Context) -> Table:
    """Follow all runs of one seed, and draw them."""
    import numpy as np

    from snn_credit.theory.pepita import PepitaProblem, pepita_flow, phases

    draws = [np.random.default_rng((context.seed, number)) for number in range(config.runs)]
    nets = [PepitaProblem.draw(rng, config.sizes, config.f_scale) for rng in draws]
    decoupled = [
        phases(net.target, net.f, net.start, growth=config.growth, wait=config.wait,
               second=config.second, samples=config.samples)
        for net in nets
    ]  # fmt: skip
    kinds: dict[str, Callable[[PepitaProblem], Flow]] = {
        "simultaneous": lambda net: pepita_flow(net.target, net.f),
        "simultaneous, presynaptic terms of the modulated pass": lambda net: pepita_flow(
            net.target, net.f, "modulated"
        ),
        "control: the input is x - F e": lambda net: pepita_flow(net.target, -net.f),
    }
    context.progress.start(len(kinds), "flows", "simultaneous")
    together: dict[str, list[Trajectory | None]] = {}
    for done, (name, flow) in enumerate(kinds.items()):
        together[name] = [_together(config, net, flow(net)) for net in nets]
        context.progress.update(done + 1)
    rows: dict[str, Row] = {"decoupled": _row_decoupled(nets, decoupled)}
    for name, paths in together.items():
        sign = -1.0 if name.startswith("control") else 1.0
        rows[name] = _row_together(nets, paths, sign)
    rows["control: an F that is not the net's own"] = _row_other(nets, together["simultaneous"])
    _draw(context, nets, decoupled, together["simultaneous"])
    return rows


def _together(config: Config, net: PepitaProblem, flow: Flow) -> Trajectory | None:
    """Follow both matrices; None if they run away, which they may where F is large."""
    import numpy as np

    from snn_credit.theory import integrate

    # Most happens early, and the end comes slowly.
    times = np.append(0.0, np.geomspace(1e-4 * config.together, config.together, config.samples))
    try:
        return integrate(flow, net.start, times, rtol=1e-8, atol=1e-10)
    except ArithmeticError:
        return None


def _row_decoupled(nets: list[PepitaProblem], paths: list[tuple[Trajectory, Trajectory]]) -> Row:
    import numpy as np

    from snn_credit.theory.pepita import alignment, scalar_slope, slope

    pairs = list(zip(nets, paths, strict=True))
    between = [(slope(n.target, n.f, one[-1]), scalar_slope(n.target, n.f, one[-1]))
               for n, (one, _) in pairs]  # fmt: skip
    falls = [alignment(n.f, two[-1]) - alignment(n.f, two[0]) for n, (_, two) in pairs]
    return {
        "runs": float(len(nets)),
        "runs in which |A|^2 grows in phase 1": float(sum(one.stopped for one, _ in paths)),
        "time until it has, mean": float(np.mean([one.times[-1] for one, _ in paths])),
        "runs with tr(FEA'A) < 0 after phase 1": float(sum(right < 0 for right, _ in between)),
        "runs with tr(FE) < 0 after phase 1": float(sum(wrong < 0 for _, wrong in between)),
        "runs whose tr(FWA) falls in phase 2": float(sum(fall < 0 for fall in falls)),
        "change of tr(FWA) in phase 2, mean": float(np.mean(falls)),
    }


def _row_together(nets: list[PepitaProblem], paths: list[Trajectory | None], sign: float) -> Row:
    """``sign`` is that of F in the flow; tr(FWA) is always that of F itself."""
    import numpy as np

    from snn_credit.theory import normalized_error
    from snn_credit.theory.pepita import alignment, final_alignment

    rows: list[tuple[float, ...]] = []
    for net, path in zip(nets, paths, strict=True):
        expected = sign * final_alignment(net.target, sign * net.f)
        end = (nan, nan) if path is None else (
            alignment(net.f, path[-1]), normalized_error(net.target, path[-1])
        )  # fmt: skip
        rows.append((alignment(net.f, net.start), expected, *end))
    begun, expected, ended, left = np.array(rows).T
    return {
        "runs": float(len(nets)),
        "runs that run away": float(sum(path is None for path in paths)),
        "runs whose tr(FWA) falls": float(np.sum(ended < begun)),
        "runs with tr(FWA) < 0 at the end": float(np.sum(ended < 0)),
        "tr(FWA) at the start, mean": float(begun.mean()),
        "tr(FWA) at the end, mean": float(ended.mean()),
        "tr(FWA) at rest, expected": float(expected.mean()),
        "largest distance from what is expected": float(np.abs(ended - expected).max()),
        "NSE at the end": float(left.mean()),
    }


def _row_other(nets: list[PepitaProblem], paths: list[Trajectory | None]) -> Row:
    """Of each net's weights, with the F of the net before it."""
    from snn_credit.theory.pepita import alignment

    others = [net.f for net in (nets[-1], *nets[:-1])]
    falls = [alignment(f, path[-1]) < alignment(f, path[0])
             for f, path in zip(others, paths, strict=True) if path is not None]  # fmt: skip
    return {"runs": float(len(nets)), "runs whose tr(FWA) falls": float(sum(falls))}


def _draw(
    context: Context, nets: list[PepitaProblem], decoupled: list[tuple[Trajectory, Trajectory]],
    together: list[Trajectory | None],
) -> None:  # fmt: skip
    """Draw tr(FWA), tr(FEA'A) and the NSE in both phases and in the simultaneous flow."""
    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.theory import normalized_error
    from snn_credit.theory.pepita import alignment, slope

    quantities: dict[str, Callable[[PepitaProblem, State], float]] = {
        "tr(FWA)": lambda net, s: alignment(net.f, s),
        "tr(FEA'A)": lambda net, s: slope(net.target, net.f, s),
        "NSE": lambda net, s: normalized_error(net.target, s),
    }
    columns = {"phase 1: A learns": [one for one, _ in decoupled],
               "phase 2: W learns": [two for _, two in decoupled],
               "both learn": together}  # fmt: skip

    def panel(name: str, title: str) -> Panel:
        traces = [
            Trace(path.times - path.times[0], path.measure(lambda s, n=net: quantities[name](n, s)))
            for net, path in zip(nets, columns[title], strict=True)
            if path is not None
        ]
        top, last, first = name == "tr(FWA)", name == "NSE", title == "phase 1: A learns"
        return Panel(traces, title if top else "", "time" if last else "", name if first else "",
                     log_x=title == "both learn", zero=True)  # fmt: skip

    rows = [[panel(name, title) for title in columns] for name in quantities]
    trace_grid(rows).savefig(context.out / "pepita.png")


EXPERIMENT = Experiment(
    id="pepita-theory",
    paper="Dellaferrera & Kreiman 2022",
    figure="App. E",
    about="why the product of the forward weights anti-aligns with PEPITA's F",
    presets={
        "smoke": Config(runs=3, sizes=(12, 9, 6), f_scale=0.1, together=30.0, samples=31),
        "laptop": Config(),
        "paper": Config(),
    },
    run=run,
    claims=(
        above("decoupled", "runs with tr(FEA'A) < 0 after phase 1", 20),
        above("decoupled", "runs whose tr(FWA) falls in phase 2", 20),
        above("simultaneous", "runs whose tr(FWA) falls", 20),
    ),
)  # fmt: skip
