"""The synapses besides W that a rule asks for, and their first values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np
import torch
from torch import Tensor

from snn_credit.rules import Message, Rule


def own_variables(rule: Rule, layer: int, top: int) -> list[str]:
    """Return what connects a layer with itself, in a net of layers 0 to top."""
    places = ("all", "output" if layer == top else "hidden")
    found = (u.of for u in rule.updates if u.across == "self" and u.on in places)
    return list(dict.fromkeys(found))


def skips(rule: Rule, top: int) -> list[tuple[int, int]]:
    """Return (receiver, sender) of the feedback that skips layers, in a net of layers 0 to top."""
    pairs = set()
    for step in rule.steps:
        if isinstance(step, Message) and _skipping(step):
            receivers = [0] if step.to == "input" else range(1, top)
            for here in receivers:
                senders = [top] if step.frm == "output" else range(here + 1, top + 1)
                pairs |= {(here, there) for there in senders}
    return sorted(pairs)


def _skipping(message: Message) -> bool:
    return message.frm in ("output", "all_above")


@dataclass(frozen=True)
class Draw:
    """First values of synapses, uniform around 0.

    Parameters
    ----------
    seed : int
        Each matrix has a stream of its own, so every rule starts from the same values.
    b_scale : float or None
        Feedback weights are uniform in +-b_scale. Without one they have the standard deviation of
        the forward weights beside them; those that skip layers 1/sqrt(n_sender).
    kept : float
        The fraction of the elements of a mask that are 1.
    """

    seed: int = 0
    b_scale: float | None = None
    kept: float = 0.5

    def beside(self, variable: str, layer: int, w: Tensor) -> Tensor:
        """Return a variable of the synapses onto a layer, in w's shape."""
        random = self._random(variable, layer - 1, layer)
        if variable == "mask":
            values = random.random(w.shape) < self.kept
        elif variable == "b":
            spread = float(w.detach().std(correction=0)) * sqrt(3)
            bound = spread if self.b_scale is None else self.b_scale
            values = random.uniform(-bound, bound, w.shape)
        else:
            values = np.zeros(w.shape)
        return torch.as_tensor(values, dtype=w.dtype, device=w.device)

    def direct(
        self, receiver: int, sender: int, shapes: Sequence[Sequence[int]], like: Tensor
    ) -> Tensor:
        """Return feedback that skips layers, (n_sender, n_receiver).

        A layer of convolution gets it divided by the square root of the number of its positions:
        its synapses' changes are sums over positions, and would otherwise grow with the image.
        """
        n_sender, n_receiver = prod(shapes[sender]), prod(shapes[receiver])
        bound = sqrt(3 / n_sender) if self.b_scale is None else self.b_scale
        positions = prod(shapes[receiver][1:]) if receiver else 1
        values = self._random("b", receiver, sender).uniform(-bound, bound, (n_sender, n_receiver))
        values /= sqrt(positions)
        return torch.as_tensor(values, dtype=like.dtype, device=like.device)

    def _random(self, variable: str, lower: int, upper: int) -> np.random.Generator:
        # The key is that of the spiking model, for the same first values there.
        return np.random.default_rng((self.seed, *map(ord, variable), lower, upper))
