"""Accuracy and cost of the spiking network of Fig 4 against its width and its depth.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276, have one size, 784-1500-1500-1500-1000, which is ``1500 x 3`` here: hidden
layers of 1500 neurons, three of them. Every net learns by the same rule, with the same settings
and images, from a file of its own (``1500x3.h5``), so a run that is stopped goes on where it was.

``laptop`` learns scikit-learn's digits with the settings of ``demo``, which were chosen for two
hidden layers of 200, but with half as many images, and takes a few minutes a seed. ``paper`` learns
MNIST with the settings of ``lillicrap-spiking --preset paper`` and takes most of a day. Settings
are not tuned for each size: a curve says what becomes of a size with them, not how well that size
could do.

The time of an image is that of the chunks in which synapses learn throughout, the median over
chunks; compiling, testing and writing files are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from math import nan

from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_spiking as full
from snn_credit.harness import Context, Experiment, Table, all_of, below, require
from snn_credit.progress import Named

TEST, TIME = "test error %", "ms per image"
_BUILD = 2  # seconds to compile a net


@dataclass(frozen=True)
class Config:
    """Settings of one run: the widths and depths, and what all nets share (see there)."""

    widths: tuple[int, ...] = (50, 100, 200, 400)
    depths: tuple[int, ...] = (1, 2, 3)
    data: str = "digits"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int = 180
    output: int = 100
    rule: str = "FA"
    images: int = 40_000
    steps: int = 5
    eta: float = 0.05
    gamma: float = 1e-8
    tau: float = 0.9
    w_scale: float = 0.05
    b_scale: float = 1.0
    evaluations: int = 5
    dtype: str = "float32"
    chunk_steps: int = 5000

    def __post_init__(self) -> None:
        require(self, ("widths", "depths"), lambda size: size >= 1, "at least 1")
        for name in ("widths", "depths"):
            sizes = getattr(self, name)
            if not sizes or len(set(sizes)) < len(sizes):
                came = ", ".join(map(str, sizes)) or "none"
                raise InputError(f"{name}: one or several, each once (got {came})")
        assert self.nets()

    def nets(self) -> dict[str, full.Config]:
        """Return the settings of each net by its name, ``width x depth``."""
        shared = {f.name: getattr(self, f.name) for f in fields(self)[2:]}
        net = partial(full.Config, baselines=False, **shared)
        return {
            f"{width} x {depth}": net(hidden=(width,) * depth)
            for depth in sorted(self.depths)
            for width in sorted(self.widths)
        }


def run(config: Config, context: Context) -> Table:
    """Train every net with one seed."""
    from snn_credit.analysis import learning_ms
    from snn_credit.data import load
    from snn_credit.recording import open_run

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    rows: dict[str, dict[str, float | None]] = {}
    for name, net in config.nets().items():
        file = name.replace(" ", "") + ".h5"
        part = replace(context, progress=Named(context.progress, name))
        outcome = full.learn(net, part, data, "spiking-scale", file, windows={})
        step = learning_ms(open_run(context.out / file).metrics("chunks"))
        rows[name] = {TEST: outcome.test_error, TIME: config.steps * step}
    return rows


def draw(config: Config, tables: Sequence[Table], context: Context) -> None:
    """Draw the curves, over all seeds."""
    from snn_credit.analysis import Net, scale_curves

    def column(name: str, which: str) -> list[float]:
        measured = [table[name][which] for table in tables]
        return [nan if value is None else value for value in measured]

    nets = [
        # ms an image are seconds per 1,000 images
        Net(net.hidden[0], len(net.hidden), full.synapses(net), column(name, TEST),
            column(name, TIME))
        for name, net in config.nets().items()
    ]  # fmt: skip
    device = f"{context.device}, {config.dtype}"
    scale_curves(nets, chance=90, device=device).savefig(context.out / "scale.png")


def synapses(config: Config) -> int:
    """Return the number of synapses of the largest net."""
    return max(map(full.synapses, config.nets().values()))


def cost(config: Config) -> str | None:
    """Say what all nets take, if they take minutes."""
    nets = config.nets().values()
    time = full.in_words(sum(map(full.estimate, nets)) + _BUILD * len(nets))
    return time and f"{len(nets)} nets, {config.images:,} images each: {time}"


EXPERIMENT = Experiment(
    id="spiking-scale",
    paper="Lillicrap et al. 2016",
    figure="Fig 4, other sizes",
    about="test error and time against the width and the depth of the spiking network",
    presets={
        "smoke": Config(
            widths=(10, 20),
            depths=(1, 2),
            train_images=100,
            validation_images=20,
            test_images=20,
            output=20,
            images=60,
            evaluations=1,
            chunk_steps=100,
        ),
        "laptop": Config(),
        "paper": Config(
            widths=(100, 300, 500, 1000, 1500),
            depths=(1, 2, 3, 4),
            data="mnist",
            validation_images=1000,
            output=1000,
            images=600_000,
            eta=1e-3,
            b_scale=0.1,
            evaluations=20,
        ),
    },
    run=run,
    draw=draw,
    synapses=synapses,
    cost=cost,
    claims=(
        all_of(
            *(below(f"100 x {depth}", TEST, 20) for depth in (1, 2, 3)),
            text="one, two and three hidden layers of 100 learn: at most 20% errors (chance 90%)",
        ),
    ),
)
