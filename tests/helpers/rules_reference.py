"""Every rule that learns in spiking networks, step by step in numpy: independent references.

Written from the papers' equations and from what the package's docstrings promise; it shares no code
with the package. Everything is done in the most obvious way: each synapse at each step, no sums
that are put off, no scale that stands for a decay.

Layers are numbered 0 (input) to ``top``. ``w[l]`` and ``b[l]`` are ``(n_l, n_{l-1})``, ``b`` the
paper's B transposed; ``direct[l, m]``, from layer m straight to layer l, is ``(n_m, n_l)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def share(tau, dt=1.0):
    """The part of a running mean that a step replaces."""
    return 1 - np.exp(-dt / tau)


def strict_normalisation(w):
    """Moskovitz et al. 2018, eq 5: |W| sign(W) / |sign(W)|."""
    return np.sign(w) * np.sqrt((w**2).sum()) / np.sqrt((np.sign(w) ** 2).sum())


@dataclass
class Setting:
    """What can be chosen; times in steps."""

    rule: str
    classes: int = 2
    tau: float = 0.7
    rates: dict = field(default_factory=dict)
    eligibility: float | None = None
    critic_delay: int = 0
    critic_tau: float = 0.0
    critic_baseline: float = 10.0
    mean: float = 20.0
    injected: float | None = None
    tonic_feedback: float | None = None
    tonic_error: float | None = None
    graded_error: bool = False
    reliability: float = 1.0
    delays: list | None = None
    masks: list | None = None
    signs: list | None = None
    chunk: int = 1
    rate_trace: float = 5.0
    tonic_input: float = 0.1


CHAIN = {"BP", "FA chain", "uSF Init", "uSF SN", "WE", "WE SA", "WM", "KP", "NP feedback"}
CHAIN |= {"NP feedback weighted"}
DIRECT = {"DFA", "NP feedback DFA"}


class Reference:
    """One network that learns; `step` advances it."""

    def __init__(self, setting, w, b, direct):
        self.set, self.top = setting, len(w) - 1
        self.w = [None, *(each.copy() for each in w[1:])]
        self.b = {at: each.copy() for at, each in b.items()}
        self.direct = {ends: each.copy() for ends, each in direct.items()}
        sizes = [w[1].shape[1], *(len(each) for each in w[1:])]
        self.sizes = sizes
        self.above = range(1, self.top + 1)
        self.bias = [np.zeros(n) for n in sizes]
        self.V = [np.zeros(n) for n in sizes]
        self.V0 = [np.zeros(n) for n in sizes]
        self.U = [np.zeros(n) for n in sizes]
        self.rate = [np.zeros(n) for n in sizes]
        self.h1 = [np.zeros(n) for n in sizes]
        self.e1 = np.zeros(sizes[-1])
        self.west = {at: np.zeros_like(self.w[at]) for at in range(2, self.top + 1)}
        self.e = [None, *(np.zeros_like(each) for each in self.w[1:])]
        self.e_bias = [np.zeros(n) for n in sizes]
        self.e_noise = [np.zeros(n) for n in sizes]
        self.past = [np.zeros(n) for n in sizes]
        self.fired = [[] for _ in sizes]  # every spike so far, by layer
        self.group = np.arange(sizes[-1]) // (sizes[-1] // setting.classes)
        self.baseline, self.dL, self.told = 0.0, 0.0, []
        self.done = 0
        self._host()

    # What happens in a step, in the order in which it does.

    def step(self, x, label, u, *, plastic, first=False, window=0):
        """Advance one step; ``u`` holds its random numbers; returns the spikes by population."""
        spikes = self._upwards(x, u, window)
        ystar = (self.group == label).astype(float)
        err = self._error(spikes, ystar, u)
        dL = self._critic(ystar, first)
        if first:
            self.past = [np.zeros(n) for n in self.sizes]
        delta, fb = self._downwards(err, spikes, u)
        if self.set.rule == "PEPITA":
            self._pepita(plastic and window == 1)
        else:
            self._learn(delta, fb, err, dL, plastic, window)
        self._after(ystar, delta, window)
        return spikes

    def _upwards(self, x, u, window):
        s, set_ = {}, self.set
        if set_.rule == "PEPITA":
            # eqs 1, 2: x, and x + F e of the standard window's last error
            drive = x + (window == 1) * (self.direct[0, self.top].T @ self.e1)
            p = np.clip(set_.tonic_input + (1 - 2 * set_.tonic_input) * drive, 0, 1)
        else:
            p = np.clip(x, 0, 0.95)
        self.p, self.s, self.heard = [p], [(u["input"] < p).astype(float)], []
        for at in self.above:
            self.heard.append(self._axons(at - 1, u))
            if set_.eligibility is not None:
                # A trace may have led a weight astray since it was used last.
                self._hold(at, self.heard[-1] > 0)
            drive = self.w[at] @ self.heard[-1] + self.bias[at]
            self.V[at] = (1 - set_.tau) * self.V[at] + set_.tau * drive
            name = "output" if at == self.top else f"hidden{at}"
            kick = 0.0 if set_.injected is None else set_.injected * u[f"{name}.randn"]
            p = sigmoid(self.V[at] + kick)
            self.p.append(p)
            self.s.append((u[name] < p).astype(float))
            s[name] = self.s[-1]
            if at == 1:
                self.kick = [None]
            self.kick.append(kick)
        s["input"] = self.s[0]
        self.df = [None, *(p * (1 - p) for p in self.p[1:])]
        if set_.injected is None:
            self.xi = [None, *(s - p for s, p in zip(self.s[1:], self.p[1:], strict=True))]
            self.sig = [None, *(np.sqrt(p * (1 - p)) for p in self.p[1:])]
        else:
            self.xi = [None, *(self.df[at] * self.kick[at] for at in self.above)]
            self.sig = [None, *(self.df[at] * set_.injected for at in self.above)]
        self.du = [None, *((self.V[at] - self.V0[at]) / set_.tau for at in self.above)]
        return s

    def _axons(self, at, u):
        """What the layer above hears: the spikes of some steps ago, those that are not lost."""
        self.fired[at].append(self.s[at])
        delays = np.zeros(self.sizes[at], int) if self.set.delays is None else self.set.delays[at]
        now = len(self.fired[at]) - 1
        heard = np.array(
            [self.fired[at][now - d][i] if now >= d else 0.0 for i, d in enumerate(delays)]
        )
        if self.set.reliability < 1:
            name = "input" if at == 0 else f"hidden{at}"
            heard = heard * (u[f"{name}.rand"] < self.set.reliability)
        return heard

    def _error(self, spikes, ystar, u):
        set_ = self.set
        if set_.graded_error:
            return self.p[-1] - ystar
        self.U[-1] = (1 - set_.tau) * self.U[-1] + set_.tau * (self.s[-1] - ystar)
        return self._signal(self.U[-1], set_.tonic_error, "error", spikes, u)

    def _signal(self, U, tonic, name, spikes, u):
        """phi_delta(U) in (-1, 1), or spikes above and below a tonic rate, with that mean."""
        if tonic is None:
            return 2 * sigmoid(U) - 1
        spikes[name] = (u[name] < 2 * tonic * sigmoid(U)).astype(float)
        return (spikes[name] - tonic) / tonic

    def _critic(self, ystar, first):
        """tau dL'/dt = (L - Lbar)(t - delay) - dL, Lbar the running mean up to this step."""
        set_ = self.set
        loss = 0.5 * ((self.p[-1] - ystar) ** 2).sum()
        if first:
            self.baseline = loss
        self.told.append(loss - self.baseline)
        late = self.told[-1 - set_.critic_delay] if len(self.told) > set_.critic_delay else 0.0
        self.dL += (share(set_.critic_tau) if set_.critic_tau else 1.0) * (late - self.dL)
        self.baseline += share(set_.critic_baseline) * (loss - self.baseline)
        return self.dL

    def _downwards(self, err, spikes, u):
        """delta of each layer, and what each hidden layer receives."""
        rule, top = self.set.rule, self.top
        delta, fb = {top: err if rule in ("FA", "NP") else err * self.df[top]}, {}
        for at in range(top - 1, 0, -1):
            J = self._received(at, delta, err)
            if J is None:
                continue
            self.U[at] = (1 - self.set.tau) * self.U[at] + self.set.tau * J
            fb[at] = self._signal(self.U[at], self.set.tonic_feedback, f"feedback{at}", spikes, u)
            delta[at] = fb[at] if rule == "FA" else fb[at] * self.df[at]
        return delta, fb

    def _received(self, at, delta, err):
        rule, top = self.set.rule, self.top
        if rule == "BP":
            return self.w[at + 1].T @ delta[at + 1]
        if rule == "uSF Init":
            return (abs(self.b[at + 1]) * np.sign(self.w[at + 1])).T @ delta[at + 1]
        if rule == "FA" or rule in CHAIN:
            return self.b[at + 1].T @ delta[at + 1]
        if rule == "DFA":
            return self.direct[at, top].T @ err
        if rule == "NP feedback DFA":
            return self.direct[at, top].T @ delta[top]
        if rule == "DenseFA":
            return sum(self.direct[at, m].T @ delta[m] for m in range(at + 1, top + 1))
        return None  # Shallow, NP, PEPITA: no feedback

    # What changes.

    def _learn(self, delta, fb, err, dL, plastic, window):
        rule, rates, top = self.set.rule, self.set.rates, self.top
        before = {at: each.copy() for at, each in self.b.items()}
        west = {at: each.copy() for at, each in self.west.items()}
        grown = {}
        for at in self.above:
            if rule == "NP" and at < top:
                self._perturb(at, dL, plastic)
                continue
            if rule == "Shallow":
                third = err * self.df[top] if at == top else None
            else:
                third = delta[at] * self.df[at] if rule in ("FA", "NP") else delta[at]
            learns = plastic and (rule != "WM" or window == 0)
            if third is not None and learns:
                grown[at] = third
                self._change(at, -self._eta(at) * np.outer(third, self.heard[at - 1]),
                             -self._eta(at) * third)  # fmt: skip
        if not plastic and not rule.startswith("NP feedback"):
            return
        for at in range(2, top + 1) if plastic else ():
            xi, there = self.xi[at - 1], self._there(at)
            if rule == "KP":
                self.b[at] += there * -self._eta(at) * np.outer(grown[at], self.heard[at - 1])
                self.b[at] -= rates["lam"] * before[at]
            elif rule == "WM" and window == 1:
                response = self.w[at] @ xi
                probe = xi / self.sig[at - 1] ** 2
                self.b[at] += there * rates["etab"] * rates["c_amp"] * np.outer(response, probe)
                self.b[at] -= rates["etab"] * rates["c_decay"] * before[at]
            elif rule == "WE":
                self.b[at] += there * rates["etab"] * (self.du[at][:, None] - before[at] * xi) * xi
            elif rule == "WE SA":
                self.west[at] += there * rates["etaw"] * (self.du[at][:, None] - west[at] * xi) * xi
                self.b[at] -= rates["etab"] * (
                    rates["c_decay"] * before[at] - rates["c_self"] * west[at]
                )
        if rule.startswith("NP feedback"):
            self._predict(fb, dL, plastic)

    def _perturb(self, at, dL, plastic):
        """e <- g e + xi s, w <- w - eta dL e, for every synapse at every step."""
        say = self.xi[at] / self.sig[at] ** 2 * self.df[at]
        g = 0.0 if self.set.eligibility is None else np.exp(-1 / self.set.eligibility)
        self.e[at] = g * self.e[at] + plastic * np.outer(say, self.heard[at - 1])
        self.e_bias[at] = g * self.e_bias[at] + plastic * say
        if plastic:
            self._change(at, -self._eta(at) * dL * self.e[at],
                         -self._eta(at) * dL * self.e_bias[at])  # fmt: skip

    def _predict(self, fb, dL, plastic):
        """Lansdell et al. 2020, eq 3: B delta comes to predict dL xi / sig^2."""
        etab = self.set.rates["etab"]
        for at in range(1, self.top):
            weighted = self.set.rule.endswith("weighted")
            tried = self.xi[at] if weighted else self.xi[at] / self.sig[at] ** 2
            g = 0.0 if self.set.eligibility is None else np.exp(-1 / self.set.eligibility)
            self.e_noise[at] = g * self.e_noise[at] + tried
            predicted = self.sig[at] ** 2 * fb[at] if weighted else fb[at]
            mis = dL * self.e_noise[at] - predicted
            if not plastic:
                continue
            if self.set.rule.startswith("NP feedback DFA"):
                self.direct[at, self.top] += etab * np.outer(self.past[self.top], mis)
            else:
                self.b[at + 1] += etab * self._there(at + 1) * np.outer(self.past[at + 1], mis)

    def _pepita(self, plastic):
        """dW = -eta (h1 - rate) s, at the output -eta e df s."""
        for at in self.above if plastic else ():
            third = self.e1 * self.df[at] if at == self.top else self.h1[at] - self.rate[at]
            self._change(at, -self._eta(at) * np.outer(third, self.heard[at - 1]),
                         -self._eta(at) * third)  # fmt: skip

    def _after(self, ystar, delta, window):
        """What is remembered of the step for the next."""
        for at in range(len(self.sizes)):
            self.rate[at] = self.rate[at] + share(self.set.rate_trace) * (
                self.s[at] - self.rate[at]
            )
            self.V0[at] = self.V0[at] + share(self.set.mean) * (self.V[at] - self.V0[at])
            if at in delta:
                self.past[at] = delta[at]
        if window == 0:
            self.h1 = [each.copy() for each in self.rate]
            self.e1 = self.rate[-1] - ystar
        self.done += 1
        if self.done % self.set.chunk == 0:
            self._host()
            for at in self.above:
                self._hold(at, slice(None))

    def _host(self):
        if self.set.rule == "uSF SN":
            self.b = {at: strict_normalisation(self.w[at]) for at in range(2, self.top + 1)}

    def _change(self, at, change, of_bias):
        """Add to w and bias, take from them what decays, and hold w to its signs."""
        lam = self.set.rates.get("lam", 0.0)
        self.w[at] = self.w[at] + self._there(at) * change - lam * self.w[at]
        self.bias[at] = self.bias[at] + of_bias - lam * self.bias[at]
        if self.set.eligibility is None or at == self.top:
            self._hold(at, slice(None))

    def _hold(self, at, which):
        """Hold weights of some sources to their signs."""
        if self.set.signs is not None:
            signs = self.set.signs[at - 1][which]
            self.w[at][:, which] = signs * np.maximum(signs * self.w[at][:, which], 0)

    def _there(self, at):
        return 1.0 if self.set.masks is None else self.set.masks[at]

    def _eta(self, at):
        eta = self.set.rates["eta"]
        return eta if np.ndim(eta) == 0 else eta[at - 1]
