"""Lillicrap et al. 2016, Fig 4: a deep spiking network learns digits through random feedback.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. Rasters of the hidden layers and of the outputs, one hidden neuron's
potential and its modulator, early, in the middle and late in learning; 1.8% test error.

``laptop`` scales the network down to 784-300-300-100 and takes about three minutes a seed on one
core; ``paper`` is 784-1500-1500-1500-1000 and takes about two hours. Beside the spiking network
stand rate-coded networks of the same sizes that learn by FA, BP and in the output layer only.

Where the numbers are from. ``paper`` has the paper's sizes, eta (1e-3, a proportionality in its
eq 8), gamma and ranges of W and B; the paper does not say how many images were shown, 600,000 is
our choice, and 5,000 of the 60,000 training images are held out for validation. ``laptop`` has
eta = 0.03 and B in +-0.5, chosen on those 5,000 images, after 100,000 training images and with seed
0, out of eta in {0.01, 0.03, 0.05} and B in {0.5, 1.0}; of the 5,000 it shows 1,000. Its six epochs
are what five minutes allow. The rate-coded networks start from W in +-0.3, where BP learns (from
+-0.05 it stays at chance), without decay, with an eta for each rule chosen on validation images
with seed 100, for four epochs. The test images are shown once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING

from snn_credit.harness import Context, Experiment, at, below, ordered, require, roughly

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.rate import History
    from snn_credit.spiking import Outcome

TEST, VALIDATION = "test error %", "validation error %"


@dataclass(frozen=True)
class Config:
    """Settings of one run; the paper's symbols in ASCII."""

    data: str = "mnist"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int = 1000
    hidden: tuple[int, ...] = (300, 300)
    output: int = 100
    rule: str = "FA"
    images: int = 330_000
    steps: int = 5
    eta: float = 0.03
    gamma: float = 1e-8
    tau: float = 0.9
    w_scale: float = 0.05
    b_scale: float = 0.5
    evaluations: int = 16
    window_steps: int = 50
    dtype: str = "float32"
    chunk_steps: int = 5000
    baselines: bool = True
    rate_images: int = 220_000
    rate_batch: int = 20
    rate_w_scale: float = 0.3
    rate_b_scale: float = 0.5
    rate_eta_fa: float = 0.2
    rate_eta_bp: float = 0.6
    rate_eta_shallow: float = 0.3

    def __post_init__(self) -> None:
        # All of it now: the rate-coded networks begin after minutes of spikes.
        require(self, _COUNTS, lambda count: count >= 1, "at least 1")
        require(self, _ETAS, isfinite, "a finite number")
        require(self, _SCALES, lambda scale: 0 <= scale < inf, "a finite number of at least 0")
        require(self, ("tau",), lambda tau: 0 < tau < 1, "a number between 0 and 1")
        require(self, ("gamma",), lambda gamma: 0 <= gamma < 1, "a number from 0 to below 1")


_COUNTS = (
    *("train_images", "test_images", "validation_images", "hidden", "output", "images", "steps"),
    *("evaluations", "window_steps", "chunk_steps", "rate_images", "rate_batch"),
)
_ETAS = ("eta", "rate_eta_fa", "rate_eta_bp", "rate_eta_shallow")
_SCALES = ("w_scale", "b_scale", "rate_w_scale", "rate_b_scale")


