"""What lies between layers and has no synapses: pools, and changes of shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from snn_credit.rules.net import Wiring

#: Functions without memory or parameters through which activity passes.
STRUCTURES = (
    *(nn.Flatten, nn.Unflatten, nn.ZeroPad1d, nn.ZeroPad2d, nn.ConstantPad2d),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d, nn.LPPool2d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
    *(nn.Upsample, nn.PixelShuffle, nn.LocalResponseNorm),
)

#: Those of them that only change the shape.
SHAPES = (nn.Flatten, nn.Unflatten)


class Passage:
    """A sequence of `STRUCTURES` and dropout as it passed on one batch.

    Parameters
    ----------
    modules
        What activity passes through.
    activity
        What came in.
    mask
        Gives the mask of a dropout, one for all of a presentation.

    Attributes
    ----------
    out
        What came out.
    """

    out: Tensor

    def __init__(
        self,
        modules: Sequence[nn.Module],
        activity: Tensor,
        mask: Callable[[nn.Module, Tensor], Tensor | None],
    ) -> None:
        self._seen, self._modules = activity, modules
        with torch.enable_grad():
            self._in = activity.detach().requires_grad_()
            out = self._in
            for module in modules:
                out = _through(module, out, mask)
        self._out, self.out, self._mask = out, out.detach(), mask

    def up(self, below: Tensor) -> Tensor:
        """Return what comes out for a variable of the neurons below, linear around the activity."""
        if below is self._seen:
            return self.out

        def through(value: Tensor) -> Tensor:
            for module in self._modules:
                value = _through(module, value, self._mask)
            return value

        return torch.func.jvp(through, (self._seen,), (below,))[1]

    def down(self, above: Tensor) -> Tensor:
        """Return what the neurons below get of a variable above: the transpose."""
        return torch.autograd.grad(self._out, self._in, above, retain_graph=True)[0]


def _through(
    module: nn.Module, value: Tensor, mask: Callable[[nn.Module, Tensor], Tensor | None]
) -> Tensor:
    kept = mask(module, value)
    return module(value) if kept is None else value * kept


class Through:
    """The wiring of synapses that lie between two passages, either of which may be absent."""

    def __init__(self, before: Passage | None, inner: Wiring, after: Passage | None) -> None:
        self._before, self._inner, self._after = before, inner, after

    def up(self, below: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * below for each upper neuron."""
        sums = self._inner.up(self._enter(below), weights)
        return sums if self._after is None else self._after.up(sums)

    def down(self, above: Tensor, weights: Tensor) -> Tensor:
        """Sum weight * above for each lower neuron."""
        below = self._inner.down(self._leave(above), weights)
        return below if self._before is None else self._before.down(below)

    def outer(self, above: Tensor, below: Tensor) -> Tensor:
        """Sum above * below for each synapse."""
        return self._inner.outer(self._leave(above), self._enter(below))

    def total(self, above: Tensor) -> Tensor:
        """Sum above for each bias."""
        return self._inner.total(self._leave(above))

    def _enter(self, below: Tensor) -> Tensor:
        return below if self._before is None else self._before.up(below)

    def _leave(self, above: Tensor) -> Tensor:
        return above if self._after is None else self._after.down(above)
