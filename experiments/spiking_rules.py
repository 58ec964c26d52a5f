"""Every family of rules on one spiking network, beside the rate-coded rule of the same name.

The network is that of Lillicrap et al. 2016, Fig 4 (`snn_credit.models.lillicrap_spiking`). For
each rule: test error, spiking and rate-coded; the angle of its mean update of the hidden layers to
the true gradient, that of the mean-field loss (`snn_credit.experiments.spiking_shared`); and the
error of its own control (`snn_credit.experiments.spiking_rules_settings`), a rule that must fail.
'control - rule' is how many points worse the control does from the same start, seed by seed. The
angle is the mean over hidden layers, at the end and at the evaluation in the middle (they are even
in the logarithm of the images: a tenth of them). BP's own is not 0, for spikes fluctuate and a
probe is short, and all the less at the end, when there is little left of the gradient.

``laptop`` is 64-50-50-10 on scikit-learn's digits, 20,000 images of 20 steps; ``paper`` is MNIST,
784-300-300-100. Every rule has a run file, so a run that is stopped goes on where it was. Settings
are from validation images with seed 100: W in +-0.8 (of 0.3, 0.5, 0.8), eta 0.1 and 0.01 in the
output (of 0.03 and 0.003, 0.1 and 0.01, 0.3 and 0.1, on W in +-0.3) for all rules but FA, whose
messages carry no slopes (0.03, of 0.01 and 0.03), and PEPITA (5e-4 and 0.01, F in +-0.2, of 0.1 and
0.2); B in +-2 for FA's chain (of 0.5, 1, 2). The shallow network has W in +-4 in its hidden layers
(of 0.3 to 16; from 4 on they are alike), with eta 0.01 (of 0.003 to 0.1). Learning rates of the
rate-coded networks are of 0.3, 1 and 3, those of NP of 0.03 to 1. How fast B learns was not
searched here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from snn_credit.errors import InputError, one_of
from snn_credit.experiments import spiking_rules_nets as nets
from snn_credit.experiments.spiking_rules_settings import LEARNERS
from snn_credit.harness import (
    Context,
    Experiment,
    Table,
    all_of,
    more_than,
    not_above,
    ordered,
    require,
    roughly,
)
from snn_credit.progress import Named

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.spiking import Simulation
    from snn_credit.spiking.session import Measure

SPIKING, CONTROL, BEATEN = "spiking test error %", "its control %", "control - rule"
RATE, RATE_CONTROL = "rate test error %", "rate control %"
HALFWAY, ANGLE = "angle halfway, deg", "angle at the end, deg"


@dataclass(frozen=True)
class Config:
    """Settings of one run; those of each rule are in `spiking_rules_settings`.

    ``images`` and ``steps`` are the training images of a spiking network and the steps of each
    window; ``probe`` the images that a mean update is taken from; ``eta_scale`` multiplies every
    learning rate of the spiking networks.
    """

    rules: tuple[str, ...] = tuple(LEARNERS)
    data: str = "digits"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int = 180
    hidden: tuple[int, ...] = (50, 50)
    output: int = 10
    images: int = 20_000
    steps: int = 20
    w_scale: float = 0.8
    eta_scale: float = 1.0
    evaluations: int = 3
    probe: int = 1000
    controls: bool = True
    rate_images: int = 20_000
    rate_batch: int = 10
    window_steps: int = 50
    dtype: str = "float32"
    chunk_steps: int = 5000
    host_steps: int = 1000

    def __post_init__(self) -> None:
        counts = ("hidden", "output", "images", "steps", "evaluations", "rate_batch")
        more = ("train_images", "test_images", "validation_images", "window_steps", "chunk_steps")
        require(self, (*counts, *more, "host_steps"), lambda count: count >= 1, "at least 1")
        require(self, ("probe", "rate_images"), lambda count: count >= 0, "at least 0")
        for name in ("w_scale", "eta_scale"):
            require(self, (name,), lambda scale: 0 < scale < np.inf, "a finite number above 0")
        if not self.rules or len(set(self.rules)) < len(self.rules):
            came = ", ".join(self.rules) or "none"
            raise InputError(f"rules: one or several, each once (got {came})")
        for name in self.rules:
            if name not in LEARNERS:
                raise InputError(f"rules: {one_of(name, LEARNERS)} (got {name!r})")


def run(config: Config, context: Context) -> Table:
    """Train every rule and every control with one seed; each has a run file of its own."""
    from snn_credit.data import load

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    rows: dict[str, dict[str, float | None]] = {}
    for name in config.rules:
        error, angles = learn(config, context, data, name)
        row = {SPIKING: error, CONTROL: None, BEATEN: None, **angles}
        if config.controls and LEARNERS[name].has_control:
            row[CONTROL], _ = learn(config, context, data, name, control=True)
            row[BEATEN] = None if row[CONTROL] is None else row[CONTROL] - (error or 0.0)
        rows[name] = {**row, **_rate(config, context, data, name)}
    _raster(config, context)
    return rows


def file_of(name: str, control: bool = False) -> str:
    """Return the name of a row's run file."""
    plain = "".join(c if c.isalnum() else "-" for c in name.lower())
    return f"{plain}{'.control' if control else ''}.h5"


