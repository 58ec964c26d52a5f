"""Moskovitz et al. 2018, Table 1, columns 4 and 5, and the curves of Figs 1 and 4: ImageNet.

Moskovitz, Litwin-Kumar & Abbott, "Feedback alignment in deep convolutional networks" (2018),
arXiv:1812.06488. Two networks (Table 3) on 299 x 299 pixels; top-1 and top-5 errors; on the second
network also with constant norms of W (eq 10). What ImageNet calls val is the test set, as in the
paper's curves.

``paper`` reads ``imagenet/train`` and ``imagenet/val``, a folder a class, where data sets are
looked for. The paper says 100 epochs and Adam; learning rate (5e-4) and batch (128) are those of
its first CIFAR-10 network, since it gives none, and images are only scaled and cut. ``laptop`` and
``smoke`` write images of their own, which any network learns: they show that the reader, the
networks and several processes work, not what the rules are worth. So do several processes:

    torchrun --nproc-per-node 2 -m snn_credit run moskovitz-imagenet --preset smoke --seed 0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from snn_credit.experiments import moskovitz_training as shared
from snn_credit.harness import Context, Experiment, not_above, ordered, require

TOP1, TOP5 = "top-1 test error %", "top-5 test error %"
CONSTANT = ("BP, constant norm", "uSF Init, constant norm", "uSF Init E/I, constant norm")


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; of the networks only widths and the images' side can be changed.

    ``made`` images a class, of ``classes`` classes, are written where ``data`` is 'made'.
    """

    methods: tuple[str, ...] = (*shared.CHAINS, *CONSTANT)
    models: tuple[int, ...] = (1, 2)
    data: Literal["imagenet", "made"] = "imagenet"
    side: int = 299
    epochs: int = 100
    batch: int = 128
    lr: float = 5e-4
    validation_images: int | None = 10_000
    maps1: int = 192
    dense1: int = 512
    maps2: tuple[int, int, int] = (192, 256, 512)
    classes: int = 1000
    made: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, ("models",), lambda model: model in (1, 2), "of the networks 1 and 2")
        require(self, ("classes",), lambda n: n >= 2, "at least 2")
        if self.data == "made":
            require(self, ("made",), lambda n: n >= 2, "at least 2")


