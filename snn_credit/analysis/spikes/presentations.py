"""Spikes counted about the onsets of stimuli: what histograms, tuning and decoding start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_credit.analysis.spikes.data import Spikes
from snn_credit.analysis.spikes.stimuli import Stimuli
from snn_credit.analysis.spikes.stretches import whole_bins
from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS


@dataclass(frozen=True)
class Presented:
    """Counts in bins about each onset.

    ==========  ============  =====================================================
    counts      (k, bins, n)  spikes of presentation, bin and neuron
    start_ms    (bins,)       where each bin starts, after the onset
    bin_ms                    width of a bin
    labels      (k,)          the class that was shown
    ==========  ============  =====================================================
    """

    counts: NDArray[np.int64]
    start_ms: NDArray[np.float64]
    bin_ms: float
    labels: NDArray[np.int64]

    @property
    def classes(self) -> NDArray[np.int64]:
        """The classes that were shown, rising."""
        return np.unique(self.labels)

    @property
    def whole(self) -> NDArray[np.int64]:
        """Counts over all bins, (k, n)."""
        return self.counts.sum(axis=1)

    @property
    def duration_ms(self) -> float:
        """How long is counted in each presentation."""
        return self.bin_ms * len(self.start_ms)


def presented(
    spikes: Spikes,
    *,
    bin_ms: float | None = None,
    from_ms: float = 0.0,
    until_ms: float | None = None,
) -> Presented:
    """Count spikes in bins from ``from_ms`` to ``until_ms`` after the onset of each stimulus.

    Parameters
    ----------
    spikes : Spikes
        With stimuli.
    bin_ms : float, optional
        Width of a bin; one bin, if nothing is said.
    from_ms, until_ms : float, optional
        By default from the onset to the end of the shortest presentation. Negative before the
        onset. Presentations about which this was not recorded are left out.

    Raises
    ------
    InputError
        If no stimuli are known, these stretches overlap or were not recorded, or no bin fits.
    """
    stimuli = spikes.stimuli
    if stimuli is None or not len(stimuli.labels):
        raise InputError(
            f"stimuli: expected some that were shown while {spikes.name} was recorded, by a run "
            "file's windows or as stimuli=Stimuli(onset_ms, offset_ms, labels) (got none)"
        )
    onsets = stimuli.onset_ms
    until = float((stimuli.offset_ms - onsets).min()) if until_ms is None else until_ms
    if until <= from_ms:
        raise InputError(f"until_ms: expected more than {from_ms:g} (got {until:g})")
    if np.any(onsets[1:] + from_ms < onsets[:-1] + until - ROUNDING_MS):
        raise InputError(
            "from_ms, until_ms: expected stretches about each onset that do not overlap "
            f"(got {from_ms:g} to {until:g})"
        )
    shown = Stimuli(onsets + from_ms, onsets + until, stimuli.labels).within(spikes.stretches)
    if not len(shown.labels):
        raise InputError(
            "from_ms, until_ms: expected a stretch about an onset that was recorded "
            f"(got {from_ms:g} to {until:g})"
        )
    width = until - from_ms if bin_ms is None else bin_ms
    if not 0 < width <= until - from_ms + ROUNDING_MS:
        raise InputError(f"bin_ms: expected > 0 and at most {until - from_ms:g} (got {width:g})")
    steps = width * np.arange(whole_bins(until - from_ms, width), dtype=np.float64)
    starts = (shown.onset_ms[:, None] + steps).ravel()
    counts = spikes.counts(starts, starts + width)
    shape = (len(shown.labels), len(steps), len(spikes.neurons))
    return Presented(counts.reshape(shape), from_ms + steps, width, shown.labels)


def whatever_was_shown(
    spikes: Spikes, bin_ms: float, from_ms: float, until_ms: float | None
) -> NDArray[np.int64]:
    """Count spikes in bins that fill what was recorded, (k, n).

    Raises
    ------
    InputError
        If no bin fits, or ``from_ms`` or ``until_ms`` is said too, which bins do not regard.
    """
    if from_ms != 0.0 or until_ms is not None:
        until = "None" if until_ms is None else f"{until_ms:g}"
        raise InputError(
            "from_ms, until_ms: expected neither with bin_ms, for bins fill all that was recorded "
            f"(got {from_ms:g} and {until})"
        )
    return spikes.counts(*spikes.bins(bin_ms))
