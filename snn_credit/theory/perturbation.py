"""Feedback weights from node perturbation: the theorems of Lansdell et al. 2020, as measurements.

With W fixed (`snn_credit.theory.static`) B is what predicts lambda^ best, by least squares:

    b_{l+1} = (E E')^-1 E lambda^_l'        E: e~_{l+1} of all T presentations      eqs 4, 5
    the same with e_L for e~_{l+1}, for direct feedback                             eq 6

As T grows and c -> 0, b -> W for one hidden layer (Theorem 1) and for linear nets (Theorem 2);
direct feedback goes to the product of all W above (Corollary 1).

Bias: what T -> infinity leaves is b of lambda^'s mean over the noise, `expectation`. For Gaussian
noise that is E dL/dh (h + c xi), by Stein's lemma. A linear net's loss is quadratic, so this is
lambda at any c: no bias, though the theorems ask for c -> 0. With one hidden layer below outputs
f(u_k), u_k is normal with variance c^2 |w_k|^2, and the mean is an integral over one variable: a
bias of order c^2. The theorems' O(c) is what skewed noise brings: with a third moment m3 a linear
net's E lambda^_j is lambda_j + c m3 |M_j|^2 / 2, where M_j is what unit j adds to the outputs.

Sampling error: for c -> 0 the variance of lambda^_j is |g|^2 + lambda_j^2, g the gradient by all
noisy units, for each unit's estimate bears the noise of all (`sampling_error`).

A3, e~ e~' of full rank: in a linear net e~_l = W' e~_{l+1} has no more dimensions than any layer
above, so A3 fails wherever a layer that gives feedback is wider than one above it, as in nets that
narrow towards the output. There b is here the solution of least norm, P W with P the projection on
what e~ spans: not W, yet b' e~ = W' e~, so that the error sent down is right all the same.

Slips in the paper's text: eqs 3 to 6 with g = B e~ are solved by what they call (B^)', whose limit
is W'; section 4 has g = B' e~. Eqs 5, 6, 14, 16 start at i = 1, but the input has no noise: at
i = 2. Eq 11 expands the loss along each unit alone; all units are noisy, and mixed terms such as
xi_j^2 xi_k^2 are of order c^2 too. Footing its sum, m = 2 has E xi^3 = 0 for Gaussian noise.

Source: Lansdell, Prakash & Kording 2020, ICLR, section 3 and appendix A; bias and sampling error in
closed form are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from snn_credit.errors import InputError
from snn_credit.theory.static import SKEW, Matrix, Noise, Observations, StaticNet

# The trapezoidal rule, exact to rounding where tanh's pole is 0.3 or more away: c |w| below 5.
_NODES = np.linspace(-9, 9, 451)
_WEIGHTS = np.exp(-(_NODES**2) / 2) * (_NODES[1] - _NODES[0]) / (2 * pi) ** 0.5


def least_squares(errors: Matrix, counts: Matrix, total: Matrix, gamma: float = 0.0) -> Matrix:
    """Return (V + gamma I)^-1 S, (n_post, n_pre); that of least norm where it is not unique.

    Parameters
    ----------
    errors : (stimuli, n_post)
        e~.
    counts, total : (stimuli,), (stimuli, n_pre)
        How often each was shown, and the sum of lambda^ over that.
    gamma : float
        Ridge, in sums over presentations (C.3).
    """
    if gamma > 0:
        v = errors.T @ (counts[:, None] * errors)
        return np.asarray(np.linalg.solve(v + gamma * np.eye(len(v)), errors.T @ total), float)
    shown = counts > 0
    root = np.sqrt(counts[shown])[:, None]
    # S and V are those of a problem with one row a stimulus, which need not be squared to be solved
    found = np.linalg.lstsq(root * errors[shown], total[shown] / root, rcond=1e-10)[0]
    return np.asarray(found, float)


def estimate(net: StaticNet, seen: Observations) -> list[Matrix | None]:
    """Return b beside each w from layer 2 on (eq 5); each layer's e~ comes through those above."""
    found: list[Matrix | None] = [None] * len(net.w)
    for layer in range(len(net.w) - 1, 0, -1):
        errors = net.errors(found)[layer]
        assert errors is not None  # the layers above have their b
        found[layer] = least_squares(errors, seen.counts, seen.total[layer - 1])
    return found


