"""Kunin et al. 2020, Fig 6 and B.5: how well networks predict neurons, on responses made here.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins, ICML (2020). The procedure of the paper, 25
components of partial least squares and a 75-25 split within each category, on made responses, for
recordings of V4 and IT are not to be had (`snn_credit.analysis.predictivity` says what to bring).

A network trained by BP from weights of its own is recorded: each of 256 sites adds up 25 numbers,
the first principal components of its last hidden layer, scaled to variance 1, with random weights,
and noise. Where all of the signal is found, the correlation is the root of the signal's share of
the variance: a known answer. Then networks that BP, FA, SA, AA, IA and WM trained from other
weights, one at its initial weights, and pixels; and as controls the recorded network's features
with images permuted, all of them or within categories. Features are the last hidden layer; a column
has those of the one below.

784-200-100-10, tanh, cross entropy, 10,000 MNIST images shown ten times; responses are to 5,120
test images, as many as in the paper, that trained nothing. The learning rate, one for all rules, is
the best of 0.03, 0.1 and 0.3 on validation images with seed 100. Some minutes a seed; ``paper`` is
longer training, for ImageNet and the recordings are not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, Any

from snn_credit.harness import Context, Experiment, Table, all_of, between, ordered, require, within

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.analysis import Predictivity
    from snn_credit.data import Dataset

    Values = NDArray[np.float64]

#: Rows -> the rule's name here.
RULES = {"BP": "BP", "FA": "FA chain", "SA": "SA", "AA": "AA", "IA": "IA", "WM": "WM"}
RECORDED, RANDOM = "the recorded network", "random (at initialisation)"
PERMUTED, WITHIN = "control: images permuted", "control: images permuted within categories"
TEST, MEDIAN, ERROR = "test error %", "median correlation", "standard error"


@dataclass(frozen=True)
class Config:
    """Settings: the networks, their training, the sites."""

    data: str = "mnist"
    train_images: int | None = 10_000
    stimuli: int = 5120
    hidden: tuple[int, int] = (200, 100)
    images: int = 100_000
    batch: int = 32
    lr: float = 0.3
    sites: int = 256
    latent: int = 25
    components: int = 25
    noise: float = 1.0

    def __post_init__(self) -> None:
        counts = ("train_images", "stimuli", "hidden", "images", "batch", "sites")
        require(self, (*counts, "latent", "components"), lambda n: n >= 1, "at least 1")
        require(self, ("latent", "components"), lambda n: n <= self.hidden[-1],
                f"at most the last hidden layer's {self.hidden[-1]}")  # fmt: skip
        require(self, ("lr", "noise"), lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Train the networks of one seed, make responses, and predict them."""
    import numpy as np

    from snn_credit.analysis import predictivity_bars
    from snn_credit.data import load

    data = load(config.data).subset(config.train_images, config.stimuli)
    rng = np.random.default_rng((context.seed, *map(ord, "sites")))
    networks: dict[str, tuple[Any, float]] = {}
    context.progress.start(len(RULES) + 1, "networks", RECORDED)
    for done, (name, rule) in enumerate({RECORDED: "BP", **RULES}.items()):
        # the recorded network has initial weights that no other has
        networks[name] = _train(config, data, rule, 2 * context.seed + (name == RECORDED))
        context.progress.update(done + 1)
    networks[RANDOM] = _network(config, data, "BP", 2 * context.seed), float("nan")
    recorded = _features(networks[RECORDED][0], data.test_x)["upper"]
    responses = made_responses(recorded, config.latent, config.sites, config.noise, rng)
    expected = 1 / sqrt(1 + config.noise**2)

    rows: dict[str, dict[str, float | None]] = {"all of the signal, expected": {MEDIAN: expected}}
    bars: dict[str, Predictivity] = {}
    for name, (net, error) in networks.items():
        features = _features(net, data.test_x)
        found = {at: _predict(config, context, x, responses, data) for at, x in features.items()}
        rows[name] = {TEST: None if error != error else error, **_row(found["upper"]),
                      f"{MEDIAN}, lower layer": found["lower"].median}  # fmt: skip
        bars[name] = found["upper"]
    others = {"pixels": data.test_x, PERMUTED: recorded[rng.permutation(len(recorded))],
              WITHIN: recorded[_within(data.test_y, rng)]}  # fmt: skip
    for name, features in others.items():
        bars[name] = _predict(config, context, features, responses, data)
        rows[name] = _row(bars[name])
    predictivity_bars(bars, expected, controls=2).savefig(context.out / "predictivity.png")
    return rows


