"""PEPITA in a linear net, as a flow: why the product of the weights anti-aligns with F'.

    dW/dt = E A'                                   Dellaferrera & Kreiman 2022, eq 20
    dA/dt = -A F E                                                             eq 21

Its inputs are white, and the presynaptic terms are those of the standard pass. The appendix takes
e = E x, and the updates with the other sign than eqs 2 to 6, where e = -E x: eqs 20 and 21 are the
same for both. With the presynaptic terms of the modulated pass, as the paper's eqs 4 and 5 and
`snn_credit.rules.pepita` have them, x becomes x + F e = x - F E x:

    dW/dt = E (I - F E)' A',  dA/dt = -A F E (I - F E)'

What is to be seen is d tr(FWA)/dt < 0. With A fixed it is tr(F E A'A) (eq 28). Eqs 25 and 29 put
the number |A|^2 in the place of the matrix A'A, and conclude tr(F E) < 0 from a growing A; what
follows from it is tr(F E A'A) < 0 (eq 22), and that is all that eq 28 needs.

The end of the flow, by our own reasoning. At rest E A' = 0 and A F E = 0, so with M = W A F and
N = E F, M + N = T F and M N = 0: then det(z - M) det(z - N) = z^n det(z - T F), and the eigenvalues
of T F are shared out between M and N. Near rest d(AF)/dt = -(AF) N, and what of E lies outside A's
rows obeys dE/dt = M E: rest is stable only where the eigenvalues of N have positive real parts and
those of M negative ones. Hence

    tr(FWA) -> the sum of those eigenvalues of T F whose real part is negative

and what belongs to the others is never learned: the flow does not bring the error to 0. (This says
where it can rest, not that it does. It takes long where a real part is near 0; and where T F had no
negative one and a pair near the imaginary axis, A was still growing after a time of 2,000. With the
presynaptic terms of the modulated pass the flow rests in the same places; which of them are stable
changes with terms of second order in E.)

Source: Dellaferrera & Kreiman 2022, ICML, appendix E. F is (n_i, n_o); the rest as in `linear`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from snn_credit.errors import InputError
from snn_credit.theory.integrate import Flow, Matrix, State, Trajectory, integrate, only
from snn_credit.theory.linear import error


@dataclass(frozen=True)
class PepitaProblem:
    """A function to learn, F, and where the weights start.

    ``target`` (n_o, n_i), ``f`` (n_i, n_o), ``start``.
    """

    target: Matrix
    f: Matrix
    start: State

    @classmethod
    def draw(cls, rng: np.random.Generator, sizes: Sequence[int], f_scale: float) -> PepitaProblem:
        """Draw T uniform in +-1 and He-uniform weights, F ``f_scale`` times as large as A.

        A is in +-sqrt(6/n_i), W in +-sqrt(6/n_h).

        Raises
        ------
        InputError
            If there are not three sizes of at least 1.
        """
        if len(sizes) != 3 or min(sizes) < 1:
            raise InputError(f"sizes: three of at least 1 (got {tuple(sizes)})")
        n_i, n_h, n_o = sizes
        he_i, he_h = np.sqrt(6 / n_i), np.sqrt(6 / n_h)
        target = rng.uniform(-1, 1, (n_o, n_i))
        f = f_scale * rng.uniform(-he_i, he_i, (n_i, n_o))
        a, w = rng.uniform(-he_i, he_i, (n_h, n_i)), rng.uniform(-he_h, he_h, (n_o, n_h))
        return cls(target, f, State(a, w))


def pepita_flow(
    target: Matrix, f: Matrix, presynaptic: Literal["standard", "modulated"] = "standard"
) -> Flow:
    """Return eqs 20 and 21, or the same with the presynaptic terms of the modulated pass.

    Parameters
    ----------
    target : (n_o, n_i)
        T.
    f : (n_i, n_o)
        F.
    presynaptic : 'standard' or 'modulated'
        The pass from which the presynaptic terms are.

    Raises
    ------
    InputError
        If F does not lead from the output to the input, or the pass is none of the two.
    """
    if f.shape != target.T.shape:
        raise InputError(f"f: expected (n_i, n_o) {target.T.shape} (got {f.shape})")
    if presynaptic not in ("standard", "modulated"):
        raise InputError(f"presynaptic: one of standard, modulated (got {presynaptic!r})")

    def flow(state: State) -> State:
        left = error(target, state)
        a, w = -state.a @ f @ left, left @ state.a.T
        if presynaptic == "modulated":
            fe = f @ left
            a, w = a - a @ fe.T, w - left @ fe.T @ state.a.T
        return State(a, w)

    return flow


def phases(
    target: Matrix,
    f: Matrix,
    start: State,
    *,
    growth: float,
    wait: float,
    second: float,
    samples: int = 101,
) -> tuple[Trajectory, Trajectory]:
    """Follow the decoupled flow: A alone until |A|^2 is ``growth`` times what it was, then W alone.

    Parameters
    ----------
    growth : float
        Above 1.
    wait, second : float
        How long phase 1 may take (it is not ``stopped`` if A has not grown by then), and phase 2.
    samples : int
        States a phase.

    Raises
    ------
    InputError
        If ``growth`` is not above 1.
    """
    if not growth > 1:
        raise InputError(f"growth: above 1 (got {growth:g})")
    flow, wanted = pepita_flow(target, f), growth * float(np.sum(start.a**2))

    def grown(state: State) -> float:
        return float(np.sum(state.a**2)) - wanted

    found = integrate(only(flow, "A"), start, [0.0, wait], stop=grown)
    first = integrate(only(flow, "A"), start, np.linspace(0, found.times[-1], samples))
    times = found.times[-1] + np.linspace(0, second, samples)
    two = integrate(only(flow, "W"), first[-1], times)
    return replace(first, stopped=found.stopped), two


def alignment(f: Matrix, state: State) -> float:
    """Return tr(FWA): the scalar product of W A and F'."""
    return float(np.sum(f.T * (state.w @ state.a)))


def slope(target: Matrix, f: Matrix, state: State) -> float:
    """Return tr(F E A'A), at which tr(FWA) changes while A is fixed (eq 28)."""
    left = error(target, state)
    return float(np.sum((state.a @ f) * (state.a @ left.T)))


def scalar_slope(target: Matrix, f: Matrix, state: State) -> float:
    """Return tr(F E), which eq 30 takes for it, but for the factor |A|^2."""
    return float(np.sum(f.T * error(target, state)))


def final_alignment(target: Matrix, f: Matrix) -> float:
    """Return tr(FWA) at rest: the sum of the eigenvalues of T F with a negative real part."""
    values = np.linalg.eigvals(target @ f)
    return float(values.real[values.real < 0].sum())
