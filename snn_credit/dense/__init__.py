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

``dense:cuda`` runs the same plan as torch tensors on an NVIDIA GPU (``tensors``), and
``dense:torch`` the same code on torch's CPU, where it is slower than C++.

What it cannot express is refused in one line that says which device can. Random numbers come from
a generator that counts (Philox): they depend on the seed, the time step, the object and the index,
and so not on how a run is cut or on how many threads work on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snn_credit.dense.cpp.program import CppProgram
from snn_credit.dense.device import DenseDevice, register
from snn_credit.dense.engine import Engine
from snn_credit.dense.plan import Plan, Values
from snn_credit.errors import InputError


def _on_gpu(plan: Plan, values: Values) -> Engine:
    from snn_credit.dense.tensors.program import TensorProgram  # torch, only where it is asked for

    return TensorProgram(plan, values, "cuda")


def _on_cpu(plan: Plan, values: Values) -> Engine:
    from snn_credit.dense.tensors.program import TensorProgram

    return TensorProgram(plan, values, "cpu")


register("dense", CppProgram)
register("dense:cuda", _on_gpu)
register("dense:torch", _on_cpu)


def source(network: Any, namespace: Mapping[str, Any] | None = None) -> str:
    """Return the program that would run a Brian network, with Brian's statements above each loop.

    Parameters
    ----------
    network
        A Brian ``Network`` made while this device is active; it is prepared and not run.
    namespace
        As in ``Network.run``.

    Raises
    ------
    InputError
        If another device is active, or the network has something that this one cannot express.
    """
    from brian2 import get_device

    device = get_device()
    if not isinstance(device, DenseDevice):
        raise InputError(f"device: set_device('dense') first (got {type(device).__name__})")
    return device.prepare(network, namespace or {}).source


__all__ = ["DenseDevice", "source"]
