"""Lillicrap et al. 2016, Fig 4: a deep network that integrates over time, spikes, and learns.

Lillicrap, T. P., Cownden, D., Tweed, D. B. & Akerman, C. J. Random synaptic feedback weights
support error backpropagation for deep learning. Nature Communications 7, 13276 (2016),
doi:10.1038/ncomms13276; Methods, 'A deep network that integrates its activity and spikes'.

Forward neurons integrate and spike at random, one separate feedback neuron per hidden neuron
integrates the error that comes down through fixed random synapses B, and both run at the same time,
all the time. The paper writes its dynamics as discrete steps, ``V(t) = (1 - tau) V(t-1) + tau
I(t)`` with ``tau = 0.9``. That is the exact solution over one step of the leaky integrator below
with the time constant ``tau_m = -dt/log(1 - tau)``, and so is how Brian integrates it.

Deviations and choices, named: each neuron has a bias, which the paper mentions and its eq (5)
leaves out; it adds to the sum inside tau and starts at 0. Eq (7) is output minus target, so eq (8)
takes a minus sign. Eta is a proportionality in eq (8). phi_delta is 2 sigmoid(U) - 1, in (-1, 1);
the paper says only that it is a sigmoid centred on 0. gamma acts once a time step while synapses
learn, and is not multiplied by eta. A tie of votes goes to the lowest class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import brian2 as b2
import numpy as np

from snn_credit.errors import InputError
from snn_credit.models import neurons
from snn_credit.models.neurons import equipped
from snn_credit.rules import Rule, get_rule
from snn_credit.spiking import Circuit, Event, Layer, Neuron, Pathway, Population, Projection, Step
from snn_credit.spiking.plasticity import READOUT, learning_circuit

INPUT = Neuron(
    """
    x = stimulus_at(row_at(t - t0)*second, i) : 1      # the image, pixel values from 0 to 1
    """,
    threshold="rand() < clip(x, 0, 0.95)",
    cleared=(),
)

DRIVEN_INPUT = Neuron(
    """
    x = stimulus_at(row_at(t - t0)*second, i) : 1      # the image, pixel values from 0 to 1
    drive : 1                                          # what the window makes of it
    """,
    threshold="rand() < clip(drive, 0, 0.95)",
    cleared=(),
)

FORWARD = Neuron(
    """
    dV/dt = (I + bias - V)/tau_m : 1                   # eq (5), the postsynaptic potential
    I : 1                                              # sum of w over the spikes of this step
    bias : 1
    p = 1/(1 + exp(-V)) : 1                            # probability of a spike
    df = p*(1 - p) : 1                                 # Psi_h of eq (8)
    """,
    threshold="rand() < p",
    exact=("bias",),
)

FEEDBACK = Neuron(
    """
    dU/dt = (J - U)/tau_m : 1                          # eq (6)
    J : 1 (linked)                                     # sum of B phi_delta of the layer above
    phi = 2/(1 + exp(-U)) - 1 : 1                      # phi_delta, a sigmoid centred on 0
    """,
    cleared=(),
)

_COST = """
    p : 1 (linked)                                     # of the output neuron
    cost = 0.5*(p - ystar)**2 : 1                      # what the critic adds up
"""
_COST_OF_SPIKES = """
    cost = 0.5*err**2 : 1                              # what the critic adds up
