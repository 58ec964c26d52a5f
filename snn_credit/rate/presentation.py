"""One batch presented to a chain of layers: activities, slopes, and how to present it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.neurons import DROPOUTS, Noise, respond, survivors
from snn_credit.rate.stages import Stage
from snn_credit.rate.structure import SHAPES, Passage, Through
from snn_credit.rate.wiring import wiring_of
from snn_credit.rules.net import Net, Wiring

#: The error's part of the first layer's sums, made from (batch, n_0) that is added to the input.
Correction = tuple[Tensor, Tensor]


class Presentation:
    """What a batch of stimuli does in the layers, in the form that a rule's interpreter reads.

    Parameters
    ----------
    stages
        The layers.
    net
        Its synapses are those of the layers; this puts ``h``, ``df`` and the wiring into it.
    x
        (batch, ...).

    Attributes
    ----------
    error_of
        Given an output, dLoss/dh of each example; rules that read ``err`` in a window after the
        first need one.
    """

    net: Net
    x: Tensor

    def __init__(self, stages: Sequence[Stage], net: Net, x: Tensor) -> None:
        self._stages, self.net, self.x = stages, net, x
        self._drawn: dict[int, Tensor] = {}
        self._first: Tensor | None = None
        self._onwards: Passage | None = None
        self.error_of: Callable[[Tensor], Tensor] | None = None
        net.layers[0]["x"] = x
        self.drive(x)

    @property
    def output(self) -> Tensor:
        """What comes out of the chain, (batch, ...): the output layer's activity, pooled or not."""
        return self.net.layers[-1]["h"] if self._onwards is None else self._onwards.out

    def at_neurons(self, above: Tensor) -> Tensor:
        """Return the derivative by the output layer's activity, given that by the output."""
        return above if self._onwards is None else self._onwards.down(above)

    def error(self) -> Tensor:
        """Return dLoss/dh of each example's output as it is now, (batch, n_L)."""
        if self.error_of is None:
            raise InputError("error_of: a function of the output, for later windows (got None)")
        return self.error_of(self.output)

    def drive(self, x: Tensor, added: Correction | None = None) -> None:
        """Give the input layer something, and put every layer's ``h`` and ``df`` into the net.

        Parameters
        ----------
        x
            What the input layer does.
        added
            Its difference to the stimulus as a product, (batch, k) and (k, n_0). Where there is
            one, the first layer's sums change by (batch, k) x (k, n_1): k is smaller than batch.
        """
        net = self.net
        net.layers[0]["h"] = below = x
        for number, stage in enumerate(self._stages, start=1):
            before = Passage(stage.before, below, self._mask) if stage.before else None
            entering = below if before is None else before.out
            wiring = wiring_of(stage.layer, entering.shape)
            sums = self._sums(number, stage, wiring, entering, added)
            after = Passage(stage.after, sums, self._mask) if stage.after else None
            below, slope = respond(stage.activation, sums if after is None else after.out)
            if stage.dropout is not None and (kept := self._mask(stage.dropout, below)) is not None:
                below, slope = below * kept, slope * kept
            below = self._noisy(stage.noise, below)
            net.layers[number] |= {"h": below, "df": slope}
            plain = before is None and after is None
            net.wiring[number] = wiring if plain else Through(before, wiring, after)
        onwards = self._stages[-1].onwards
        self._onwards = Passage(onwards, below, self._mask) if onwards else None

    def disturbed(self, sig: float) -> Tensor:
        """Return the output with noise of standard deviation sig on the hidden layers' activity.

        The noise, (batch, n), goes into the net as ``noise``; nothing else there changes.
        """
        below = self.x
        for number, stage in enumerate(self._stages, start=1):
            for module in stage.before:
                below = self._passed(module, below)
            below = stage.layer(below)
            for module in stage.after:
                below = self._passed(module, below)
            below, _ = respond(stage.activation, below)
            if stage.dropout is not None:
                below = self._passed(stage.dropout, below)
            below = self._noisy(stage.noise, below)
            if number < len(self._stages):
                noise = sig * torch.randn_like(below)
                self.net.layers[number]["noise"] = noise
                below = below + noise
        for module in self._stages[-1].onwards:
            below = self._passed(module, below)
        return below

    def _sums(
        self, number: int, stage: Stage, wiring: Wiring, below: Tensor, added: Correction | None
    ) -> Tensor:
        """Return what the synapses onto a layer add up to, and its biases."""
        if number > 1 or added is None or self._first is None:
            sums = stage.layer(below)
            self._first = sums if number == 1 else self._first
            return sums
        e, feedback = added
        pixels = feedback.reshape(len(feedback), *self.x.shape[1:])
        for module in stage.before:
            pixels = module(pixels)
        # (k, n_0) x (n_1, n_0)' -> (k, n_1), then (batch, k) x (k, n_1) -> (batch, n_1)
        through = wiring.up(pixels, stage.layer.weight)
        return self._first + (e @ through.flatten(1)).reshape(self._first.shape)

    def _passed(self, module: nn.Module, value: Tensor) -> Tensor:
        kept = self._mask(module, value)
        return module(value) if kept is None else value * kept

    def _mask(self, module: nn.Module, like: Tensor) -> Tensor | None:
        """Return a dropout's mask, drawn when it is first met; None for anything else."""
        if not isinstance(module, DROPOUTS) or not module.training or not module.p:
            return None
        if id(module) not in self._drawn:
            self._drawn[id(module)] = survivors(module, like.detach())
        return self._drawn[id(module)]

    def _noisy(self, noise: Noise | None, below: Tensor) -> Tensor:
        """Return an activity with its noise, which is the same however often it is presented."""
        if noise is None or not noise.training or not noise.c:
            return below
        if id(noise) not in self._drawn:
            self._drawn[id(noise)] = noise.draw(below)
        return below + self._drawn[id(noise)]


def takes_correction(stage: Stage) -> bool:
    """Whether what is added to the input can pass to a first layer as a product."""
    return all(isinstance(module, SHAPES) for module in stage.before)


def shapes_of(stages: Sequence[Stage], shape: Sequence[int] | None) -> list[tuple[int, ...]] | None:
    """Return the shape of each layer's activity without the batch, the input's first.

    Parameters
    ----------
    shape
        That of one stimulus. Without it the shapes are known if all layers are ``nn.Linear``.
    """
    if shape is None:
        if any(not isinstance(stage.layer, nn.Linear) for stage in stages):
            return None
        sizes: list[Any] = [stages[0].layer.in_features]
        return [(size,) for size in sizes + [stage.layer.out_features for stage in stages]]
    net = Net(layers=[{} for _ in range(len(stages) + 1)], forward={})
    weight: Any = stages[0].layer.weight
    with torch.no_grad():
        Presentation(stages, net, weight.new_zeros((1, *shape)))
    return [tuple(layer["h"].shape[1:]) for layer in net.layers]