def run(config: Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Train each network by each method with one seed; draw the curves."""
    data = _data(config, context)
    rows: dict[str, dict[str, float | None]] = {}
    curves: dict[int, dict[str, shared.Learning]] = {model: {} for model in config.models}
    for model in config.models:
        for name in config.methods:
            if model == 1 and name in CONSTANT:
                continue
            learning, _ = shared.train(
                config, context, data, _network(config, model, data.classes, context.seed),
                f"network {model}: {name}", shared.METHODS[name], watch=_tops(data),
            )  # fmt: skip
            curves[model][name] = learning
            row = rows.setdefault(name, {})
            # nothing that the paper says is about made images
            of = f"made images, network {model}" if config.data == "made" else f"network {model}"
            row[f"{of}, {TOP1}"] = float(learning["top1"][-1])
            row[f"{of}, {TOP5}"] = float(learning["top5"][-1])
    _draw(context, curves)
    return rows


def _data(config: Config, context: Context) -> Any:
    import torch

    from snn_credit.data import load_folders
    from snn_credit.data.made_images import write_images
    from snn_credit.rate.distributed import Team

    root = None
    if config.data == "made":
        made = context.out / "images"

        def make() -> Any:
            write_images(made, classes=config.classes, images=config.made, side=config.side,
                         seed=context.seed)  # fmt: skip
            return made

        root = Team(torch.device("cpu")).told(make)
    held = config.validation_images or 1
    data = load_folders(root, side=config.side, validation=held)
    return data.subset(config.train_images, config.test_images)


def _network(config: Config, model: int, classes: int, seed: int) -> Any:
    from snn_credit.models.moskovitz import imagenet1, imagenet2

    if model == 1:
        return imagenet1(config.maps1, config.dense1, classes, config.side, seed)
    return imagenet2(config.maps2, classes, config.side, seed)


def _tops(data: Any) -> Callable[[Any], dict[str, float]]:
    """Return what measures top-1 and top-5 errors on the test images, for the curves."""
    from snn_credit.rate import evaluate

    def look(module: Any) -> dict[str, float]:
        return {
            f"top{top}": evaluate(module, data.test_x, data.test_y, data.classes,
                                  min(top, data.classes))
            for top in (1, 5)
        }  # fmt: skip

    return look


def _draw(context: Context, curves: Mapping[int, Mapping[str, shared.Learning]]) -> None:
    """Draw Figs 1 and 4: top-1 (solid) and top-5 (dashed) errors over the training."""
    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import LEARNERS

    panels = []
    for model, of_model in curves.items():
        traces = []
        for position, (name, learning) in enumerate(of_model.items()):
            color = LEARNERS[position % len(LEARNERS)]
            for column, dashed in (("top1", False), ("top5", True)):
                label = "" if dashed else name
                traces.append(
                    Trace(learning["images_seen"], learning[column], color, label, dashed)
                )
        label = "test error %, top-1 and (dashed) top-5"
        panels.append(Panel(traces, f"network {model}", "images seen", label, y_limits=(0, 100)))
    trace_grid([panels], height=2.6).savefig(context.out / "imagenet.png")


def _paper() -> dict[str, dict[str, float | None]]:
    one = {"BP": 79.5, "BP + noise": 79.2, "BP + alignment": 79.4, "FA": 95.2,
           "uSF Init E/I": 86.9, "uSF Init": 79.6, "uSF SN": 78.9}  # fmt: skip
    two = {"BP": 45.5, "BP + noise": 46.0, "BP + alignment": 45.9, "FA": 94.5,
           "uSF Init E/I": 67.8, "uSF Init": 60.1, "uSF SN": 54.4, "BP, constant norm": 46.9,
           "uSF Init, constant norm": 51.2, "uSF Init E/I, constant norm": 66.1}  # fmt: skip
    five: dict[str, float] = dict(zip(CONSTANT, (22.6, 26.6, 35.2), strict=True))
    rows: dict[str, dict[str, float | None]] = {}
    for name in two:
        rows[name] = {f"network 2, {TOP1}": two[name], f"network 2, {TOP5}": five.get(name)}
        if name in one:
            rows[name] |= {f"network 1, {TOP1}": one[name]}
    return rows


MADE = Config(
    data="made", side=40, classes=10, made=100, validation_images=200, epochs=6, batch=50, lr=1e-3,
    maps1=16, dense1=48, maps2=(16, 24, 32), evaluations=6,
)  # fmt: skip
EXPERIMENT = Experiment(
    id="moskovitz-imagenet",
    paper=shared.PAPER,
    figure="Table 1, ImageNet; Figs 1, 4",
    about="two networks on folders of images, with and without constant norms",
    presets={
        "smoke": replace(
            MADE,
            classes=3,
            made=8,
            validation_images=6,
            epochs=1,
            batch=7,
            side=20,
            maps1=3,
            dense1=4,
            maps2=(3, 4, 5),
            evaluations=1,
        ),
        "laptop": MADE,
        "paper": Config(),
    },
    run=run,
    paper_numbers=_paper(),
    cost=lambda config: (
        shared.cost(config, 2 * 0.5, config.classes * config.made)
        if config.data == "made"
        else shared.cost(config, 2 * 300, 1_271_167)
    ),
    claims=(
        ordered(f"network 2, {TOP1}", "BP", "uSF SN", "uSF Init", "uSF Init E/I", "FA"),
        ordered(f"network 2, {TOP1}", *CONSTANT),
        not_above(f"network 1, {TOP1}", "uSF Init", "BP", 1),
    ),
)
