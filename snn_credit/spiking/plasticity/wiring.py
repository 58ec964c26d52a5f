"""Which synapses a rule's network has, what each of them owns, and what they carry upwards."""

from __future__ import annotations

from collections.abc import Iterator

from snn_credit.rules.names import forward_variables, names_of
from snn_credit.rules.vocabulary import Message, Rule
from snn_credit.spiking.circuit import Pathway
from snn_credit.spiking.plasticity.drafts import Kind, NetworkDraft, ProjectionDraft
from snn_credit.spiking.plasticity.formulas import names_in, product, rename


def messages(rule: Rule) -> list[Message]:
    """Return the rule's messages, in their order."""
    return [step for step in rule.steps if isinstance(step, Message)]


def receivers(message: Message, top: int) -> range:
    """Return the numbers of the layers that own a message's name."""
    if message.to == "input":
        return range(1)
    return range(1, top + 1 if message.frm == "below" else top)


def synapses_of(net: NetworkDraft, message: Message, here: int) -> Iterator[ProjectionDraft]:
    """Yield the synapses over which layer ``here`` receives a message.

    A message from below finds none at layer 1 where its synapses or the input lack what it reads.
    """
    if message.frm == "above":
        yield net.synapses["forward", here, here + 1]
    elif message.frm == "below":
        synapses = net.synapses["forward", here - 1, here]
        owned = all(name in synapses.variables for name in names_in(message.via))
        if here > 1 or (owned and net.layers[0].knows(message.of)):
            yield synapses
    else:
        yield from (net.synapses["direct", here, there] for there in _senders(message, here, net))


def place_synapses(net: NetworkDraft) -> None:
    """Connect the layers: forward, with feedback that skips layers, and each with itself."""
    rule, upper = net.rule, forward_variables(net.rule)
    for post in range(1, net.top + 1):
        # The first layer's synapses own w, and what the rule makes of whole matrices of w.
        _place(net, "forward", post - 1, post, upper if post > 1 else _made_from(rule, ("w",)))
    for message in messages(rule):
        if message.frm in ("output", "all_above"):
            for here in receivers(message, net.top):
                for there in _senders(message, here, net):
                    added = names_of(rule).direct if here else ()
                    variables = dict.fromkeys([*names_in(message.via), *added])
                    _place(net, "direct", here, there, tuple(variables))
    for layer in range(2, net.top + 1):
        own = [u.of for u in rule.updates if u.across == "self" and u.on in _places(net, layer)]
        if own:
            _place(net, "self", layer, layer, tuple(dict.fromkeys(own)))


def send_activity(net: NetworkDraft) -> None:
    """Drive each layer by the one below: ``I`` is the sum of w over the active synapses."""
    for (kind, _, post), synapses in net.synapses.items():
        layer = net.layers[post]
        if kind == "forward" and layer.knows("I"):
            w = synapses.effective("w", layer.reader)
            transmit(net, synapses, "forward", f"{layer.slot}_synapses", "I_post", w, "h")


def transmit(
    net: NetworkDraft,
    synapses: ProjectionDraft,
    name: str,
    slot: str,
    into: str,
    value: str,
    activity: str,
    then: str = "",
) -> None:
    """Add a pathway ``into += value * activity`` of the source: on its spikes for ``h``.

    ``then`` is a statement that follows.
    """
    source = net.layers[synapses.pre]
    if activity == "h" and source.spiking:
        code = f"{into} += {value}{then}"
        synapses.pathways.append(Pathway(name, slot, code, on=source.arrival))
        return
    for needed in names_in(activity):
        source.need(needed)
    read = {needed: f"{needed}_pre" for needed in names_in(activity)} | {"h": f"{source.heard}_pre"}
    code = f"{into} += {product(value, rename(activity, read))}{then}"
    synapses.pathways.append(Pathway(name, slot, code, on="step"))


def _place(net: NetworkDraft, kind: Kind, pre: int, post: int, variables: tuple[str, ...]) -> None:
    a, b = net.layers[pre].name, net.layers[post].name
    name = {"forward": f"{a}_to_{b}", "direct": f"{a}_from_{b}", "self": f"{a}_to_itself"}[kind]
    net.synapses.setdefault((kind, pre, post), ProjectionDraft(name, kind, pre, post, variables))


def _places(net: NetworkDraft, layer: int) -> tuple[str, str]:
    return "all", "output" if layer == net.top else "hidden"


def _senders(message: Message, here: int, net: NetworkDraft) -> range:
    return range(net.top if message.frm == "output" else here + 1, net.top + 1)


def _made_from(rule: Rule, owned: tuple[str, ...]) -> tuple[str, ...]:
    """Return variables with what the rule's whole-matrix functions make of them."""
    for host in rule.host:
        if host.of not in owned and all(name in owned for name in host.reads):
            return _made_from(rule, (*owned, host.of))
    return owned
