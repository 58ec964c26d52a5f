"""From a rule's declaration and a model's neurons to a circuit.

One time step runs upwards, layer by layer (synapses, integration, spikes), through the error
neurons, downwards again (feedback synapses, feedback neurons, what each neuron makes of it), and
then changes the synapses. So a spike reaches the layer above in the step in which it is fired, and
an error reaches every layer in the step in which it is made, as in Lillicrap et al. 2016, eqs 5-8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from brian2 import Equations, have_same_dimensions
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.rules.names import SYNAPSE, names_of
from snn_credit.rules.vocabulary import Rule
from snn_credit.spiking.circuit import END, START, Circuit, MatrixFunction, Projection
from snn_credit.spiking.neuron import Layer, Neuron
from snn_credit.spiking.plasticity.axons import check_signs, grow_axons
from snn_credit.spiking.plasticity.critic import SCALAR, SLOTS, add_critic, broadcast
from snn_credit.spiking.plasticity.drafts import (
    GAIN,
    LEAK,
    PLASTICITY,
    NetworkDraft,
    PopulationDraft,
    ProjectionDraft,
)
from snn_credit.spiking.plasticity.eligibility import DUE, FADE
from snn_credit.spiking.plasticity.messages import KEEP, send_messages
from snn_credit.spiking.plasticity.scalars import Rates, rates_by_layer, switches
from snn_credit.spiking.plasticity.updates import change_synapses, choose_scales
from snn_credit.spiking.plasticity.wiring import place_synapses, send_activity

READOUT = "readout"
Draw = Callable[[str, tuple[int, int], tuple[int, int]], Any]
Connected = Callable[[tuple[int, int], tuple[int, int]], "NDArray[Any] | None"]

#: Names of a circuit's own, and beginnings of such names: no rule may use them.
_TAKEN = frozenset(
    {
        *("I", "J", "bias", "phi", "drive", "learn", "see", "t0", "token", "rate", "loss", "cost"),
        *("pipe", "far", "arrived", "reliable", "least", "most", "fade", "remains"),
    }
)
_BEGINNINGS = (
    "gain_",
    "trace_",
    "leak_",
    "learn_",
    "now_",
    "s_",
    "watch_",
    "late_",
    "due_",
    "used_",
    "past_",
    "sent_",
)


def learning_circuit(
    name: str,
    rule: Rule,
    layers: Sequence[Layer],
    *,
    dt: Any,
    initial: Draw,
    feedback: Neuron | None = None,
    error: Neuron | None = None,
    critic: Neuron | None = None,
    eligibility: Any = None,
    connected: Connected | None = None,
    rates: Rates | None = None,
    columns: Mapping[str, int] | None = None,
    notes: Sequence[str] = (),
) -> Circuit:
    """Build the circuit in which ``layers`` learn by ``rule``.

    Parameters
    ----------
    layers
        From the input to the output. What the rule reads of a neuron (``df``, ``noise``, ``dL``...)
        its equations must define; those of an input neuron may declare ``drive : 1``, which is then
        what a window of the stimulus makes of ``x``.
    initial
        ``initial(variable, (pre, post), shape)``: the first values of ``w``, ``b`` or ``mask`` of
        the synapses from layer number ``pre`` to layer number ``post``, an array of that shape
        ``(n_post, n_pre)`` or a number. Variables that the rule adds start at 0. For feedback that
        skips layers ``pre`` is the layer that receives it, ``post`` the one that sends it.
    feedback
        The neuron that receives a message from above and passes it on, one for each hidden neuron
        (None: the rule reads the sum over the synapses itself).
    error
        The neuron that compares an output neuron with its target (None: the output layer's neuron
        declares ``err`` itself).
    critic
        The neuron that hears what every error costs and tells all how the loss compares, ``dL``.
    eligibility
        Time constant of the traces in which whatever dL multiplies waits for it. None: there are no
        traces, and dL acts on what is there in its own step.
    connected
        ``connected((pre, post), shape)``: which synapses there are, a boolean array ``(n_post,
        n_pre)``, or None for all of them. It is asked once for each pair of layers.
    rates
        Values of the rule's shared scalars; one for all layers, or one per layer above the input.
    columns
        Width of each table of presentations, such as ``{'stimulus': 784, 'target': 10}``.

    Raises
    ------
    InputError
        If the rule reads something that the neurons do not have, a rate is unknown or of the wrong
        number, sizes do not fit, a delay is no multiple of dt, or a weight has the wrong sign.
    """
    if len(layers) < 2:
        raise InputError(f"layers: an input and an output layer at least (got {len(layers)})")
    _check_names(rule)
    _check_own(rates or {}, layers)
    scalars = rates_by_layer(rule, rates or {}, len(layers) - 1)
    net = NetworkDraft(rule, [_draft(rule, *each) for each in zip(layers, scalars, strict=True)])
    grow_axons(net, layers, dt)
    if error is not None:
        _compare_output(net, error)
    if critic is not None:
        add_critic(net, critic)
    if eligibility is not None:
        _remember(net, eligibility, dt)
    place_synapses(net)
    choose_scales(net)
    send_activity(net)
    send_messages(net, feedback)
    change_synapses(net)
    broadcast(net)
    _check_reached(net)
    windows = ", ".join(f"{number} {phase.name}" for number, phase in enumerate(rule.phases))
    return Circuit(
        name=name,
        dt=dt,
        order=_order([layer.slot for layer in net.layers]),
        populations=tuple(draft.population() for draft in (*net.layers, *net.others)),
        projections=(
            *(_projection(net, draft, initial, connected) for draft in net.synapses.values()),
            *net.others_synapses,
        ),
        host=_matrix_functions(net),
        columns=dict(columns or {}),
        notes=(*notes, *([f"windows of the stimulus: {windows}"] if windows else [])),
        rule=f"rule {rule.name}",
        windows=tuple(phase.name for phase in rule.phases),
    )


def _check_names(rule: Rule) -> None:
    """Refuse names of a rule that circuits use for something else."""
    names = names_of(rule)
    for name in (*names.places, *rule.rates, *names.forward, *names.own):
        if name in _TAKEN or name.startswith(_BEGINNINGS):
            raise InputError(f"rule {rule.name}: names that circuits do not use (got {name!r})")


def _check_own(rates: Rates, layers: Sequence[Layer]) -> None:
    """Refuse a rate that neurons would not follow, since they have a name of their own for it."""
    for rate, given in rates.items():
        for layer in layers:
            if layer.neuron.declares(rate):
                raise InputError(
                    f"rates[{rate!r}]: none, since the neurons of layer {layer.name} have a "
                    f"{rate} of their own (got {given})"
                )


def _check_reached(net: NetworkDraft) -> None:
    """Refuse a layer that clears an I and has none: what is sent to it would be lost."""
    for layer in net.layers[1:]:
        if "I" in layer.neuron.cleared and not layer.knows("I"):
            raise InputError(
                f"layer {layer.name}: a neuron with 'I', the sum over its synapses; "
                f"cleared=() for one that receives nothing (got equations without it)"
            )


def _draft(rule: Rule, layer: Layer, rates: Mapping[str, float | None]) -> PopulationDraft:
    name, reader = layer.name, f"rule {rule.name}"
    return PopulationDraft(name, layer.size, layer.neuron, name, reader, rates, switches(rule))


def _compare_output(net: NetworkDraft, neuron: Neuron) -> None:
    """Add the error neurons, one for each output neuron, which gives it what the rule reads."""
    output = net.layers[-1]
    error = PopulationDraft("error", output.size, neuron, "error", output.reader)
    for linked in _linked(neuron):
        error.links[linked] = f"{output.name}.{'h' if linked == 'y' else linked}"
    for name in ("err", "ystar"):
        if name in error.own and name not in output.own:
            output.sources[name] = f"error.{name}"
    net.others.append(error)


def _linked(neuron: Neuron) -> list[str]:
    """Return what a neuron's equations declare as linked."""
    return [name for name, line in Equations(neuron.equations).items() if "linked" in line.flags]


