"""Kunin et al. 2020, Fig 2a-c, D.1, D.2: how B comes to W, and which minima each rule can rest in.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins, ICML (2020). One scalar synapse: eigenvalues
of the symmetrised flows of the weight mirror (WM), symmetric alignment (SA) and activation
alignment (AA); WM's symmetric part grows, stays or falls as lambda <, =, > x^2. Three neurons in a
row: the Jacobian of BP's, FA's and SA's flow at the minima of the loss. All minima of BP and SA
attract, and FA's do where w1^2 + b w2 > 0: each is left by a small push, up or down in w1, and
followed. Last, flows from random starts.

The paper states eigenvalues and draws three flows; the draws are ours: x uniform in 0.5..2, lambda
x^2 times 0.5, 1 and 1.5 (Fig 2's x is 1), minima with |w1| uniform in 0.2..2, b normal, alpha and
beta of 20 normal pairs (x, x + 1/2 normal). Eigenvalues that the text prints otherwise are measured
beside those of its matrices (see `snn_credit.theory.alignment`). Seconds a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import Claim, Context, Experiment, Table, above, all_of, below, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.theory.alignment import Alignment, Learner

    Values = NDArray[np.float64]

Row = dict[str, float | None]


@dataclass(frozen=True)
class Config:
    """Settings: how many synapses, minima and starts, and how long their flows are followed."""

    draws: int = 100
    minima: int = 300
    starts: int = 300
    push: float = 0.0001
    back: float = 0.1
    align: float = 3.0
    learn: float = 1000.0

    def __post_init__(self) -> None:
        require(self, ("draws", "minima", "starts"), lambda n: n >= 2, "at least 2")
        positive = ("push", "back", "align", "learn")
        require(self, positive, lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Measure both flows with one seed's draws, and draw them."""
    import numpy as np

    rng = np.random.default_rng(context.seed)
    rows: dict[str, Row] = {}
    for sign, share in (("<", 0.5), ("=", 1.0), (">", 1.5)):
        rows[f"WM, lambda {sign} x^2"] = _aligning(config, rng, "WM", share)
    for rule in ("SA", "AA"):
        rows[rule] = _aligning(config, rng, rule, 0.0)
    for rule in ("BP", "FA", "SA"):
        rows[f"minima, {rule}"] = _minima(config, rng, rule)
    for rule in ("BP", "FA", "SA"):
        rows[f"random starts, {rule}"] = _starts(config, rng, rule)
    _draw(context)
    return rows


def _aligning(config: Config, rng: np.random.Generator, rule: Alignment, share: float) -> Row:
    """Measure synapses of their own x; ``share`` is lambda over x^2."""
    import numpy as np

    from snn_credit.theory import alignment

    times = np.array([0.0, config.align])
    found: list[tuple[float, ...]] = []
    for x in rng.uniform(0.5, 2.0, config.draws):
        decay = share * x**2
        matrix = alignment.flow_matrix(rule, x, decay)
        symmetric, skew = alignment.eigenvalues(rule, x, decay)
        measured = np.diag(alignment.BASIS.T @ matrix @ alignment.BASIS)
        apart = np.abs(np.linalg.eigvalsh(matrix) - np.sort([symmetric, skew])).max()
        printed = alignment.printed_skew_eigenvalue(rule, x, decay)
        start = rng.normal(size=(2, 1))
        path = alignment.follow(lambda s, m=matrix: -m @ s, start, times)[-1]
        w, b = alignment.align(rule, start[0], start[1], times, x, decay)
        growth = np.abs(alignment.BASIS.T @ [w[-1], b[-1]]) / np.abs(alignment.BASIS.T @ start)
        integrated = np.abs(path - [w[-1], b[-1]]).max() / np.abs(path).max()
        found.append((*measured, apart, measured[1] / printed, *growth.ravel(), integrated))
    table = np.array(found)
    means, most = table.mean(0), table.max(0)
    return {
        "eigenvalue of the symmetric part": float(means[0]),
        "of the skew-symmetric part": float(means[1]),
        "largest distance from the formulas": float(most[2]),
        "skew eigenvalue, of that printed": float(means[3]),
        "synapses whose symmetric part grows, %": 100 * float(np.mean(table[:, 4] > 1 + 1e-9)),
        "falls, %": 100 * float(np.mean(table[:, 4] < 1 - 1e-9)),
        "whose skew part falls, %": 100 * float(np.mean(table[:, 5] < 1)),
        "largest relative distance of closed form and integrator": float(most[6]),
    }


def _data(rng: np.random.Generator) -> tuple[float, float]:
    """Return alpha and beta of 20 pairs."""
    x = rng.normal(size=20)
    y = x + 0.5 * rng.normal(size=20)
    return float((x * y).mean()), float((x**2).mean())


