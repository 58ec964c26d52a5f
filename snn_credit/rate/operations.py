"""What alignment is computed from: layer-wise operations on activities (Kunin et al. 2020, B.1).

Between a layer's input x and its sums, the regulariser R of a rule that is a sum of primitives
(`snn_credit.rules.primitives`) is computed from

    x   the input, or Gaussian noise in its place; centred and normalised over features
    f   = W x               (+ biases) (ReLU)        forward path
    p   = B' (x - batch mean)  (+ biases) (ReLU)     backward path
    r   = B f                                        reconstruction

    R = mean over the batch of  - amp f.p + sparse |p|^2 / 2 + null |r|^2 / 2 + angle h.(B delta)
        + decay |B|^2 / 2 - self B.W',    h the input itself

where f and r are then centred and normalised alike, and p by itself. x, W, biases and delta are
constants of R; what B learns is its gradient, by autograd. Without any operation it is that of the
declaration, which needs no autograd.

======== ===========================================================================
suffix   of fo_ (forward output f), bo_ (backward output p), bi_ (backward input x)
======== ===========================================================================
bias     add the layer's biases
relu     rectify
fwmc     subtract each example's mean over its features (neurons and positions)
fwl2n    subtract it, and divide by the Euclidean norm
bwmc     subtract the batch's mean; bi_bwmc is that of the input to B alone
======== ===========================================================================

The order is that of the authors' code, as is that biases of both paths are W's, and that what is
done to f after its ReLU is done to r too.

Source: Kunin et al. 2020, ICML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from snn_credit.errors import InputError
from snn_credit.rules.net import Wiring

_TINY = 1e-12


@dataclass(frozen=True)
class Operations:
    """Operations of appendix B; all are off unless said.

    Attributes
    ----------
    noise : float, optional
        Standard deviation of the Gaussian noise in place of the input (sigma of Table 5).
    fo_bias, fo_relu, fo_bwmc, fo_fwmc, fo_fwl2n : bool
        On the forward output.
    bo_bias, bo_relu, bo_fwmc, bo_fwl2n : bool
        On the backward output.
    bi_bwmc, bi_fwmc, bi_fwl2n : bool
        On the backward input.

    Raises
    ------
    InputError
        If the noise is no number above 0.
    """

    noise: float | None = None
    fo_bias: bool = False
    fo_relu: bool = False
    fo_bwmc: bool = False
    fo_fwmc: bool = False
    fo_fwl2n: bool = False
    bo_bias: bool = False
    bo_relu: bool = False
    bo_fwmc: bool = False
    bo_fwl2n: bool = False
    bi_bwmc: bool = False
    bi_fwmc: bool = False
    bi_fwl2n: bool = False

    def __post_init__(self) -> None:
        if self.noise is not None and not (isfinite(self.noise) and self.noise > 0):
            raise InputError(f"noise: a number above 0, or None (got {self.noise})")

    def regulariser(
        self,
        weights: Mapping[str, float],
        wiring: Wiring,
        w: Tensor,
        bias: Tensor | None,
        b: Tensor,
        x: Tensor,
        delta: Tensor,
    ) -> Tensor:
        """Return R for a batch.

        Parameters
        ----------
        weights
            Of each primitive, by its name.
        wiring, w, bias, b
            The layer's synapses: b has w's shape, bias one that can be added to the sums.
        x, delta
            The layer's input (batch, ...), and the error of each example's sums (batch, ...).
        """
        n, active = len(x), x
        x = x if self.noise is None else self.noise * torch.randn_like(x)
        x = _standardised(x, self.bi_fwmc, self.bi_fwl2n)
        f = self._path(wiring.up(x, w), bias if self.fo_bias else None, self.fo_relu)
        terms = []
        if "null" in weights:
            r = self._forward(wiring.down(f, b))
            terms.append(weights["null"] * r.square().sum() / (2 * n))
        f = self._forward(f)
        if "amp" in weights or "sparse" in weights:
            own = x - x.mean(0, keepdim=True) if self.bi_bwmc else x
            p = self._path(wiring.up(own, b), bias if self.bo_bias else None, self.bo_relu)
            p = _standardised(p, self.bo_fwmc, self.bo_fwl2n)
            terms.append(-weights.get("amp", 0.0) * (f * p).sum() / n)
            terms.append(weights.get("sparse", 0.0) * p.square().sum() / (2 * n))
        if "angle" in weights:
            # delta is told of what the layer was shown, and of no noise
            terms.append(weights["angle"] * (active * wiring.down(delta, b)).sum() / n)
        terms.append(weights.get("decay", 0.0) * b.square().sum() / 2)
        terms.append(-weights.get("self", 0.0) * (b * w).sum())
        return torch.stack(terms).sum()

    def gradient(
        self,
        weights: Mapping[str, float],
        wiring: Wiring,
        w: Tensor,
        bias: Tensor | None,
        b: Tensor,
        x: Tensor,
        delta: Tensor,
    ) -> Tensor:
        """Return the derivative of `regulariser` by b."""
        with torch.enable_grad():
            leaf = b.detach().requires_grad_()
            total = self.regulariser(weights, wiring, w, bias, leaf, x, delta)
            return torch.autograd.grad(total, leaf)[0]

    def _forward(self, value: Tensor) -> Tensor:
        value = _standardised(value, self.fo_fwmc, self.fo_fwl2n)
        return value - value.mean(0, keepdim=True) if self.fo_bwmc else value

    @staticmethod
    def _path(sums: Tensor, bias: Tensor | None, relu: bool) -> Tensor:
        sums = sums if bias is None else sums + bias
        return torch.relu(sums) if relu else sums


def _standardised(value: Tensor, centre: bool, normalise: bool) -> Tensor:
    """Return (batch, ...) with each example's mean, and perhaps its norm, taken away."""
    if not centre and not normalise:
        return value
    flat = value.flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    if normalise:
        flat = flat * (flat.square().sum(1, keepdim=True) + _TINY).rsqrt()
    return flat.reshape(value.shape)
