"""Feedback of a size that suits deep networks."""

from __future__ import annotations

from math import isfinite

import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.rate.stack import Stack


def level_feedback(module: nn.Module, gain: float = 1.0) -> None:
    """Scale feedback, in place, so that errors of equal size reach every hidden layer.

        B_l <- B_l size / (sqrt(n_l) rms(B_l))    for B_l from the n_l neurons of layer l downwards

    The sum over n_l independent terms is then ``size`` times as large as one of them. ``size`` is
    ``gain`` for what the output layer sends and 1 for all others: "roughly the same magnitude of
    error arrived at each layer" (Lillicrap et al. 2016, Supplementary Note 5), gain times that of
    the output. Where a rule multiplies by slopes on the way down, they come in addition.

    Parameters
    ----------
    module : Stack
        What `snn_credit.rate.convert` makes of an ``nn.Sequential``.
    gain : float
        Above 0.

    Raises
    ------
    InputError
        If the gain is not above 0, or the module is no chain of layers with feedback ``b`` of
        layers that are fully connected.
    """
    if not (isfinite(gain) and gain > 0):
        raise InputError(f"gain: a finite number above 0 (got {gain})")
    if not isinstance(module, Stack):
        raise InputError(
            f"module: a chain of layers that convert() made (got {type(module).__name__})"
        )
    found = {
        name: values
        for name, values in module.synapses.state_dict(keep_vars=True).items()
        if name.startswith("b_")
    }
    bad = [name for name, b in found.items() if b.ndim != 2 or not b.any()]
    if bad or not found:
        raise InputError(
            f"module: feedback b, matrices other than 0 (got {', '.join(bad) or 'none'})"
        )
    # The last number of a name is that of the layer which sends.
    senders = {name: int(name.rpartition("_")[2]) for name in found}
    with torch.no_grad():
        for name, b in found.items():
            size = gain if senders[name] == max(senders.values()) else 1.0
            b.mul_(size / (len(b) ** 0.5 * b.square().mean().sqrt()))
