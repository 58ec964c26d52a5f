"""How feedback weights come to the forward ones, in one synapse and in three neurons in a row.

Kunin et al. 2020, section 4 and D.1: the gradient flow of an alignment loss, made symmetric in w
and b, with scalar w, b and input x and alpha = beta:

    d/dt (w, b)' = -A (w, b)'                                          eq 1

    A_SA = [[1, -1], [-1, 1]]      A_AA = x^2 A_SA      A_WM = [[lambda, -x^2], [-x^2, lambda]]

All have the eigenvectors u = (1, 1), the symmetric part, and v = (1, -1), the skew-symmetric one:

==== ============ ============== ==============================================
rule lambda_u     lambda_v       symmetric part
==== ============ ============== ==============================================
SA   0            2              stays
AA   0            2 x^2          stays
WM   lambda - x^2 lambda + x^2   grows, stays or falls as lambda <, =, > x^2
==== ============ ============== ==============================================

D.2: two scalar weights that learn y = w2 w1 x while the feedback weight b does as the rule says:

    w1' = b r,  w2' = w1 r,  r = alpha - w2 w1 beta,  alpha = mean x y,  beta = mean x^2   eqs 2, 3
    b = w2 (BP)      b' = 0 (FA)      b' = w2 - b (SA)                                     eq 4

On the minima w2 w1 = alpha / beta (r = 0) the Jacobian's eigenvalues are

==== ===================== ==== ====
BP   -(w1^2 + w2^2) beta   0
FA   -(w1^2 + b w2) beta   0    0
SA   -(w1^2 + w2^2) beta   0    -1
==== ===================== ==== ====

One 0 belongs to the direction along the minima, FA's other to b. All minima of BP and SA attract;
those of FA do where w1^2 + b w2 > 0, which is `snn_credit.theory.scalar`'s condition with A = w1,
W = w2, B = b and T = alpha / beta (FA's flow here is that one, its time stretched by beta).

The other resting points: w1 = w2 = b = 0 (eigenvalues +-alpha for BP; the roots of
z^3 + z^2 = alpha^2 for SA, one of them positive: saddles); for FA w1 = b = 0 with any w2, where all
three are 0.

Slips in the paper's text: D.1 prints lambda_v = 1 and x^2 for SA and AA, half of what its matrices
have. D.2 calls points with non-positive eigenvalues of J sources and those with non-negative ones
sinks: it is the other way round. Its table has x^2 for beta, its J is transposed (which leaves the
eigenvalues), and b = w1 = 0 is a line in (w1, w2, b), not a hyperplane.

Source: Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins 2020, ICML.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from snn_credit.errors import InputError, one_of

Values = NDArray[np.float64]
Alignment = Literal["SA", "AA", "WM"]
Learner = Literal["BP", "FA", "SA"]

#: The eigenvectors u and v as columns, of length 1.
BASIS = np.array([[1.0, 1.0], [1.0, -1.0]]) / 2**0.5


def flow_matrix(rule: Alignment, x: float, decay: float = 0.0) -> Values:
    """Return A, 2 x 2; ``decay`` is WM's lambda.

    Raises
    ------
    InputError
        If the rule is none of SA, AA, WM.
    """
    own, other = _entries(rule, x, decay)
    return np.array([[own, -other], [-other, own]])


def eigenvalues(rule: Alignment, x: float, decay: float = 0.0) -> tuple[float, float]:
    """Return lambda_u and lambda_v."""
    own, other = _entries(rule, x, decay)
    return own - other, own + other


def printed_skew_eigenvalue(rule: Alignment, x: float, decay: float = 0.0) -> float:
    """Return lambda_v as D.1 prints it, to show its slips: compare `eigenvalues`."""
    return {"SA": 1.0, "AA": x**2}.get(rule, decay + x**2)


def align(
    rule: Alignment, w: ArrayLike, b: ArrayLike, times: ArrayLike, x: float, decay: float = 0.0
) -> tuple[Values, Values]:
    """Return w and b (len(times), n) of eq 1 from starts (n,), in closed form by the eigenbasis."""
    starts = np.stack([np.ravel(np.asarray(part, float)) for part in (w, b)])
    parts = BASIS.T @ starts
    fading = np.exp(-np.outer(np.asarray(times, float), eigenvalues(rule, x, decay)))
    # (parts u and v, ...) -> (times, w and b, n)
    found = np.einsum("kp,tp,pn->tkn", BASIS, fading, parts)
    return found[:, 0], found[:, 1]


def learning_velocity(rule: Learner, theta: ArrayLike, alpha: float, beta: float) -> Values:
    """Return the derivative of theta = (w1, w2, b) by time (eqs 2 to 4), of BP's (w1, w2).

    Further axes of theta are those of several nets.

    Raises
    ------
    InputError
        If the rule is none of BP, FA, SA.
    """
    w1, w2, b = _weights(rule, theta)
    r = alpha - w1 * w2 * beta
    forward = [b * r, w1 * r]
    if rule == "BP":
        return np.stack(forward)
    return np.stack([*forward, w2 - b if rule == "SA" else 0.0 * b])


def learning_jacobian(rule: Learner, theta: ArrayLike, alpha: float, beta: float) -> Values:
    """Return the derivative of `learning_velocity` by theta: 3 x 3, rows w1', w2', b'; BP's 2 x 2.

    Raises
    ------
    InputError
        If the rule is none of BP, FA, SA.
    """
    w1, w2, b = (float(part) for part in _weights(rule, theta))
    r = alpha - w1 * w2 * beta
    if rule == "BP":
        mixed = r - w1 * w2 * beta
        return np.array([[-(w2**2) * beta, mixed], [mixed, -(w1**2) * beta]])
    last = [0.0, 1.0, -1.0] if rule == "SA" else [0.0, 0.0, 0.0]
    return np.array(
        [[-b * w2 * beta, -b * w1 * beta, r], [r - w1 * w2 * beta, -(w1**2) * beta, 0.0], last]
    )


def eigenvalues_at_minimum(rule: Learner, theta: ArrayLike, beta: float) -> Values:
    """Return the Jacobian's eigenvalues where w2 w1 = alpha / beta; the first one tells sinks.

    Raises
    ------
    InputError
        If the rule is none of BP, FA, SA.
    """
    w1, w2, b = (float(part) for part in _weights(rule, theta))
    first = -(w1**2 + (b if rule == "FA" else w2) * w2) * beta
    return np.array({"BP": [first, 0.0], "FA": [first, 0.0, 0.0], "SA": [first, 0.0, -1.0]}[rule])


def follow(velocity: Callable[[Values], Values], starts: Values, times: ArrayLike) -> Values:
    """Follow a flow from many starts (parts, n) at once; return (len(times), parts, n).

    Raises
    ------
    ArithmeticError
        If the flow runs away or the steps become too small.
    """
    wanted, shape = np.asarray(times, float), starts.shape

    def slope(_: float, packed: Values) -> Values:
        return velocity(packed.reshape(shape)).ravel()

    found = solve_ivp(slope, (wanted[0], wanted[-1]), starts.ravel(), method="DOP853",
                      t_eval=wanted, rtol=1e-10, atol=1e-12)  # fmt: skip
    if found.status < 0:
        raise ArithmeticError(f"flow: a solution up to t = {wanted[-1]:g} (got: {found.message})")
    return found.y.T.reshape(len(wanted), *shape)


def _entries(rule: Alignment, x: float, decay: float) -> tuple[float, float]:
    entries = {"SA": (1.0, 1.0), "AA": (x**2, x**2), "WM": (decay, x**2)}
    if rule not in entries:
        raise InputError(f"rule: {one_of(rule, entries)} (got {rule!r})")
    return entries[rule]


def _weights(rule: Learner, theta: ArrayLike) -> tuple[Values, Values, Values]:
    if rule not in ("BP", "FA", "SA"):
        raise InputError(f"rule: {one_of(rule, ('BP', 'FA', 'SA'))} (got {rule!r})")
    parts = np.asarray(theta, float)
    return parts[0], parts[1], parts[1 if rule == "BP" else 2]