"""

ERROR = Neuron(
    """
    dU/dt = (h - ystar - U)/tau_m : 1                  # eq (7), output minus target
    h : 1 (linked)                                     # phi_h of the output neuron
    ystar : 1                                          # phi*: 1 if the neuron's class is shown
    group : integer (constant)                         # the neuron's class
    err = 2/(1 + exp(-U)) - 1 : 1                      # phi_delta
    """,
    cleared=(),
    steps=(Step("start", "ystar = target_at(row_at(t - t0)*second, group)"),),
)


@dataclass(frozen=True)
class Anatomy:
    """What connects the layers, where that is not everything at once.

    Attributes
    ----------
    density
        Part of the synapses of each matrix that exist, drawn at random.
    delay_ms
        How long spikes take to the layer above: a multiple of dt, the same for every layer, or the
        two ends of a range from which each axon draws its own.
    reliability
        Probability that a spike of a forward neuron arrives above.
    inhibitory
        Part of the input and hidden neurons whose forward weights are all negative, while those of
        all others are positive (Dale's law); None: weights of any sign.
    """

    density: float = 1.0
    delay_ms: float | tuple[float, float] = 0.0
    reliability: float = 1.0
    inhibitory: float | None = None

    def __post_init__(self) -> None:
        for name in ("density", "reliability"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name}: above 0 and at most 1 (got {getattr(self, name)})")
        if self.inhibitory is not None and not 0 <= self.inhibitory <= 1:
            raise InputError(f"inhibitory: None, or from 0 to 1 (got {self.inhibitory})")

    def layer(self, layer: Layer, last: bool, dt_ms: float, rng: np.random.Generator) -> Layer:
        """Return a layer with its axons."""
        delay, signs = self.delay_ms, None
        if isinstance(delay, tuple):
            least, most = (round(end / dt_ms) for end in delay)
            exact = np.allclose(np.array(delay), dt_ms * np.array([least, most]), rtol=0, atol=1e-9)
            if not (exact and 0 <= least <= most):
                raise InputError(
                    f"delay_ms: the ends of a range, multiples of dt, {dt_ms} ms (got {delay})"
                )
            delay = dt_ms * rng.integers(least, most, layer.size, endpoint=True)
        if self.inhibitory is not None and not last:
            signs = np.where(np.arange(layer.size) < round(self.inhibitory * layer.size), -1, 1)
            signs = rng.permutation(signs)
        return replace(
            layer,
            delay=None if last or not np.any(delay) else delay * b2.ms,
            reliability=1.0 if last else self.reliability,
            signs=signs,
        )


EVERYTHING = Anatomy()


def network(
    sizes: Sequence[int] = (784, 1500, 1500, 1500, 1000),
    rule: Rule | str = "FA",
    *,
    classes: int = 10,
    tau: float = 0.9,
    dt_ms: float = 1.0,
    w_scale: float | Sequence[float] = 0.05,
    b_scale: float = 0.1,
    rates: Mapping[str, float | Sequence[float]] | None = None,
    seed: int = 0,
    stimulus: Neuron | None = None,
    forward: Neuron = FORWARD,
    output: Neuron | None = None,
    feedback: Neuron = FEEDBACK,
    error: Neuron = ERROR,
    critic: Neuron | None = None,
    eligibility_ms: float | None = None,
    mean_ms: float = 20.0,
    anatomy: Anatomy = EVERYTHING,
) -> Circuit:
    """Build the network of Fig 4, at any depth and any sizes, learning by any rule.

    Parameters
    ----------
    sizes
        Neurons per layer, input to output; the output is divided equally between the classes.
    tau
        Fraction of the potential that is replaced in a step, eqs (5)-(7).
    dt_ms
        Length of a step in ms. The paper counts in steps.
    w_scale, b_scale
        W is uniform in +-w_scale, which is one number or one for each layer above the input, and B
        in +-b_scale; biases start at 0.
    rates
        ``eta`` and ``lam`` (the paper's gamma), for all layers or one value per layer.
    seed
        Of the draw of W and B.
    stimulus
        The neuron of the input: by default `INPUT`, or `DRIVEN_INPUT` where the rule has windows
        with another input than the stimulus.
    forward
        The neuron of hidden and output layers. What the rule reads and it does not have, it is
        given if it can be (`snn_credit.models.neurons.equipped`).
    output
        That of the output layer, if it is another.
    feedback, error
        The neurons that carry errors; `snn_credit.models.neurons` has such that spike.
    critic
        Of a rule that reads one number for the whole network: by default
        `snn_credit.models.neurons.critic`, of the squared errors of the outputs' probabilities.
    eligibility_ms
        Time constant of the traces that wait for that number (None: no traces).
    mean_ms
        Time constant of the potential's mean, for rules that read how far it is from it.
    anatomy
        Which synapses there are, and what the axons do.

    Raises
    ------
    InputError
        If the sizes do not fit the classes, ``tau`` is not between 0 and 1, or the neurons are
        none or lack what the rule reads.
    """
    _check(sizes, classes, tau, w_scale, b_scale, dt_ms)
    _check_neurons(
        stimulus=stimulus, forward=forward, output=output, feedback=feedback, error=error,
        critic=critic,
    )  # fmt: skip
    rule = get_rule(rule)
    dt = dt_ms * b2.ms
    forward, output = (
        equipped(neuron, rule.needs, mean_ms=mean_ms, dt_ms=dt_ms)
        for neuron in (forward, output or forward)
    )
    if "dL" in rule.needs:
        critic = critic or neurons.critic(dt_ms=dt_ms)
        error = error if error.declares("cost") else _costly(error, output)
    constants = {"tau_m": -dt / np.log1p(-tau)}
    kinds = {
        name: replace(neuron, constants={**constants, **neuron.constants})
        for name, neuron in (
            *(("forward", forward), ("output", output)),
            *(("feedback", feedback), ("error", error)),
        )
    }
    group = np.arange(sizes[-1]) // (sizes[-1] // classes)
    names = ["input", *(f"hidden{k}" for k in range(1, len(sizes) - 1)), "output"]
    driven = any(phase.drive.strip() != "x" for phase in rule.phases)
    first = stimulus or (DRIVEN_INPUT if driven else INPUT)
    used = [first, *[kinds["forward"]] * (len(sizes) - 2), kinds["output"]]
    layers = [
        anatomy.layer(Layer(*layer), layer[0] == "output", dt_ms, _numbers(seed, layer[0]))
        for layer in zip(names, sizes, used, strict=True)
    ]
    w_scales = np.broadcast_to(w_scale, len(sizes) - 1)

    def draw(variable: str, ends: tuple[int, int], shape: tuple[int, int]) -> Any:
        # A stream of numbers of its own for each matrix: every rule starts from the same W.
        rng = _numbers(seed, variable, *ends)
        if variable == "mask":
            return rng.random(shape) < 0.5
        scale = w_scales[ends[1] - 1] if variable == "w" else b_scale
        values = rng.uniform(-scale, scale, shape)
        signs = layers[ends[0]].signs
        return values if variable != "w" or signs is None else np.abs(values) * signs

    def connected(ends: tuple[int, int], shape: tuple[int, int]) -> Any:
        if anatomy.density == 1:
            return None
        return _numbers(seed, "connected", *ends).random(shape) < anatomy.density

    circuit = learning_circuit(
        f"lillicrap spiking {'-'.join(map(str, sizes))}, {rule.name}",
        rule,
        layers,
        dt=dt,
        initial=draw,
        feedback=kinds["feedback"],
        error=replace(kinds["error"], initial={"group": group}),
        critic=critic,
        eligibility=None if eligibility_ms is None else eligibility_ms * b2.ms,
        connected=connected,
        rates=rates,
        columns={"stimulus": sizes[0], "target": classes},
        notes=("Lillicrap et al. 2016, eqs 5-8",),
    )
    return with_votes(circuit, group, classes)


def _check_neurons(**neurons: Neuron | None) -> None:
    for name, neuron in neurons.items():
        if neuron is not None and not isinstance(neuron, Neuron):
            raise InputError(f"{name}: a Neuron (got {type(neuron).__name__})")


def with_votes(circuit: Circuit, group: Any, classes: int) -> Circuit:
    """Add the readout: one counter per class, of the spikes of its output neurons.

    The paper's guess is the class whose neurons are most active while the image is shown.
    """
    output = circuit.population("output")
    votes = Population(
        "votes",
        classes,
        "tally : 1\nlast : 1 (shared)",
        steps=(Step("start", "last = last_at(t - t0)\ntally = tally*(1 - first_at(t - t0))"),),
        events={"guess": Event("end", "last > 0.5", ("tally",))},
    )
    ballots = Projection(
        "output_to_votes",
        "output",
        "votes",
        "",
        (Pathway("vote", READOUT, "tally_post += 1"),),
        pre=np.arange(output.size, dtype=np.int32),
        post=np.asarray(group, np.int32),
    )
    return replace(
        circuit,
        populations=(*circuit.populations, votes),
        projections=(*circuit.projections, ballots),
    )


def _costly(error: Neuron, output: Neuron) -> Neuron:
    """Return an error neuron with a cost, of the output's probability where it has one."""
    cost = _COST if output.declares("p") else _COST_OF_SPIKES
    return replace(error, equations=f"{error.equations.rstrip()}\n{cost}")


def _numbers(seed: int, name: str, *ends: int) -> np.random.Generator:
    return np.random.default_rng((seed, *map(ord, name), *ends))


def _check(
    sizes: Sequence[int],
    classes: int,
    tau: float,
    w_scale: float | Sequence[float],
    b_scale: float,
    dt_ms: float,
) -> None:
    if len(sizes) < 2 or min(sizes) < 1:
        raise InputError(f"sizes: at least an input and an output layer (got {tuple(sizes)})")
    if classes < 1 or sizes[-1] % classes:
        raise InputError(
            f"sizes: an output layer that {classes} classes share equally (got {sizes[-1]} neurons)"
        )
    if np.shape(w_scale) not in ((), (len(sizes) - 1,)):
        raise InputError(f"w_scale: one number, or {len(sizes) - 1} of them (got {w_scale})")
    for name, scale in (("w_scale", w_scale), ("b_scale", b_scale)):
        if not np.all((np.asarray(scale) >= 0) & (np.asarray(scale) < np.inf)):
            raise InputError(f"{name}: a finite number of at least 0 (got {scale})")
    if not 0 < dt_ms < np.inf:
        raise InputError(f"dt_ms: a positive number of ms (got {dt_ms})")
    if not 0 < tau < 1:
        raise InputError(f"tau: a number between 0 and 1 (got {tau})")
