"""What the experiments of Lansdell et al. 2020 share: measures of feedback, noisy inputs, cost.

Layer l is the hidden layer l, to which B brings the error of the layer above: the relative error
|W - B| / |W|, the share of weights with equal signs, and the angle of the synthetic gradient
lambda = B e to the true one (2.1), its mean over images.

The authors' loss is a sum over the examples of a minibatch, and so are their learning rates; here a
loss is a mean, and SGD's rates are multiplied by the batch. Their angles are folded at 90 degrees;
here they are from 0 to 180.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snn_credit.harness import roughly

if TYPE_CHECKING:
    from snn_credit.analysis import Panel, Trace
    from snn_credit.data import Dataset
    from snn_credit.rate.regression import Draw

PAPER = "Lansdell, Prakash & Kording 2020"


@dataclass(frozen=True)
class Measure:
    """How a measure of feedback is called and drawn."""

    title: str
    unit: str
    log_y: bool = False
    limits: tuple[float, float] | None = None


MEASURES: Mapping[str, Measure] = {
    "error": Measure("relative error of B", "%", log_y=True),
    "angle": Measure("angle to the true gradient", "degrees", limits=(0, 100)),
    "signs": Measure("equal signs", "%", limits=(40, 102)),
}


def column(measure: str, layer: int) -> str:
    """Return the name of a column of the table."""
    return f"{MEASURES[measure].title}, {MEASURES[measure].unit}, layer {layer}"


def last(seen: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the last of each measure of feedback, under the names of the table."""
    return {
        column(measure, int(layer)): float(values[-1])
        for name, values in seen.items()
        for measure, _, layer in [name.rpartition("_")]
        if measure in MEASURES
    }


def look(data: Dataset, images: int) -> Callable[[Any], dict[str, float]]:
    """Return what measures a network's feedback, with so many validation images for the angles.

    It gives ``error_l``, ``signs_l`` and ``angle_l``, where the network has feedback weights.
    """
    import torch

    from snn_credit.analysis import relative_error, sign_congruence
    from snn_credit.rate import LOSSES, feedback_pairs
    from snn_credit.rate.modulators import modulator_angles

    x = torch.from_numpy(data.validation_x[:images])
    y = torch.from_numpy(data.validation_y[:images])

    def look(module: Any) -> dict[str, float]:
        pairs = feedback_pairs(module).values()
        found: dict[str, float] = {}
        for layer, (w, b) in enumerate(pairs, start=1):
            found[f"error_{layer}"] = 100 * relative_error(w, b)
            found[f"signs_{layer}"] = 100 * sign_congruence(w, b)
        if found:
            angles = modulator_angles(module, x, y, LOSSES["squared error"])
            found |= {f"angle_{layer}": angle for layer, angle in enumerate(angles, start=1)}
        return found

    return look


def panel(letter: str, measure: str, traces: Sequence[Trace]) -> Panel:
    """Return a panel of a measure of feedback over iterations, of two layers."""
    from snn_credit.analysis import Panel

    how = MEASURES[measure]
    return Panel(traces, f"{letter}: {how.title}", "iterations (dashed: layer 1)", how.unit,
                 log_y=how.log_y, y_limits=how.limits)  # fmt: skip


def noisy(draw: Draw, deviation: float, seed: int) -> Draw:
    """Return draws whose inputs have Gaussian noise, and whose targets have none."""
    import numpy as np

    random = np.random.default_rng((seed, *map(ord, "noise")))

    def noisy(n: int) -> Any:
        x, y = draw(n)
        noise = random.standard_normal(x.shape, np.float32) * np.float32(deviation)
        return x + noise, y

    return noisy


def cost(count: int, ms: float, unit: str = "iterations") -> str | None:
    """Say what so many of something take, given the milliseconds of one; None for a little."""
    seconds = count * ms / 1000
    if seconds < 120:
        return None
    time = roughly(seconds)
    return f"{count:,} {unit} in all: about {time} a seed on one core"