def estimate_direct(net: StaticNet, seen: Observations) -> list[Matrix]:
    """Return b from the output to each hidden layer, (n_L, n_l) (eq 6)."""
    return [least_squares(net.output_error(), seen.counts, total) for total in seen.total]


def products(w: Sequence[Matrix]) -> list[Matrix]:
    """Return W_L ... W_{l+1} for each hidden layer l, (n_L, n_l): the limit of Corollary 1."""
    found = [w[-1]]
    for below in w[-2:0:-1]:
        found.insert(0, found[0] @ below)
    return found


def expectation(net: StaticNet, c: float, noise: Noise = "gaussian") -> Observations:
    """Return what infinitely many presentations leave: lambda^'s mean over the noise, exactly.

    Raises
    ------
    InputError
        If the net is neither linear nor one with a single hidden layer and Gaussian noise.
    """
    hidden = len(net.w) - 1
    quadratic = net.output == "identity" and (net.hidden == "identity" or hidden == 1)
    if not quadratic and (hidden > 1 or noise != "gaussian"):
        raise InputError(
            "net: linear, or of one hidden layer with Gaussian noise "
            f"(got {hidden} hidden, {net.output} outputs, {noise} noise)"
        )
    counts, gradients = np.ones(len(net.x)), net.gradients()
    if quadratic:
        skew = c * SKEW / 2 if noise == "skewed" else 0.0
        adds = [skew * np.sum(m**2, axis=0) for m in products(net.w)]
        total = [own + extra for own, extra in zip(gradients, adds, strict=True)]
        return Observations(counts, tuple(total))
    h, _ = net.forward()
    top = net.w[-1]
    # u of each output, (stimuli, n_o, nodes)
    u = (h[0] @ top.T)[..., None] + c * np.linalg.norm(top, axis=1)[:, None] * _NODES
    y = np.tanh(u)
    e = ((y - net.y[..., None]) * (1 - y**2)) @ _WEIGHTS
    return Observations(counts, (e @ top,))


def sampling_error(net: StaticNet) -> list[float]:
    """Return (T E |b - limit|^2)^(1/2) of direct feedback for each hidden layer, for c -> 0.

    T E |b - W|^2 is the sum over j of tr(V^-1 E[(|g|^2 + lambda_j^2) e e'] V^-1) with V = E e e'.
    For the last hidden layer that is also `estimate`'s.
    """
    e, gradients = net.output_error(), net.gradients()
    inverse = np.linalg.inv(e.T @ e / len(e))
    size = sum(np.sum(own**2, axis=1) for own in gradients)
    through = np.sum((e @ inverse) ** 2, axis=1)  # e' V^-2 e
    return [
        float(np.mean(through * (own.shape[1] * size + np.sum(own**2, axis=1))) ** 0.5)
        for own in gradients
    ]


def bias_squared(apart: Sequence[Matrix]) -> tuple[float, float]:
    """Return an estimate of |E d|^2 from independent d, and its standard error by the jackknife.

    The mean of <d_r, d_s> over pairs r != s: what a square of the mean would add by sampling is not
    in it, and it is below 0 as often as above where there is no bias.

    Raises
    ------
    InputError
        If there are fewer than three.
    """
    if len(apart) < 3:
        raise InputError(f"apart: three or more (got {len(apart)})")
    rows = np.stack([np.ravel(each) for each in apart])
    products_ = rows @ rows.T
    np.fill_diagonal(products_, 0.0)
    n, whole = len(rows), products_.sum()
    without = (whole - 2 * products_.sum(axis=1)) / ((n - 1) * (n - 2))
    error = np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2))
    return float(whole / (n * (n - 1))), float(error)
