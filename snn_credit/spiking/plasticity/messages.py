"""What is sent between neurons besides their activity, and what each neuron makes of it."""

from __future__ import annotations

from snn_credit.rules.vocabulary import Local, Message
from snn_credit.spiking.circuit import Pathway
from snn_credit.spiking.neuron import Neuron
from snn_credit.spiking.plasticity.drafts import NetworkDraft, PopulationDraft
from snn_credit.spiking.plasticity.eligibility import remembered
from snn_credit.spiking.plasticity.formulas import names_in, product, total
from snn_credit.spiking.plasticity.scalars import now
from snn_credit.spiking.plasticity.wiring import messages, receivers, synapses_of, transmit

KEEP = "keep"
_WORDS = {
    "above": "the layer above",
    "below": "the layer below",
    "output": "the output",
    "all_above": "all layers above",
}


def send_messages(net: NetworkDraft, feedback: Neuron | None) -> None:
    """Add the rule's messages, locals, snapshots and drive to the layers.

    All names come first: a layer reads the names of those above and below it.
    """
    for number in range(net.top + 1):
        _declare(net, number, feedback)
    for number in range(net.top + 1):
        layer = net.layers[number]
        for message in messages(net.rule):
            if number in receivers(message, net.top):
                _receive(net, message, number)
        slot = f"{layer.slot}_local"
        for name, value in _locals(net, number):
            layer.assign(slot, name, remembered(layer, slot, name, value))
        _keep(net, layer)
    _drive(net)


def _declare(net: NetworkDraft, number: int, feedback: Neuron | None) -> None:
    layer = net.layers[number]
    for message in messages(net.rule):
        if number in receivers(message, net.top):
            into = message.name
            if feedback is not None and message.to == "hidden" and message.frm != "below":
                into = f"{message.name}_sum"
                _add_feedback_neurons(net, number, message, into, feedback)
            comment = f"sum of {product(message.via, message.of)} over {_WORDS[message.frm]}"
            layer.declare(into, comment=comment)
            layer.cleared.append(into)
    for name, _ in _locals(net, number):
        layer.declare(name)
    for phase in net.rule.phases:
        for name, value in phase.keep.items():
            if all(layer.knows(other) for other in names_in(value)):
                layer.declare(name, comment=f"{value} at the end of the window {phase.name}")


def _locals(net: NetworkDraft, number: int) -> list[tuple[str, str]]:
    """Return what a layer's neurons make of their names: (name, expression)."""
    found = []
    for step in net.rule.steps if number > 0 else ():
        if isinstance(step, Local):
            value = step.output if number == net.top else step.hidden
            if value is not None:
                found.append((step.name, value))
    return found


def _add_feedback_neurons(
    net: NetworkDraft, number: int, message: Message, into: str, neuron: Neuron
) -> None:
    """Let separate neurons, one for each of the layer's, receive a message and pass it on."""
    layer = net.layers[number]
    only = len(messages(net.rule)) == 1
    name = f"feedback{number}" if only else f"feedback{number}_{message.name.lower()}"
    other = PopulationDraft(name, layer.size, neuron, f"{layer.slot}_feedback", layer.reader)
    other.links["J"] = f"{layer.name}.{into}"
    net.others.append(other)
    layer.link(message.name, f"{name}.phi")


def _receive(net: NetworkDraft, message: Message, number: int) -> None:
    """Add the pathways over which a layer receives a message."""
    layer = net.layers[number]
    into = message.name if message.name not in layer.links else f"{message.name}_sum"
    slot, pathway = f"{layer.slot}_feedback", f"message_{message.name}"
    for synapses in synapses_of(net, message, number):
        via = synapses.effective(message.via, layer.reader)
        if message.frm == "below":
            source = net.layers[synapses.pre]
            of = message.of
            if not (of == "h" and source.spiking):
                source.need(of)
                of = source.kept(of, f"{source.slot}_arrive", f"sent_{of}")
            transmit(net, synapses, pathway, slot, f"{into}_post", via, of)
            continue
        sender = net.layers[synapses.post]
        sender.need(message.of)
        sent = sender.kept(message.of, f"{sender.slot}_local", f"sent_{message.of}")
        code = f"{into}_pre += {product(via, f'{sent}_post')}"
        synapses.pathways.append(Pathway(pathway, slot, code, on="step"))


def _keep(net: NetworkDraft, layer: PopulationDraft) -> None:
    """Take the snapshots that later windows of the stimulus read."""
    for phase in net.rule.phases:
        gate = now(net.rule, phase)
        for name, value in phase.keep.items():
            if name in layer.lines:
                kept = total(product(gate, value), product(f"1 - {gate}", name))
                layer.assign(KEEP, name, kept)


def _drive(net: NetworkDraft) -> None:
    """Tell the input what it is given: of the stimulus ``x``, and of messages to the input."""
    layer, phases = net.layers[0], net.rule.phases
    if all(phase.drive.strip() == "x" for phase in phases):
        if layer.knows("drive"):
            layer.assign(f"{layer.slot}_drive", "drive", "x")
        return
    layer.need("drive")
    parts = [product(now(net.rule, phase), phase.drive) for phase in phases]
    layer.assign(f"{layer.slot}_drive", "drive", total(*parts))
