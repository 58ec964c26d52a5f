"""The devices ``dense``: a circuit as loops over matrices, in this process.

The circuit's Brian objects are made on this package's own Brian device (``snn_credit.dense``),
which turns the whole network into one program. The program is made once; each chunk sets the state,
runs it, and reads the state back, all in the same memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import brian2 as b2
from brian2.devices.device import reset_device

import snn_credit.dense
from snn_credit.dense.engine import Engine
from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.devices.borrowed import brian_settings
from snn_credit.spiking.devices.build import Shape
from snn_credit.spiking.devices.runtime import RuntimeProgram


class DenseProgram(RuntimeProgram):
    """A circuit as a program of the device ``dense``, or of one of its other forms.

    Random numbers depend on the seed, the time step, the population and the neuron, and so not on
    the chunks.
    """

    def __init__(self, circuit: Circuit, shape: Shape, device: str = "dense") -> None:
        self._name = device
        self._device: snn_credit.dense.DenseDevice = b2.all_devices[device]
        super().__init__(circuit, shape)
        network = self.built.network
        with self._brian():
            self._engine: Engine = self._device.prepare(network, {})

    @property
    def source(self) -> str:
        """The program's text: one function for each of Brian's objects, with what it says."""
        return self._engine.source

    @contextmanager
    def _brian(self) -> Iterator[None]:
        b2.set_device(self._name)
        try:
            with brian_settings(self.circuit, self.shape.dtype):
                yield
        finally:
            reset_device()

    def _advance(self, start: int, seed: int) -> None:
        network, dt = self.built.network, self.circuit.dt
        for clock in network._clocks:
            clock.set_interval(start * dt, (start + self.shape.steps) * dt)
        self._device.seed(seed)
        self._device.advance(network, self._engine)
