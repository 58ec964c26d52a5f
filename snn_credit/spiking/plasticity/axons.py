"""Axons: how long spikes take, how many get lost, and the sign of what a neuron does (Dale's law).

Spikes on their way are bits of a number that each neuron keeps, ``pipe``: every step shifts it by
one and puts the newest spike in. So a delay is part of the state like everything else: nothing is
lost between chunks, every device has it, and each axon may have its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from brian2 import have_same_dimensions
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.spiking.circuit import Signal
from snn_credit.spiking.neuron import Layer
from snn_credit.spiking.plasticity.drafts import ARRIVAL, NetworkDraft, PopulationDraft

#: float64 holds as many bits of ``pipe``.
_LONGEST = 50


def grow_axons(net: NetworkDraft, layers: Sequence[Layer], dt: Any) -> None:
    """Add axons to the layers that have them.

    Raises
    ------
    InputError
        If a delay is no multiple of dt or too long, a reliability is no probability, or a sign is
        neither 1 nor -1.
    """
    for draft, layer in zip(net.layers, layers, strict=True):
        steps = _steps(layer, dt)
        if not 0 < layer.reliability <= 1:
            raise InputError(
                f"layer {layer.name}.reliability: a probability above 0 (got {layer.reliability})"
            )
        if steps.any() or layer.reliability < 1:
            _delay(draft, steps, layer.reliability)
        if layer.signs is not None:
            _take_sides(draft, np.asarray(layer.signs, float))


def check_signs(where: str, weights: NDArray[Any], signs: NDArray[Any], source: str) -> None:
    """Refuse weights ``(n_post, n_pre)`` of another sign than that of their presynaptic neuron.

    Raises
    ------
    InputError
        If there are any.
    """
    wrong = int(np.sum(np.sign(weights) * signs < 0))
    if wrong:
        raise InputError(
            f"projection {where}.w: weights of the sign of their neuron in layer {source}, as "
            f"abs(w)*signs has (got {wrong} of the wrong sign)"
        )


def _steps(layer: Layer, dt: Any) -> NDArray[np.int64]:
    if layer.delay is None:
        return np.zeros(layer.size, np.int64)
    where = f"layer {layer.name}.delay"
    if not have_same_dimensions(layer.delay, dt):
        raise InputError(f"{where}: a time, such as 2*ms (got {layer.delay!r})")
    given = np.asarray(layer.delay / dt, float)
    if given.shape not in ((), (layer.size,)):
        raise InputError(f"{where}: one time, or {layer.size} of them (got {given.shape})")
    if not np.all(np.isfinite(given)):
        raise InputError(f"{where}: finite times (got {layer.delay})")
    whole = np.rint(given)
    if not np.allclose(given, whole, rtol=0, atol=1e-6) or whole.min() < 0:
        near = whole[np.abs(given - whole).argmax()] if whole.shape else whole
        raise InputError(
            f"{where}: multiples of the time step {dt}, such as {max(near, 0) * dt} "
            f"(got {layer.delay})"
        )
    if whole.max() > _LONGEST:
        raise InputError(f"{where}: at most {_LONGEST} time steps (got {whole.max():g})")
    return np.broadcast_to(whole, (layer.size,)).astype(np.int64)


def _delay(draft: PopulationDraft, steps: NDArray[np.int64], reliability: float) -> None:
    slot = f"{draft.name}_arrive"
    draft.declare("pipe", comment="spikes on their way, one bit a step")
    draft.declare("far", "constant", "2**steps, the bit that arrives")
    draft.declare("arrived", comment="1 in the step in which a spike arrives")
    draft.initial["far"] = 2.0**steps
    draft.exact += ["pipe", "far"]
    draft.say(slot, "pipe = 2*(pipe - far*int(pipe >= far)) + h")
    kept = "*int(rand() < reliable)" if reliability < 1 else ""
    if kept:
        draft.share("reliable", reliability, "probability that a spike arrives")
    draft.say(slot, f"arrived = int(pipe >= far){kept}")
    draft.signals[ARRIVAL] = Signal(slot, "arrived > 0.5")
    draft.heard = "arrived"


def _take_sides(draft: PopulationDraft, signs: NDArray[np.float64]) -> None:
    if signs.shape != (draft.size,) or not np.all(np.abs(signs) == 1):
        raise InputError(
            f"layer {draft.name}.signs: {draft.size} numbers, each 1 or -1 (got {signs})"
        )
    draft.signs = signs
    draft.declare("least", "constant", "of its forward weights (Dale's law)")
    draft.declare("most", "constant")
    # Any number that float32 has and no weight reaches.
    draft.initial |= {"least": np.where(signs > 0, 0, -1e9), "most": np.where(signs > 0, 1e9, 0)}
