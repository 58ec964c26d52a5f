"""Weight estimation in spiking networks: by chance spikes, and by regression discontinuity.

What is estimated and how: `snn_credit.rules.weight_estimation` (Lansdell & Kording 2019, bioRxiv
253351, and Guerguiev, Kording & Richards 2019, arXiv 1910.01689: neurons with a threshold; Kunin et
al. 2020, ICML, Fig 4b: alignment by such estimates). Hidden layers are of two kinds:
'Bernoulli' neurons spike with a probability (Lillicrap et al. 2016, Fig 4), 'LIF' neurons integrate
and fire (`snn_credit.models.lif`); outputs are Bernoulli.

W fixed: r, signs and slope of the estimate against W, and z, how far each synapse is off in
standard errors over repeats. The naive estimate, by spike minus its mean, stands beside it, and
both again while all LIF neurons of a layer share noise.

W learns, and B starts at 0 where it is estimated: error on digits beside that of random feedback
('FA chain') and of transported weights ('BP'), how well B follows W in the end and at its worst in
the second half, and how much W has changed. 'WE in mirror' estimates in a window without stimulus.
The control must fail: the noise of every neuron keeps its size and gets a random sign. Rate-coded
networks of the same sizes learn by the rules of the same names.

Where the numbers are from: of a few values each, tried with seed 100 on the 180 validation images:
eta (0.01, 0.03; LIF 0.01 to 0.05), etab (3e-4 to 1e-3; LIF 5e-3, 1e-2), W (0.3 to 0.5; LIF 0.15 to
0.25), B of FA (0.3 to 1), the window (0.3 to 0.8). It was no search, and not every combination ran.
How many images there are is what the time allows. Tests are shown once. All rules of a kind begin
with the same W and see as many images, with one eta. Each training has a file of its own, and is
resumed from it. The paper preset is ten times as long: none of the papers has this experiment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from snn_credit.experiments.weight_estimates import BERNOULLI, LIF, MATRICES
from snn_credit.harness import (
    Context,
    Experiment,
    Table,
    above,
    all_of,
    file_name,
    ordered,
    require,
    roughly,
)
from snn_credit.progress import Named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snn_credit.data import Dataset
    from snn_credit.spiking import Simulation

TEST, VALIDATION = "test error %", "validation error %"
CONTROL = "WE, random sign"
#: What is measured of B and W while W learns.
R, SIGNS, ANGLE, CHANGE = "r", "signs right, %", "angle of B and W, degrees", "change of W, %"


@dataclass(frozen=True)
class Config:
    """Settings of one run; pairs are those of Bernoulli and of LIF neurons."""

    train_images: int | None = None
    test_images: int | None = None
    validation_images: int = 180
    hidden: tuple[int, ...] = (100, 100)
    output: int = 100
    blocks: int = 8
    block_steps: int = 10_000
    common: float = 0.2
    images: tuple[int, int] = (30_000, 12_000)
    steps: tuple[int, int] = (10, 30)
    w_scale: tuple[float, float] = (0.5, 0.25)
    b_scale: tuple[float, float] = (1.0, 1.0)
    eta: tuple[float, float] = (0.03, 0.02)
    etab: tuple[float, float] = (4e-4, 5e-3)
    lif_rules: tuple[str, ...] = ("FA chain", "BP", "WE", CONTROL)
    rules: tuple[str, ...] = ("FA chain", "BP", "WE", "WE SA", "WE in mirror", CONTROL)
    mirror_steps: int = 5
    evaluations: int = 8
    window_steps: int = 60
    rate_rules: tuple[str, ...] = ("FA chain", "BP", "WE")
    rate_images: int = 20_000
    rate_batch: int = 20
    rate_lr: float = 0.3
    rate_etab: float = 0.1

    def __post_init__(self) -> None:
        require(self, _COUNTS, lambda count: count >= 1, "at least 1")
        require(self, ("blocks",), lambda count: count >= 2, "at least 2")
        require(self, _SIZES, lambda size: 0 < size < float("inf"), "a number above 0")


_COUNTS = (
    *("train_images", "test_images", "validation_images", "hidden", "output", "block_steps"),
    *("images", "steps", "mirror_steps", "evaluations", "window_steps", "rate_images"),
    "rate_batch",
)
_SIZES = ("common", "w_scale", "b_scale", "eta", "etab", "rate_lr", "rate_etab")

#: Row -> kind, noise, whether the layers share noise.
FIXED: Mapping[str, tuple[str, str, bool]] = {
    "Bernoulli, s - p": (BERNOULLI, "own", False),
    "Bernoulli, naive": (BERNOULLI, "spikes", False),
    "LIF, discontinuity": (LIF, "own", False),
    "LIF, naive": (LIF, "spikes", False),
    "LIF, discontinuity, common noise": (LIF, "own", True),
    "LIF, naive, common noise": (LIF, "spikes", True),
}


def run(config: Config, context: Context) -> Table:
    """Estimate and learn with one seed; draw the figures."""
    from snn_credit.data import load

    data = load("digits").subset(config.train_images, config.test_images, config.validation_images)
    rows = fixed(config, context, data)
    for kind, rules in ((BERNOULLI, config.rules), (LIF, config.lif_rules)):
        for rule in rules:
            name = f"{kind}, {rule}"
            part = replace(context, progress=Named(context.progress, name))
            rows[name] = learn(config, part, data, kind, rule)
    rows |= rates(config, context, data)
    _draw_learning(config, context)
    return rows


def fixed(config: Config, context: Context, data: Dataset) -> dict[str, dict[str, float | None]]:
    """Measure the estimates while W stays as it is."""
    import numpy as np

    from snn_credit.analysis import weight_scatter
    from snn_credit.experiments.weight_estimates import describe, estimate, neurons
    from snn_credit.models.lif import with_common_noise
    from snn_credit.models.lillicrap_spiking import network

    rows: dict[str, dict[str, float | None]] = {}
    pairs: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
    for name, (kind, noise, shared) in FIXED.items():
        lif = int(kind == LIF)
        file = context.out / f"{file_name(name)}.npz"
        if not (context.resume and file.exists()):
            circuit = network(
                (data.features, *config.hidden, config.output),
                "WE",
                w_scale=config.w_scale[lif],
                b_scale=0.0,
                rates={"eta": 0.0, "etab": 1e-3},
                seed=context.seed,
                **neurons(kind, noise, window=0.5, homeostasis=1e-3),
            )
            circuit = with_common_noise(circuit, config.common) if shared else circuit
            part = replace(context, progress=Named(context.progress, f"W fixed, {name}"))
            found = estimate(
                circuit, data, part, steps=config.block_steps, blocks=config.blocks, shown=20
            )
            np.savez(file, **found)  # pyright: ignore[reportArgumentType]
        with np.load(file) as kept:
            found = {matrix: kept[matrix] for matrix in MATRICES}
        rows[f"W fixed: {name}"] = {**describe(found)}
        pairs[name] = found["W2"][0], found["W2"][1:].mean(axis=0)
    weight_scatter(pairs, diagonal=True).savefig(context.out / "scatter.png")
    return rows


def learn(
    config: Config, context: Context, data: Dataset, kind: str, rule: str
) -> dict[str, float | None]:
    """Train a network of one kind by one rule."""
    from snn_credit.experiments.weight_estimates import neurons
    from snn_credit.models.lillicrap_spiking import network
    from snn_credit.recording import open_run
    from snn_credit.rules import get_rule
    from snn_credit.rules.weight_estimation import WE, in_mirror
    from snn_credit.spiking.training import train

    lif = int(kind == LIF)
    etab = config.etab[lif]
    rates = {"eta": config.eta[lif], "etab": etab}
    if rule == "WE SA":
        rates |= {"etab": 10 * etab, "etaw": etab}
    learned = {CONTROL: WE, "WE in mirror": in_mirror(WE)}.get(rule) or get_rule(rule)
    estimates = "noise" in learned.needs
    circuit = network(
        (data.features, *config.hidden, config.output),
        learned,
        w_scale=config.w_scale[lif],
        b_scale=0.0 if estimates else config.b_scale[lif],
        rates={name: value for name, value in rates.items() if name in learned.rates},
        seed=context.seed,
        **neurons(kind, "random sign" if rule == CONTROL else "own"),
    )
    path = context.out / _file(kind, rule)
    outcome = train(
        circuit,
        data,
        path,
        images=config.images[lif],
        steps=[config.steps[lif], config.mirror_steps] if learned.phases else config.steps[lif],
        evaluations=config.evaluations,
        windows={"late": 1.0} if rule == "WE" else {},
        window_steps=config.window_steps,
        device=context.device,
        seed=context.seed,
        experiment="spiking-weight-estimation",
        config=asdict(config),
        progress=context.progress,
        measure=None if rule == "BP" else _follow,
        resume=context.resume,
        force=not context.resume,
    )
    row: dict[str, float | None] = {TEST: outcome.test_error, VALIDATION: outcome.validation_error}
    if rule != "BP":
        measured = open_run(path).metrics("measured")
        later = measured["images_seen"] >= config.images[lif] / 2
        for matrix in MATRICES:
            for what in (R, SIGNS, ANGLE, CHANGE):
                row[f"{what}, {matrix}"] = float(measured[f"{what}, {matrix}"][-1])
            row[f"least r, {matrix}"] = float(measured[f"{R}, {matrix}"][later].min())
    return row


def _file(kind: str, rule: str) -> str:
    return f"{file_name(f'{kind} {rule}')}.h5"


def _follow(simulation: Simulation) -> dict[str, float]:
    """Measure how B follows W, and how far W has come."""
    from snn_credit.analysis import angle, correlation, relative_error, sign_congruence

    numbers: dict[str, float] = {}
    for name, at in MATRICES.items():
        w, b = simulation.matrix(at), simulation.matrix(at, "b")
        numbers[f"{R}, {name}"] = correlation(w, b)
        numbers[f"{SIGNS}, {name}"] = 100 * sign_congruence(w, b)
        numbers[f"{ANGLE}, {name}"] = angle(w, b)
        start = simulation.circuit.projection(at).initial["w"]
        numbers[f"{CHANGE}, {name}"] = 100 * relative_error(start, w)
    return numbers


def rates(config: Config, context: Context, data: Dataset) -> dict[str, dict[str, float | None]]:
    """Train the rate-coded networks."""
    from snn_credit.analysis import correlation, sign_congruence
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert, feedback_pairs, fit

    sizes = (data.features, *config.hidden, config.output)
    network = perceptron(sizes, w_scale=config.w_scale[0], seed=context.seed)
    rows: dict[str, dict[str, float | None]] = {}
    for rule in config.rate_rules:
        etab = {"etab": config.rate_etab} if rule == "WE" else {}
        module = convert(network, rule, b_scale=config.b_scale[0], rates=etab, seed=context.seed)
        history = fit(
            module,
            data,
            images=config.rate_images,
            batch=config.rate_batch,
            lr=config.rate_lr,
            seed=context.seed,
            evaluate_every=max(config.rate_batch, config.rate_images // config.evaluations),
            progress=context.progress,
            what=f"rate {rule}",
        )
        row = rows[f"rate, {rule}"] = {
            TEST: history.test_error,
            VALIDATION: float(history.validation_error[-1]),
        }
        pairs = feedback_pairs(module) if rule != "BP" else {}
        for matrix, (w, b) in zip(MATRICES, list(pairs.values())[-2:], strict=False):
            w, b = (each.detach().numpy() for each in (w, b))
            row[f"{R}, {matrix}"] = correlation(w, b)
            row[f"{SIGNS}, {matrix}"] = 100 * sign_congruence(w, b)
    return rows


def _draw_learning(config: Config, context: Context) -> None:
    """Draw how B follows W, the errors, and spikes and potentials in the end."""
    from snn_credit.analysis import Panel, Trace, raster, shades, trace_grid
    from snn_credit.recording import open_run

    rows: list[list[Panel]] = []
    for kind, rules in ((BERNOULLI, config.rules), (LIF, config.lif_rules)):
        traces: dict[str, list[Trace]] = {R: [], ANGLE: [], VALIDATION: []}
        for rule, color in zip(config.rules, shades(len(config.rules)), strict=True):
            if rule not in rules:
                continue
            recorded = open_run(context.out / _file(kind, rule))
            learning = recorded.metrics("learning")
            error = learning["validation_error"]
            known = error == error
            seen = learning["images_seen"][known]
            traces[VALIDATION].append(Trace(seen, error[known], color, rule))
            if rule != "BP":
                found = recorded.metrics("measured")
                for what in (R, ANGLE):
                    y = found[f"{what}, W2"]
                    traces[what].append(Trace(found["images_seen"], y, color, rule))
        titles = {R: "r of B2 and W2", ANGLE: "angle", VALIDATION: "error"}
        units = {R: "", ANGLE: "degrees", VALIDATION: "%"}
        rows.append([
            Panel(each, f"{kind}: {titles[what]}", "images", units[what], log_x=True)
            for what, each in traces.items()
        ])  # fmt: skip
        if "WE" in rules:
            figure = raster(open_run(context.out / _file(kind, "WE")), seed=context.seed)
            figure.savefig(context.out / f"raster_{kind.lower()}.png")
    trace_grid(rows, height=1.7).savefig(context.out / "following.png")


def synapses(config: Config) -> int:
    """Return the number of synapses that learn in the larger of the networks."""
    layers = (64, *config.hidden, config.output)
    return sum(a * b for a, b in pairwise(layers))


def seconds(config: Config) -> float:
    """Estimate the time on one core of ``dense``: 0.02 ms and 0.06 ms a step, 2 s to compile."""
    fixed = 1.25 * config.blocks * config.block_steps * (2 * 2e-5 + 4 * 6e-5)
    bernoulli = len(config.rules) * config.images[0] * config.steps[0] * 2e-5
    lif = len(config.lif_rules) * config.images[1] * config.steps[1] * 6e-5
    rate = len(config.rate_rules) * config.rate_images * 2e-4
    return fixed + bernoulli + lif + rate + 2 * _networks(config)


def _networks(config: Config) -> int:
    rules = (config.rules, config.lif_rules, config.rate_rules)
    return len(FIXED) + sum(map(len, rules))


def cost(config: Config) -> str | None:
    """Say what it takes, if it takes minutes."""
    time = seconds(config)
    if time < 120:
        return None
    networks = f"{_networks(config)} networks"
    return f"{networks}: about {roughly(time)} a seed on one core, on the device dense"


def smoke() -> Config:
    """Return settings of seconds."""
    return Config(
        train_images=60,
        test_images=20,
        validation_images=20,
        hidden=(20, 20),
        output=20,
        blocks=2,
        block_steps=200,
        images=(40, 40),
        steps=(5, 5),
        evaluations=2,
        window_steps=10,
        rules=("BP", "WE", "WE in mirror", CONTROL),
        lif_rules=("WE",),
        rate_rules=("WE",),
        rate_images=100,
    )


EXPERIMENT = Experiment(
    id="spiking-weight-estimation",
    paper="Lansdell & Kording 2019; Guerguiev et al. 2019; Kunin et al. 2020",
    figure="Fig 4b of Kunin et al. 2020, with spikes",
    about="neurons estimate weights by chance spikes and by their threshold; B follows W",
    presets={
        "smoke": smoke(),
        "laptop": Config(),
        "paper": Config(blocks=32, block_steps=25_000, images=(300_000, 120_000)),
    },
    run=run,
    synapses=synapses,
    cost=cost,
    claims=(
        *(
            all_of(
                *(above(f"W fixed: {name}", f"r {w}", 0.9) for w in MATRICES),
                *(above(f"W fixed: {name}", f"{SIGNS[:-3]} {w}, %", 95) for w in MATRICES),
                text=f"W fixed: {name}: correlation at least 0.9, signs at least 95% right",
            )
            for name in ("Bernoulli, s - p", "LIF, discontinuity")
        ),
        *(
            all_of(
                *(
                    above(f"{kind}, WE", f"{column}, {w}", bound)
                    for kind in (BERNOULLI, LIF)
                    for w in MATRICES
                ),
                text=f"B follows W while W learns: {column} at least {bound:g}",
            )
            for column, bound in ((R, 0.9), (SIGNS, 95))
        ),
        all_of(
            *(ordered(TEST, f"{kind}, WE", f"{kind}, {CONTROL}") for kind in (BERNOULLI, LIF)),
            text="the control, noise of a random sign, makes more errors",
        ),
    ),
)
