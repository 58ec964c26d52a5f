"""Lansdell et al. 2020, Theorems 1 and 2, Corollary 1: feedback weights from node perturbation.

Lansdell, Prakash & Kording, ICLR (2020), section 3, appendix A. With W fixed the least squares
estimate of B goes to W as presentations T grow and the noise c falls: for one hidden layer of tanh
below tanh outputs, and for a linear net of two hidden layers; with direct feedback to the product
of the W above. Its error falls as 1/sqrt(T). The bias that noise of size c leaves is of order c^2
in the net of tanh, nought in the linear one, and of order c, the theorems' bound, where the noise
is skewed. The bias is computed exactly, and estimated from samples so that their own scatter does
not count as bias (see `snn_credit.theory.perturbation`).

Beyond the theorems: two hidden layers of tanh, to which the proof does not extend; and a linear net
that narrows towards the output, where A3 fails: B is not W below the top, yet sends down the same
error. Controls: the change of the loss is another presentation's; lambda^ is not divided by c^2.

The paper gives no sizes. Sizes here grow towards the output where A3 is to hold; W is normal with
variance 1/fan-in, 200 stimuli uniform in 0..1, exponents are fitted to T from ``fit_from`` on, over
the root mean square of the runs. Two to seven minutes a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from snn_credit.errors import InputError
from snn_credit.experiments.lansdell_training import PAPER
from snn_credit.harness import Context, Experiment, Table, all_of, below, between, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.theory.consistency import Case

    Values = NDArray[np.float64]

Row = dict[str, float | None]
FIRST, SECOND = "Theorem 1: one hidden layer of tanh", "Theorem 2: linear"
DIRECT = "Corollary 1: linear, direct"
LACKING = "A3 fails: linear, narrowing"
SKEWED = "Theorem 2: linear, skewed noise"
ANGLE = "angle of B'e to W'e, degrees"


@dataclass(frozen=True)
class Config:
    """Settings: the nets, how many presentations, how much noise."""

    shallow: tuple[int, int, int] = (20, 8, 10)
    widening: tuple[int, int, int, int] = (20, 4, 6, 10)
    narrowing: tuple[int, int, int, int] = (20, 10, 8, 6)
    stimuli: int = 200
    runs: int = 10
    presentations: tuple[int, ...] = tuple(m * 10**k for k in range(3, 7) for m in (1, 3))
    fit_from: int = 100_000
    c: float = 0.003
    quiet: tuple[float, float] = (0.003, 0.03)
    loud: float = 1.0
    for_bias: int = 1_000_000

    def __post_init__(self) -> None:
        sizes = ("shallow", "widening", "narrowing", "stimuli", "for_bias")
        require(self, sizes, lambda n: n >= 1, "at least 1")
        require(self, ("runs",), lambda n: n >= 3, "at least 3")
        require(self, ("c", "quiet", "loud"), lambda c: 0 < c < inf, "a finite number above 0")
        require(self, ("presentations",), lambda n: n >= 1, "at least 1")
        shown = self.presentations
        require(self, ("presentations",), lambda _: all(a < b for a, b in pairwise(shown)),
                "ascending")  # fmt: skip
        require(self, ("fit_from",), lambda n: sum(t >= n for t in shown) >= 2,
                "at most the last but one of presentations")  # fmt: skip


def run(config: Config, context: Context) -> Table:
    """Measure all cases with the nets of one seed."""
    import numpy as np

    from snn_credit.theory.consistency import Case
    from snn_credit.theory.static import StaticNet

    rng = np.random.default_rng(context.seed)
    stimuli = config.stimuli
    shallow = StaticNet.draw(rng, config.shallow, stimuli, "tanh", "tanh")
    linear = StaticNet.draw(rng, config.widening, stimuli)
    deep = StaticNet.draw(rng, config.narrowing, stimuli, "tanh", "tanh")
    narrow = StaticNet.draw(rng, config.narrowing, stimuli)
    cases = {
        FIRST: Case(shallow),
        SECOND: Case(linear),
        DIRECT: Case(linear, direct=True),
        "beyond: two hidden layers of tanh": Case(deep),
        LACKING: Case(narrow),
    }
    rows: dict[str, Row] = {}
    errors: dict[str, dict[str, Values]] = {}
    context.progress.start(len(cases), "nets", FIRST)
    for done, (name, case) in enumerate(cases.items()):
        errors[name], found = _growing(config, case, rng)
        rows |= {f"{name}, {of}": row for of, row in found.items()}
        context.progress.update(done + 1)
    skewed = Case(linear, noise="skewed")
    with_bias = {FIRST: cases[FIRST], SECOND: cases[SECOND], DIRECT: cases[DIRECT], SKEWED: skewed}
    for name, case in with_bias.items():
        rows |= {f"{name}, {of}": row for of, row in _biases(config, case, rng).items()}
    rows |= _controls(config, cases[FIRST], rng)
    _draw(config, context, errors, with_bias)
    return rows


def _growing(config: Config, case: Case, rng: np.random.Generator
             ) -> tuple[dict[str, Values], dict[str, Row]]:  # fmt: skip
    """Let T grow in each run; return relative errors (runs, T), and rows."""
    import numpy as np

    runs = [list(case.growing(rng, config.presentations, config.c)) for _ in range(config.runs)]
    t, known = np.array(config.presentations), case.sampling()
    try:
        limits = {name: limit.error for name, limit in case.limits(config.c).items()}
    except InputError:  # two hidden layers of tanh
        limits = {}
    fitted = t >= config.fit_from
    errors: dict[str, Values] = {}
    rows: dict[str, Row] = {}
    for name in runs[0][0]:
        errors[name] = np.array([[found[name].error for found in each] for each in runs])
        typical = np.sqrt(np.mean(errors[name] ** 2, axis=0))
        rows[name] = {
            "exponent of T": _exponent(t[fitted], typical[fitted]),
            f"relative error at T = {t[0]:,}": float(typical[0]),
            f"relative error at T = {t[-1]:,}": float(typical[-1]),
            "at T to infinity": limits.get(name),
            "error at the last T, of that expected": (
                float(typical[-1] * t[-1] ** 0.5 / known[name]) if name in known else None
            ),
            ANGLE: float(np.mean([each[-1][name].angle for each in runs])),
        }
    return errors, rows


def _biases(config: Config, case: Case, rng: np.random.Generator) -> dict[str, Row]:
    """Return the bias that T -> infinity leaves: exactly, its exponent of c, and from samples."""
    import numpy as np

    from snn_credit.theory.perturbation import bias_squared

    low, high = (case.limits(c) for c in config.quiet)
    runs = [case.estimates(case.observe(rng, config.for_bias, config.loud))
            for _ in range(config.runs)]  # fmt: skip
    rows: dict[str, Row] = {}
    for name, limit in case.limits(config.loud).items():
        found, error = bias_squared([each[name].b - each[name].limit for each in runs])
        size = float(np.sum(limit.limit**2))
        sizes = np.array([low[name].error, high[name].error])
        rows[f"bias, {name}"] = {
            "exponent of c": _exponent(np.array(config.quiet), sizes) if sizes[0] > 1e-9 else None,
            f"relative bias at c = {config.loud:g}": limit.error,
            "its square": limit.error**2,
            "its square from samples": found / size,
            "standard error": error / size,
        }
    return rows


def _controls(config: Config, case: Case, rng: np.random.Generator) -> dict[str, Row]:
    """Return what comes of a loss that is not the presentation's, and of a missing division."""
    from snn_credit.theory.static import Observations, observe

    last, c = config.presentations[-1], config.c
    seen = case.observe(rng, last, c)
    told = {
        "control: another presentation's loss": observe(case.net, rng, last, c, shuffled=True),
        "control: not divided by c^2": Observations(
            seen.counts, tuple(c**2 * total for total in seen.total)
        ),
    }
    rows: dict[str, Row] = {}
    for name, observations in told.items():
        (found,) = case.estimates(observations).values()
        rows[name] = {f"relative error at T = {last:,}": found.error, ANGLE: found.angle}
    return rows


