"""Networks of many widths and depths, and the fit of a device's times on them."""

from __future__ import annotations

from collections.abc import Sequence

from cost import FEWEST, Net, fit
from report import Sweep
from rows import Row
from task import CLASSES

from snn_credit.errors import InputError


def nets(widths: Sequence[int], depths: Sequence[int]) -> list[Net]:
    """Return networks whose layers, input and output too, are all of one width.

    Raises
    ------
    InputError
        For a width that the classes do not share equally, a depth (hidden layers) below 1, or
        fewer networks than a fit needs.
    """
    if len(widths) * len(depths) < FEWEST:
        raise InputError(
            f"widths, depths: at least {FEWEST} networks together"
            f" (got {len(widths)} x {len(depths)})"
        )
    for width in widths:
        if width < 1 or width % CLASSES:
            raise InputError(f"widths: positive multiples of {CLASSES} (got {width})")
    for depth in depths:
        if depth < 1:
            raise InputError(f"depths: at least one hidden layer (got {depth})")
    return [Net((width,) * (depth + 2)) for depth in depths for width in widths]


def swept(device: str, rows: Sequence[Row]) -> Sweep:
    """Fit the rows of one device, by the clock and by processor time."""
    measured = [Net.parse(row.network) for row in rows]
    clock, processor = (
        fit(measured, [getattr(row, name) for row in rows])
        for name in ("ms_per_step", "cpu_ms_per_step")
    )
    return Sweep(device, clock, processor, [clock.ms(net) for net in measured])
