"""How a rule, a circuit and a stream of stimuli become a Brian simulation."""

from snn_credit.devices import DEVICES, available_devices
from snn_credit.spiking.circuit import (
    Circuit,
    Event,
    MatrixFunction,
    Pathway,
    Population,
    Projection,
    Step,
)
from snn_credit.spiking.devices.build import Watch
from snn_credit.spiking.neuron import Layer, Neuron
from snn_credit.spiking.plasticity import learning_circuit
from snn_credit.spiking.session import Outcome
from snn_credit.spiking.simulation import Advance, Simulation
from snn_credit.spiking.stream import Stream, join
from snn_credit.spiking.training import train

__all__ = [
    "DEVICES",
    "Advance",
    "Circuit",
    "Event",
    "Layer",
    "MatrixFunction",
    "Neuron",
    "Outcome",
    "Pathway",
    "Population",
    "Projection",
    "Simulation",
    "Step",
    "Stream",
    "Watch",
    "available_devices",
    "join",
    "learning_circuit",
    "train",
]
