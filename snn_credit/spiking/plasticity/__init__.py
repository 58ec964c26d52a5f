"""From a rule's declaration and a model's neurons to a circuit."""

from snn_credit.spiking.plasticity.assembly import READOUT, Draw, Rates, learning_circuit

__all__ = ["READOUT", "Draw", "Rates", "learning_circuit"]
