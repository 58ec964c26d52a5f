"""Lansdell et al. 2020, Table 2a and Fig 3: an autoencoder with a code of two numbers, on MNIST.

Lansdell, Prakash & Kording, "Learning to solve the credit assignment problem", ICLR 2020,
arXiv:1906.00889. 784-200-2-200-784; tanh, identity, tanh, relu; squared error. Eleven ways to
learn: BP by SGD and by Adam, FA and the matching rule, all with and without noise of 0.02 on the
activity of hidden layers; BP of clean images from noisy ones (DAE); feedback learned by node
perturbation (NP) or from the true gradient (SG). The control is the mean of the training images.

Losses are those of the paper's table: the sum over 32 images and all pixels of the squared error,
halved; the least that the test images had at any look (``looks`` of them, the paper's at each 1000
iterations), and beside it that at the look at which the validation images had their least.

Rates, sizes of noise and (``published``) what sets NP, SG and matched apart are from the authors'
code: there these three have 50 hidden neurons, normal weights cut at two standard deviations and
biases of 0.1, the others 200 and uncut weights; here all start alike unless ``published`` is set.
Rates are per sum over a minibatch, as there. The decay of the matching rule is ours, the best of
0.001, 0.01 and 0.1 on validation images after 20,000 iterations with seed 100. ``laptop`` has the
paper's settings, and 20,000 of its million iterations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from typing import TYPE_CHECKING, Any

from snn_credit.errors import InputError, one_of
from snn_credit.experiments import lansdell_training as shared
from snn_credit.harness import Context, Experiment, Table, all_of, ordered, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.data import Dataset
    from snn_credit.rate.regression import Course

    Images = NDArray[np.float32]

TEST, CHOSEN = "test loss, least", "test loss, chosen by validation"
MEAN = "mean image (control)"
SHOWN: tuple[str, ...] = ("BP (SGD)", "BP (Adam)", "FA", "matched", "DAE", "NP", "SG")


@dataclass(frozen=True)
class Method:
    """A cell of the table: a rule, the field of its learning rate, and where noise is."""

    rule: str
    lr: str
    noise: bool = False
    noisy_images: bool = False


METHODS: Mapping[str, Method] = {
    name + (", noise" if noise else ""): Method(rule, lr, noise)
    for name, rule, lr in (
        ("BP (SGD)", "BP", "lr_bp"),
        ("BP (Adam)", "BP", "lr_adam"),
        ("FA", "FA chain", "lr_fa"),
        ("matched", "matched", "lr_matched"),
    )
    for noise in (False, True)
} | {
    "DAE": Method("BP", "lr_np", noisy_images=True),
    "NP": Method("NP feedback", "lr_np"),
    "SG": Method("SG", "lr_np"),
}


@dataclass(frozen=True)
class Config:
    """Settings; ``lr_b`` is the rate of B under NP and SG, ``perturbation`` what NP tries out."""

    methods: tuple[str, ...] = tuple(METHODS)
    data: str = "mnist"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int | None = None
    hidden: tuple[int, int, int] = (200, 2, 200)
    published: bool = False
    iterations: int = 1_000_000
    batch: int = 32
    lr_bp: float = 3.728e-4
    lr_adam: float = 1.411e-4
    lr_fa: float = 3.472e-6
    lr_matched: float = 1.994e-4
    lr_np: float = 1e-4
    lr_b: float = 8e-6
    decay: float = 1e-2
    noise: float = 0.02
    perturbation: float = 0.018942
    image_noise: float = 0.3
    looks: int = 1000
    points: int = 2000

    def __post_init__(self) -> None:
        counts = ("train_images", "test_images", "validation_images", "hidden", "iterations",
                  "batch", "looks", "points")  # fmt: skip
        require(self, counts, lambda n: n >= 1, "at least 1")
        rates = [f.name for f in fields(self) if f.name.startswith("lr_")]
        require(self, (*rates, "perturbation"), lambda x: 0 < x < inf, "a finite number above 0")
        require(self, ("decay", "noise", "image_noise"), lambda x: 0 <= x < inf,
                "a finite number of at least 0")  # fmt: skip
        for name in self.methods:
            if name not in METHODS:
                raise InputError(f"methods: {one_of(name, METHODS)} (got {name!r})")


def run(config: Config, context: Context) -> Table:
    """Learn in each way with one seed; draw Figs 3A to 3C."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    mean = _loss(data.test_x, data.train_x.mean(axis=0))
    rows: dict[str, dict[str, float | None]] = {MEAN: {TEST: mean, CHOSEN: mean}}
    courses: dict[str, Course] = {}
    nets: dict[str, Any] = {}
    for name in config.methods:
        nets[name], courses[name] = _learn(config, context, data, name)
        test, validation = courses[name].seen["test"], courses[name].seen["validation"]
        rows[name] = {TEST: float(test.min()), CHOSEN: float(test[validation.argmin()])}
    _draw(config, context, data, nets, courses)
    return rows


