"""The rates that stand for spikes, and the gradient of their loss: what a spiking rule is held to.

With probabilities in place of the spikes of Lillicrap et al. 2016, eq 5, and a stimulus that stays,

    p_0 = clip(x, 0, 0.95),   p_l = sigmoid(W_l p_{l-1} + bias_l),   L = |p_L - y*|^2 / 2

====== ========================================================== ================
symbol meaning                                                    shape
====== ========================================================== ================
W_l    weights onto layer l                                       (n_post, n_pre)
p_l    probability of a spike in a step                           (batch, n)
y*     1 for the neurons of the class that is shown               (batch, n_L)
====== ========================================================== ================

A network's expected loss differs from this, for its spikes fluctuate; to first order in these it is
the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rates(weights: Sequence[Array], biases: Sequence[Array], first: Array) -> list[Array]:
    """Return every layer's probabilities of a spike, from the input's ``first`` (batch, n_0) on."""
    layers = [np.asarray(first, np.float64)]
    for w, bias in zip(weights, biases, strict=True):
        # (batch, n_pre) x (n_post, n_pre)' -> (batch, n_post)
        layers.append(1 / (1 + np.exp(-(layers[-1] @ w.T + bias))))
    return layers


def gradient(
    weights: Sequence[Array], biases: Sequence[Array], first: Array, target: Array
) -> list[Array]:
    """Return dL/dW of each layer, the mean over a batch; shapes ``(n_post, n_pre)``."""
    layers = rates(weights, biases, first)
    found: list[Array] = []
    error = layers[-1] - target
    for number in range(len(weights), 0, -1):
        delta = error * layers[number] * (1 - layers[number])
        # (batch, n_post)' x (batch, n_pre) -> (n_post, n_pre)
        found.insert(0, delta.T @ layers[number - 1] / len(first))
        error = delta @ weights[number - 1]
    return found
