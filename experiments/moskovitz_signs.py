"""Moskovitz et al. 2018, Fig 5: what it costs to freeze the signs of weights, and when they settle.

Moskovitz, Litwin-Kumar & Abbott, "Feedback alignment in deep convolutional networks" (2018),
arXiv:1812.06488. uSF Init with constant norms (eq 10) and signs that are frozen from the start,
after 5% (the paper's) or 25% of the training, or never; the fraction of all weights whose sign has
changed since the start.

The paper's cumulative fraction cannot fall. Beside it stand the fraction whose sign is another one
than at first, and the fraction that flips from one epoch to the next, over the last quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from snn_credit.experiments import moskovitz_training as shared
from snn_credit.harness import Context, Experiment, ordered, require

NEVER = "never frozen"
EVER, AWAY = "weights that ever changed sign %", "weights of another sign than at first %"
FLIPS = "flips an epoch in the last quarter %"


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; ``fractions`` of the training after which signs are frozen."""

    methods: tuple[str, ...] = ()
    epochs: int = 154
    batch: int = 128
    lr: float = 5e-4
    decay: float = 0.8
    decay_every: int = 30
    maps: tuple[int, int] = (64, 64)
    dense: tuple[int, int] = (384, 192)
    fractions: tuple[float, ...] = (0.0, 0.05, 0.25)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, ("fractions",), lambda x: 0 <= x <= 1, "fractions from 0 to 1")


def run(config: Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Train once for each time of freezing with one seed; draw errors and signs."""
    from snn_credit.models.moskovitz import cifar1

    data = shared.dataset(config, (3, 32, 32))
    rows: dict[str, dict[str, float | None]] = {}
    curves: dict[str, shared.Learning] = {}
    for name, fraction in _conditions(config).items():
        method = shared.Method("uSF Init", frozen=fraction is not None, constant=True)
        settings = replace(config, freeze_after=fraction or 0.0, evaluations=config.epochs)
        network = cifar1(config.maps, config.dense, seed=context.seed)
        learning, _ = shared.train(
            settings, context, data, network, name, method, watch=_signs(), whole=True
        )
        curves[name] = learning
        last = max(1, round(config.epochs / 4))
        rows[name] = {
            **shared.errors(learning),
            EVER: float(learning["ever"][-1]),
            AWAY: float(learning["away"][-1]),
            FLIPS: float(learning["flips"][-last - 1 : -1].mean()),
        }
    _draw(context, curves, config.epochs)
    return rows


def _conditions(config: Config) -> dict[str, float | None]:
    return {f"frozen after {fraction:.0%}": fraction for fraction in config.fractions} | {
        NEVER: None
    }


def _signs() -> Callable[[Any], dict[str, float]]:
    """Return what follows the signs of all forward weights from its first call on."""
    import numpy as np

    from snn_credit.analysis import SignTracker

    trackers: list[SignTracker] = []

    def look(module: Any) -> dict[str, float]:
        weights = np.concatenate([
            value.detach().cpu().numpy().ravel()
            for name, value in module.named_parameters()
            if name.endswith("weight")
        ])  # fmt: skip
        if not trackers:
            trackers.append(SignTracker(weights))
            return {"ever": 0.0, "away": 0.0, "flips": 0.0}
        trackers[0].add(weights)
        changes = trackers[0].changes
        parts = {"ever": changes.cumulative, "away": changes.from_start, "flips": changes.flips}
        return {name: 100 * float(values[-1]) for name, values in parts.items()}

    return look


def _draw(context: Context, curves: Mapping[str, shared.Learning], epochs: int) -> None:
    """Draw Fig 5: errors, and signs, over the training."""
    from snn_credit.analysis import Panel, Trace, shades, trace_grid

    def panel(column: str, title: str, unit: str) -> Panel:
        shade = zip(curves.items(), shades(len(curves)), strict=True)
        traces = []
        for (name, learning), color in shade:
            seen: Sequence[float] = learning["images_seen"][:-1]
            epoch = [epochs * images / max(seen) for images in seen]
            traces.append(Trace(epoch, learning[column][:-1], color, name))
        return Panel(traces, title, "epochs", unit)

    panels = [
        panel("validation_error", "validation error", "%"),
        panel("ever", "ever changed sign", "% of weights"),
        panel("flips", "changed sign in the last epoch", "% of weights"),
    ]
    trace_grid([panels], height=2.2).savefig(context.out / "signs.png")


EXPERIMENT = Experiment(
    id="moskovitz-signs",
    paper=shared.PAPER,
    figure="Fig 5",
    about="signs frozen after 0, 5 and 25% of the training, or never; how many change",
    presets={
        "smoke": shared.smoke(Config(), maps=(3, 4), dense=(6, 5)),
        "laptop": Config(
            train_images=4000,
            validation_images=1000,
            test_images=2000,
            epochs=20,
            batch=50,
            maps=(16, 16),
            dense=(96, 48),
            lr=1e-3,
            decay=1.0,
        ),
        "paper": Config(),
    },
    run=run,
    cost=lambda config: shared.cost(
        replace(config, methods=("BP",) * len(_conditions(config))), 0.6, 45_000
    ),
    claims=(ordered(shared.TEST, NEVER, "frozen after 25%", "frozen after 5%", "frozen after 0%"),),
)
