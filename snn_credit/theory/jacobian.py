"""Whether a flow is the gradient of anything: its Jacobian would then be symmetric.

    asymmetry = |J - J'| / |J|          Lillicrap et al. 2016, Note 16

Frobenius norms: 0 for a gradient, sqrt(2) where the two triangles have nothing to do with one
another, 2 where they are opposed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.rules.net import Changes, Net
from snn_credit.theory.twolayer import TwoLayer

Values = NDArray[np.float64]
Field = Callable[[Values], Values]


def numeric_jacobian(field: Field, theta: Values, step: float = 1e-5) -> Values:
    """Return the derivative of a vector field (n, n), by central differences."""
    columns = [along(field, theta, direction, step) for direction in np.eye(len(theta))]
    return np.stack(columns, axis=1)


def along(field: Field, theta: Values, direction: Values, step: float = 1e-5) -> Values:
    """Return J times a direction (n,), by a central difference."""
    ahead, behind = field(theta + step * direction), field(theta - step * direction)
    return (ahead - behind) / (2 * step)


def asymmetry(matrix: Values) -> float:
    """Return |J - J'| / |J|.

    Raises
    ------
    InputError
        If the matrix is not square.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"matrix: a square one (got shape {matrix.shape})")
    return float(np.linalg.norm(matrix - matrix.T) / np.linalg.norm(matrix))


def sampled_asymmetry(
    field: Field, theta: Values, rng: np.random.Generator, pairs: int, step: float = 1e-5
) -> float:
    """Estimate the asymmetry of a Jacobian too large to write down.

    For independent standard normal u and v the mean of (u'Jv - v'Ju)^2 is |J - J'|^2, and that of
    (u'Jv)^2 is |J|^2.

    Raises
    ------
    InputError
        If ``pairs`` is below 1.
    """
    if pairs < 1:
        raise InputError(f"pairs: 1 or more (got {pairs})")
    apart, size = 0.0, 0.0
    for _ in range(pairs):
        u, v = rng.standard_normal((2, len(theta)))
        # The step is that of a unit vector.
        one = u @ along(field, theta, v, step / float(np.linalg.norm(v)))
        two = v @ along(field, theta, u, step / float(np.linalg.norm(u)))
        apart, size = apart + (one - two) ** 2, size + (one**2 + two**2) / 2
    return float(np.sqrt(apart / size))


def weights_of(net: TwoLayer) -> Values:
    """Return all weights and biases of a net as one vector: A, W, c, b."""
    return _flat(net.net)


def field_of(net: TwoLayer, x: Values, target: Values) -> Field:
    """Return a rule's mean change over a batch, with eta = 1, as a vector field of the weights.

    The net's own weights are put back after each evaluation.
    """
    own = [*(net.net.forward[at]["w"] for at in (1, 2)), *net.net.bias.values()]

    def put(theta: Values) -> None:
        begun = 0
        for part in own:
            part[...] = theta[begun : begun + part.size].reshape(part.shape)
            begun += part.size

    def field(theta: Values) -> Values:
        before = weights_of(net)
        put(theta)
        try:
            return _flat(net.change(x, target, eta=1.0))
        finally:
            put(before)

    return field


def _flat(values: Net | Changes) -> Values:
    biases = [values.bias[at] for at in sorted(values.bias)]
    parts = [*(values.forward[at]["w"] for at in (1, 2)), *biases]
    return np.concatenate([part.ravel() for part in parts])
