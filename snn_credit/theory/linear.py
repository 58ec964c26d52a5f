"""The linear net with one hidden layer, learning from white inputs, as a flow of its weights.

    y = W A x,  y* = T x,  E = T - W A              Lillicrap et al. 2016, Supplementary Note 11
    dW/dt = E A'                                                                          eq 8
    dA/dt = D E                                                                           eq 9

with D = B for FA (eq 9), W' for BP, W^+ for pseudobackprop (eq 57). It is the limit of small
learning rates and large batches of inputs with [x x'] = I.

====== ========= ============================================== ============
symbol name      meaning                                        shape
====== ========= ============================================== ============
A      a         weights into the hidden layer (W_0 elsewhere)  (n_h, n_i)
W      w         weights into the output                        (n_o, n_h)
T      target    the function to learn                          (n_o, n_i)
B      b         feedback weights, as in the paper: not stored  (n_h, n_o)
                 transposed as in `snn_credit.rules`
E      error     what is left to learn                          (n_o, n_i)
====== ========= ============================================== ============

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from snn_credit.errors import InputError
from snn_credit.rules.pseudobackprop import transposed_pseudoinverse
from snn_credit.theory.integrate import Flow, Matrix, State

#: W -> D, the matrix through which the error reaches the hidden layer.
Feedback = Callable[[Matrix], Matrix]


@dataclass(frozen=True)
class Problem:
    """A function to learn, feedback weights, and where the weights start."""

    target: Matrix
    b: Matrix
    start: State

    @classmethod
    def draw(
        cls, rng: np.random.Generator, sizes: Sequence[int], scale: float, b_scale: float = 0.5
    ) -> Problem:
        """Draw as in Fig 2: T uniform in +-1, B in +-b_scale, A and W in +-scale.

        Raises
        ------
        InputError
            If there are not three sizes of at least 1.
        """
        if len(sizes) != 3 or min(sizes) < 1:
            raise InputError(f"sizes: three of at least 1 (got {tuple(sizes)})")
        n_i, n_h, n_o = sizes
        target = rng.uniform(-1, 1, (n_o, n_i))
        b = rng.uniform(-b_scale, b_scale, (n_h, n_o))
        a, w = rng.uniform(-scale, scale, (n_h, n_i)), rng.uniform(-scale, scale, (n_o, n_h))
        return cls(target, b, State(a, w))


def through(b: Matrix) -> Feedback:
    """Return FA's feedback: B, whatever W is."""
    return lambda w: b


def transpose(w: Matrix) -> Matrix:
    """Return BP's feedback, W'."""
    return w.T


def pseudoinverse(w: Matrix) -> Matrix:
    """Return pseudobackprop's feedback, W^+ (Note 15, eq 57)."""
    return transposed_pseudoinverse(None, w).T


def linear_flow(target: Matrix, feedback: Feedback) -> Flow:
    """Return eqs 8 and 9: dW/dt = E A', dA/dt = D E.

    Raises
    ------
    InputError
        By the flow, if A and W are not those of a net from n_i to n_o, or D does not lead back.
    """

    def flow(state: State) -> State:
        left, back = error(target, state), feedback(state.w)
        if back.shape != state.w.T.shape:
            raise InputError(f"feedback: the shape (n_h, n_o) {state.w.T.shape} (got {back.shape})")
        return State(back @ left, left @ state.a.T)

    return flow


def error(target: Matrix, state: State) -> Matrix:
    """Return E = T - W A, (n_o, n_i)."""
    a, w = state
    if w.shape[1] != a.shape[0] or target.shape != (w.shape[0], a.shape[1]):
        raise InputError(
            f"target: T (n_o, n_i), A (n_h, n_i), W (n_o, n_h) "
            f"(got {target.shape}, {a.shape}, {w.shape})"
        )
    return target - w @ a


def normalized_error(target: Matrix, state: State) -> float:
    """Return the NSE: |E|^2 / |T|^2, as white inputs make of Methods eq 2."""
    return float(np.sum(error(target, state) ** 2) / np.sum(target**2))


def invariant(b: Matrix, state: State) -> Matrix:
    """Return C = B W + W' B' - A A', (n_h, n_h), which FA's flow leaves as it is.

    C as it is defined under eq 10 and used in the note's last lines; eq 10 itself gives it the
    other sign.
    """
    a, w = state
    return b @ w + (b @ w).T - a @ a.T


def invariant_of_bp(state: State) -> Matrix:
    """Return W' W - A A', (n_h, n_h), which BP's flow leaves as it is."""
    a, w = state
    return w.T @ w - a @ a.T


def jacobian(target: Matrix, b: Matrix, state: State) -> Matrix:
    """Return the derivative of FA's flow by the weights: rows of A, then of W, both by rows.

    With vec by rows, vec(X Y Z) = (X kron Z') vec(Y)::

        d(dA/dt) = -B W dA - B dW A
        d(dW/dt) = -W dA A' + E dA' - dW A A'

    Returns
    -------
    (n, n) with n = n_h n_i + n_o n_h
    """
    a, w = state
    left = error(target, state)
    n_h, n_i = a.shape
    n_o = len(w)
    # (E dA')_kj = sum_i E_ki dA_ji
    turned = np.einsum("ki,jl->kjli", left, np.eye(n_h)).reshape(n_o * n_h, n_h * n_i)
    of_a = np.hstack([-np.kron(b @ w, np.eye(n_i)), -np.kron(b, a.T)])
    of_w = np.hstack([turned - np.kron(w, a), -np.kron(np.eye(n_o), a @ a.T)])
    return np.asarray(np.vstack([of_a, of_w]), dtype=np.float64)
