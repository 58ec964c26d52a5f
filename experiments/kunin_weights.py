"""Kunin et al. 2020, Figs 2d-f, S3 and S4: how B comes to be like W, layer by layer.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins, "Two routes to scalable credit assignment
without weight symmetry", ICML (2020). The angle between W and B and the ratio |B| / |W| through
training; W against B at the end, in three layers; and in one layer at the start and on the way.

The first layer has no feedback weights here, so what the paper shows of its first convolution
(Fig 2d) is shown of the second. Angles are not folded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_credit.experiments import kunin_resnet as networks
from snn_credit.experiments import kunin_training as shared
from snn_credit.experiments.kunin_methods import PAPER
from snn_credit.experiments.kunin_training import TOP1
from snn_credit.harness import (
    Claim,
    Context,
    Experiment,
    Table,
    above,
    all_of,
    below,
    file_name,
    not_above,
    ordered,
)

EARLY, MEAN, LARGEST = (
    f"angle of W and B, {what}, degrees"
    for what in ("mean after a tenth", "mean at the end", "largest at the end")
)
MEASURES = ("angle", "ratio")
LEAST, MOST = (f"|B| / |W|, {what} of the layers" for what in ("least", "greatest"))


@dataclass(frozen=True)
class Config(networks.Config):
    """Settings; the first of the ``networks`` is trained."""

    methods: tuple[str, ...] = ("SA", "AA", "WM", "IA")
    networks: tuple[str, ...] = ("ResNet-18",)
    evaluations: int = 90


def run(config: Config, context: Context) -> Table:
    """Train by each method with one seed; draw angles, norms and weights."""
    import numpy as np

    rows: dict[str, dict[str, float | None]] = {}
    curves: dict[str, shared.Learning] = {}
    for name in config.methods:
        data, network, transform = networks.task(config, context, config.networks[0])
        watcher = Watcher(_file(context, name))
        outcome = shared.train(
            config, context, data, network(), name, config.method(name), watch=watcher,
            transform=transform, whole=True,
        )  # fmt: skip
        learning = curves[name] = outcome.learning
        angles, ratios = (_of_layers(context, name, learning, what) for what in MEASURES)
        tenth = np.searchsorted(learning["images_seen"], learning["images_seen"][-1] / 10)
        rows[name] = {
            TOP1: outcome.accuracy(data.classes),
            EARLY: float(np.mean([values[tenth] for values in angles.values()])),
            MEAN: float(np.mean([values[-1] for values in angles.values()])),
            LARGEST: float(np.max([values[-1] for values in angles.values()])),
            LEAST: float(np.min([values[-1] for values in ratios.values()])),
            MOST: float(np.max([values[-1] for values in ratios.values()])),
        }
        if outcome.failed is not None:
            rows[name][shared.FAILED] = float(outcome.failed)
    _draw_curves(context, curves)
    _draw_weights(config, context)
    return rows


class Watcher:
    """Measures angle and |B| / |W| of each layer, and keeps weights of some in a file.

    ``file`` has the pair of each layer as it is now, (2, n_post, ...) under the layer's name, and
    that of the third convolution at every time, under 'third 0', 'third 1' and so on.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._third: dict[str, Any] = {}

    def __call__(self, module: Any) -> dict[str, float]:
        """Return the numbers, and write the file."""
        import numpy as np

        from snn_credit.analysis import angle, norm_ratio
        from snn_credit.rate import feedback_pairs

        pairs = {
            layer: np.stack([each.detach().cpu().numpy() for each in pair])
            for layer, pair in feedback_pairs(module).items()
        }
        third = list(pairs.values())[min(1, len(pairs) - 1)]  # the first layer has no feedback
        self._third[f"third {len(self._third)}"] = third
        np.savez(self.file, **pairs, **self._third)
        measures = {}
        for layer, (w, b) in pairs.items():
            for what, number in zip(MEASURES, (angle(w, b), norm_ratio(b, w)), strict=True):
                measures[f"{what} {layer}"] = number
        return measures


def _file(context: Context, name: str) -> Path:
    return context.out / f"{file_name(name)}.npz"


