"""From a rule's declaration and a model's neurons to a circuit."""

from snn_credit.spiking.plasticity.assembly import READOUT, Draw, Rates, learning_circuit
from snn_credit.spiking.plasticity.messages import KEEP

__all__ = ["KEEP", "READOUT", "Draw", "Rates", "learning_circuit"]
