"""Learning example by example or from all examples at once, looked at now and then."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TypeVar

import numpy as np

from snn_credit.errors import InputError
from snn_credit.theory.integrate import Matrix
from snn_credit.theory.linear import normalized_error
from snn_credit.theory.twolayer import TwoLayer

Seen = TypeVar("Seen")

#: A net whose NSE is above this is given up: squares of its weights would overflow in time.
RAN_AWAY = 1e6


def learn_online(
    net: TwoLayer,
    target: Matrix,
    inputs: Matrix,
    *,
    eta: float,
    every: int,
    look: Callable[[], Seen],
) -> list[tuple[int, float, Seen | None]]:
    """Learn y* = T x one input at a time, by the net's rule.

    Parameters
    ----------
    net : TwoLayer
        A linear one; it is changed.
    target : (n_o, n_i)
        T.
    inputs : (n, n_i)
        In the order in which they are shown.
    eta : float
        Learning rate.
    every : int
        Inputs from one look to the next; the first one is before learning.
    look : callable
        Returns what is wanted of the net as it is.

    Returns
    -------
    list of (inputs seen, NSE, what ``look`` returned)
        It ends early, with an infinite NSE and nothing looked at, where the net runs away.

    Raises
    ------
    InputError
        If ``every`` is below 1.
    """
    _check(every)
    found: list[tuple[int, float, Seen | None]] = []
    for seen in range(len(inputs) + 1):
        nse = normalized_error(target, net.state)
        if not nse < RAN_AWAY:
            return [*found, (seen, inf, None)]
        if seen % every == 0:
            found.append((seen, nse, look()))
        if seen < len(inputs):
            x = inputs[seen : seen + 1]
            net.learn(x, x @ target.T, eta=eta)
    return found


def learn_batch(
    net: TwoLayer,
    x: Matrix,
    y: Matrix,
    *,
    eta: float,
    updates: int,
    every: int,
    told: Callable[[int, float], None] = lambda update, nse: None,
) -> Matrix:
    """Learn from a fixed set of examples, all of them in each update, by the net's rule.

    Parameters
    ----------
    net : TwoLayer
        It is changed.
    x, y : (n, n_i), (n, n_o)
        The examples.
    eta : float
        Learning rate, of the mean over examples.
    updates, every : int
        How many, and how many from one measurement to the next; the first is before learning.
    told : callable
        Is given the updates done and the NSE at each measurement.

    Returns
    -------
    (updates // every + 1,)
        The NSE: the summed squared error over that of the mean (Lillicrap et al. 2016, Methods).

    Raises
    ------
    InputError
        If ``every`` is below 1.
    """
    _check(every)
    spread = np.sum((y - y.mean(axis=0)) ** 2)
    found: list[float] = []
    for update in range(updates + 1):
        if update % every == 0:
            found.append(float(np.sum((net.output(x) - y) ** 2) / spread))
            told(update, found[-1])
        if update < updates:
            net.learn(x, y, eta=eta)
    return np.array(found)


def _check(every: int) -> None:
    if every < 1:
        raise InputError(f"every: 1 or more (got {every})")
