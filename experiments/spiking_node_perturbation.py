"""Node perturbation in a network that spikes: one number for all, and what it can teach.

Every neuron's spikes fluctuate by themselves, xi = s - p. A critic tells all neurons how much the
loss is above its running mean, and that times xi is, on average, the gradient (Fiete & Seung 2006,
PRL 97, 048104). The number teaches the forward weights W (``NP``), or the feedback weights B, which
then carry errors (``NP feedback``: Lansdell, Prakash & Kording 2020, ICLR).

W learns: NP beside BP and beside the output layer alone (``Shallow``: from the same W, and from the
W that suit it best), and beside its control, ``NP, unrelated number``. That is the same critic,
heard an image late: the number has the same size and the same course, and knows nothing of the
noise that it is multiplied by. ``1 ms late`` has that delay, and synapses that remember
(eligibility); ``late and slow`` also a time constant. Where noise is injected into potentials, the
chance of the spikes goes on, and goes unused.

B learns: with W as it was drawn (`snn_credit.experiments.spiking_teacher`), and while W learns
through it, beside FA, which starts from the same W and B.

Where the numbers are from: scikit-learn's digits. Rates, the ranges of Shallow's own W, the sizes
of noise and the baseline's time constant were chosen on the 180 validation images with seeds 100
and 101, for each rule by itself. The delays are there to show what they do. The settings of
``paper``, a larger network on MNIST, are guesses that nobody has tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import pairwise
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snn_credit.experiments import spiking_np_circuits as nets
from snn_credit.experiments import spiking_np_figures as figures
from snn_credit.experiments import spiking_shared as shared
from snn_credit.experiments.spiking_np_circuits import RATE_RULES, Config
from snn_credit.experiments.spiking_shared import AIM, DELTA, GRADIENT, SEEN, UPDATE
from snn_credit.harness import (
    Context,
    Experiment,
    Table,
    above,
    all_of,
    below,
    clearly,
    file_name,
    more_than,
    roughly,
)
from snn_credit.progress import Named

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.rate import History
    from snn_credit.spiking import Circuit, Simulation

TEST, WON, DEEP = "test error %", "points below its control", "points below Shallow, own W"
LESS = "delta, deg less than FA's"
#: Rule -> the one that it has to beat.
CONTROLS: Mapping[str, str] = {
    **dict.fromkeys((nets.NP, nets.INJECTED, nets.LATE, nets.SLOW), nets.UNRELATED),
    nets.TAUGHT: nets.FA,
}
#: Of so many images are the angles of delta.
_DELTAS = 500


def run(config: Config, context: Context) -> Table:
    """Let W learn, B learn, and both, with one seed; draw the figures."""
    from snn_credit.data import load
    from snn_credit.experiments.spiking_teacher import teach

    data = load(config.data).subset(
        config.train_images, config.test_images, config.validation_images
    )
    circuits = nets.learners(config, data, context.seed)
    rows = {name: _learn(config, context, data, name, circuits) for name in circuits}
    courses: dict[str, dict[str, list[float]]] = {}
    for name, (circuit, lessons) in nets.lectures(config, data, context.seed).items():
        lessons = replace(lessons, device=context.device)
        courses[name] = teach(circuit, data, lessons, context.progress)
        rows[name] = {
            _title(AIM, layer): angles[-1]
            for layer, angles in courses[name].items()
            if layer != SEEN
        }
    _compare(rows)
    histories = _rate(config, context, data)
    rows |= {f"rate {rule}": {TEST: each.test_error} for rule, each in histories.items()}
    figures.draw(rows, {name: _path(context, name) for name in circuits}, courses, context)
    return rows


def _learn(
    config: Config, context: Context, data: Dataset, name: str, circuits: Mapping[str, Circuit]
) -> dict[str, float | None]:
    """Train one circuit; return its error, and its angles before the first image and at the end."""
    from snn_credit.recording import open_run
    from snn_credit.spiking import Simulation, Stream
    from snn_credit.spiking.training import WINDOWS, train

    path, circuit = _path(context, name), circuits[name]
    tables = {"stimulus": [data.train_x], "target": np.eye(data.classes)}
    frozen = Simulation(circuit, tables, Stream.of([0], [0]), device="dense")
    before = _probe(config, context, data, frozen, circuits)
    outcome = train(
        circuit, data, path, images=config.images, steps=config.steps,
        evaluations=config.evaluations, windows=WINDOWS if name == nets.NP else {},
        window_steps=config.window_steps, device=context.device, seed=context.seed,
        experiment="spiking-node-perturbation", config=asdict(config),
        progress=Named(context.progress, name), resume=context.resume,
        force=not context.resume, measure=_measure if name in (nets.FA, nets.TAUGHT) else None,
    )  # fmt: skip
    run = open_run(path)
    if run.checkpoint is not None:
        frozen.restore(
            {k: v for k, v in run.checkpoint.arrays.items() if k in frozen.state}, done=0
        )
    measured = run.metrics("measured") if name in (nets.FA, nets.TAUGHT) else {}
    return {
        TEST: outcome.test_error,
        **{f"{column}, at the start": angle for column, angle in before.items()},
        **_probe(config, context, data, frozen, circuits),
        **{column: float(values[-1]) for column, values in measured.items() if column != SEEN},
    }


def _measure(simulation: Simulation) -> dict[str, float]:
    """Return the angles of what descends through B, and of B itself."""
    from snn_credit.experiments.spiking_teacher import feedback_angles

    stream = simulation.stream
    few = stream[np.flatnonzero(stream.part == 0)[:_DELTAS]]
    deltas = shared.delta_angles(simulation, few)
    aims = feedback_angles(simulation)
    return {_title(DELTA, layer): angle for layer, angle in deltas.items()} | {
        _title(AIM, layer): angle for layer, angle in aims.items()
    }


def _probe(
    config: Config,
    context: Context,
    data: Dataset,
    simulation: Simulation,
    circuits: Mapping[str, Circuit],
) -> dict[str, float]:
    """Return the angles of a rule's mean update, as it is; none where hidden neurons do not learn.

    NP's update fluctuates: it is probed by many rounds of the images, others by two.
    """
    circuit = simulation.circuit
    if circuit.rule == "rule Shallow":
        return {}
    shown = partial(shared.probe_stream, data, steps=config.steps, images=config.probe_images)
    few = shown(presentations=2 * config.probe_images)
    many = shown(presentations=config.probe_rounds * config.probe_images)
    # B is probed as it is.
    fixed = circuit.rule == circuits[nets.TAUGHT].rule
    probed = shared.with_weights_of(simulation, circuits[nets.FA]) if fixed else simulation
    angles = shared.gradient_angles(
        probed,
        many if circuit.rule == "rule NP" else few,
        nets.transported(config, data, context.seed),
        exact=few,
        seed=context.seed,
    )
    titles, found = {"gradient": GRADIENT, "BP": UPDATE}, dict[str, float]()
    for key, angle in angles.items():
        place, _, what = key.partition(": ")
        layer = circuit.projection(place).target
        if what in titles and layer != "output":
            found[_title(titles[what], layer)] = angle
    return found


def _title(what: str, layer: str) -> str:
    return f"{what}, layer {layer.removeprefix('hidden')}"


def _path(context: Context, name: str) -> Path:
    return context.out / f"{file_name(name)}.h5"


def _rate(config: Config, context: Context, data: Dataset) -> dict[str, History]:
    """Train the rate-coded rules of the same names, from the same W."""
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert, fit

    net = perceptron(
        (data.features, *config.hidden, config.output), w_scale=config.w_scale, seed=context.seed
    )
    return {
        rule: fit(
            convert(
                net, rule, b_scale=config.b_scale, seed=context.seed,
                rates={"etab": config.rate_etab} if rule == "NP feedback" else None,
            ),
            data, images=config.rate_images, batch=config.rate_batch, lr=eta, seed=context.seed,
            progress=context.progress, what=f"rate {rule}",
        )
        for rule, eta in zip(RATE_RULES, config.rate_etas, strict=True)
    }  # fmt: skip


def _compare(rows: dict[str, dict[str, float | None]]) -> None:
    """Add by how much each rule is better than what it has to beat."""
    for name in (*CONTROLS, nets.BP, nets.FA):
        for column, other in ((WON, CONTROLS.get(name)), (DEEP, nets.OWN)):
            if other is not None:
                rows[name][column] = _number(rows[other][TEST]) - _number(rows[name][TEST])
    for column in [key for key in rows[nets.FA] if key.startswith(DELTA) and "start" not in key]:
        less = _number(rows[nets.FA][column]) - _number(rows[nets.TAUGHT][column])
        rows[nets.TAUGHT][column.replace(DELTA, LESS)] = less


def _number(value: float | None) -> float:
    return nan if value is None else value


def cost(config: Config) -> str | None:
    """Say what a seed takes, if it takes minutes."""
    probes = 2 * 5 * config.probe_rounds * config.probe_images
    shown = 10 * config.images + 6 * config.fixed_images + probes
    # A step takes 0.02 ms, and 0.3 ns a synapse.
    seconds = config.steps * shown * (2e-5 + 3e-10 * synapses(config))
    if seconds < 120:
        return None
    return f"about {roughly(seconds)} a seed on one core, on the device dense"


def synapses(config: Config) -> int:
    """Return the number of synapses of the largest circuit."""
    features = {"mnist": 784}.get(config.data, 64)
    sizes = ((features, *config.hidden, config.output), (features, *config.encoder, features))
    return max(sum(a * b for a, b in pairwise(each)) for each in sizes)


EXPERIMENT = Experiment(
    id="spiking-node-perturbation",
    paper="Fiete & Seung 2006; Lansdell et al. 2020",
    figure="in spikes",
    about="one number times each neuron's own noise teaches W, B, or both, in a spiking network",
    presets={
        "smoke": Config(
            train_images=100,
            validation_images=20,
            test_images=20,
            hidden=(12, 10),
            encoder=(8, 6),
            images=60,
            fixed_images=60,
            steps=10,
            evaluations=1,
            probe_images=20,
            probe_rounds=2,
            rate_images=60,
            window_steps=5,
        ),
        "laptop": Config(),
        "paper": Config(
            data="mnist",
            validation_images=1000,
            hidden=(300, 300),
            output=100,
            encoder=(300, 300),
            images=600_000,
            fixed_images=300_000,
            eta_np=0.003,
            eta_late=0.003,
            eta_injected=3e-4,
            eta_output=1e-3,
        ),
    },
    run=run,
    cost=cost,
    synapses=synapses,
    claims=(
        *(
            all_of(
                *(below(name + nets.FIXED, f"{AIM}, layer {layer}", 45) for layer in (1, 2)),
                text=f"{name}, W fixed: B is at most 45 degrees from its aim in both layers",
            )
            for name in (nets.TAUGHT, nets.DIRECT)
        ),
        all_of(
            *(clearly(above(nets.TAUGHT, f"{LESS}, layer {layer}", 0)) for layer in (1, 2)),
            text="both learn: delta is clearly nearer to the true one than FA's in both layers",
        ),
        all_of(
            more_than(nets.NP, WON, 0),
            more_than(nets.NP, DEEP, 0),
            text="NP teaches W: fewer errors than its control, and than the shallow network",
        ),
    ),
)