def _learn(config: Config, context: Context, data: Dataset, name: str) -> tuple[Any, Course]:
    from snn_credit.models.lansdell import autoencoder
    from snn_credit.rate import convert
    from snn_credit.rate.regression import in_random_order, learn

    method = METHODS[name]
    as_published = config.published and name in ("NP", "SG", "matched", "matched, noise")
    hidden = (50, config.hidden[1], 50) if as_published else config.hidden
    net = autoencoder(hidden, features=data.features, published=as_published, seed=context.seed,
                      noise=config.noise * method.noise)  # fmt: skip
    rates = {"etab": config.lr_b / config.lr_np, "sig": config.perturbation, "lam": config.decay}
    told = {"NP": ("etab", "sig"), "SG": ("etab",), "matched": ("lam",), "matched, noise": ("lam",)}
    student = convert(net, method.rule, rates={key: rates[key] for key in told.get(name, ())},
                      seed=context.seed)  # fmt: skip
    images = in_random_order(data.train_x, data.train_x, context.seed)
    adam = method.lr == "lr_adam"
    # Adam does not care how large a gradient is, SGD's rate is of a sum over the batch.
    lr = getattr(config, method.lr) * (1 if adam else config.batch)
    splits = {"test": data.test_x, "validation": data.validation_x,
              "train": data.train_x[: len(data.test_x)]}  # fmt: skip
    course = learn(
        student, shared.noisy(images, config.image_noise, context.seed)
        if method.noisy_images else images,
        examples=config.iterations * config.batch, batch=config.batch, lr=lr,
        optimiser="Adam" if adam else "SGD", seed=context.seed,
        look=lambda module: {key: _loss(x, _outputs(module, x)) for key, x in splits.items()},
        every=config.batch * max(1, config.iterations // config.looks),
        progress=context.progress, what=name,
    )  # fmt: skip
    return student, course


def _outputs(net: Any, images: Images) -> Images:
    import torch

    net.eval()
    with torch.no_grad():
        return net(torch.from_numpy(images)).numpy()


def _loss(images: Images, outputs: Images) -> float:
    """Return the loss of 32 images: half of their squared error, summed over all pixels."""
    return float(32 * ((images - outputs) ** 2).sum(axis=1).mean() / 2)


def _draw(
    config: Config, context: Context, data: Dataset, nets: Mapping[str, Any],
    courses: Mapping[str, Course],
) -> None:  # fmt: skip
    import torch

    from snn_credit.analysis import Panel, Trace, embeddings, image_rows, trace_grid
    from snn_credit.analysis.style import LEARNERS

    names = [name for name in SHOWN if name in nets]
    colors = dict(zip(SHOWN, LEARNERS, strict=False))
    panels = [
        Panel(
            [Trace(courses[name].examples / config.batch, courses[name].seen[split], colors[name],
                   name) for name in names],
            f"{split} images", "iterations", "loss of 32 images", y_limits=_limits(courses),
        )
        for split in ("train", "test")
    ]  # fmt: skip
    trace_grid([panels], height=2.3).savefig(context.out / "loss.png")
    points = torch.from_numpy(data.test_x[: config.points])
    codes = {name: nets[name].present(points).net.layers[2]["h"].numpy() for name in names}
    for part, chosen in enumerate((names[:4], names[4:])):
        if config.hidden[1] == 2 and chosen:
            figure = embeddings({n: codes[n] for n in chosen}, data.test_y[: len(points)])
            figure.savefig(context.out / f"latent{part + 1}.png")
    first = [int((data.test_y == label).argmax()) for label in range(10)]
    images = {"shown": data.test_x[first]}
    images |= {name: _outputs(nets[name], data.test_x[first]) for name in names}
    image_rows(images, data.shape).savefig(context.out / "images.png")


def _limits(courses: Mapping[str, Course]) -> tuple[float, float]:
    """Return the losses worth seeing: not the first ones, which are many times higher."""
    last = [course.seen["test"] for course in courses.values()]
    return 0.95 * min(float(losses.min()) for losses in last), 1.1 * max(
        float(losses[len(losses) // 4]) for losses in last
    )


def cost(config: Config) -> str | None:
    """Say what the trainings take, if it takes long."""
    return shared.cost(len(config.methods) * config.iterations, 1.1 * config.hidden[0] / 200)


EXPERIMENT = Experiment(
    id="lansdell-autoencoder",
    paper=shared.PAPER,
    figure="Table 2a, Fig 3",
    about="autoencoders: BP, FA, matching, DAE, node perturbation and synthetic gradients",
    presets={
        "smoke": Config(data="digits", train_images=200, validation_images=50, test_images=50,
                        hidden=(20, 2, 20), iterations=60, looks=3, points=50),
        "laptop": Config(test_images=2000, validation_images=2000, iterations=20_000, looks=20),
        "paper": Config(),
    },
    run=run,
    cost=cost,
    paper_numbers={
        name: {TEST: loss}
        for name, loss in {
            "BP (SGD)": 609.8, "BP (SGD), noise": 536.8, "BP (Adam)": 533.3,
            "BP (Adam), noise": 522.3, "FA": 759.1, "FA, noise": 768.2, "matched": 615.0,
            "matched, noise": 629.9, "DAE": 539.8, "NP": 515.3, "SG": 521.6,
        }.items()
    },
    claims=(
        all_of(
            *(
                ordered(TEST, name, fa)
                for name in METHODS for fa in ("FA", "FA, noise") if not name.startswith("FA")
            ),
            text="all eleven cells are measured, and FA's are the worst",
        ),
        all_of(ordered(TEST, "NP", "BP (SGD)"), ordered(TEST, "SG", "BP (SGD)")),
        ordered(TEST, "BP (SGD), noise", "BP (SGD)"),
    ),
)  # fmt: skip
