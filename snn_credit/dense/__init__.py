"""The device ``dense``: Brian networks as loops over matrices.

Brian's own devices queue every synapse of every spike and look up both of its neurons. Where every
neuron connects to every neuron, synapses are a matrix and spikes are its rows. This device reads
what a network does in a time step off Brian's own objects, as plain data (``plan``), and makes of
it a C++ program (``cpp``) that runs in this process, on Brian's own memory. It is made for layers
that are connected all to all, and takes most other networks too: lists of synapses, delays,
monitors, refractoriness, several clocks, several runs, ``store`` and ``restore``.

    from brian2 import *
    import snn_credit.dense

    set_device("dense")

What it cannot express is refused in one line that says which device can. Random numbers come from
a generator that counts (Philox): they depend on the seed, the time step, the object and the index,
and so not on how a run is cut or on how many threads work on it.
"""

from __future__ import annotations

from snn_credit.dense.cpp.program import CppProgram
from snn_credit.dense.device import DenseDevice, register

register("dense", CppProgram)

__all__ = ["DenseDevice"]