def made_responses(
    features: Values, latent: int, sites: int, noise: float, rng: np.random.Generator
) -> Values:
    """Return responses (images, sites): sums of principal components with variance 1, and noise.

    Parameters
    ----------
    features : (images, n)
    latent : int
        How many components, the largest first.
    noise : float
        Standard deviation of the noise; that of the signal is 1 in the mean over weights.
    """
    import numpy as np

    scores = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)[0][:, :latent]
    weights = rng.normal(size=(latent, sites))
    # a site's weights have length 1, so that its signal has variance 1 as the components have
    signal = scores * np.sqrt(len(features)) @ (weights / np.linalg.norm(weights, axis=0))
    return signal + noise * rng.normal(size=signal.shape)


def _network(config: Config, data: Dataset, rule: str, seed: int) -> Any:
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert

    sizes = (data.features, *config.hidden, data.classes)
    # Sums have the variance of the activity below.
    net = perceptron(sizes, hidden="tanh", output="linear", seed=seed,
                     w_scale=[sqrt(3 / n) for n in sizes[:-1]])  # fmt: skip
    return convert(net, rule, seed=seed)


def _train(config: Config, data: Dataset, rule: str, seed: int) -> tuple[Any, float]:
    """Return a trained network and its test error."""
    from snn_credit.rate import fit

    history = fit(_network(config, data, rule, seed), data, images=config.images,
                  batch=config.batch, loss="cross entropy", lr=config.lr, seed=seed)  # fmt: skip
    return history.module, history.test_error


def _features(net: Any, x: NDArray[np.float32]) -> dict[str, Values]:
    """Return the activity of both hidden layers, (images, n)."""
    import numpy as np
    import torch

    found: list[Values] = []
    hooks = [
        part.register_forward_hook(lambda _, __, h: found.append(h.numpy().astype(np.float64)))
        for part in net.modules() if isinstance(part, torch.nn.Tanh)
    ]  # fmt: skip
    with torch.no_grad():
        net(torch.from_numpy(x))
    for hook in hooks:
        hook.remove()
    lower, upper = found
    return {"lower": lower, "upper": upper}


def _predict(
    config: Config, context: Context, features: Any, responses: Values, data: Dataset
) -> Predictivity:
    from snn_credit.analysis import neural_predictivity

    return neural_predictivity(features, responses, data.test_y, components=config.components,
                               seed=context.seed)  # fmt: skip


def _row(found: Predictivity) -> dict[str, float | None]:
    return {MEDIAN: found.median, ERROR: found.standard_error}


def _within(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return an order of the images in which each is in the place of one of its own category."""
    import numpy as np

    order = np.arange(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        order[own] = rng.permutation(own)
    return order


EXPERIMENT = Experiment(
    id="kunin-predictivity",
    paper="Kunin et al. 2020",
    figure="Fig 6",
    about="made neural responses predicted from the features of networks trained by each rule",
    presets={
        "smoke": Config(
            data="digits", train_images=500, stimuli=360, hidden=(40, 30), images=3000, lr=0.1,
            sites=20, latent=5, components=5, noise=0.5,
        ),
        "laptop": Config(),
        "paper": Config(train_images=None, images=3_000_000),
    },
    run=run,
    claims=(
        within(MEDIAN, RECORDED, "all of the signal, expected", 0.02),
        between(PERMUTED, MEDIAN, -0.05, 0.05),
        all_of(
            *(within(MEDIAN, rule, "BP", 0.02) for rule in ("SA", "AA", "IA", "WM")),
            text="SA, AA, IA and WM predict as well as BP (within 0.02)",
        ),
        all_of(
            *(ordered(MEDIAN, "FA", rule) for rule in ("BP", "SA", "AA", "IA", "WM")),
            text="FA predicts worst of the rules",
        ),
    ),
)  # fmt: skip