def _exponent(x: Values, y: Values) -> float:
    import numpy as np

    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _draw(
    config: Config, context: Context, errors: dict[str, dict[str, Values]], biased: dict[str, Case]
) -> None:
    """Draw each run's error against T, and biases against c."""
    import numpy as np

    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import INK, LEARNERS

    t, c = np.array(config.presentations), np.geomspace(0.003, 1.0, 30)
    colors = {"W2": LEARNERS[4], "W3": LEARNERS[1], "W3W2": LEARNERS[6]}

    def panel(name: str, of: dict[str, Values]) -> Panel:
        traces = [Trace(t, one, colors[w], w) for w, runs in of.items() for one in runs]
        for w, runs in of.items():
            end = float(np.sqrt(np.mean(runs[:, -1] ** 2)))
            if name != LACKING or w == "W3":  # W2 is not reached there
                traces.append(Trace(t, end * np.sqrt(t[-1] / t), INK, "1/sqrt(T)", dashed=True))
        return Panel(traces, name, "T", "relative error", log_x=True, log_y=True)

    lines = [(FIRST, "W2", "bias: tanh, W2", LEARNERS[0]),
             (SKEWED, "W2", "bias: linear, skewed noise, W2", LEARNERS[5]),
             (SKEWED, "W3", "bias: linear, skewed noise, W3", LEARNERS[7])]  # fmt: skip
    traces = [
        Trace(c, [biased[name].limits(one)[w].error for one in c], color, label)
        for name, w, label, color in lines
    ]
    panels = [panel(name, of) for name, of in errors.items()]
    panels.append(Panel(traces, "T to infinity", "c", "relative error", log_x=True, log_y=True))
    trace_grid([panels[:3], panels[3:]], height=2.2).savefig(context.out / "theorems.png")


EXPERIMENT = Experiment(
    id="lansdell-theorems",
    paper=PAPER,
    figure="Thm 1, 2, Cor 1",
    about="feedback weights estimated by node perturbation go to W as presentations grow",
    presets={
        "smoke": Config(
            runs=4, presentations=(1_000, 10_000, 100_000), fit_from=10_000, for_bias=20_000
        ),
        "laptop": Config(),
        "paper": Config(presentations=tuple(10**k for k in range(3, 8)), for_bias=10_000_000),
    },
    run=run,
    claims=(
        *(
            all_of(
                *(between(row, "exponent of T", -0.6, -0.4) for row in rows),
                text=f"{name}: the error falls as 1/sqrt(T), exponent -0.5 ± 0.1",
            )
            for name, rows in {
                "Theorem 1": (f"{FIRST}, W2",),
                "Theorem 2": (f"{SECOND}, W2", f"{SECOND}, W3"),
                "Corollary 1": (f"{DIRECT}, W3W2",),
            }.items()
        ),
        between(
            f"{FIRST}, bias, W2", "exponent of c", 1.9, 2.1,
            text="one hidden layer of tanh: a bias that grows as c^2, exponent 2 ± 0.1",
        ),
        all_of(
            *(below(f"{SECOND}, bias, {w}", "relative bias at c = 1", 1e-9) for w in ("W2", "W3")),
            text="linear: no bias at any c",
        ),
    ),
)  # fmt: skip
