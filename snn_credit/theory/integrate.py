"""Flows of a network's two matrices, integrated at tight tolerances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from snn_credit.errors import InputError

Matrix = NDArray[np.float64]
Learns = Literal["A", "W", "both"]


class State(NamedTuple):
    """A net's weights, or how fast they change: ``a`` (n_h, n_i) below, ``w`` (n_o, n_h) above."""

    a: Matrix
    w: Matrix


Flow = Callable[[State], State]


@dataclass(frozen=True)
class Trajectory:
    """States along a flow.

    Attributes
    ----------
    times : (n,)
    a, w : (n, n_h, n_i), (n, n_o, n_h)
    stopped : bool
        Whether the flow came to where ``stop`` is zero.
    ends : tuple of int
        Index of the last state of each block of `alternate`; otherwise the last index.
    """

    times: NDArray[np.float64]
    a: NDArray[np.float64]
    w: NDArray[np.float64]
    stopped: bool = False
    ends: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, at: int) -> State:
        return State(self.a[at], self.w[at])

    def measure(self, quantity: Callable[[State], float]) -> NDArray[np.float64]:
        """Return a quantity of each state, (n,)."""
        return np.array([quantity(self[at]) for at in range(len(self))])


def integrate(
    flow: Flow,
    start: State,
    times: ArrayLike,
    *,
    stop: Callable[[State], float] | None = None,
    rtol: float = 1e-10,
    atol: float = 1e-12,
) -> Trajectory:
    """Integrate a flow by Dormand and Prince's method of order 8.

    Parameters
    ----------
    flow : callable
        State -> its derivative.
    start : State
        At ``times[0]``.
    times : (n,)
        When states are wanted, ascending.
    stop : callable, optional
        The flow ends where this rises through zero; the state there is the last one.
    rtol, atol : float
        Tolerances of a step.

    Raises
    ------
    InputError
        If ``times`` are fewer than two or do not ascend.
    ArithmeticError
        If the flow runs away or the steps become too small.
    """
    wanted = np.asarray(times, dtype=np.float64)
    if wanted.ndim != 1 or len(wanted) < 2 or not np.all(np.diff(wanted) > 0):
        raise InputError(f"times: two or more, ascending (got {_short(wanted)})")
    shape = start.a.shape, start.w.shape

    def slope(_: float, packed: Matrix) -> Matrix:
        with np.errstate(over="ignore", invalid="ignore"):  # a flow that runs away fails below
            return _pack(flow(_unpack(packed, *shape)))

    def crossing(_: float, packed: Matrix) -> float:
        return 1.0 if stop is None else stop(_unpack(packed, *shape))

    # scipy reads these attributes of an event
    vars(crossing).update(terminal=True, direction=1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        found = solve_ivp(
            slope, (wanted[0], wanted[-1]), _pack(start), method="DOP853", t_eval=wanted,
            events=crossing, rtol=rtol, atol=atol,
        )  # fmt: skip
    if found.status < 0 or not np.all(np.isfinite(found.y)):
        raise ArithmeticError(f"flow: a solution up to t = {wanted[-1]:g} (got: {found.message})")
    passed, packed, stopped = found.t, found.y.T, found.status == 1
    if stopped and passed[-1] < found.t_events[0][0]:
        passed = np.append(passed, found.t_events[0][0])
        packed = np.vstack([packed, found.y_events[0][:1]])
    states = [_unpack(row, *shape) for row in packed]
    return Trajectory(
        passed, np.stack([s.a for s in states]), np.stack([s.w for s in states]), stopped,
        (len(passed) - 1,),
    )  # fmt: skip


def only(flow: Flow, learns: Learns) -> Flow:
    """Return the flow in which one matrix learns and the other stays as it is (Note 12)."""
    if learns == "both":
        return flow
    if learns not in ("A", "W"):
        raise InputError(f"learns: one of A, W, both (got {learns!r})")

    def held(state: State) -> State:
        a, w = flow(state)
        return State(a, 0.0 * w) if learns == "A" else State(0.0 * a, w)

    return held


def alternate(
    flow: Flow, start: State, blocks: Sequence[tuple[Learns, float]], samples: int = 50
) -> Trajectory:
    """Integrate block after block, in each of which only some matrices learn.

    Parameters
    ----------
    blocks : sequence of (learns, duration)
        'A', 'W' or 'both', and for how long.
    samples : int
        States a block, beside its first, which is the last of the block before.

    Raises
    ------
    InputError
        If there is no block.
    """
    if not blocks:
        raise InputError("blocks: one or more (got none)")
    begun, parts, ends, last = 0.0, [], [], 0
    for learns, duration in blocks:
        times = np.linspace(begun, begun + duration, samples + 1)
        part = integrate(only(flow, learns), start, times)
        parts.append(part)
        start, begun, last = part[-1], begun + duration, last + samples
        ends.append(last)
    first = parts[0]
    return Trajectory(
        np.concatenate([first.times, *(part.times[1:] for part in parts[1:])]),
        np.concatenate([first.a, *(part.a[1:] for part in parts[1:])]),
        np.concatenate([first.w, *(part.w[1:] for part in parts[1:])]),
        ends=tuple(ends),
    )


def _pack(state: State) -> Matrix:
    return np.concatenate([state.a.ravel(), state.w.ravel()])


def _unpack(packed: Matrix, a: tuple[int, ...], w: tuple[int, ...]) -> State:
    split = a[0] * a[1]
    return State(packed[:split].reshape(a), packed[split:].reshape(w))


def _short(values: NDArray[np.float64]) -> str:
    return np.array2string(values, threshold=4, edgeitems=2)