def _minima(config: Config, rng: np.random.Generator, rule: Learner) -> Row:
    """Draw minima; compare eigenvalues with differences, and go back or not after a small push."""
    import numpy as np

    from snn_credit.theory import alignment
    from snn_credit.theory.jacobian import numeric_jacobian

    alpha, beta = _data(rng)
    w1 = rng.uniform(0.2, 2.0, config.minima) * rng.choice([-1.0, 1.0], config.minima)
    w2 = alpha / beta / w1
    b = rng.normal(size=config.minima) if rule == "FA" else w2
    points = np.stack([w1, w2] if rule == "BP" else [w1, w2, b])
    kept = [alignment.eigenvalues_at_minimum(rule, point, beta) for point in points.T]

    def velocity(theta: Values) -> Values:
        return alignment.learning_velocity(rule, theta, alpha, beta)

    apart = []
    for point, expected in zip(points.T, kept, strict=True):
        # the formula against the derivative, taken by differences
        values = np.linalg.eigvals(numeric_jacobian(velocity, point)).real
        apart.append(np.abs(np.sort(values) - np.sort(expected)).max())
    sinks = np.array([values[0] < 0 for values in kept])
    came = np.ones(config.minima, dtype=bool)
    for push in (-config.push, config.push):
        pushed = points.copy()
        pushed[0] += push
        end = alignment.follow(velocity, pushed, [0.0, config.learn])[-1]
        came &= np.linalg.norm(end - points, axis=0) < config.back
    origin = alignment.learning_jacobian(rule, 0 * points[:, 0], alpha, beta)
    return {
        "minima that attract, %": 100 * float(sinks.mean()),
        "largest distance of eigenvalues from differences": float(max(apart)),
        "of those that attract come back, %": 100 * float(came[sinks].mean()),
        "of the others come back, %": 100 * float(came[~sinks].mean()) if any(~sinks) else None,
        "largest eigenvalue at w1 = w2 = b = 0": float(np.linalg.eigvals(origin).real.max()),
    }


def _starts(config: Config, rng: np.random.Generator, rule: Learner) -> Row:
    """Follow normal starts (w1, w2, b) and look where they end."""
    import numpy as np

    from snn_credit.theory import alignment

    alpha, beta = _data(rng)
    starts = rng.normal(size=(2 if rule == "BP" else 3, config.starts))
    times = [0.0, config.learn]
    end = alignment.follow(
        lambda theta: alignment.learning_velocity(rule, theta, alpha, beta), starts, times
    )[-1]
    left = (alpha - beta * end[0] * end[1]) ** 2 / alpha**2
    first = np.array([alignment.eigenvalues_at_minimum(rule, each, beta)[0] for each in end.T])
    ended = left < 1e-6
    return {
        "starts that end at a minimum, %": 100 * float(ended.mean()),
        "of them at one that attracts, %": 100 * float((first[ended] < 0).mean()),
        "largest NSE at the end": float(left.max()),
    }


def _draw(context: Context) -> None:
    """Draw Fig 2a-c, and FA's minima beside SA's."""
    from snn_credit.analysis import flow_fields
    from snn_credit.experiments.kunin_planes import minima_plane, mirror_plane

    mirror = [mirror_plane(decay) for decay in (0.5, 1.0, 1.5)]
    flow_fields(mirror).savefig(context.out / "figure2.png")
    flow_fields([minima_plane("FA"), minima_plane("SA")]).savefig(context.out / "minima.png")


_GROWS, _FALLS = "synapses whose symmetric part grows, %", "falls, %"
_ATTRACT = "minima that attract, %"
EXPERIMENT = Experiment(
    id="kunin-dynamics",
    paper="Kunin et al. 2020",
    figure="Fig 2a-c, D.1, D.2",
    about="flows of alignment in one synapse, and which minima attract BP, FA and SA",
    presets={
        "smoke": Config(draws=20, minima=40, starts=40),
        "laptop": Config(),
        "paper": Config(draws=1000, minima=2000, starts=2000),
    },
    run=run,
    claims=(
        all_of(
            *(
                below(flow, "largest distance from the formulas", 1e-9)
                for flow in ("SA", "AA", "WM, lambda < x^2", "WM, lambda = x^2", "WM, lambda > x^2")
            ),
            text="eigenvalues are 0 and 2 (SA), 0 and 2 x^2 (AA), lambda -+ x^2 (WM), to 1e-9",
        ),
        all_of(
            above("WM, lambda < x^2", _GROWS, 100),
            below("WM, lambda = x^2", _GROWS, 0),
            below("WM, lambda = x^2", _FALLS, 0),
            above("WM, lambda > x^2", _FALLS, 100),
            text="WM diverges, is stable or collapses as lambda is below, at or above x^2",
        ),
        Claim(
            "every minimum attracts BP and SA, not every one FA",
            lambda m: (
                m.value("minima, FA", _ATTRACT)
                < min(m.value("minima, BP", _ATTRACT), m.value("minima, SA", _ATTRACT))
                == 100
            ),
        ),
    ),
)
