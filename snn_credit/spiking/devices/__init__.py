"""A circuit's program on the device that was asked for."""

from __future__ import annotations

from snn_credit.devices import choose
from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.devices.build import Shape
from snn_credit.spiking.devices.program import Program


def open_program(circuit: Circuit, shape: Shape, device: str) -> tuple[str, Program]:
    """Build the circuit for a device, or find it built; returns the device's name too."""
    chosen = choose(device, circuit.synapses).name
    if chosen.startswith("runtime"):
        from snn_credit.spiking.devices.runtime import RuntimeProgram

        return chosen, RuntimeProgram(circuit, shape, chosen.partition(":")[2] or "numpy")
    if chosen.startswith("dense"):
        from snn_credit.spiking.devices.dense import DenseProgram

        return chosen, DenseProgram(circuit, shape, chosen)
    from snn_credit.spiking.devices.standalone import open_standalone

    return chosen, open_standalone(circuit, shape, chosen)
