"""What has to be remembered until one number says how it went: eligibility traces.

A rule says ``w += factor * dL * c * h``: what a neuron did (``c``, its noise) while a synapse was
active, times a number for the whole network. In continuous time that number is late, and goes on
for a while, so what it multiplies waits for it in a trace that decays (Fiete & Seung 2006):

    e <- g e + c_post h_pre,   w <- w + factor dL e,   g = exp(-dt/tau_e)

With as many synapses that would be a pass over all of them in each step. But between two spikes of
its source a synapse's trace does nothing but fade, so all that w earns in the meantime is its trace
times one number, which each presynaptic neuron adds up for all of its synapses:

    fade <- g fade,  due <- due + dL fade         both start anew, at 1 and 0, with each spike

and w is brought up to date by ``factor due e`` when the next spike comes, before it is used. This
is exact; it costs one number per synapse, and nothing where there is no spike. A weight under
Dale's law is held to its sign there too: whenever a spike uses it. Where a rule multiplies dL in a
neuron (``dL*noise - fb``), the neuron itself remembers what it multiplies.
"""

from __future__ import annotations

from dataclasses import replace

from snn_credit.errors import InputError
from snn_credit.rules.vocabulary import Local, Update
from snn_credit.spiking.circuit import Due, Pathway
from snn_credit.spiking.plasticity.critic import SCALAR
from snn_credit.spiking.plasticity.drafts import (
    BOUNDS,
    GAIN,
    PLASTICITY,
    NetworkDraft,
    PopulationDraft,
    ProjectionDraft,
)
from snn_credit.spiking.plasticity.formulas import (
    coefficient,
    names_in,
    product,
    rename,
    split,
    total,
)
from snn_credit.spiking.plasticity.scalars import learning

DUE, FADE = "due", "fade"


def remembered(layer: PopulationDraft, slot: str, name: str, value: str) -> str:
    """Let a neuron remember what dL multiplies in an expression; return the expression with that.

    Raises
    ------
    InputError
        If dL is there other than as a factor.
    """
    if layer.remains is None or SCALAR not in names_in(value):
        return value
    found = split(value, SCALAR)
    if found is None:
        raise InputError(
            f"{layer.reader}: {SCALAR} as a factor of whole terms, to be remembered for it "
            f"(got {value!r})"
        )
    multiplied, rest = found
    trace = f"late_{name}"
    layer.declare(trace, comment=f"{multiplied}, remembered until {SCALAR} comes")
    layer.share_once("remains", layer.remains, "of a trace after a step")
    layer.assign(slot, trace, total(product("remains", trace), multiplied))
    return total(product(SCALAR, trace), *([rest] if rest else []))


def late_part(net: NetworkDraft, synapses: ProjectionDraft, update: Update) -> str | None:
    """Return what dL multiplies in a change of synapses by spikes, or None if it is no such."""
    layer, source = net.layers[synapses.post], net.layers[synapses.pre]
    if layer.remains is None or update.pre.strip() != "h" or not source.spiking:
        return None
    text = _spelled_out(net, update.post, output=synapses.post == net.top)
    return coefficient(text, SCALAR) if SCALAR in names_in(text) else None


def judged(net: NetworkDraft, synapses: ProjectionDraft, update: Update) -> bool:
    """Whether dL, as a critic tells it, is in what the source of synapses makes of itself.

    What the target has in the same step is no fair regressor for that: it has heard of the source's
    own noise, which dL follows too.
    """
    source = net.layers[synapses.pre]
    text = _spelled_out(net, update.pre, output=False)
    return SCALAR in source.broadcasts and SCALAR in names_in(text)


def _spelled_out(net: NetworkDraft, text: str, output: bool) -> str:
    """Return an expression with the rule's locals written out, as far as a layer has them."""
    locals_ = [step for step in net.rule.steps if isinstance(step, Local)]
    for step in reversed(locals_):
        value = step.output if output else step.hidden
        if value is not None and step.name in names_in(text):
            text = rename(text, {step.name: value})
    return text


def change_late(
    net: NetworkDraft,
    synapses: ProjectionDraft,
    update: Update,
    part: str,
    suffix: str,
    then: str = "",
) -> None:
    """Add a change that waits in a trace; ``then`` follows whenever it is made.

    Raises
    ------
    InputError
        If the variable decays too, or anything reads it between spikes.
    """
    source, post = net.layers[synapses.pre], net.layers[synapses.post]
    variable, trace = update.of, f"trace_{update.of}{suffix}"
    if variable in synapses.scales:
        raise InputError(
            f"rates: no decay of {variable} where it learns by a trace, of {post.reader} in layer "
            f"{post.name} (got some)"
        )
    gate = learning(net.rule, update.phase)
    gain, worth = f"gain_{variable}{suffix}", f"late_{variable}{suffix}"
    post.declare(gain, comment=f"what a spike adds to {trace}")
    post.assign(GAIN, gain, product(gate, part))
    post.share(worth, 0.0, f"change of {variable} per {trace} and {SCALAR}")
    post.assign(GAIN, worth, update.factor)
    due = _add_up(source, post, gate)
    synapses.variables += (trace,)
    synapses.dues[variable] = Due(trace, due, "fade", worth, BOUNDS if then else None)
    change = f"{variable} += {worth}_post*{due}_pre*{trace}{then}"
    _catch_up(synapses, variable, change, post.reader)
    code = f"{trace} = {trace}*fade_pre + {gain}_post"
    synapses.pathways.append(
        Pathway(f"plasticity_{variable}{suffix}", PLASTICITY, code, on=source.arrival)
    )


def late_bias(post: PopulationDraft, gate: str, factor: str, part: str) -> str:
    """Return how a bias changes: as a synapse that is always active, with a trace of its own."""
    post.declare("trace_bias")
    post.share_once("remains", post.remains or 0.0, "of a trace after a step")
    post.assign(GAIN, "trace_bias", total(product("remains", "trace_bias"), product(gate, part)))
    post.need(SCALAR)
    return product(gate, factor, SCALAR, "trace_bias")


def _add_up(source: PopulationDraft, post: PopulationDraft, gate: str) -> str:
    """Let a source add up what its synapses have earned since its last spike."""
    due = f"due_{gate}"
    if due in source.lines:
        return due
    source.remains = post.remains
    source.share_once("remains", post.remains or 0.0, "of a trace after a step")
    for name in (SCALAR, gate):
        source.need(name)
    anew = f"({source.heard} + (1 - {source.heard})*fade)"
    if "fade" not in source.lines:
        source.declare("fade", comment="what is left of its synapses' traces since its last spike")
        source.initial["fade"] = 1.0
        source.say(FADE, f"fade = remains*{anew}")
    source.declare(due, comment=f"sum of {SCALAR} times that")
    source.say(DUE, f"{due} = (1 - {source.heard})*{due} + {gate}*{SCALAR}*{anew}")
    return due


def _catch_up(synapses: ProjectionDraft, variable: str, code: str, reader: str) -> None:
    """Bring a variable up to date where spikes use it, and see to it that nothing else does."""
    for number, pathway in enumerate(synapses.pathways):
        if pathway.name == "forward":
            synapses.pathways[number] = replace(pathway, code=f"{code}\n{pathway.code}")
        elif variable in names_in_code(pathway.code):
            raise InputError(
                f"{reader}: no trace where {pathway.name} of {synapses.name} reads {variable} "
                f"between spikes (got eligibility)"
            )


def names_in_code(code: str) -> set[str]:
    """Return the names that a pathway's statements read."""
    values = [line.partition("=")[2] for line in code.splitlines()]
    return {name for value in values for name in names_in(value)}
