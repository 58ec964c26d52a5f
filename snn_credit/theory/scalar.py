"""Three neurons in a row: FA's flow in the plane of A and W, solved by hand.

    dA/dt = B e,  dW/dt = e A,  e = T - W A         Lillicrap et al. 2016, Note 11, Fig SF10

C = 2 B W - A^2 is constant (eq 10), so the flow stays on the parabola W = (A^2 + C) / (2 B), and
there

    dA/dt = -(A^3 + C A - 2 B T) / 2

It rests where W A = T, on two hyperbolas. The Jacobian's eigenvalues are 0 and -(B W + A^2) there:
with B T > 0 the branch of positive A is stable throughout, that of negative A only beyond
A = -(B T)^(1/3). This far part is the "bad" solution, where e W B e < 0. To it lead only parabolas
with three resting points, C < -3 (B T)^(2/3), and on them only what starts below the middle one.

All functions take arrays for A and W. B T must be positive; where it is not, mirror W.

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276; the steps after eq 10 are
our own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from snn_credit.errors import InputError

Values = NDArray[np.float64]


def velocity(a: ArrayLike, w: ArrayLike, target: float, b: float) -> tuple[Values, Values]:
    """Return dA/dt and dW/dt."""
    first, second = np.asarray(a, float), np.asarray(w, float)
    e = target - second * first
    return b * e, e * first


def constant(a: ArrayLike, w: ArrayLike, b: float) -> Values:
    """Return C = 2 B W - A^2, which the flow leaves as it is."""
    return 2 * b * np.asarray(w, float) - np.asarray(a, float) ** 2


def follow(
    a: ArrayLike, w: ArrayLike, target: float, b: float, times: ArrayLike
) -> tuple[Values, Values]:
    """Follow the flow from many starts (n,) at once; return A and W at the times, (len(times), n).

    Raises
    ------
    ArithmeticError
        If the steps become too small.
    """
    first, second = (np.ravel(np.asarray(start, float)) for start in (a, w))
    wanted = np.asarray(times, float)

    def slope(_: float, both: Values) -> Values:
        here, above = np.split(both, 2)
        return np.concatenate(velocity(here, above, target, b))

    found = solve_ivp(
        slope, (wanted[0], wanted[-1]), np.concatenate([first, second]), method="DOP853",
        t_eval=wanted, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    if found.status < 0:
        raise ArithmeticError(f"flow: a solution up to t = {wanted[-1]:g} (got: {found.message})")
    return found.y.T[:, : len(first)], found.y.T[:, len(first) :]


def resting_points(c: float, target: float, b: float) -> Values:
    """Return A where the flow rests on the parabola of C, ascending: one value, or three.

    A double one is given twice.

    Raises
    ------
    InputError
        If B T is not positive.
    """
    _check(target, b)
    roots = np.roots([1.0, 0.0, c, -2 * b * target])
    # A double root comes out of rounding as a pair with imaginary parts of about 1e-8.
    real = roots[np.abs(roots.imag) < 1e-6 * np.abs(roots).max()].real
    return np.sort(np.asarray(real, dtype=np.float64))


def is_stable(a: ArrayLike, target: float, b: float) -> NDArray[np.bool_]:
    """Whether the solution W = T/A is stable: B T/A + A^2 > 0."""
    first = np.asarray(a, float)
    return b * target / first + first**2 > 0


def ends_badly(a: ArrayLike, w: ArrayLike, target: float, b: float) -> NDArray[np.bool_]:
    """Whether the flow leads from (A, W) to the solution at which e W B e < 0.

    It does below the middle one of three resting points. With p = (-C/3)^(1/2) that one is
    A = 2 p cos(phi), the middle of the cubic's three roots.

    Raises
    ------
    InputError
        If B T is not positive.
    """
    _check(target, b)
    first = np.asarray(a, float)
    c = constant(first, w, b)
    three = c < -3 * (b * target) ** (2 / 3)
    p = np.sqrt(np.where(three, -c / 3, 1.0))
    phi = (np.arccos(np.where(three, b * target / p**3, 0.0)) + 4 * np.pi) / 3
    return three & (first < 2 * p * np.cos(phi))


def jacobian(a: float, w: float, target: float, b: float) -> Values:
    """Return the flow's derivative by (A, W), 2 x 2: rows dA/dt and dW/dt."""
    e = target - w * a
    return np.array([[-b * w, -b * a], [e - w * a, -(a**2)]])


def biased_velocity(b: float, x: float, target: float) -> Callable[[Values], Values]:
    """Return FA's flow of (W, b, A, c) for one pair (x, y*), with biases (Note 16, eqs 75 to 78).

    y = W h + b, h = A x + c, e = y* - y; the feedback weight B is the argument ``b``.
    """

    def flow(theta: Values) -> Values:
        w, bias, a, c = theta
        h = a * x + c
        e = target - w * h - bias
        return e * np.array([h, 1.0, b * x, b])

    return flow


def biased_jacobian(theta: ArrayLike, b: float, x: float, target: float) -> Values:
    """Return the derivative of `biased_velocity` by (W, b, A, c), 4 x 4.

    Eq 79 corrected. Its first row prints ``h^2`` for -h^2 and ``-W + e`` for e - W h; all else
    there is right. Entries (W, A) and (A, W) are x (e - W h) and -B h x: they differ by
    x (e + (B - W) h), which is not 0 for all weights, so that no function has this flow as its
    gradient.
    """
    w, bias, a, c = np.asarray(theta, float)
    h = a * x + c
    e = target - w * h - bias
    return np.array(
        [
            [-h * h, -h, x * (e - w * h), e - w * h],
            [-h, -1.0, -w * x, -w],
            [-b * h * x, -b * x, -b * w * x * x, -b * w * x],
            [-b * h, -b, -b * w * x, -b * w],
        ]
    )


def printed_jacobian(theta: ArrayLike, b: float, x: float, target: float) -> Values:
    """Return eq 79 as it is printed, to show its two slips: compare `biased_jacobian`."""
    w, bias, a, c = np.asarray(theta, float)
    h = a * x + c
    found = biased_jacobian(theta, b, x, target)
    found[0, 0], found[0, 3] = h * h, target - w * h - bias - w
    return found


def _check(target: float, b: float) -> None:
    if not b * target > 0:
        raise InputError(f"b: a number with B T > 0 (got B = {b:g}, T = {target:g})")
