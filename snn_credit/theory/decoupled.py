"""Why W aligns with B': A takes up B while it learns alone, and W takes up A in its turn.

    d|A|^2/dt = 2 tr(A' B E)   while W is fixed       Lillicrap et al. 2016, Note 12, eq 25
    d tr(BW)/dt = tr(A' B E)   while A is fixed                               eqs 27, 28

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_credit.theory.integrate import Learns, alternate
from snn_credit.theory.linear import Problem, error, linear_flow, normalized_error, through

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Decoupled:
    """One run in blocks.

    Attributes
    ----------
    times : (n,)
    ends : tuple of int
        Index of the last state of each block.
    trace_abe, trace_bw, nse : (n,)
        tr(A'BE), tr(BW), |E|^2 / |T|^2.
    """

    times: Values
    ends: tuple[int, ...]
    trace_abe: Values
    trace_bw: Values
    nse: Values


def decoupled(
    problem: Problem, blocks: Sequence[tuple[Learns, float]], samples: int = 50
) -> Decoupled:
    """Follow FA's flow through blocks in which A, W or both learn (see `alternate`)."""
    target, b = problem.target, problem.b
    path = alternate(linear_flow(target, through(b)), problem.start, blocks, samples)
    return Decoupled(
        path.times,
        path.ends,
        trace_abe=path.measure(lambda s: float(np.sum(s.a * (b @ error(target, s))))),
        trace_bw=path.measure(lambda s: float(np.sum(b.T * s.w))),
        nse=path.measure(lambda s: normalized_error(target, s)),
    )
