"""Kunin et al. 2020, Tables 3 and 4, Figs 3 and S5: the same metaparameters on other networks.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins, "Two routes to scalable credit assignment
without weight symmetry", ICML (2020). Each rule is trained with one set of metaparameters, that of
the first network, on deeper ones and on ones with pre-activation (v2). A training that is not
finite within 1000 steps counts as chance, as in Fig 3; the column "not finite at step" says so.

``paper`` reads ``imagenet/train`` and ``imagenet/val``, a folder a class, where data sets are
looked for; what the folder calls val is the test set. Settings are those of Table 5 and B.2 (so the
searched rules have its 90 epochs, not 100), pixels 224 for ResNet-18 and 299 for the others. Images
are scaled and cut to 8/7 of that, of which a network sees the middle; in training it sees a random
window of 8 to 100% of the area (and 3/4 to 4/3 of the aspect) there, and half of them reflected.
Several processes share every batch under torchrun, each with its own statistics in the
normalisations, as the paper's had on each core:

    torchrun --nproc-per-node 8 -m snn_credit run kunin-resnet --preset paper --seed 0

``laptop`` trains ResNet-8, ResNet-14 and ResNet-14v2 with 8, 16 and 32 maps on 10,000 images of
CIFAR-10, averaged down to 16 x 16 pixels, for four epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from snn_credit.errors import InputError, one_of
from snn_credit.experiments import kunin_training as shared
from snn_credit.experiments.kunin_methods import PAPER
from snn_credit.experiments.kunin_training import FAILED, TOP1, TOP5
from snn_credit.harness import Context, Experiment, Table, all_of, at, not_below, ordered, require

IMAGENET = ("ResNet-18", "ResNet-50", "ResNet-50v2", "ResNet-101v2", "ResNet-152v2")
#: CIFAR-10 networks -> depth and version.
SMALL = {
    f"ResNet-{depth}{'v2' * (version - 1)}": (depth, version)
    for depth in (8, 14, 20)
    for version in (1, 2)
}


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; the ``networks`` are the columns.

    ``made`` images a class, of ``classes`` classes, are written in ImageNet's layout where ``data``
    is 'made' and the networks are ImageNet's; ``sides`` are those of the first and the others.
    """

    networks: tuple[str, ...] = IMAGENET
    sides: tuple[int, int] = (224, 299)
    validation_images: int | None = 10_000
    made: int = 8
    classes: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.networks:
            if name not in (*IMAGENET, *SMALL):
                raise InputError(f"networks: {one_of(name, (*IMAGENET, *SMALL))} (got {name!r})")
        require(self, ("sides", "made", "classes"), lambda n: n >= 2, "at least 2")


def run(config: Config, context: Context) -> Table:
    """Train each network by each method with one seed; draw the transfer of metaparameters."""
    rows: dict[str, dict[str, float | None]] = {name: {} for name in config.methods}
    for name in config.networks:
        data, network, transform = task(config, context, name)
        watch = _tops(data) if name in IMAGENET else None
        for rule in config.methods:
            outcome = shared.train(
                config, context, data, network(), f"{name}: {rule}", config.method(rule),
                watch=watch, transform=transform,
            )  # fmt: skip
            rows[rule][f"{name}: {TOP1}"] = outcome.accuracy(data.classes)
            if watch is not None:
                five = outcome.accuracy(data.classes, "top5", 5)
                rows[rule][f"{name}: {TOP5}"] = five
            if outcome.failed is not None:
                rows[rule][f"{name}: {FAILED}"] = float(outcome.failed)
    return rows


def task(config: Config, context: Context, name: str) -> tuple[Any, Callable[[], Any], Any]:
    """Return a network's data, what makes it, and what is done to images in training."""
    from snn_credit.models.resnet import cifar_resnet, imagenet_resnet

    if name in SMALL:
        depth, version = SMALL[name]
        data = shared.dataset(config)
        channels, side = data.image_shape[0], data.image_shape[-1]
        if len(data.image_shape) == 2:
            channels = 1

        def small() -> Any:
            return cifar_resnet(
                depth, config.width, version, data.classes, side, channels, context.seed
            )

        return data, small, shared.flip if channels == 3 else None
    seen = config.sides[0 if name == "ResNet-18" else 1]
    border = round(seen / 14)
    side = seen + 2 * border
    folders = _folders(config, context, side)

    def large() -> Any:
        return imagenet_resnet(name, folders.classes, side, config.width, border, context.seed)

    return folders, large, _Windows(seen, border)


def _folders(config: Config, context: Context, side: int) -> Any:
    import torch

    from snn_credit.data import load_folders
    from snn_credit.data.made_images import write_images
    from snn_credit.rate.distributed import Team

    root = None
    if config.data == "made":
        made = context.out / "images"

        def make() -> Any:
            write_images(made, classes=config.classes, images=config.made, side=config.sides[1],
                         seed=context.seed)  # fmt: skip
            return made

        root = Team(torch.device("cpu")).told(make)
    held = config.validation_images or 1
    return load_folders(root, side=side, validation=held).subset(
        config.train_images, config.test_images
    )


