"""Lillicrap et al. 2016, Supplementary Note 9: where feedback alignment fails, and where not.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. Tanh autoencoders of seven layers reproduce MNIST images of -0.9 to 0.9:
one that narrows to ten neurons, 784-1000-500-10-500-1000-784, through which few feedback weights
carry the error to the layers below, and a wide one, 784-1000-1000-1000-1000-1000-784; BP and FA.
MSE is the squared error of an image, summed over its pixels and averaged over the test images. The
control is the best constant image, the mean of the training images.

Feedback is scaled so that errors of equal size reach every layer, as in Supplementary Note 5. The
paper does not say how large W was at first, and Supplementary Note 5 has that where W is small BP's
error vanishes on its way and FA's does not: the wide one is trained from weights with which sums
have the variance of the activity below, and from weights of ``small`` times that size.

``paper`` has the paper's sizes; images, rates and minibatches (100) are our choice, for it gives
none. ``laptop`` has half of the neurons and 10,000 images, each shown eight times. Its rates and
the size of the feedback are from trials with seed 100 on validation images (narrow: 0.001 to 0.005,
wide: 0.002 to 0.02; sizes of 0.3, 1 and 3), and so is ``small`` (of 0.3, 0.6 and 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from snn_credit.experiments import lillicrap_deep as deep
from snn_credit.harness import Context, Experiment, Table, clearly, not_above, ordered, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.rate.regression import Course

    Images = NDArray[np.float32]

TEST, VALIDATION = "test MSE", "validation MSE"
BRIGHT = 0.9


@dataclass(frozen=True)
class Config:
    """Settings; ``narrow`` and ``wide`` are the hidden layers of the two autoencoders."""

    data: str = "mnist"
    train_images: int | None = 10_000
    test_images: int | None = 2000
    validation_images: int | None = 1000
    narrow: tuple[int, ...] = (500, 250, 10, 250, 500)
    wide: tuple[int, ...] = (500, 500, 500, 500, 500)
    images: int = 80_000
    batch: int = 20
    eta_narrow: float = 0.002
    eta_wide: float = 0.005
    gain: float = 0.3
    small: float = 0.3
    looks: int = 10

    def __post_init__(self) -> None:
        counts = ("train_images", "test_images", "validation_images", "narrow", "wide", "images",
                  "batch", "looks")  # fmt: skip
        require(self, counts, lambda n: n >= 1, "at least 1")
        require(self, ("eta_narrow", "eta_wide", "gain", "small"), lambda value: 0 < value < inf,
                "a finite number above 0")  # fmt: skip


def run(config: Config, context: Context) -> Table:
    """Train the six networks with one seed; draw the learning curves."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    train, validation, test = (
        (2 * x - 1) * BRIGHT for x in (data.train_x, data.validation_x, data.test_x)
    )
    mean = train.mean(axis=0)
    rows: dict[str, dict[str, float | None]] = {
        "mean image (control)": {
            TEST: _mse(test, mean), VALIDATION: _mse(validation, mean)
        }
    }  # fmt: skip
    courses: dict[str, Course] = {}
    for shape, (hidden, eta, size) in _shapes(config).items():
        for rule in ("BP", "FA"):
            name = f"{rule}, {shape}"
            net, courses[name] = _learn(
                config, context, rule, hidden, size, eta, train, validation, name
            )
            rows[name] = {
                TEST: _mse(test, _outputs(net, test)),
                VALIDATION: float(courses[name].seen["mse"][-1]),
            }
    _draw(context, courses)
    return rows


def _shapes(config: Config) -> dict[str, tuple[tuple[int, ...], float, float]]:
    """Return the autoencoders by name: hidden layers, learning rate, and the size of W at first."""
    return {
        "narrow": (config.narrow, config.eta_narrow, 1.0),
        "wide": (config.wide, config.eta_wide, 1.0),
        "wide, small W": (config.wide, config.eta_wide, config.small),
    }


def _learn(
    config: Config, context: Context, rule: str, hidden: tuple[int, ...], size: float, eta: float,
    train: Images, validation: Images, what: str,
) -> tuple[Any, Course]:  # fmt: skip
    from math import sqrt

    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert
    from snn_credit.rate.levels import level_feedback
    from snn_credit.rate.regression import in_random_order, learn

    features = train.shape[1]
    sizes = (features, *hidden, features)
    # With a size of 1 sums have the variance of the activity below.
    net = perceptron(sizes, hidden="tanh", output="tanh", seed=context.seed,
                     w_scale=[size * sqrt(3 / n) for n in sizes[:-1]])  # fmt: skip
    student = convert(net, rule, b_scale=1.0, seed=context.seed)
    if rule != "BP":
        level_feedback(student, config.gain)
    course = learn(
        student, in_random_order(train, train, context.seed),
        examples=config.images, batch=config.batch, lr=eta,
        look=lambda module: {"mse": _mse(validation, _outputs(module, validation))},
        every=max(config.batch, config.images // config.looks), progress=context.progress,
        what=what,
    )  # fmt: skip
    return student, course


def _outputs(net: Any, images: Images) -> Images:
    import torch

    net.eval()
    with torch.no_grad():
        return net(torch.from_numpy(images)).numpy()


def _mse(images: Images, outputs: Images) -> float:
    """Return the squared error of an image, summed over pixels: the mean over images."""
    return float(((images - outputs) ** 2).sum(axis=1).mean())


def _draw(context: Context, courses: Mapping[str, Course]) -> None:
    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import INK, RIGHT

    panels = []
    for shape in ("narrow", "wide", "wide, small W"):
        found = {rule: courses[f"{rule}, {shape}"] for rule in ("BP", "FA")}
        traces = [
            Trace(course.examples, course.seen["mse"], color, rule)
            for (rule, course), color in zip(found.items(), (INK, RIGHT), strict=True)
        ]
        panels.append(Panel(traces, shape, "images", "validation MSE", log_y=True))
    trace_grid([panels], height=2.3).savefig(context.out / "autoencoder.png")


def cost(config: Config) -> str | None:
    """Say what the six networks take, if it takes long."""
    sizes = [deep.synapses((784, *hidden, 784)) for hidden, *_ in _shapes(config).values()]
    return deep.cost(6 * config.images / config.batch, config.batch, sum(sizes) / 3)


EXPERIMENT = Experiment(
    id="lillicrap-autoencoder",
    paper="Lillicrap et al. 2016",
    figure="SN9",
    about="autoencoders: FA fails through a layer of ten neurons, and not through wide layers",
    presets={
        "smoke": Config(data="digits", train_images=200, validation_images=50, test_images=50,
                        narrow=(20, 3, 20), wide=(20, 20, 20), images=1000, looks=4),
        "laptop": Config(),
        "paper": Config(train_images=None, test_images=None, validation_images=None,
                        narrow=(1000, 500, 10, 500, 1000), wide=(1000,) * 5,
                        images=5_500_000, batch=100),
    },
    run=run,
    cost=cost,
    paper_numbers={
        "BP, narrow": {TEST: 8.6}, "FA, narrow": {TEST: 30.2},
        "BP, wide": {TEST: 1.5}, "FA, wide": {TEST: 0.72},
    },
    claims=(
        clearly(ordered(TEST, "BP, narrow", "FA, narrow")),
        *(
            not_above(TEST, f"FA, {net}", f"BP, {net}", 0, text=f"{net}: FA at least as good as BP")
            for net in ("wide", "wide, small W")
        ),
    ),
)  # fmt: skip
