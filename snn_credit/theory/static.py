"""A net whose weights stay as they are, shown stimuli with noise in its hidden layers.

    h_l = f(W_l h_{l-1}) + c xi_l,  L = |y^ - y|^2 / 2          Lansdell et al. 2020, 2.2
    lambda^_l = (L~ - L) xi_l / c                              eq 2
    e_L = (y^ - y) o f'(u_L),  e~_l = (B_{l+1} e~_{l+1}) o f'(u_l)

====== ======= ======================================================== ================
symbol name    meaning                                                  shape
====== ======= ======================================================== ================
W      w       forward weights: w[l - 1] leads to layer l               (n_l, n_{l-1})
B      b       feedback weights, stored transposed, beside their w      (n_l, n_{l-1})
xi             noise of a hidden layer: mean 0, variance 1              (batch, n_l)
c      c       standard deviation of what is added                      number
L~ - L         loss with the noise less that without, of one stimulus   (batch,)
====== ======= ======================================================== ================

Source: Lansdell, Prakash & Kording 2020, ICLR, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError

Matrix = NDArray[np.float64]
Activation = Literal["identity", "tanh"]
Noise = Literal["gaussian", "skewed"]

#: Third moment of the skewed noise: 2 with chance 1/5, else -1/2 (mean 0, variance 1).
SKEW = 1.5


@dataclass(frozen=True)
class StaticNet:
    """A net that does not learn, and the stimuli that it is shown.

    Attributes
    ----------
    w : sequence of (n_l, n_{l-1})
        From the first hidden layer to the output.
    x, y : (stimuli, n_0), (stimuli, n_L)
        Each stimulus is as likely as any other.
    hidden, output : 'identity' or 'tanh'
    """

    w: tuple[Matrix, ...]
    x: Matrix
    y: Matrix
    hidden: Activation = "identity"
    output: Activation = "identity"

    @classmethod
    def draw(
        cls, rng: np.random.Generator, sizes: Sequence[int], stimuli: int,
        hidden: Activation = "identity", output: Activation = "identity",
    ) -> StaticNet:  # fmt: skip
        """Draw W from N(0, 1/n_pre), x uniform in 0..1, and y of another such layer f(T x).

        Raises
        ------
        InputError
            If there is no hidden layer.
        """
        if len(sizes) < 3:
            raise InputError(f"sizes: three or more, input to output (got {tuple(sizes)})")
        w = tuple(rng.normal(size=(post, pre)) / pre**0.5 for pre, post in pairwise(sizes))
        x = rng.uniform(size=(stimuli, sizes[0]))
        teacher = rng.normal(size=(sizes[-1], sizes[0])) / sizes[0] ** 0.5
        return cls(w, x, _function(output, x @ teacher.T), hidden, output)

    def forward(self, at: NDArray[np.int64] | slice = slice(None), noise: Sequence[Matrix] = ()
                ) -> tuple[list[Matrix], Matrix]:  # fmt: skip
        """Return h of every layer from the first hidden one on, and the loss, |y^ - y|^2 / 2.

        Parameters
        ----------
        at
            Stimuli to show, all if not given.
        noise : sequence of (batch, n_l)
            What is added to h of each hidden layer.
        """
        h, found = self.x[at], []
        for layer, w in enumerate(self.w):
            top = layer == len(self.w) - 1
            h = _function(self.output if top else self.hidden, h @ w.T)
            if noise and not top:
                h = h + noise[layer]
            found.append(h)
        return found, 0.5 * np.sum((h - self.y[at]) ** 2, axis=1)

    def errors(self, feedback: Sequence[Matrix | None]) -> list[Matrix | None]:
        """Return e~ of each layer, (stimuli, n_l); None below a layer without feedback.

        Parameters
        ----------
        feedback : sequence of (n_l, n_{l-1}) or None
            As `w`; the first is not used.
        """
        h, _ = self.forward()
        found: list[Matrix | None] = [None] * len(self.w)
        found[-1] = self.output_error()
        for layer in range(len(self.w) - 1, 0, -1):
            above, b = found[layer], feedback[layer]
            if above is None or b is None:
                break
            # (stimuli, n_post) x (n_post, n_pre)
            found[layer - 1] = (above @ b) * _slope(self.hidden, h[layer - 1])
        return found

    def output_error(self) -> Matrix:
        """Return e_L, (stimuli, n_L)."""
        h, _ = self.forward()
        return (h[-1] - self.y) * _slope(self.output, h[-1])

    def gradients(self) -> list[Matrix]:
        """Return lambda = dL/dh of each hidden layer, (stimuli, n_l)."""
        errors = [e for e in self.errors(self.w) if e is not None]
        return [above @ w for above, w in zip(errors[1:], self.w[1:], strict=True)]


@dataclass(frozen=True)
class Observations:
    """What is known of lambda after some presentations; all that least squares needs.

    Attributes
    ----------
    counts : (stimuli,)
        How often each stimulus was shown.
    total : sequence of (stimuli, n_l)
        Sum of lambda^ over a stimulus's presentations, for each hidden layer.
    """

    counts: Matrix
    total: tuple[Matrix, ...]

    def __add__(self, other: Observations) -> Observations:
        pairs = zip(self.total, other.total, strict=True)
        return Observations(self.counts + other.counts, tuple(a + b for a, b in pairs))


def observe(
    net: StaticNet, rng: np.random.Generator, presentations: int, c: float,
    noise: Noise = "gaussian", *, shuffled: bool = False, batch: int = 20_000,
) -> Observations:  # fmt: skip
    """Show stimuli at random, each with noise of its own in all hidden layers (eq 2).

    Parameters
    ----------
    net : StaticNet
    rng : numpy.random.Generator
    presentations : int
        T.
    c : float
        Standard deviation of the noise that is added.
    noise : 'gaussian' or 'skewed'
    shuffled : bool
        Whether each change of the loss is that of another presentation: a control.
    batch : int
        Presentations that are computed at once.

    Raises
    ------
    InputError
        If ``c`` or ``presentations`` is not above 0.
    """
    if not (c > 0 and presentations > 0):
        raise InputError(f"c and presentations: above 0 (got {c:g} and {presentations})")
    draw = {"gaussian": rng.standard_normal, "skewed": lambda size: _skewed(rng, size)}[noise]
    stimuli = len(net.x)
    counts = rng.multinomial(presentations, np.full(stimuli, 1 / stimuli))
    shown = np.repeat(np.arange(stimuli), counts)
    total = tuple(np.zeros((stimuli, len(w))) for w in net.w[:-1])
    _, quiet = net.forward()
    for begun in range(0, presentations, batch):
        at = shown[begun : begun + batch]
        xi = [draw((len(at), len(w))) for w in net.w[:-1]]
        _, loss = net.forward(at, [c * part for part in xi])
        change = (loss - quiet[at])[:, None] / c
        if shuffled:
            change = rng.permutation(change)
        present, first = np.unique(at, return_index=True)
        for into, part in zip(total, xi, strict=True):
            into[present] += np.add.reduceat(change * part, first)
    return Observations(counts.astype(np.float64), total)


def _function(name: Activation, u: Matrix) -> Matrix:
    return np.tanh(u) if name == "tanh" else u


def _slope(name: Activation, h: Matrix) -> Matrix:
    return 1 - h**2 if name == "tanh" else np.ones_like(h)


def _skewed(rng: np.random.Generator, size: tuple[int, ...]) -> Matrix:
    return np.where(rng.random(size) < 0.2, 2.0, -0.5)