class _Windows:
    """Moves a random window of an image to where the network looks, and reflects half of them."""

    def __init__(self, seen: int, border: int) -> None:
        self.seen, self.border = seen, border

    def __call__(self, x: Any, random: Any) -> Any:
        """Return a batch (n, features) whose middle is new; the border is black."""
        from torch.nn.functional import affine_grid, grid_sample, pad

        from snn_credit.data.augmentation import random_windows

        side = self.seen + 2 * self.border
        images = x.reshape(-1, 3, side, side)
        places = x.new_tensor(random_windows(len(x), random))
        grid = affine_grid(places, [len(x), 3, self.seen, self.seen], align_corners=False)
        cut = grid_sample(images, grid, padding_mode="border", align_corners=False)
        return pad(cut, [self.border] * 4).reshape(len(x), -1)


def _tops(data: Any) -> Callable[[Any], dict[str, float]]:
    """Return what measures the top-5 error on the test images, for the curves."""
    from snn_credit.rate import evaluate

    def look(module: Any) -> dict[str, float]:
        top = min(5, data.classes)
        return {"top5": evaluate(module, data.test_x, data.test_y, data.classes, top)}

    return look


def draw(config: Config, tables: Sequence[Table], context: Context) -> None:
    """Draw Figs 3 and S5: accuracy of each rule on each network, all with one set."""
    from snn_credit.analysis import Panel, trace_grid

    columns = [f"{name}: {TOP1}" for name in config.networks]
    traces = []
    for rule in config.methods:
        values = [[table[rule].get(column) for column in columns] for table in tables]
        traces.append(shared.trace(range(len(columns)), values, rule))
    panel = Panel(traces, "one set of metaparameters", y_label=TOP1, x_names=config.networks)
    trace_grid([[panel]], height=2.6).savefig(context.out / "transfer.png")


def _paper() -> dict[str, dict[str, float | None]]:
    tops = (TOP1, TOP5)
    eighteen = {"BP": (70.06, 89.14), "WM": (64.07, 85.47), "WM+AD": (64.40, 85.53),
                "WM+AD+OPS": (63.41, 84.83), "IA": (67.93, 88.09), "SA": (69.84,),
                "AA": (69.98,)}  # fmt: skip
    rows: dict[str, dict[str, float | None]] = {
        rule: {f"ResNet-18: {top}": number for top, number in zip(tops, given, strict=False)}
        for rule, given in eighteen.items()
    }
    deeper = {"BP": (76.05, 77.21, 78.64, 79.31), "SA": (76.29, 77.18, 78.74, 79.15),
              "AA": (75.75, 76.67, 78.35, 78.98)}  # fmt: skip
    for rule, numbers in deeper.items():
        for name, number in zip(IMAGENET[1:], numbers, strict=True):
            rows[rule][f"{name}: {TOP1}"] = number
    return rows


EXPERIMENT = Experiment(
    id="kunin-resnet",
    paper=PAPER,
    figure="Tables 3, 4, Figs 3, S5",
    about="residual networks by nine rules; their metaparameters moved to other networks",
    presets={
        "smoke": shared.smoke(Config(), networks=("ResNet-8", "ResNet-8v2")),
        "laptop": Config(networks=("ResNet-8", "ResNet-14", "ResNet-14v2"), **shared.LAPTOP),
        "paper": Config(),
    },
    run=run,
    draw=draw,
    paper_numbers=_paper(),
    cost=lambda config: shared.cost(
        config, 0.9 if config.networks[0] in SMALL else 1500, 1_271_167,
        len(config.networks) * len(config.methods),
    ),
    claims=(
        *(
            at(preset, all_of(
                *(not_below(f"{net}: {TOP1}", rule, "BP", 2) for rule in rules),
                text=f"{net}: {', '.join(rules)} at most 2 points below BP",
            ))
            for preset, net, rules in (
                ("laptop", "ResNet-8", ("SA", "AA", "KP")), ("paper", "ResNet-18", ("SA", "AA")),
            )
        ),
        at("laptop", all_of(
            ordered(f"ResNet-8: {TOP1}", "FA", "IA"), ordered(f"ResNet-8: {TOP1}", "FA", "WM"),
            text="ResNet-8: IA and WM above FA",
        )),
        *(
            at("laptop", all_of(
                *(not_below(f"{net}: {TOP1}", rule, "BP", 2) for rule in ("SA", "AA")),
                ordered(f"{net}: {TOP1}", "KP", "SA"),
                text=f"moved to {net}: SA and AA at most 2 points below BP, KP below SA",
            ))
            for net in ("ResNet-14", "ResNet-14v2")
        ),
    ),
)  # fmt: skip
