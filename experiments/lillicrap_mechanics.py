"""Lillicrap et al. 2016, Fig 5a,c, SF9: how W comes to align with B'.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276. A 20-1000-20 tanh net with a linear output learns y_k = x' Q_k x by FA, one
example at a time: Q uniform in +-0.5, x in +-2. Measured are the angles between a hidden neuron's
outgoing weights (its column of W) and its incoming feedback (its row of B). They are signed; the
formula in the paper's Methods folds 180 degrees onto 0.

Then the same in three phases, each with a part of the weights frozen (biases belong to their
matrix): W0 learns, which does not lower the error, as B is not aligned with W' yet; W learns, and
aligns; W0 learns again, and now the error falls. Control: in the third phase W0 learns from other
random feedback, with which W never aligned.

``laptop`` is ``paper``, about two minutes a seed. The paper chose scales by hand and prints none.
Here, with seed 100: W0 in +-0.3, biases of hidden neurons and W in +-0.5 and +-0.01, eta = 0.0005
of 0.0003, 0.0005 and 0.001, B in +-0.5 of 0.01 to 2, where the net learned steadily; phases of
2,000, 5,000 and 2,000 examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from snn_credit.harness import Context, Experiment, Table, above, between, clearly, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snn_credit.rate.regression import Course

ANGLE, BELOW, NSE = "angle of W to B', degrees", "hidden neurons below 90 degrees, %", "NSE"
PHASES = ("W0 learns", "W learns", "W0 learns again")
OTHER = "W0 learns again, from other feedback"


@dataclass(frozen=True)
class Config:
    """Settings: scales of W0, the hidden biases, W and B; examples of Fig 5a and of each phase."""

    sizes: tuple[int, int, int] = (20, 1000, 20)
    w_scales: tuple[float, float] = (0.3, 0.01)
    bias_scale: float = 0.5
    b_scale: float = 0.5
    eta: float = 5e-4
    examples: int = 40_000
    phases: tuple[int, int, int] = (2000, 5000, 2000)
    looks: int = 40
    test_examples: int = 1000
    neurons: int = 25

    def __post_init__(self) -> None:
        counts = ("sizes", "examples", "phases", "looks", "test_examples", "neurons")
        require(self, counts, lambda n: n >= 1, "at least 1")
        scales = ("w_scales", "bias_scale", "b_scale", "eta")
        require(self, scales, lambda value: 0 < value < inf, "a finite number above 0")


def run(config: Config, context: Context) -> Table:
    """Learn whole and in phases with one seed; draw the figure."""
    from snn_credit.analysis import angle

    net, task, test = _start(config, context)
    w_b = [_weights(net)]
    watched: list[NDArray[np.float64]] = []
    whole = _learn(config, context, net, (task, test), config.examples, "FA", watched=watched)
    w_b.append(_weights(net))
    rows: dict[str, dict[str, float | None]] = {}
    for name, (w, b), neurons, nse in zip(
        ("at the start", "after learning"), w_b, (watched[0], watched[-1]),
        (whole.seen["nse"][0], whole.seen["nse"][-1]), strict=True,
    ):  # fmt: skip
        below = float(100 * (neurons < 90).mean())
        rows[name] = {ANGLE: angle(w, b), BELOW: below, NSE: float(nse)}
    phases = _phases(config, context)
    for name, course in phases.items():
        nse = course.seen["nse"]
        rows[f"phase: {name}"] = {
            "NSE at the start": float(nse[0]),
            "change of NSE by the end, %": float(100 * (nse[-1] / nse[0] - 1)),
            "lowest NSE below the start, %": float(100 * (1 - nse.min() / nse[0])),
            ANGLE: float(course.seen["angle"][-1]),
        }
    _draw(config, context, whole, watched, phases)
    return rows


def _start(config: Config, context: Context) -> tuple[Any, Any, tuple[Any, Any]]:
    """Return a net that has not learned, the task and its test examples."""
    import numpy as np

    from snn_credit.data import tasks
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert

    task = tasks.quadratic(context.seed, config.sizes[0], config.sizes[-1])
    test = task.draw(config.test_examples, np.random.default_rng((context.seed, 1)))
    net = perceptron(config.sizes, hidden="tanh", output="linear", w_scale=config.w_scales,
                     bias_scale=config.bias_scale, seed=context.seed)  # fmt: skip
    return convert(net, "FA", b_scale=config.b_scale, seed=context.seed), task, test


def _weights(net: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return copies of W and of B', both (n_out, n_hidden)."""
    w, b = net.get_submodule("2").weight, net.synapses.b_2
    return w.detach().numpy().copy(), b.numpy().copy()