def run(
    config: Config, context: Context, experiment: str = "lillicrap-spiking"
) -> Mapping[str, Mapping[str, float | None]]:
    """Train the spiking network and its rate-coded baselines with one seed; write the figures."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    outcome = learn(config, context, data, experiment)
    rows: dict[str, dict[str, float | None]] = {
        f"spiking {config.rule}": {
            TEST: outcome.test_error,
            VALIDATION: outcome.validation_error,
        }
    }
    histories = _rate(config, context, data) if config.baselines else {}
    for name, history in histories.items():
        rows[name] = {TEST: history.test_error, VALIDATION: float(history.validation_error[-1])}
    chance = 100 * (1 - 1 / data.classes)
    rows["chance"] = {TEST: chance, VALIDATION: chance}
    _figures(config, context, histories, chance)
    return rows


def learn(
    config: Config,
    context: Context,
    data: Dataset,
    experiment: str,
    file: str = "run.h5",
    windows: Mapping[str, float] | None = None,
) -> Outcome:
    """Train the spiking network; ``windows`` are those of the figure, unless others are given."""
    from snn_credit.models.lillicrap_spiking import network
    from snn_credit.spiking.training import WINDOWS, train

    circuit = network(
        (data.features, *config.hidden, config.output),
        config.rule,
        classes=data.classes,
        tau=config.tau,
        w_scale=config.w_scale,
        b_scale=config.b_scale,
        rates={"eta": config.eta, "lam": config.gamma},
        seed=context.seed,
    )
    path = context.out / file
    if not path.exists():
        context.progress.note(f"{circuit.name}: building for {context.device}")
    return train(
        circuit,
        data,
        path,
        images=config.images,
        steps=config.steps,
        evaluations=config.evaluations,
        windows=WINDOWS if windows is None else windows,
        window_steps=config.window_steps,
        device=context.device,
        dtype=config.dtype,
        chunk_steps=config.chunk_steps,
        seed=context.seed,
        experiment=experiment,
        config=asdict(config),
        progress=context.progress,
        resume=context.resume,
        # A run that was killed before it was replaced may have left its file.
        force=not context.resume,
    )


def _rate(config: Config, context: Context, data: Dataset) -> dict[str, History]:
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert, fit

    etas = {"FA": config.rate_eta_fa, "BP": config.rate_eta_bp, "Shallow": config.rate_eta_shallow}
    sizes = (data.features, *config.hidden, config.output)
    network = perceptron(sizes, w_scale=config.rate_w_scale, seed=context.seed)
    return {
        f"rate {rule}": fit(
            convert(network, rule, b_scale=config.rate_b_scale, seed=context.seed),
            data,
            images=config.rate_images,
            batch=config.rate_batch,
            lr=eta,
            seed=context.seed,
            evaluate_every=max(config.rate_batch, config.rate_images // 40),
            progress=context.progress,
            what=f"rate {rule}",
        )
        for rule, eta in etas.items()
    }


def _figures(
    config: Config, context: Context, histories: Mapping[str, History], chance: float
) -> None:
    from snn_credit.analysis import figure4, learning_curve
    from snn_credit.recording import open_run

    recorded = open_run(context.out / "run.h5")
    figure4(recorded, seed=context.seed, modulator="delta").savefig(context.out / "raster.png")
    learners = {f"spiking {config.rule}": [recorded.metrics("learning")]}
    for name, history in histories.items():
        seen = history.images_seen.astype(float)
        learners[name] = [{"images_seen": seen, "validation_error": history.validation_error}]
    figure = learning_curve(learners, chance=chance, column="validation_error", log_y=True)
    figure.savefig(context.out / "learning.png")


def layers(config: Config) -> tuple[int, ...]:
    """Return the sizes of the layers, input to output."""
    return ({"mnist": 784}.get(config.data, 64), *config.hidden, config.output)


def synapses(config: Config) -> int:
    """Return the number of synapses that learn."""
    return sum(a * b for a, b in pairwise(layers(config)))


def cost(config: Config) -> str | None:
    """Say what the spiking network takes, if it takes minutes."""
    sizes = "-".join(map(str, layers(config)))
    time = in_words(estimate(config))
    return time and (
        f"{sizes} ({synapses(config):,} plastic synapses), {config.images:,} images of "
        f"{config.steps} steps: {time}"
    )


def estimate(config: Config) -> float:
    """Estimate the seconds on one core of ``dense``: 0.01 ms a step, 0.3 ns a synapse."""
    return config.images * config.steps * (1e-5 + 3e-10 * synapses(config))


def in_words(seconds: float) -> str | None:
    """Return an estimated time in words, None if it is short."""
    if seconds < 120:
        return None
    time = roughly(seconds)
    return f"about {time} a seed on one core, on the device dense; it can be stopped and resumed"


EXPERIMENT = Experiment(
    id="lillicrap-spiking",
    paper="Lillicrap et al. 2016",
    figure="Fig 4",
    about="deep spiking network with separate feedback neurons learns digits, eqs 5-8",
    presets={
        "smoke": Config(
            data="digits",
            train_images=100,
            validation_images=20,
            test_images=20,
            hidden=(30, 30),
            output=20,
            images=60,
            eta=0.1,
            evaluations=2,
            window_steps=10,
            chunk_steps=200,
            rate_images=200,
        ),
        "laptop": Config(),
        "paper": Config(
            hidden=(1500, 1500, 1500),
            output=1000,
            images=600_000,
            eta=1e-3,
            b_scale=0.1,
            evaluations=20,
            # Their eta and W were chosen for the sizes of laptop.
            baselines=False,
        ),
    },
    run=run,
    paper_numbers={"spiking FA": {TEST: 1.8}},
    synapses=synapses,
    cost=cost,
    claims=(
        below("spiking FA", TEST, 5),
        at("laptop", ordered(TEST, "spiking FA", "rate Shallow")),  # paper has no baselines
    ),
)
