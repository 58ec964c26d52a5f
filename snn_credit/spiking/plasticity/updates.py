"""What each synapse changes: decay, leaks, and products of what its two neurons know.

Decay is exact and costs nothing per synapse: a variable with the leak ``c*v`` is kept as ``v/s``,
where the shared ``s`` of the target population shrinks by ``1 - c`` every learning step. So
``v' = (1 - c) v + change`` becomes ``s' = (1 - c) s`` and ``(v/s)' = v/s + change/s'``.
"""

from __future__ import annotations

from snn_credit.errors import InputError
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.vocabulary import Update
from snn_credit.spiking.circuit import START, Pathway
from snn_credit.spiking.plasticity.drafts import (
    DALE,
    GAIN,
    LEAK,
    PLASTICITY,
    NetworkDraft,
    PopulationDraft,
    ProjectionDraft,
)
from snn_credit.spiking.plasticity.eligibility import (
    FADE,
    change_late,
    judged,
    late_bias,
    late_part,
)
from snn_credit.spiking.plasticity.formulas import (
    coefficient,
    names_in,
    negative,
    product,
    rename,
    total,
)
from snn_credit.spiking.plasticity.scalars import learning
from snn_credit.spiking.plasticity.wiring import transmit


def choose_scales(net: NetworkDraft) -> None:
    """Find the variables whose leaks are all ``c*own``: their decay is a scale of the target's."""
    for synapses in net.synapses.values():
        post = net.layers[synapses.post]
        for variable in synapses.variables:
            leaks = _leaks(net, synapses, variable)
            # What the source multiplies a leak by is no matter of the target's alone.
            known = [None if used else coefficient(leak, variable) for _, leak, used in leaks]
            if leaks and all(c is not None and set(names_in(c)) <= set(post.rates) for c in known):
                synapses.scales[variable] = f"s_{variable}"


def change_synapses(net: NetworkDraft) -> None:
    """Add the rule's updates: leaks first, from the values before any change."""
    for synapses in net.synapses.values():
        _leak(net, synapses)
        for variable in synapses.scales:
            _decay(net, synapses, variable)
    for synapses in net.synapses.values():
        for variable in synapses.variables:
            for number, update in enumerate(_updates(net, synapses, variable)):
                _change(net, synapses, update, str(number + 1) if number else "")
    for synapses in net.synapses.values():
        _change_biases(net, synapses)


def _updates(net: NetworkDraft, synapses: ProjectionDraft, variable: str) -> list[Update]:
    """Return the updates that change a variable of these synapses."""
    if synapses.kind == "direct" and synapses.pre == 0:
        return []  # nothing learns from what reaches the input
    if synapses.kind == "direct":
        here = "all"
    else:
        here = "output" if synapses.post == net.top else "hidden"
    return [
        update
        for update in net.rule.updates
        if update.across == synapses.kind and update.of == variable and update.on in ("all", here)
    ]


def _leaks(
    net: NetworkDraft, synapses: ProjectionDraft, variable: str
) -> list[tuple[str, str, str | None]]:
    """Return a variable's leaks: the name that is 1 while it takes place, and ``leak_pre``."""
    post = net.layers[synapses.post]
    return [
        (learning(net.rule, update.phase), update.leak, update.leak_pre)
        for update in _updates(net, synapses, variable)
        if update.leak is not None and not _off(update.leak, post)
    ]


def _off(leak: str, post: PopulationDraft) -> bool:
    """Whether a rate of exactly 0 turns a leak off: then nothing is made for it."""
    return any(post.rates.get(name) == 0 for name in expression(leak).factors)


def _decay(net: NetworkDraft, synapses: ProjectionDraft, variable: str) -> None:
    """Let the shared scale of a variable shrink."""
    post, scale = net.layers[synapses.post], synapses.scales[variable]
    leaks = _leaks(net, synapses, variable)
    parts = {
        gate: [coefficient(leak, variable) or "0" for at, leak, _ in leaks if at == gate]
        for gate, *_ in leaks
    }
    _check_decay(post, variable, parts)
    # Two variables: on a GPU every thread runs the shared statements, so none may read what it
    # writes.
    before = f"{scale}_was"
    post.share(scale, 1.0, f"{variable} has decayed to {variable}*{scale}")
    post.share(before, 1.0)
    post.say(START, f"{before} = {scale}")
    lost = total("1", *(negative(product(gate, total(*c))) for gate, c in parts.items()))
    post.assign(GAIN, scale, product(before, lost))


def _check_decay(post: PopulationDraft, variable: str, parts: dict[str, list[str]]) -> None:
    functions = functions_for(0.0)
    for gate, coefficients in parts.items():
        lost = sum(expression(c)(post.rates, functions) for c in coefficients)
        if not 0 <= lost < 1:
            raise InputError(
                f"rates: a decay of {variable} from 0 to below 1 a step in layer {post.name} "
                f"(got {lost:g}, {gate})"
            )


