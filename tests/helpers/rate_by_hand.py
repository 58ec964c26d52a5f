"""Each rule's update written out in numpy, example by example, for chains of any linear layers.

A layer is (T, w, bias): ``T`` (n_w, n_post, n_pre) says where each weight stands in the layer's
full matrix, so a convolution is a matrix with weights that stand in several places. Nothing here
knows the declarations.
"""

import numpy as np


def matrix(T, values):
    return np.einsum("kij,k->ij", T, values)


def logistic(u):
    return 1 / (1 + np.exp(-u))


class Chain:
    """Logistic layers; the loss is half the squared error, the mean over the batch."""

    def __init__(self, layers, biases):
        self.T = [None, *(T for T, _ in layers)]
        self.w = [None, *(w for _, w in layers)]
        self.W = [None, *(matrix(T, w) for T, w in layers)]
        self.bias = [None, *biases]
        self.top = len(layers)

    def forward(self, x, noise=None):
        h = [x]
        for layer in range(1, self.top + 1):
            h.append(logistic(self.W[layer] @ h[-1] + self.bias[layer]))
            if noise is not None and layer < self.top:
                h[-1] = h[-1] + noise[layer]
        return h

    def gradient(self, deltas, befores):
        """Sum outer products over the examples; each weight gathers the places where it stands."""
        n = len(deltas)
        found = []
        for layer in range(1, self.top + 1):
            pairs = zip(deltas, befores, strict=True)
            full = sum(np.outer(d[layer], b[layer - 1]) for d, b in pairs)
            found.append(np.einsum("kij,ij->k", self.T[layer], full) / n)
        return found

    def bias_gradient(self, deltas):
        return [sum(d[layer] for d in deltas) / len(deltas) for layer in range(1, self.top + 1)]


def slopes(h):
    return [None, *(each * (1 - each) for each in h[1:])]


def descend(chain, h, y, B, *, slope_between=True):
    """BP with B in place of W' (with or without slopes on the way down)."""
    df, top = slopes(h), chain.top
    told = {top: h[top] - y}
    for layer in range(top - 1, 0, -1):
        above = told[layer + 1] * (df[layer + 1] if slope_between else 1)
        told[layer] = B[layer + 1].T @ above
    return {layer: told[layer] * df[layer] for layer in told}


def direct(chain, h, y, B, message):
    """DFA and DRTP: one message, straight to every hidden layer."""
    df, top = slopes(h), chain.top
    found = {layer: (B[layer].T @ message) * df[layer] for layer in range(1, top)}
    return found | {top: (h[top] - y) * df[top]}


def dense_fa(chain, h, y, B):
    df, top = slopes(h), chain.top
    found = {top: (h[top] - y) * df[top]}
    for layer in range(top - 1, 0, -1):
        told = sum(B[layer, above].T @ found[above] for above in range(layer + 1, top + 1))
        found[layer] = told * df[layer]
    return found


def pepita(chain, x, y, F):
    """Algorithm 1 of Dellaferrera & Kreiman 2022: deltas, and activity of the second pass.

    The paper's outputs have no slope; here it is that of the second pass.
    """
    first = chain.forward(x)
    e = first[-1] - y
    second = chain.forward(x + F.T @ e)
    found = {layer: first[layer] - second[layer] for layer in range(1, chain.top)}
    return found | {chain.top: e * slopes(second)[chain.top]}, second


def perturbation(chain, x, y, noise, sig):
    clean, noisy = chain.forward(x), chain.forward(x, noise)
    change = (np.sum((noisy[-1] - y) ** 2) - np.sum((clean[-1] - y) ** 2)) / 2
    df = slopes(clean)
    found = {layer: change * noise[layer] / sig**2 * df[layer] for layer in range(1, chain.top)}
    return found | {chain.top: (clean[-1] - y) * df[chain.top]}
