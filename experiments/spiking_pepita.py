"""PEPITA in a network that spikes: two windows, and two compartments that compare them.

Dellaferrera & Kreiman, ICML 2022, in continuous time (`snn_credit.models.pepita_spiking`): each
training image is shown in a standard window and then in a modulated one, with the input rate
x + F e. The trace of a neuron's spikes in the second window is compared with what its soma has kept
of the first; nothing is frozen or reset in between. Test images are shown in the standard window.

What it has to beat, with the same W, images and rates: the control without feedback (F = 0), in
which the second window differs from the first by chance alone; a random projection of the same size
(F r with r random, the paper's eq 11); and hidden weights that do not learn. Beside them stands
PEPITA on the rate path, with the same sizes, and its F = 0.

The paper's alignment: with this sign of the update the product of the forward weights comes to
anti-align with F', an angle of more than 90 degrees.

Where the numbers are from: scikit-learn's digits. Rates, the size of F and the ranges of W were
chosen on the 180 validation images with seed 100, for PEPITA alone; the controls have them too. F
is larger than the paper's (0.05 sqrt(6/n_0), 0.015 here): a window of some tens of spikes cannot
see less. The settings of ``paper``, a larger network on MNIST, are guesses that nobody has tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from math import inf, nan
from typing import TYPE_CHECKING, Any

from snn_credit.harness import (
    Context,
    Experiment,
    Table,
    above,
    clearly,
    file_name,
    more_than,
    require,
    roughly,
)
from snn_credit.progress import Named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from snn_credit.data import Dataset
    from snn_credit.spiking import Circuit, Neuron, Simulation

TEST, ANGLE = "test error %", "W to F' deg"
PEPITA, NOTHING, RANDOM, FIXED = "PEPITA", "PEPITA, F = 0", "PEPITA, F r", "hidden W fixed"
RATE, RATE_NOTHING = f"rate {PEPITA}", f"rate {NOTHING}"
SPIKING = (PEPITA, NOTHING, RANDOM, FIXED)


@dataclass(frozen=True)
class Config:
    """Settings of one run; times are in ms, which are time steps."""

    data: str = "digits"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int | None = None
    hidden: tuple[int, ...] = (200,)
    output: int = 10
    images: int = 40_000
    window: int = 30
    rate_ms: float = 8.0
    tonic: float = 0.1
    eta: float = 0.003
    eta_output: float = 0.01
    w_scale: float = 0.3
    w_output: float = 0.1
    f_scale: float = 0.15
    evaluations: int = 6
    window_steps: int = 40
    rate_images: int = 100_000
    rate_batch: int = 10
    rate_eta: float = 0.1

    def __post_init__(self) -> None:
        require(self, _COUNTS, lambda count: count >= 1, "at least 1")
        require(self, _SIZES, lambda size: 0 <= size < inf, "a finite number of at least 0")
        require(self, ("rate_ms",), lambda time: 0 < time < inf, "a time above 0")
        require(self, ("tonic",), lambda p: 0 <= p < 0.5, "a probability from 0 to below 0.5")


_COUNTS = (
    *("train_images", "test_images", "validation_images", "hidden", "output", "images", "window"),
    *("evaluations", "window_steps", "rate_images", "rate_batch"),
)
_SIZES = ("eta", "eta_output", "w_scale", "w_output", "f_scale", "rate_eta")


def run(config: Config, context: Context) -> Table:
    """Train PEPITA and its controls, with spikes and with rates, with one seed."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    rows = {name: _learn(config, context, data, name) for name in SPIKING}
    rows |= _rate(config, context, data)
    for winner, others in ((PEPITA, SPIKING[1:]), (RATE, (RATE_NOTHING,))):
        for other in others:
            rows[winner][f"points below {other}"] = _minus(rows[other][TEST], rows[winner][TEST])
    chance = 100 * (1 - 1 / data.classes)
    rows["chance"] = {TEST: chance}
    _figures(config, context)
    return rows


def circuit(config: Config, data: Dataset, name: str, seed: int) -> Circuit:
    """Return the circuit of PEPITA or of a control."""
    from snn_credit.models import pepita_spiking
    from snn_credit.models.lillicrap_spiking import FORWARD
    from snn_credit.rules.pepita import PEPITA_RANDOM

    layers = len(config.hidden)
    hidden = 0.0 if name == FIXED else config.eta
    more: dict[str, Any] = {"output": _with_random(FORWARD)} if name == RANDOM else {}
    return pepita_spiking.network(
        (data.features, *config.hidden, config.output),
        PEPITA_RANDOM if name == RANDOM else PEPITA,
        classes=data.classes,
        rate_ms=config.rate_ms,
        tonic=config.tonic,
        w_scale=(*[config.w_scale] * layers, config.w_output),
        b_scale=0.0 if name == NOTHING else config.f_scale,
        rates={"eta": (*[hidden] * layers, config.eta_output)},
        seed=seed,
        **more,
    )


def _with_random(neuron: Neuron) -> Neuron:
    """Return an output neuron that has ``r``, a random number in -1 to 1 for each window."""
    from snn_credit.spiking import Step

    draw = Step("start", "r = r + first_at(t - t0)*(2*rand() - 1 - r)")
    equations = f"{neuron.equations.rstrip()}\nr : 1"
    return replace(neuron, equations=equations, steps=(*neuron.steps, draw))