def _leak(net: NetworkDraft, synapses: ProjectionDraft) -> None:
    """Let the other leaks act synapse by synapse, all of them on the values before."""
    post = net.layers[synapses.post]
    rates = {rate: f"{rate}_post" for rate in post.rates}
    before, after = [], []
    for variable in synapses.variables:
        leaks = _leaks(net, synapses, variable) if variable not in synapses.scales else []
        for gate, leak, _ in leaks:
            for name in (gate, *(name for name in names_in(leak) if name in rates)):
                post.need(name)
        if leaks:
            parts = [
                product(
                    f"{gate}_post",
                    synapses.effective(leak, post.reader, rates),
                    _used(net, synapses, variable, used),
                )
                for gate, leak, used in leaks
            ]
            before.append(f"leak_{variable} = {total(*parts)}")
            after.append(f"{variable} -= leak_{variable}")
            after += [DALE] if _has_sign(net, synapses, variable) else []
    if before:
        synapses.pathways.append(Pathway("leak", LEAK, "\n".join(before + after), on="step"))


def _used(net: NetworkDraft, synapses: ProjectionDraft, variable: str, text: str | None) -> str:
    """Return what the source multiplies a leak by, as pathways write it."""
    if text is None:
        return "1"
    source, name = net.layers[synapses.pre], f"used_{variable}"
    source.declare(name, comment="what its leak is multiplied by")
    source.assign(LEAK, name, text)
    return f"{name}_pre"


def _change(net: NetworkDraft, synapses: ProjectionDraft, update: Update, suffix: str) -> None:
    """Add ``of += factor * post * pre``: what the target knows as its gain, what the source has."""
    if update.factor.strip() == "0":
        return
    then = f"\n{DALE}" if _has_sign(net, synapses, update.of) else ""
    if (part := late_part(net, synapses, update)) is not None:
        change_late(net, synapses, update, part, suffix, then)
        return
    source, post = net.layers[synapses.pre], net.layers[synapses.post]
    if {"du", "noise"} <= {*names_in(update.post), *names_in(update.pre)} and source.delayed:
        raise InputError(
            f"layer {source.name}.delay: none, since {post.reader} asks in the same step what its "
            f"noise does above (got a delay)"
        )
    gain = f"gain_{update.of}{suffix}"
    gate = learning(net.rule, update.phase)
    post.declare(gain, comment=f"change of {update.of} per presynaptic {update.pre}")
    factor = update.post
    if judged(net, synapses, update):
        factor = f"past_{update.of}{suffix}"
        post.declare(factor, comment=f"{update.post} of the step before, with the same stimulus")
        post.say(START, f"{factor} = {factor}*(1 - first_at(t - t0))")
        post.assign(FADE, factor, update.post)
    value = product(gate, update.factor, factor, over=synapses.scales.get(update.of))
    post.assign(GAIN, gain, value)
    activity = update.pre.strip()
    if len(names_in(activity)) and not activity.isidentifier():
        activity = f"trace_{update.of}{suffix}"
        source.declare(activity)
        source.assign(GAIN, activity, update.pre)
    elif activity.isidentifier() and not (activity == "h" and source.spiking):
        source.need(activity)
        activity = source.kept(activity, GAIN, f"sent_{activity}")
    name = f"plasticity_{update.of}{suffix}"
    transmit(net, synapses, name, PLASTICITY, update.of, f"{gain}_post", activity, then)


def _has_sign(net: NetworkDraft, synapses: ProjectionDraft, variable: str) -> bool:
    """Whether Dale's law holds for a variable."""
    signs = net.layers[synapses.pre].signs
    return variable == "w" and synapses.kind == "forward" and signs is not None


def _change_biases(net: NetworkDraft, synapses: ProjectionDraft) -> None:
    """Change the biases as weights of a neuron that is always active."""
    post = net.layers[synapses.post]
    if synapses.kind != "forward" or "bias" not in post.own:
        return
    changes, leaks = [], []
    for update in _updates(net, synapses, "w"):
        if update.pre.strip() != "h":
            continue
        gate = learning(net.rule, update.phase)
        if (part := late_part(net, synapses, update)) is not None:
            changes.append(late_bias(post, gate, update.factor, part))
        elif update.factor.strip() != "0":
            changes.append(product(gate, update.factor, update.post))
        # A leak towards another variable of the synapse says nothing about a bias, which has none.
        leak = update.leak or "0"
        if {"w"} <= set(names_in(leak)) <= {"w", *post.rates} and not _off(leak, post):
            leaks.append(negative(product(gate, rename(leak, {"w": "bias"}))))
    if changes or leaks:
        post.assign(GAIN, "bias", total(*changes, *leaks), sign="+=")
