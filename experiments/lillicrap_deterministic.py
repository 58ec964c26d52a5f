"""Lillicrap et al. 2016, Supplementary Figures 11 and 12, Note 12: how W comes to align with B'.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. A linear 30-20-10 net learns a linear function by FA's deterministic
dynamics in three regimes: A and W alternate once, alternate many times, learn together. While only
A learns, tr(A'BE) rises above 0 and the error hardly changes; then W learns and tr(BW) rises; and
when A learns again, what reaches it through B is useful: the error falls. The third regime in a
100-50-20 net too, in which the runs differ less from one another.

20 runs a seed, each with its own T (uniform in +-1), B (+-0.5), A and W (+-0.01, the paper's
scales in Fig 2); some ten seconds. The paper gives no durations: a block of 0.3 is long enough for
A to take up B and short enough that the error does not vanish in W's first block. Signs are judged
while the NSE is above 1e-6, as all quantities end at 0 with the error. ``paper`` is the same as
``laptop``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, Table, above, all_of, below, ordered, require

if TYPE_CHECKING:
    from snn_credit.theory.decoupled import Decoupled
    from snn_credit.theory.integrate import Learns

ONCE, OFTEN, TOGETHER = "alternating once", "alternating often", "together"
#: What is looked at, by its name in `snn_credit.theory.decoupled`.
QUANTITIES = {"trace_abe": "tr(A'BE)", "trace_bw": "tr(BW)", "nse": "NSE"}


@dataclass(frozen=True)
class Config:
    """Settings: the nets, the scales of their first weights, and how long what learns."""

    runs: int = 20
    sizes: tuple[int, int, int] = (30, 20, 10)
    large: tuple[int, int, int] = (100, 50, 20)
    scale: float = 0.01
    b_scale: float = 0.5
    block: float = 0.3
    pairs: int = 5
    samples: int = 40

    def __post_init__(self) -> None:
        require(self, ("sizes", "large"), lambda n: n >= 1, "at least 1")
        require(self, ("runs", "pairs", "samples"), lambda n: n >= 2, "at least 2")
        require(self, ("scale",), lambda s: 0 <= s < inf, "a finite number of at least 0")
        require(self, ("b_scale", "block"), lambda s: 0 < s < inf, "a finite number above 0")

    def blocks(self, regime: str) -> list[tuple[Learns, float]]:
        """Return what learns, and for how long: as long in all regimes."""
        whole = 2 * self.pairs * self.block
        if regime == ONCE:
            return [("A", self.block), ("W", whole - self.block)]
        return [("A", self.block), ("W", self.block)] * self.pairs if regime == OFTEN else [
            ("both", whole)
        ]  # fmt: skip


def run(config: Config, context: Context) -> Table:
    """Follow all runs of all regimes with one seed, and draw them."""
    regimes = {
        f"{regime}, {'-'.join(map(str, sizes))}": _runs(config, context, regime, sizes)
        for regime, sizes in (
            (ONCE, config.sizes), (OFTEN, config.sizes), (TOGETHER, config.sizes),
            (TOGETHER, config.large),
        )
    }  # fmt: skip
    _draw(config, context, regimes)
    return {name: _row(config, name, runs) for name, runs in regimes.items()}


def _runs(config: Config, context: Context, regime: str, sizes: tuple[int, ...]) -> list[Decoupled]:
    import numpy as np

    from snn_credit.theory import Problem
    from snn_credit.theory.decoupled import decoupled

    blocks = config.blocks(regime)
    samples = config.samples * 2 * config.pairs // len(blocks)
    draws = [np.random.default_rng((context.seed, number)) for number in range(config.runs)]
    problems = [Problem.draw(rng, sizes, config.scale, config.b_scale) for rng in draws]
    return [decoupled(problem, blocks, samples) for problem in problems]


def _row(config: Config, name: str, runs: list[Decoupled]) -> dict[str, float | None]:
    """Count the runs in which each statement holds."""
    import numpy as np

    trace, aligned, nse = (np.stack([getattr(r, q) for r in runs]) for q in QUANTITIES)
    ends, times = runs[0].ends, runs[0].times
    # from the end of the first block on; where both learn, from the time at which it would end
    after = times >= config.block - 1e-9
    judged = (nse > 1e-6) & after
    row: dict[str, float | None] = {
        "runs": float(len(runs)),
        "runs with tr(A'BE) > 0 throughout": float(np.all((trace > 0) | ~judged, axis=1).sum()),
    }
    if not name.startswith(TOGETHER):
        first = ends[0]
        judged &= times > times[first]
        change = np.abs(nse[:, : first + 1] / nse[:, :1] - 1).max(axis=1)
        row["runs with tr(A'BE) > 0 after A's first block"] = float((trace[:, first] > 0).sum())
        row["largest change of NSE in A's first block, %"] = 100 * float(change.max())
    row["runs with tr(BW) > 0 once W has learned"] = float(
        np.all((aligned > 0) | ~judged, axis=1).sum()
    )
    if name.startswith(OFTEN):
        fall = 1 - nse[:, ends[2]] / nse[:, ends[1]]
        row["runs whose NSE falls in A's second block"] = float((fall > 0).sum())
        row["smallest fall of NSE in A's second block, %"] = 100 * float(fall.min())
    row["NSE at the end"] = float(nse[:, -1].mean())
    if name.startswith(TOGETHER):
        while_learning = after & (nse.min(axis=0) > 1e-3)
        for quantity, values in zip(QUANTITIES.values(), (trace, aligned, nse), strict=True):
            share = values.std(axis=0, ddof=1) / values.mean(axis=0)
            row[f"s.d. of {quantity} between runs, % of its mean"] = 100 * float(
                share[while_learning].mean()
            )
    return row


def _draw(config: Config, context: Context, regimes: dict[str, list[Decoupled]]) -> None:
    """Draw SF11 and, as a fourth column, SF12."""
    from snn_credit.analysis import TINTS, Panel, Span, Trace, trace_grid

    colors = dict(zip(("A", "W"), TINTS, strict=True))
    rows: list[list[Panel]] = []
    for number, quantity in enumerate(QUANTITIES):
        last = number == len(QUANTITIES) - 1
        panels: list[Panel] = []
        for name, runs in regimes.items():
            begun, spans = 0.0, []
            for learns, duration in config.blocks(name.split(",")[0]):
                if learns != "both":
                    label = learns if number == 0 else ""
                    spans.append(Span(begun, begun + duration, label, colors[learns]))
                begun += duration
            panels.append(Panel(
                [Trace(r.times, getattr(r, quantity)) for r in runs],
                title=name if number == 0 else "",
                x_label="time" if last else "",
                y_label=QUANTITIES[quantity] if not panels else "",
                spans=spans, zero=True,
            ))  # fmt: skip
        rows.append(panels)
    trace_grid(rows).savefig(context.out / "deterministic.png")


_STATEMENTS = {
    "runs with tr(A'BE) > 0 after A's first block": (ONCE, OFTEN),
    "runs with tr(BW) > 0 once W has learned": (ONCE, OFTEN, TOGETHER),
    "runs whose NSE falls in A's second block": (OFTEN,),
}
EXPERIMENT = Experiment(
    id="lillicrap-deterministic",
    paper="Lillicrap et al. 2016",
    figure="SF11, SF12, Note 12",
    about="A takes up B, W takes up A: why forward weights align with feedback weights",
    presets={
        "smoke": Config(runs=3, sizes=(12, 8, 4), large=(24, 16, 8), pairs=2, samples=10),
        "laptop": Config(),
        "paper": Config(),
    },
    run=run,
    claims=(
        *(
            all_of(
                *(above(f"{regime}, 30-20-10", column, 20) for regime in regimes),
                text=f"{column}: 20 of 20",
            )
            for column, regimes in _STATEMENTS.items()
        ),
        below(
            f"{ONCE}, 30-20-10",
            "largest change of NSE in A's first block, %",
            15,
        ),
        all_of(
            *(
                ordered(
                    f"s.d. of {quantity} between runs, % of its mean",
                    f"{TOGETHER}, 100-50-20",
                    f"{TOGETHER}, 30-20-10",
                )
                for quantity in QUANTITIES.values()
            ),
            text="the larger net varies less between runs",
        ),
    ),
)
