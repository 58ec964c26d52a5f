"""Lillicrap et al. 2016, eqs (5)-(8), step by step in numpy: an independent reference.

Written from the paper alone; it shares no code with the package.
"""

from __future__ import annotations

import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


class Reference:
    """The dense network; ``W[l]`` is (n_post, n_pre), ``B[l]`` (n_below, n_above)."""

    def __init__(self, W, B, classes, tau, eta, lam):
        self.W = [w.copy() for w in W]
        self.b = [np.zeros(len(w)) for w in W]
        self.B, self.tau, self.lam = B, tau, lam
        self.eta = [eta] * len(W) if np.ndim(eta) == 0 else eta
        self.V = [np.zeros(len(w)) for w in W]
        self.U = [np.zeros(len(w)) for w in W]
        self.group = np.arange(len(W[-1])) // (len(W[-1]) // classes)

    def step(self, x, label, u, plastic):
        """Advance one step; ``u[l]`` are the uniform numbers of layer l; returns the spikes."""
        spikes = [u[0] < np.minimum(x, 0.95)]
        for k, W in enumerate(self.W):  # eq (5)
            drive = W @ spikes[-1] + self.b[k]
            self.V[k] = (1 - self.tau) * self.V[k] + self.tau * drive
            spikes.append(u[k + 1] < sigmoid(self.V[k]))
        error = spikes[-1].astype(float) - (self.group == label)
        self.U[-1] = (1 - self.tau) * self.U[-1] + self.tau * error  # eq (7)
        phi = 2 * sigmoid(self.U[-1]) - 1
        modulators = [phi]
        for k in range(len(self.W) - 2, -1, -1):  # eq (6)
            self.U[k] = (1 - self.tau) * self.U[k] + self.tau * (self.B[k] @ phi)
            phi = 2 * sigmoid(self.U[k]) - 1
            modulators.insert(0, phi)
        if plastic:  # eq (8)
            for k in range(len(self.W)):
                p = sigmoid(self.V[k])
                third = modulators[k] * p * (1 - p)
                self.W[k] += -self.eta[k] * np.outer(third, spikes[k]) - self.lam * self.W[k]
                self.b[k] += -self.eta[k] * third - self.lam * self.b[k]
        return spikes


class LIF:
    """Leaky integrate-and-fire neurons: a jump of w per spike for a step, reset, refractoriness."""

    def __init__(self, w, tau_ms, refractory_ms):
        self.w, self.tau, self.refractory = w, tau_ms, refractory_ms
        self.v = np.zeros(len(w))
        self.last = np.full(len(w), -np.inf)

    def step(self, t_ms, spikes):
        awake = t_ms - self.last >= self.refractory
        drive = self.w @ spikes
        decayed = drive + (self.v - drive) * np.exp(-1 / self.tau)
        self.v = np.where(awake, decayed, self.v)
        fired = (self.v > 1) & awake
        self.last[fired] = t_ms
        self.v[fired] = 0
        return fired