def _learn(
    config: Config, context: Context, net: Any, problem: tuple[Any, Any], examples: int, what: str,
    watched: list[NDArray[np.float64]] | None = None,
) -> Course:  # fmt: skip
    """Learn, and look at the NSE and the angle; put each neuron's angle into a list."""
    from snn_credit.analysis import angle, angles_per_neuron
    from snn_credit.rate.regression import error_on, learn

    task, test = problem
    error = error_on(*test)

    def look(module: Any) -> Mapping[str, float]:
        w, b = _weights(module)
        if watched is not None:
            watched.append(angles_per_neuron(w, b))
        return {**error(module), "angle": angle(w, b)}

    return learn(net, task.draw, examples=examples, lr=config.eta, look=look,
                 every=max(1, examples // config.looks), progress=context.progress,
                 what=what)  # fmt: skip


def _phases(config: Config, context: Context) -> dict[str, Course]:
    """Learn with one matrix at a time, and the last phase again with other feedback."""
    from copy import deepcopy

    from snn_credit.rate.regression import freeze

    net, *rest = _start(config, context)
    problem = rest[0], rest[1]
    found: dict[str, Course] = {}
    other = net
    for name, examples, frozen in zip(PHASES, config.phases, ("2", "0", "2"), strict=True):
        other = deepcopy(net)
        freeze(net, frozen)
        found[name] = _learn(config, context, net, problem, examples, name)
    freeze(other, "2")
    b = other.synapses.b_2
    # The feedback of other neurons: as strong, but W has nothing to do with it.
    b.copy_(b.roll(1, dims=1))
    found[OTHER] = _learn(config, context, other, problem, config.phases[-1], OTHER)
    return found


def _draw(
    config: Config, context: Context, whole: Course, watched: Sequence[NDArray[np.float64]],
    phases: Mapping[str, Course],
) -> None:  # fmt: skip
    """Draw Fig 5a, the NSE and the histogram of SF9, and Fig 5c."""
    import numpy as np

    from snn_credit.analysis import TINTS, Panel, Span, Trace, trace_grid
    from snn_credit.analysis.style import FAINT, GREY, INK, LEARNERS, POTENTIAL

    neurons = np.stack(watched)  # (looks, n_hidden)
    chosen = np.random.default_rng(context.seed).permutation(neurons.shape[1])[: config.neurons]
    angles = [Trace(whole.examples, neurons[:, k], GREY, "single hidden neurons") for k in chosen]
    angles.append(Trace(whole.examples, whole.seen["angle"], POTENTIAL, "W to B'"))
    edges = np.arange(0, 181, 5)
    counts = [Trace(edges[:-1] + 2.5, np.histogram(each, edges)[0], color, label)
              for each, color, label in ((neurons[0], GREY, "before learning"),
                                         (neurons[-1], POTENTIAL, "after learning"))]  # fmt: skip
    at, curves, spans = 0, [], []
    for name, course, tint in zip(phases, phases.values(), (*TINTS, TINTS[0], FAINT), strict=True):
        other = name == OTHER
        start = at - config.phases[-1] if other else at
        color, label = (LEARNERS[0], "other feedback") if other else (INK, "FA")
        curves.append(Trace(start + course.examples, course.seen["nse"], color, label, other))
        if not other:
            at += int(course.examples[-1])
            spans.append(Span(start, at, name.removesuffix(" again"), tint))
    panels = [
        Panel(angles, "Fig 5a", "examples", "degrees", y_limits=(0, 180)),
        Panel(curves, "Fig 5c", "examples", "NSE", spans),
        Panel([Trace(whole.examples, whole.seen["nse"], INK)], "SF9a", "examples", "NSE",
              log_y=True),
        Panel(counts, "SF9b", "angle, degrees", "hidden neurons"),
    ]  # fmt: skip
    trace_grid([panels[:2], panels[2:]], height=2.1).savefig(context.out / "mechanics.png")


EXPERIMENT = Experiment(
    id="lillicrap-mechanics",
    paper="Lillicrap et al. 2016",
    figure="Fig 5a,c, SF9",
    about="W aligns with B' neuron by neuron; with one matrix learning at a time one sees why",
    presets={
        "smoke": Config(sizes=(5, 60, 3), w_scales=(0.5, 0.01), eta=5e-3, examples=600,
                        phases=(100, 200, 100), looks=5, test_examples=100, neurons=5),
        "laptop": Config(),
        "paper": Config(),
    },
    run=run,
    claims=(
        above("after learning", BELOW, 90),
        clearly(  # a rise in one seed is not made good by a fall in another
            between(f"phase: {PHASES[0]}", f"change of {NSE} by the end, %", -1, 1),
            text="W0 learning alone changes the NSE by at most 1%, clearly",
        ),
        above(
            f"phase: {PHASES[2]}", f"lowest {NSE} below the start, %", 2,
            text="once W has learned, W0 alone lowers the NSE by at least 2%",
        ),
    ),
)  # fmt: skip
