"""What generated programs call: the torch forms of Brian's functions and operators, and of sums.

Each is the same formula as the C++ code that Brian generates.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

#: Name in Brian's expressions -> what generated programs call.
FUNCTIONS: Mapping[str, str] = {
    **{name: f"torch.{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp")},
    **{name: f"torch.{name}" for name in ("log", "log10", "log1p", "expm1", "sqrt", "abs")},
    **{name: f"torch.{name}" for name in ("sign", "floor", "ceil", "arcsin", "arccos", "arctan")},
    "clip": "_f.clip",
    "exprel": "_f.exprel",
    "int": "_f.whole",
    "timestep": "_f.timestep",
}


def clip(value: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """Return a value moved into an interval whose ends may be tensors."""
    return torch.clamp(torch.clamp(value, min=low), max=high)  # pyright: ignore


def exprel(x: Tensor) -> Tensor:
    """Return ``(exp(x) - 1)/x``, 1 at 0."""
    return torch.where(torch.abs(x) < 1e-16, 1.0, torch.expm1(x) / x)


def whole(value: Tensor) -> Tensor:
    """Return a number without its fraction, or a truth value as 0 or 1."""
    return value.to(torch.int32, copy=True)


def timestep(t: Tensor | float, dt: Tensor) -> Tensor:
    """Return the number of the time step that a time lies in."""
    exact = t.to(torch.float64) if isinstance(t, Tensor) else t
    return ((exact + 1e-3 * dt) / dt).to(torch.int64)


def _are_whole(*values: Tensor | float) -> bool:
    return not any(
        value.is_floating_point() if isinstance(value, Tensor) else isinstance(value, float)
        for value in values
    )


def modulo(x: Tensor, y: Tensor | float) -> Tensor:
    """Return the remainder, of the sign of ``y``."""
    return x % y if _are_whole(x, y) else x - y * torch.floor(x / y)


def floor_divide(x: Tensor, y: Tensor | float) -> Tensor:
    """Return the quotient, rounded down."""
    return x // y if _are_whole(x, y) else torch.floor(x / y)


def power(x: Tensor | float, y: Tensor) -> Tensor:
    """Return ``x`` to the power of ``y``, never a whole number."""
    return (x * 1.0 if _are_whole(x) else x) ** y


def take(values: Tensor, index: Tensor) -> Tensor:
    """Return the elements of a tensor at places of its memory, in the shape of ``index``."""
    return values.view(-1).index_select(0, index.reshape(-1)).view(index.shape)


def now(rows: Tensor, row: Tensor) -> Tensor:
    """Return one row of values that were computed ahead; ``row`` is a tensor of one index."""
    return rows.index_select(0, row)[0]


def tensor(value: Tensor | float, like: Tensor) -> Tensor:
    """Return a value, or a number, as a tensor of the type and on the device of another."""
    if isinstance(value, Tensor):
        return value.to(like.dtype)
    return torch.full((), value, dtype=like.dtype, device=like.device)


def put(buffer: Tensor, row: Tensor, value: Tensor | float) -> None:
    """Write one row of a buffer."""
    values = tensor(value, buffer).expand(buffer.shape[1:])
    buffer.index_copy_(0, row, values.unsqueeze(0))


# ---- synapses as a matrix (n_pre, n_post) ---------------------------------------------------


def over_rows(matrix: Tensor, vector: Tensor) -> Tensor:
    """Return ``sum_i vector_i matrix_ij``, of all sources for each target."""
    if not matrix.is_floating_point():
        return (matrix * vector.unsqueeze(1)).sum(0)
    return torch.mv(matrix.t(), vector.to(matrix.dtype))


def over_columns(matrix: Tensor, vector: Tensor) -> Tensor:
    """Return ``sum_j matrix_ij vector_j``, of all targets for each source."""
    if not matrix.is_floating_point():
        return (matrix * vector).sum(1)
    return torch.mv(matrix, vector.to(matrix.dtype))


def add_outer(matrix: Tensor, rows: Tensor, columns: Tensor) -> None:
    """Add ``rows_i columns_j`` to a matrix in place, without another matrix."""
    if matrix.is_floating_point():
        matrix.addr_(rows.to(matrix.dtype), columns.to(matrix.dtype))
    else:
        matrix.add_((rows.unsqueeze(1) * columns).to(matrix.dtype))


# ---- synapses as lists ----------------------------------------------------------------------


def gathered(values: Tensor, incoming: Tensor, nothing: float) -> Tensor:
    """Return each target's values, ``(targets, widest)``, filled up with ``nothing``.

    Sums over them come in the same order whenever they are made, unlike sums with atomics.
    """
    return take(torch.nn.functional.pad(values, (0, 1), value=nothing), incoming)


def arriving(history: Tensor, step: Tensor, delay: Tensor | int) -> Tensor:
    """Return which sources had an event ``delay`` steps ago: ``(depth, sources)`` -> ``(sources)``.

    ``step`` is a tensor of one number.
    """
    return history.index_select(0, (step - delay) % len(history))[0] & (step >= delay)


def arriving_each(history: Tensor, step: Tensor, delays: Tensor, sources: Tensor) -> Tensor:
    """Return for each synapse whether its source had an event as long ago as its own delay."""
    row = (step - delays) % len(history)
    return take(history, row * history.shape[1] + sources) & (step >= delays)


def scheduled(
    bins: Tensor,
    neurons: Tensor,
    last: Tensor,
    period: Tensor,
    step: Tensor,
    places: Tensor,
    n: int,
) -> Tensor:
    """Return which of ``n`` neurons spike by a list of spikes, and move on in the list.

    Parameters
    ----------
    bins, neurons
        Time step and neuron of each spike, in order of time.
    last
        How many have been, updated in place.
    period
        Time steps after which the list begins anew, or 0.
    step
        The time step now.
    places
        ``0, 1, ...`` up to the most spikes that one step can have.
    """
    now_bin = torch.where(period > 0, step % period.clamp(min=1), step)
    begin = last.to(torch.int64)
    again = (period > 0) & (begin > 0) & (take(bins, (begin - 1).clamp(min=0)) >= now_bin)
    begin = torch.where(again, 0, begin)
    place = begin + places
    inside = place.clamp(max=len(bins) - 1)
    due = (place < len(bins)) & (take(bins, inside) <= now_bin)
    last.copy_(begin + due.sum())
    target = torch.where(due, take(neurons, inside).to(torch.int64), n)
    found = torch.zeros(n + 1, dtype=torch.bool, device=bins.device)
    return found.scatter(0, target, torch.ones_like(due))[:n]