def _remember(net: NetworkDraft, eligibility: Any, dt: Any) -> None:
    if SCALAR not in net.rule.needs:
        raise InputError(
            f"eligibility: none, since rule {net.rule.name} reads no {SCALAR} to wait for "
            f"(got {eligibility!r})"
        )
    known = have_same_dimensions(eligibility, dt)
    steps = float(eligibility / dt) if known else float("nan")
    if not 0 < steps < np.inf:
        raise InputError(f"eligibility: a time above 0, such as 5*ms (got {eligibility!r})")
    for layer in net.layers[1:]:
        layer.remains = float(np.exp(-1 / steps))


def _order(names: Sequence[str]) -> tuple[str, ...]:
    """Return the slots of a time step."""
    stages = ("integrate", "spike", "arrive")
    first = [f"{names[0]}_{what}" for what in ("feedback", "drive", *stages)]
    up = [f"{name}_{what}" for name in names[1:] for what in ("synapses", *stages)]
    down = [
        f"{name}_{what}"
        for name in reversed(names[1:])
        for what in ("feedback", "feedback_integrate", "feedback_spike", "local")
    ]
    error = ("error_integrate", "error_spike")
    last = (LEAK, GAIN, PLASTICITY, DUE, FADE, KEEP, READOUT, END)
    return (START, *first, *up, *error, *SLOTS, *down, *last)


