"""What was shown while spikes were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_credit.analysis.spikes.checks import plain_ms, whole_numbers
from snn_credit.analysis.spikes.stretches import Stretch
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS, Window


@dataclass(frozen=True)
class Stimuli:
    """What was shown: when each stimulus came on and went, in ms, and its class; all (k,).

    Afterwards they are arrays, in order of their onsets.

    Raises
    ------
    InputError
        If there are not as many of each, times have units, one goes before it comes, or classes
        are not whole numbers.
    """

    onset_ms: NDArray[np.float64]
    offset_ms: NDArray[np.float64]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        onsets, offsets = (
            plain_ms(f"Stimuli.{name}", getattr(self, name)) for name in ("onset_ms", "offset_ms")
        )
        labels = whole_numbers("Stimuli.labels", self.labels)
        if onsets.ndim != 1 or not onsets.shape == offsets.shape == labels.shape:
            raise InputError(
                "Stimuli: expected as many onset_ms, offset_ms and labels, (k,) "
                f"(got {onsets.shape}, {offsets.shape} and {labels.shape})"
            )
        if not np.all(offsets >= onsets):
            raise InputError("Stimuli.offset_ms: expected none before its onset (got one)")
        order = np.argsort(onsets, kind="stable")
        values = {"onset_ms": onsets, "offset_ms": offsets, "labels": labels}
        for name, value in values.items():
            object.__setattr__(self, name, value[order])

    @classmethod
    def of_windows(cls, windows: Sequence[Window]) -> Stimuli | None:
        """Return what was shown in a run's windows, None where nothing was.

        The label -1 stands for no stimulus, such as the time between two trials.
        """
        shown = [window for window in windows if np.any(window.labels >= 0)]
        if not shown:
            return None
        known = np.concatenate([window.labels for window in shown]) >= 0
        parts = ([getattr(w, name) for w in shown] for name in ("onset_ms", "offset_ms", "labels"))
        return cls(*(np.concatenate(part)[known] for part in parts))

    def within(self, stretches: Sequence[Stretch]) -> Stimuli:
        """Return those that were shown wholly within one of the stretches."""
        kept = np.zeros(len(self.onset_ms), dtype=bool)
        for start, stop in stretches:
            kept |= (self.onset_ms >= start - ROUNDING_MS) & (self.offset_ms <= stop + ROUNDING_MS)
        return Stimuli(self.onset_ms[kept], self.offset_ms[kept], self.labels[kept])