def _of_layers(
    context: Context, name: str, learning: shared.Learning, what: str
) -> Mapping[str, Any]:
    """Return a measure over the training by layer, from the lowest to the highest."""
    import numpy as np

    with np.load(_file(context, name)) as kept:
        layers = [layer for layer in kept.files if not layer.startswith("third ")]
    return {layer: learning[f"{what} {layer}"] for layer in layers}


def _draw_curves(context: Context, curves: Mapping[str, shared.Learning]) -> None:
    """Draw Fig S4: angles and norm ratios over the training, from lower layers (dark) to upper."""
    from snn_credit.analysis import Panel, Trace, shades, trace_grid

    layers = {
        (name, what): _of_layers(context, name, learning, what)
        for name, learning in curves.items()
        for what in MEASURES
    }

    def panel(name: str, what: str, title: str, unit: str) -> Panel:
        seen = curves[name]["images_seen"]
        measured = layers[name, what]
        traces = [
            Trace(seen / seen[-1], values, color, layer)
            for (layer, values), color in zip(measured.items(), shades(len(measured)), strict=True)
        ]
        alike = [each for key, found in layers.items() if key[1] == what for each in found.values()]
        limits = 0.9 * min(map(min, alike)), 1.1 * max(map(max, alike))
        return Panel(traces, f"{name}: {title}", "fraction of the training", unit,
                     log_y=what == "ratio", y_limits=limits)  # fmt: skip

    rows = [
        [panel(name, "angle", "angle of W and B", "degrees"),
         panel(name, "ratio", "|B| / |W|", "")]
        for name in curves
    ]  # fmt: skip
    trace_grid(rows, height=1.6).savefig(context.out / "angles.png")


def _draw_weights(config: Config, context: Context) -> None:
    """Draw Figs 2d-f and S3: W against B."""
    import numpy as np

    from snn_credit.analysis import weight_scatter

    at_end: dict[str, Any] = {}
    on_the_way: dict[str, Any] = {}
    for name in config.methods:
        with np.load(_file(context, name)) as kept:
            layers = [layer for layer in kept.files if not layer.startswith("third ")]
            times = [time for time in kept.files if time.startswith("third ")]
            for number in (0, len(layers) // 2, len(layers) - 1):
                at_end[f"{name}, {layers[number]}"] = tuple(kept[layers[number]])
            for number in (0, max(1, round(0.1 * (len(times) - 1))), len(times) - 1):
                share = number / max(1, len(times) - 1)
                on_the_way[f"{name}, {share:.0%} of the training"] = tuple(kept[times[number]])
    weight_scatter(at_end, diagonal=True).savefig(context.out / "scatter_layers.png")
    weight_scatter(on_the_way, diagonal=True).savefig(context.out / "scatter_times.png")


EXPERIMENT = Experiment(
    id="kunin-weights",
    paper=PAPER,
    figure="Figs 2d-f, S3, S4",
    about="angle and norms of W and B by layer through training, for SA, AA, WM and IA",
    presets={
        "smoke": shared.smoke(Config(), networks=("ResNet-8",)),
        "laptop": Config(networks=("ResNet-8",), **{**shared.LAPTOP, "evaluations": 20}),
        "paper": Config(),
    },
    run=run,
    cost=lambda config: shared.cost(
        config, 0.9 if config.networks[0] in networks.SMALL else 1500, 1_271_167,
        len(config.methods),
    ),
    claims=(
        below("SA", EARLY, 10, text="SA aligns early: at most 10 degrees after a tenth of it"),
        all_of(
            above("SA", LEAST, 0.9), below("SA", MOST, 1.1),
            text="SA: |B| / |W| between 0.9 and 1.1 in every layer",
        ),
        all_of(
            not_above(MEAN, "SA", "IA", 0), ordered(MEAN, "IA", "WM"), text="angle: SA <= IA < WM"
        ),
        below("IA", LARGEST, 5, text="IA: at most 5 degrees in every layer"),
        Claim(
            "WM: |B| / |W| explodes or collapses by layer (at least tenfold apart)",
            lambda m: m.value("WM", MOST) >= 10 * m.value("WM", LEAST),
        ),
    ),
)  # fmt: skip