def _projection(
    net: NetworkDraft, draft: ProjectionDraft, initial: Draw, connected: Connected | None
) -> Projection:
    source, target = net.layers[draft.pre], net.layers[draft.post]
    shape = (target.size, source.size)
    first = {
        variable: initial(variable, (draft.pre, draft.post), shape)
        for variable in draft.variables
        if variable in SYNAPSE
    }
    for variable, values in first.items():
        if np.shape(values) not in ((), shape):
            raise InputError(
                f"projection {draft.name}.{variable}: a number or shape {shape} "
                f"(got {np.shape(values)})"
            )
    if "w" in first and source.signs is not None:
        check_signs(draft.name, np.broadcast_to(first["w"], shape), source.signs, source.name)
    there = connected((draft.pre, draft.post), shape) if connected else None
    ends: dict[str, Any] = {}
    if there is not None and draft.kind != "self":
        if np.shape(there) != shape:
            raise InputError(f"connected: shape {shape} for {draft.name} (got {np.shape(there)})")
        i, j = np.nonzero(np.asarray(there, bool).T)
        if not len(i):
            raise InputError(f"connected: a synapse at least for {draft.name} (got none)")
        ends = {"pre": i.astype(np.int32), "post": j.astype(np.int32)}
        first = {name: np.broadcast_to(values, shape)[j, i] for name, values in first.items()}
    return Projection(
        name=draft.name,
        source=source.name,
        target=target.name,
        equations="\n".join(f"{variable} : 1" for variable in draft.variables),
        pathways=tuple(draft.pathways),
        initial=first,
        scales=draft.scales,
        dues=draft.dues,
        **ends,
    )


def _matrix_functions(net: NetworkDraft) -> tuple[MatrixFunction, ...]:
    """Return every whole-matrix function with the matrices that it reads."""
    functions = []
    for host in net.rule.host:
        for (kind, _, post), synapses in net.synapses.items():
            if kind == "self":
                continue
            itself = net.synapses.get(("self", post, post))
            owners = dict.fromkeys(itself.variables, itself.name) if itself else {}
            owners |= dict.fromkeys(synapses.variables, synapses.name)
            if all(name in owners for name in host.reads):
                reads = tuple(f"{owners[name]}.{name}" for name in host.reads)
                functions.append(MatrixFunction(synapses.name, host.of, host.fn, reads, host.every))
    return tuple(functions)