def _learn(config: Config, context: Context, data: Dataset, name: str) -> dict[str, float | None]:
    from snn_credit.recording import open_run
    from snn_credit.spiking.training import train

    path = context.out / f"{file_name(name)}.h5"
    outcome = train(
        circuit(config, data, name, context.seed),
        data,
        path,
        images=config.images,
        steps=(config.window, config.window),
        evaluations=config.evaluations,
        windows={"early": 0.0, "middle": 0.1, "late": 1.0} if name == PEPITA else {},
        window_steps=config.window_steps,
        device=context.device,
        seed=context.seed,
        experiment="spiking-pepita",
        config=asdict(config),
        progress=Named(context.progress, name),
        measure=product_angle,
        resume=context.resume,
        force=not context.resume,
    )
    angle = float(open_run(path).metrics("measured")[ANGLE][-1])
    return {TEST: outcome.test_error, ANGLE: None if angle != angle else angle}


def product_angle(simulation: Simulation) -> dict[str, float]:
    """Return the signed angle in degrees of W_L ... W_1 to F', both (n_L, n_0); NaN for F = 0."""
    import numpy as np

    from snn_credit.analysis.alignment import angle

    forward = [p.name for p in simulation.circuit.projections if "w" in p.initial]
    product = np.eye(simulation.circuit.population("input").size)
    for name in forward:
        product = simulation.matrix(name, "w").astype(float) @ product
    return {ANGLE: angle(product, simulation.matrix("input_from_output", "b"))}


def _rate(config: Config, context: Context, data: Dataset) -> dict[str, dict[str, float | None]]:
    """Train the rate-coded network by the same rule, with F and without."""
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert, fit

    sizes = (data.features, *config.hidden, data.classes)
    rows: dict[str, dict[str, float | None]] = {}
    for name, scale in {RATE: config.f_scale, RATE_NOTHING: 0.0}.items():
        network = convert(
            perceptron(sizes, w_scale=config.w_scale, seed=context.seed),
            "PEPITA",
            b_scale=scale,
            seed=context.seed,
        )
        history = fit(
            network,
            data,
            images=config.rate_images,
            batch=config.rate_batch,
            lr=config.rate_eta,
            seed=context.seed,
            progress=context.progress,
            what=name,
        )
        rows[name] = {TEST: history.test_error}
    return rows


def _figures(config: Config, context: Context) -> None:
    """Draw the raster of PEPITA, and errors and angles of all spiking networks over training."""
    from snn_credit.analysis import figure4, learning_curve
    from snn_credit.recording import open_run

    runs = {name: open_run(context.out / f"{file_name(name)}.h5") for name in SPIKING}
    figure4(runs[PEPITA], seed=context.seed, modulator="delta").savefig(context.out / "raster.png")
    learners = {name: [run.metrics("learning")] for name, run in runs.items()}
    figure = learning_curve(learners, chance=90, column="validation_error")
    figure.savefig(context.out / "learning.png")
    _angles({name: run.metrics("measured") for name, run in runs.items()}).savefig(
        context.out / "angles.png"
    )


def _angles(measured: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the angle of the product of W to F' over training; above 90 they anti-align."""
    from matplotlib.figure import Figure

    from snn_credit.analysis.style import GREY, LEARNERS, WIDTH, styled

    @styled
    def made() -> Figure:
        figure = Figure(figsize=(WIDTH / 2, 2.2), layout="constrained")
        axes = figure.subplots()
        for (name, table), colour in zip(measured.items(), LEARNERS, strict=False):
            if name != NOTHING:
                axes.plot(table["images_seen"], table[ANGLE], color=colour, label=name)
        axes.axhline(90, color=GREY, linestyle="--")
        axes.set(xlabel="training images", ylabel="angle of $W_L \\ldots W_1$ to $F'$ (degrees)")
        axes.legend(frameon=False)
        return figure

    return made()


def _minus(one: float | None, other: float | None) -> float:
    return nan if one is None or other is None else one - other


def synapses(config: Config) -> int:
    """Return the number of synapses that learn."""
    sizes = ({"mnist": 784}.get(config.data, 64), *config.hidden, config.output)
    return sum(a * b for a, b in pairwise(sizes))


def cost(config: Config) -> str | None:
    """Say what it takes, if it takes minutes."""
    seconds = len(SPIKING) * config.images * config.window * 2 * (1e-5 + 5e-10 * synapses(config))
    if seconds < 120:
        return None
    return f"{len(SPIKING)} networks, {config.images:,} images: about {roughly(seconds)} a seed"


EXPERIMENT = Experiment(
    id="spiking-pepita",
    paper="Dellaferrera & Kreiman 2022",
    figure="section 5, in time",
    about="PEPITA in a spiking network: two windows, soma and dendrite, F = 0 beside it",
    presets={
        "smoke": Config(
            train_images=60,
            test_images=20,
            validation_images=20,
            hidden=(12,),
            images=30,
            window=8,
            evaluations=2,
            window_steps=10,
            rate_images=60,
        ),
        "laptop": Config(),
        "paper": Config(
            data="mnist",
            validation_images=1000,
            hidden=(1024,),
            output=100,
            images=600_000,
            window=50,
            rate_ms=12.0,
            f_scale=0.1,
        ),
    },
    run=run,
    cost=cost,
    synapses=synapses,
    claims=(
        clearly(
            above(PEPITA, f"points below {NOTHING}", 0),
            text="clearly fewer errors than with F = 0, paired",
        ),
        more_than(PEPITA, f"points below {FIXED}", 0, text="fewer than with hidden weights fixed"),
        above(PEPITA, ANGLE, 90, text="W's product anti-aligns with F' (more than 90 degrees)"),
    ),
)
