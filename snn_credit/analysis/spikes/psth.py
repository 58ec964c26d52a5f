"""Peri-stimulus time histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.presentations import presented
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import GREY, LEARNERS
from snn_credit.analysis.traces import shades


@dataclass(frozen=True)
class PeriStimulus(Result):
    """Rate after the onset of stimuli, of all together or of each class.

    Attributes
    ----------
    population : str
    start_ms : (bins,)
        Where each bin starts, after the onset.
    bin_ms : float
    classes : (g,) or None
        None: all stimuli together, and g is 1.
    presentations : (g,)
        How many.
    rate_hz, sem_hz : (g, bins)
        Mean over neurons and presentations, and its standard error over presentations; NaN of
        a single one.
    """

    population: str
    start_ms: NDArray[np.float64]
    bin_ms: float
    classes: NDArray[np.int64] | None
    presentations: NDArray[np.int64]
    rate_hz: NDArray[np.float64]
    sem_hz: NDArray[np.float64]

    def _draw(self, ax: Axes) -> None:
        x = self.start_ms + self.bin_ms / 2
        several = self.classes is not None
        colors = shades(len(self.rate_hz)) if several else [LEARNERS[4]]
        for k, (rate, sem, color) in enumerate(zip(self.rate_hz, self.sem_hz, colors, strict=True)):
            label = None if self.classes is None else str(self.classes[k])
            ax.plot(x, rate, color=color, label=label, linewidth=0.9)
            if np.isfinite(sem).all():
                ax.fill_between(x, rate - sem, rate + sem, color=color, alpha=0.2, linewidth=0)
        if self.start_ms[0] < 0:
            ax.axvline(0.0, color=GREY, linewidth=0.5)
        ax.set_xlim(self.start_ms[0], self.start_ms[-1] + self.bin_ms)
        ax.set_ylim(0.0, max(1.08 * ax.get_ylim()[1], 1e-9))
        ax.set(xlabel="time after onset (ms)", ylabel=f"rate of {self.population} (Hz)")
        if several:
            ax.legend(title="class", frameon=False, fontsize=5.5, title_fontsize=6, ncols=2,
                      loc="upper left", bbox_to_anchor=(1.0, 1.05), handlelength=1.2)  # fmt: skip


def peri_stimulus(
    source: Source,
    bin_ms: float,
    *,
    by_class: bool = False,
    from_ms: float = 0.0,
    until_ms: float | None = None,
    **where: Unpack[Where],
) -> PeriStimulus:
    """Return the peri-stimulus time histogram of a population, or of some ``neurons`` of it.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`. Of several windows of a run, all presentations count alike:
        name one to look at one time in learning.
    bin_ms : float
    by_class : bool
        One for each class that was shown.
    from_ms, until_ms : float, optional
        After the onset; by default the whole of the shortest presentation.

    Raises
    ------
    InputError
        See `presented`.
    """
    spikes = select(source, where)
    found = presented(spikes, bin_ms=bin_ms, from_ms=from_ms, until_ms=until_ms)
    rates: NDArray[np.float64] = found.counts.mean(axis=2)  # (k, bins)
    rates *= 1000.0 / found.bin_ms
    everything = np.ones(len(found.labels), dtype=bool)
    groups = [found.labels == c for c in found.classes] if by_class else [everything]
    means = [mean_and_sem(rates[members]) for members in groups]
    result = PeriStimulus(
        spikes.name,
        found.start_ms,
        found.bin_ms,
        found.classes if by_class else None,
        np.array([np.count_nonzero(members) for members in groups]),
        np.array([mean for mean, _ in means]),
        np.array([sem for _, sem in means]),
    )
    return drawn(result, where.get("ax"))


def mean_and_sem(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard error over the first axis; no error of a single one."""
    mean, count = values.mean(axis=0), len(values)
    if count < 2:
        return mean, np.full_like(mean, np.nan)
    return mean, values.std(axis=0, ddof=1) / np.sqrt(count)
