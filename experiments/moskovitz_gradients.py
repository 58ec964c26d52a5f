"""Moskovitz et al. 2018, Figs 2 and 3: sizes and angles of the error signal, layer by layer.

Moskovitz, Litwin-Kumar & Abbott, "Feedback alignment in deep convolutional networks" (2018),
arXiv:1812.06488. Nine convolutions (the second CIFAR-10 network).

Fig 2: |delta_l| of FA over that of BP, for the same images and weights, divided by
sqrt(n_l / n_L): BP with W of variance 1/n_in keeps an error's norm on its way down, B of variance
1/n_out its size for each of the n_l neurons. Three feedback weights: variance 1/n_out, uniform in
+-0.5 as in Lillicrap et al. 2016, uniform in +-0.05; and their drift while FA trains.

Fig 3: the angle of what a layer learns from to delta of BP, over all of the probe images, signed.
For BP + alignment it is the angle of the delta that would come down through the random matrices V
in place of W'; BP itself is what teaches there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snn_credit.experiments import moskovitz_training as shared
from snn_credit.harness import Context, Experiment, above, all_of, below, between, ordered, require

if TYPE_CHECKING:
    from torch import nn

FEEDBACK: dict[str, float | None] = {"FA": None, "FA, B in ±0.5": 0.5, "FA, B in ±0.05": 0.05}
START, END = "at the start", "at the end"
FURTHEST = "|FA|/|BP| by depth, furthest from 1 as a factor"
FIRST = "|FA|/|BP| by depth, layer 1"
LOWER, UPPER = (
    "angle to BP in the lower layers, degrees",
    "angle to BP in the upper layers, degrees",
)


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; ``maps`` are the network's, ``probe_images`` those of which signals are taken."""

    methods: tuple[str, ...] = ("FA", "uSF Init", "uSF SN", "BP + noise", "BP + alignment")
    train_images: int | None = None
    epochs: int = 256
    batch: int = 128
    lr: float = 1e-3
    maps: tuple[int, int] = (96, 192)
    probe_images: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, ("probe_images",), lambda n: n >= 2, "at least 2")


