"""Spikes of a pair of arrays: times in ms, and neurons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from snn_credit.analysis.spikes.checks import plain_ms, whole_numbers
from snn_credit.analysis.spikes.data import Block, Spikes
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS


def of_arrays(
    times_ms: ArrayLike,
    node_ids: ArrayLike,
    name: str | None = None,
    *,
    start_ms: float | None = None,
    stop_ms: float | None = None,
    size: int | None = None,
) -> Spikes:
    """Return spikes in any order as recorded from 0, or earlier, to the last one, or later.

    Earlier by ``start_ms`` or a first spike before 0, later by ``stop_ms``.

    Raises
    ------
    InputError
        If times have units or are not finite, neurons are not whole numbers below ``size``, there
        are not as many, or nothing says how long or of how many neurons nothing was recorded.
    """
    times, nodes = plain_ms("times_ms", times_ms), whole_numbers("neurons", node_ids)
    if times.ndim != 1 or times.shape != nodes.shape:
        raise InputError(
            f"neurons: expected as many as times_ms, (n,) (got {times.shape} and {nodes.shape})"
        )
    if not np.isfinite(times).all():
        raise InputError("times_ms: expected finite numbers (got NaN or infinity)")
    count = (int(nodes.max()) + 1 if len(nodes) else 0) if size is None else size
    if len(nodes) and not (nodes.min() >= 0 and nodes.max() < count):
        raise InputError(f"neurons: expected 0 to {count - 1} (got {nodes.min()} to {nodes.max()})")
    order = np.argsort(times, kind="stable")
    times, nodes = times[order], nodes[order]
    first = min(0.0, start_ms or 0.0, *times[:1].tolist())
    last = float(times[-1]) + 2 * ROUNDING_MS if len(times) else first
    end = max(last, stop_ms or 0.0)
    if end <= first or count == 0:
        raise InputError("times_ms: expected a spike, or stop_ms and size to be said (got none)")

    def read(start: float, stop: float) -> Iterator[Block]:
        low, high = np.searchsorted(times, [start - ROUNDING_MS, stop - ROUNDING_MS])
        yield times[low:high], nodes[low:high]

    return Spikes(name or "neurons", count, np.arange(count), ((first, end),), read)
