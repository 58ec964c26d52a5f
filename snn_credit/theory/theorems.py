"""The two theorems of Lillicrap et al. 2016 on feedback alignment, as measurements.

Theorem 1 (Note 11): where C = B W + W' B' - A A' = 0, as with A = W = 0, and B^+ B = I, FA's flow
brings the error to 0. On the way V = |B E|^2 never rises (eq 18) and |A|^2 stays below
|B T|^2 + 2 n_h (eq 21).

Theorem 2 (Note 14): trained on one pair from A = W = 0, FA's modulator is that of pseudobackprop
times a positive number: s B e = W^+ e. With v = B y* and W = s_w y* v' (eq 40),

    (y* v')^+ y* = v / (v'v),  so in eq 48 s = 1/(v'v), and in eq 47 s = 1/(s_w v'v)

The paper's proof ends with s = v'v; and its eq 45 has a factor s_h too many, the induction gives
s_h += eta (1 - s_y). W is 0 until the second step, so the theorem holds from there on.

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.rules.feedback_alignment import FA
from snn_credit.rules.pseudobackprop import PSEUDOBACKPROP
from snn_credit.theory.integrate import Matrix, State, Trajectory
from snn_credit.theory.linear import (
    Problem,
    error,
    invariant,
    invariant_of_bp,
    normalized_error,
)
from snn_credit.theory.twolayer import TwoLayer

Values = NDArray[np.float64]


@dataclass(frozen=True)
class AlongFlow:
    """What Theorem 1 speaks of, along a trajectory.

    Attributes
    ----------
    nse : (n,)
        |E|^2 / |T|^2.
    drift : (n,)
        Largest element of |C - C(0)|.
    drift_of_bp : (n,)
        The same for W' W - A A', which BP's flow leaves as it is, and FA's does not.
    v : (n,)
        |B E|^2.
    size : (n,)
        |A|^2 / (|B T|^2 + 2 n_h).
    """

    nse: Values
    drift: Values
    drift_of_bp: Values
    v: Values
    size: Values


def along(problem: Problem, path: Trajectory) -> AlongFlow:
    """Measure what Theorem 1 speaks of at each state."""
    target, b = problem.target, problem.b
    first, first_of_bp = invariant(b, path[0]), invariant_of_bp(path[0])
    bound = np.sum((b @ target) ** 2) + 2 * len(b)
    return AlongFlow(
        nse=path.measure(lambda s: normalized_error(target, s)),
        drift=path.measure(lambda s: float(np.abs(invariant(b, s) - first).max())),
        drift_of_bp=path.measure(lambda s: float(np.abs(invariant_of_bp(s) - first_of_bp).max())),
        v=path.measure(lambda s: float(np.sum((b @ error(target, s)) ** 2))),
        size=path.measure(lambda s: float(np.sum(s.a**2) / bound)),
    )


def left_without_feedback(target: Matrix, output: int) -> float:
    """Return the NSE that stays, from A = W = 0, where one output's column of B is 0.

    B^+ B is not I then, and A's rows stay in the span of the other outputs' rows of T: what of this
    output's row lies outside that span is never learned.
    """
    others = np.delete(target, output, axis=0)
    known = others.T @ np.linalg.lstsq(others.T, target[output], rcond=None)[0]
    return float(np.sum((target[output] - known) ** 2) / np.sum(target**2))


@dataclass(frozen=True)
class SinglePair:
    """Theorem 2 step by step, from the second step on.

    Attributes
    ----------
    left : (n,)
        |e| / |y*|.
    fa, pbp : (n, n_h)
        B e and W^+ e.
    s : (n,)
        1/(s_w v'v), as it should be.
    s_paper : (n,)
        v'v / s_w, to which the paper's proof leads.
    """

    left: Values
    fa: Matrix
    pbp: Matrix
    s: Values
    s_paper: Values

    def deviation(self, s: Values) -> float:
        """Return the largest |s B e - W^+ e| / |W^+ e|."""
        apart = np.linalg.norm(s[:, None] * self.fa - self.pbp, axis=1)
        return float(np.max(apart / np.linalg.norm(self.pbp, axis=1)))


def single_pair(
    x: Values, target: Values, b: Matrix, start: State, *, eta: float, steps: int
) -> SinglePair:
    """Train on one pair by the declared FA, and compare with the declared pseudobackprop.

    Parameters
    ----------
    x, target : (n_i,), (n_o,)
        The pair; x is scaled to length 1, so that A and h learn at one rate (eqs 35 to 38).
    b : (n_h, n_o)
        B.
    start : State
        Zero in the theorem; anything else is a control.
    eta : float
        Below 1/|v|^2 or so, for s_y must not pass 1.
    steps : int
        Updates; until |e| is 1e-6 of |y*| at most, as W^+ e then drowns in rounding.

    Raises
    ------
    InputError
        If ``steps`` are fewer than 3: W is 0 in the first two.
    """
    if steps < 3:
        raise InputError(f"steps: 3 or more (got {steps})")
    net = TwoLayer(FA, start, b)
    other = net.under(PSEUDOBACKPROP)
    inputs, wanted = (x / np.linalg.norm(x))[None], target[None]
    v, length = b @ target, float(np.linalg.norm(target))
    left: list[float] = []
    fa: list[Values] = []
    pbp: list[Values] = []
    s_w: list[float] = []
    for step in range(steps):
        error_left = float(np.linalg.norm(wanted - net.output(inputs))) / length
        if error_left < 1e-6:
            break
        if step >= 2:
            left.append(error_left)
            fa.append(net.modulator(inputs, wanted)[0])
            pbp.append(other.modulator(inputs, wanted)[0])
            # by projection: W = s_w y* v' (eq 40)
            s_w.append(float(target @ net.state.w @ v) / length**2 / float(v @ v))
        net.learn(inputs, wanted, eta=eta)
    scale = np.array(s_w)
    return SinglePair(
        np.array(left), np.array(fa), np.array(pbp), 1 / (scale * (v @ v)), (v @ v) / scale
    )
