"""Stretches of time in which spikes were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from snn_credit.recording import ROUNDING_MS

#: From (included) to (not), in ms.
Stretch: TypeAlias = tuple[float, float]


def whole_bins(length_ms: float, bin_ms: float) -> int:
    """Return how many bins fit into a length.

    A length is the difference of two times: late in a run it is off by more, counted in short bins,
    than the rounding of the division.
    """
    return int((length_ms + ROUNDING_MS / 2) / bin_ms)


def stretch_words(stretches: Sequence[Stretch]) -> str:
    """Say when something was recorded: '0 to 150 ms or 900 to 1050 ms'."""
    words = [f"{start:g} to {stop:g} ms" for start, stop in stretches]
    return " or ".join(words if len(words) < 5 else [*words[:2], f"{len(words) - 2} later ones"])