def run(config: Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Measure at the start, train by each method with one seed, and draw both figures."""
    from snn_credit.models.moskovitz import cifar2

    data = shared.dataset(config, (3, 32, 32))
    probe = data.validation_x[: config.probe_images], data.validation_y[: config.probe_images]

    def network() -> Any:
        return cifar2(config.maps, (0.0, 0.0), seed=context.seed)

    curves: dict[str, shared.Learning] = {}
    rows: dict[str, dict[str, float | None]] = {}
    for name in config.methods:
        method = shared.METHODS[name]
        look = _look(probe)
        curves[name], _ = shared.train(config, context, data, network(), name, method, watch=look)
        rows[name] = _row(curves[name])
    for name, bound in FEEDBACK.items():
        if bound is not None:
            curves[name] = _untrained(network(), probe, bound, context.seed)
            rows[name] = {key: value for key, value in _row(curves[name]).items() if START in key}
    _draw(context, curves)
    return rows


def _look(probe: tuple[Any, Any]) -> Callable[[nn.Module], dict[str, float]]:
    """Return what measures ratio and angle of each hidden layer."""
    import numpy as np
    import torch

    from snn_credit.analysis import angle
    from snn_credit.rate import LOSSES
    from snn_credit.rate.modulators import modulators

    def look(module: Any) -> dict[str, float]:
        like = next(module.parameters())
        x, y = torch.from_numpy(probe[0]).to(like), torch.from_numpy(probe[1]).to(like.device)
        through = ("BP", _through_v()) if hasattr(module.synapses, "v_1") else ("BP",)
        own, bp, *v = modulators(module, x, y, LOSSES["cross entropy"], through, own_slope=True)
        outputs = module.present(x[:1]).net.layers[-1]["h"].numel()
        found = {}
        for layer, (ours, exact) in enumerate(zip(v[0] if v else own, bp, strict=True), start=1):
            depth = np.sqrt(ours.shape[1] / outputs)
            found[f"ratio_{layer}"] = np.linalg.norm(ours) / np.linalg.norm(exact) / depth
            found[f"angle_{layer}"] = angle(ours, exact)
        return found

    return look


def _through_v() -> Any:
    """Return FA whose error goes down through what BP + alignment draws W to."""
    from dataclasses import replace

    from snn_credit.rules import RULES, Host, Message

    chain = RULES["FA chain"]
    message = Message("fb", of="delta", frm="above", via="v")
    kept = Host("v", fn=lambda v: v, reads=("v",), every="start")
    return replace(chain, name="FA through V", steps=(message, chain.steps[1]), host=(kept,))


def _untrained(net: nn.Module, probe: tuple[Any, Any], bound: float, seed: int) -> shared.Learning:
    from snn_credit.rate import convert

    module = convert(net, "FA chain", b_scale=bound, seed=seed)
    return {name: [value] for name, value in _look(probe)(module).items()}


def _row(learning: shared.Learning) -> dict[str, float | None]:
    layers = _layers(learning)
    half = len(layers) // 2
    row: dict[str, float | None] = {}
    for when, at in ((START, 0), (END, -1)):
        ratios = [float(learning[f"ratio_{layer}"][at]) for layer in layers]
        angles = [float(learning[f"angle_{layer}"][at]) for layer in layers]
        row[f"{FURTHEST}, {when}"] = max(max(r, 1 / r) for r in ratios)
        row[f"{FIRST}, {when}"] = ratios[0]
        row[f"{LOWER}, {when}"] = sum(angles[:half]) / half
        row[f"{UPPER}, {when}"] = sum(angles[half:]) / (len(angles) - half)
    return row


def _layers(learning: shared.Learning) -> list[int]:
    return sorted(int(name[6:]) for name in learning if name.startswith("ratio_"))


def _draw(context: Context, curves: Mapping[str, shared.Learning]) -> None:
    """Draw Fig 2 (ratios by layer) and Fig 3 (angles over the training)."""
    from snn_credit.analysis import Panel, Trace, shades, trace_grid
    from snn_credit.analysis.style import GREY, INK, LEARNERS

    lines = []
    for name, color in zip(FEEDBACK, (INK, LEARNERS[0], LEARNERS[4]), strict=True):
        if name in curves:
            layers = _layers(curves[name])
            lines.append(
                Trace(layers, [curves[name][f"ratio_{k}"][0] for k in layers], color, name)
            )
    if "FA" in curves:
        layers = _layers(curves["FA"])
        ends = [curves["FA"][f"ratio_{k}"][-1] for k in layers]
        lines.append(Trace(layers, ends, GREY, "FA, after training", dashed=True))
    panel = Panel(lines, "gradient norm, FA over BP", "layer", "ratio / sqrt(n_l/n_L)", log_y=True)
    trace_grid([[panel]], height=2.4).savefig(context.out / "ratios.png")
    panels = []
    for name, curve in curves.items():
        if len(seen := curve.get("images_seen", ())):
            layers = _layers(curve)
            shade = zip(layers, shades(len(layers)), strict=True)
            traces = [Trace(seen, curve[f"angle_{k}"], c, f"layer {k}") for k, c in shade]
            panels.append(Panel(traces, name, "images seen", "degrees", y_limits=(0, 120)))
    if panels:
        trace_grid([panels], height=2.0).savefig(context.out / "angles.png")


EXPERIMENT = Experiment(
    id="moskovitz-gradients",
    paper=shared.PAPER,
    figure="Figs 2, 3",
    about="norm and angle of the error signal by layer, for FA, uSF and modified BP",
    presets={
        "smoke": shared.smoke(Config(), maps=(3, 4), probe_images=10),
        "laptop": Config(
            train_images=4000,
            validation_images=500,
            test_images=500,
            epochs=6,
            batch=50,
            maps=(12, 24),
            evaluations=6,
        ),
        "paper": Config(evaluations=50),
    },
    run=run,
    cost=lambda config: shared.cost(config, 1.2 if config.maps[0] < 32 else 20, 45_000),
    claims=(
        below("FA", f"{FURTHEST}, {START}", 2),
        above("FA, B in ±0.5", f"{FIRST}, {START}", 2, text="B in ±0.5: it explodes"),
        below("FA, B in ±0.05", f"{FIRST}, {START}", 0.5, text="B in ±0.05: it vanishes"),
        all_of(
            *(between("BP + noise", f"{layers}, {END}", 40, 50) for layers in (LOWER, UPPER)),
            text="BP + noise stays at 45 ± 5 degrees to BP",
        ),
        all_of(
            *(ordered(f"{LOWER}, {END}", usf, "FA") for usf in ("uSF SN", "uSF Init")),
            text="in the lower layers uSF is nearer to BP than FA",
        ),
    ),
)
