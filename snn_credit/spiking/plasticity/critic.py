"""The critic: one neuron that adds up the loss and tells every neuron how it compares."""

from __future__ import annotations

from snn_credit.errors import InputError
from snn_credit.spiking.circuit import Pathway, Projection
from snn_credit.spiking.neuron import Neuron
from snn_credit.spiking.plasticity.drafts import NetworkDraft, PopulationDraft

SCALAR = "dL"
SLOTS = ("critic_synapses", "critic_integrate", "critic_spike", "broadcast")


def add_critic(net: NetworkDraft, neuron: Neuron) -> None:
    """Add the critic, which every layer that reads ``dL`` will hear.

    Raises
    ------
    InputError
        If the critic gives no ``dL``, or no neuron has a ``cost``.
    """
    critic = PopulationDraft("critic", 1, neuron, "critic", net.layers[-1].reader)
    if SCALAR not in critic.own:
        raise InputError(f"critic: a neuron that gives {SCALAR!r} (got equations without it)")
    payers = [other for other in (*net.others, net.layers[-1]) if "cost" in other.own]
    if not payers:
        raise InputError("critic: an error neuron, or an output neuron, with 'cost' (got none)")
    critic.cleared.append("loss")
    net.others.append(critic)
    code = "loss_post += cost_pre"
    net.others_synapses.append(
        Projection(
            f"{payers[0].name}_to_critic",
            payers[0].name,
            critic.name,
            "",
            (Pathway("costs", SLOTS[0], code, on="step"),),
        )
    )
    for layer in net.layers:
        layer.broadcasts.add(SCALAR)


def broadcast(net: NetworkDraft) -> None:
    """Connect the critic to the layers that have come to read what it says."""
    for layer in net.layers:
        if SCALAR in layer.lines:
            code = f"{SCALAR}_post += {SCALAR}_pre"
            pathway = Pathway("broadcast", SLOTS[-1], code, on="step")
            name = f"critic_to_{layer.name}"
            net.others_synapses.append(Projection(name, "critic", layer.name, "", (pathway,)))