def learn(
    config: Config, context: Context, data: Dataset, name: str, control: bool = False
) -> tuple[float | None, dict[str, float | None]]:
    """Train one row, or its control; return its test error and its mean angles."""
    from snn_credit.recording import open_run
    from snn_credit.spiking import train

    learner, path = LEARNERS[name], context.out / file_of(name, control)
    circuit = nets.circuit(
        name, (data.features, *config.hidden, config.output), config.steps,
        w_scale=config.w_scale, eta_scale=config.eta_scale, control=control, seed=context.seed,
    )  # fmt: skip
    windows = [round(config.steps * part) for part in learner.windows]
    watched = learner.spikes and not learner.anatomy and not control
    outcome = train(
        circuit,
        data,
        path,
        images=config.images * learner.times,
        steps=windows if len(windows) > 1 else windows[0],
        evaluations=config.evaluations,
        windows={"early": 0.0, "late": 1.0} if watched else {},
        window_steps=config.window_steps,
        device=context.device,
        dtype=config.dtype,
        # Whole matrices change between chunks.
        chunk_steps=config.host_steps if circuit.host else config.chunk_steps,
        seed=context.seed,
        experiment="spiking-rules",
        config=asdict(config),
        progress=Named(context.progress, f"{name} control" if control else name),
        measure=None if control or not config.probe else _angles(config, data, windows),
        resume=context.resume,
        force=not context.resume,
    )
    measured = {} if control or not config.probe else open_run(path).metrics("measured")
    angles = np.ravel(nets.mean_angle(measured))
    at = {HALFWAY: angles[len(angles) // 2], ANGLE: angles[-1]}
    return outcome.test_error, {
        name: float(angle) if np.isfinite(angle) else None for name, angle in at.items()
    }


def _angles(config: Config, data: Dataset, windows: Sequence[int]) -> Measure:
    """Return what measures the angle of a rule's mean update to the gradient, layer by layer."""
    from snn_credit.experiments.spiking_shared import probe_stream

    stream = probe_stream(data, config.probe, config.steps)
    if len(windows) > 1:
        stream = stream.in_windows(windows)

    def measure(simulation: Simulation) -> dict[str, float]:
        return nets.angles(simulation, stream)

    return measure


def _rate(config: Config, context: Context, data: Dataset, name: str) -> dict[str, float | None]:
    """Train the rate-coded network of a row, and its control where it can be declared there."""
    from snn_credit.rate import fit

    errors: dict[str, float | None] = {RATE: None, RATE_CONTROL: None}
    if LEARNERS[name].lr is None or not config.rate_images:
        return errors
    for control, column in ((False, RATE), (True, RATE_CONTROL)):
        module = nets.module(
            name, (data.features, *config.hidden, config.output),
            w_scale=config.w_scale, control=control, seed=context.seed,
        )  # fmt: skip
        if module is None or (control and not config.controls):
            continue
        what = f"rate {name}{' control' if control else ''}"
        history = fit(
            module, data, images=config.rate_images, batch=config.rate_batch,
            lr=LEARNERS[name].lr, seed=context.seed, progress=context.progress, what=what,
        )  # fmt: skip
        errors[column] = history.test_error
    return errors


def _raster(config: Config, context: Context) -> None:
    from snn_credit.analysis import raster
    from snn_credit.recording import open_run

    name = "FA, spiking feedback"
    if name in config.rules:
        recorded = open_run(context.out / file_of(name))
        raster(recorded, "late", units=20, seed=context.seed).savefig(context.out / "raster.png")


def draw(config: Config, tables: Sequence[Table], context: Context) -> None:
    """Draw errors over all seeds, and the angles in training."""
    from snn_credit.analysis import error_bars, learning_curve
    from snn_credit.recording import open_run

    def column(which: str) -> list[list[float]]:
        found = [[table[name].get(which) for table in tables] for name in config.rules]
        return [[v for v in row if v is not None] for row in found]

    error_bars(
        config.rules,
        {"spiking": column(SPIKING), "rate-coded": column(RATE)},
        controls={"spiking": column(CONTROL), "rate-coded": column(RATE_CONTROL)},
        chance=90.0,
    ).savefig(context.out / "errors.png")
    folders = sorted(context.out.glob("seed-*")) or [context.out]
    curves = {}
    for name in config.rules:
        if LEARNERS[name].lr is None or name == "Shallow" or not config.probe:
            continue  # rows of FA in another anatomy
        found = [open_run(folder / file_of(name)).metrics("measured") for folder in folders]
        curves[name] = [
            {"images_seen": m["images_seen"].astype(float), "angle": nets.mean_angle(m)}
            for m in found
        ]
    if curves:
        figure = learning_curve(curves, column="angle")
        figure.axes[0].set_ylabel("angle to the gradient (degrees)")
        figure.savefig(context.out / "angles.png")


def synapses(config: Config) -> int:
    """Return the number of plastic synapses of a network."""
    sizes = (784 if config.data == "mnist" else 64, *config.hidden, config.output)
    return sum(a * b for a, b in pairwise(sizes))


def cost(config: Config) -> str | None:
    """Say what all rows take, if they take minutes."""
    runs = len(config.rules) * (2 if config.controls else 1)
    seconds = runs * (4 + config.images * config.steps * (1e-5 + 3e-10 * synapses(config)))
    return f"{runs} networks: about {roughly(seconds)} a seed" if seconds > 120 else None


_SMOKE = Config(
    rules=("FA", "NP", "PEPITA"), train_images=40, validation_images=10, test_images=10,
    hidden=(8,), images=20, steps=5, evaluations=1, probe=10, rate_images=40, window_steps=10,
    chunk_steps=100, host_steps=50,
)  # fmt: skip

_FAMILIES = [rule for rule in LEARNERS if rule != "Shallow" and not rule.startswith("FA, ")]
EXPERIMENT = Experiment(
    id="spiking-rules",
    paper="all five papers",
    figure="one table",
    about="every family of rules with spikes, beside rates and a control that must fail",
    presets={
        "smoke": _SMOKE,
        "laptop": Config(),
        "paper": replace(
            Config(), data="mnist", validation_images=1000, hidden=(300, 300), output=100,
            images=200_000, steps=10, w_scale=0.1, eta_scale=0.1, rate_images=200_000,
        ),
    },
    run=run,
    draw=draw,
    synapses=synapses,
    cost=cost,
    claims=(
        all_of(
            *(not_above(SPIKING, rule, "BP", 3) for rule in ("FA", "DFA", "uSF Init", "uSF SN")),
            text="FA, DFA, uSF Init and uSF SN: at most 3 points above transported weights",
        ),
        all_of(
            *(ordered(SPIKING, rule, "Shallow") for rule in _FAMILIES),
            text="every rule is better than the shallow network",
        ),
        all_of(
            *(more_than(rule, BEATEN, 0) for rule in _FAMILIES),
            text="every rule is better than its own control",
        ),
    ),
)  # fmt: skip
