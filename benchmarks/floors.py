"""The least time of a step that the memory's bandwidth allows, and how far from it rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bandwidth import GPU, Bandwidth
from contenders import PLAIN_LABEL
from cost import Net, bytes_moved
from rows import Row
from task import input_activity

#: Of hidden neurons, where nothing was measured that says more.
_HALF = 0.5
#: Where a floor holds, beside ``GPU``.
ONE, ALL = "one thread", "all threads"


@dataclass(frozen=True)
class Floor:
    """The least time of a step that a bandwidth allows on one network.

    Attributes
    ----------
    activity
        Fraction of each layer's neurons, but the last's, that spike in a step.
    activity_from
        The contender whose hidden layers were asked, or 'assumed'.
    ms
        By place: ``ONE``, ``ALL``, and ``GPU`` where there is one.
    """

    network: str
    activity: list[float]
    activity_from: str
    read_mb: float
    rewritten_mb: float
    ms: dict[str, float]


def floor_of(net: Net, rows: Sequence[Row], bandwidths: Sequence[Bandwidth]) -> Floor:
    """Return the floor of a network, with the activity of the first contender that tells it."""
    told = next((row for row in rows if row.activity is not None), None)
    hidden = told.activity if told and told.activity else [_HALF] * (len(net.sizes) - 2)
    activity = [input_activity(net.sizes[0]), *hidden]
    moved = bytes_moved(net, activity)
    ms: dict[str, list[float]] = {ONE: [], ALL: [], GPU: []}
    for one in bandwidths:
        # A machine may leave threads idle: at all of them it has at least the bandwidth of one.
        places = [GPU] if one.where == GPU else [ALL, *([ONE] if one.threads == 1 else [])]
        for place in places:
            ms[place].append(moved.floor_ms(one))
    source = told.contender if told else "assumed"
    return Floor(
        str(net),
        activity,
        source,
        moved.read / 1e6,
        moved.rewritten / 1e6,
        {place: min(found) for place, found in ms.items() if found},
    )


def relate(rows: Sequence[Row], floor: Floor | None) -> None:
    """Set the ratios of the rows of one network: to the plain script, and to the floor."""
    reference = next((r for r in rows if (r.contender, r.dtype) == (PLAIN_LABEL, "float64")), None)
    for row in rows:
        if reference:
            row.x_plain = reference.ms_per_step / row.ms_per_step
            row.x_plain_cpu = _ratio(reference.cpu_ms_per_step, row.cpu_ms_per_step)
        if floor is None:
            continue
        on_gpu = "cuda" in row.contender
        row.floor_ms = floor.ms.get(GPU if on_gpu else ALL)
        if row.floor_ms:
            row.x_floor = row.ms_per_step / row.floor_ms
        if not on_gpu and ONE in floor.ms:
            row.x_floor_one_thread = row.ms_per_step / floor.ms[ONE]


def _ratio(a: float, b: float) -> float | None:
    return a / b if b > 0 else None
