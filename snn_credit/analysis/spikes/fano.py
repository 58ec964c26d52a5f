"""Fano factors: how much counts vary, next to how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.presentations import presented, whatever_was_shown
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import GREY, INK, LEARNERS
from snn_credit.errors import InputError


@dataclass(frozen=True)
class Fano(Result):
    """Fano factors: 1 of a Poisson process, 0 of counts that are all the same.

    Attributes
    ----------
    population : str
    neurons : (n,)
    classes : (g,) or None
        None: over bins of time, and g is 1.
    value, mean_count : (g, n)
        NaN and 0 where no spike came.
    counted_ms : float
        The width of a bin, or the part of a presentation that counts.
    """

    population: str
    neurons: NDArray[np.int64]
    classes: NDArray[np.int64] | None
    value: NDArray[np.float64]
    mean_count: NDArray[np.float64]
    counted_ms: float

    @property
    def per_neuron(self) -> NDArray[np.float64]:
        """Mean over the classes in which a neuron fired, (n,)."""
        known = np.isfinite(self.value)
        total = np.where(known, self.value, 0.0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            return total / known.sum(axis=0)

    @property
    def mean(self) -> float:
        """Mean over the neurons that have one; NaN if none has."""
        known = self.per_neuron[np.isfinite(self.per_neuron)]
        return float(known.mean()) if len(known) else float("nan")

    def _draw(self, ax: Axes) -> None:
        """Draw variance against mean: a Poisson process lies on the diagonal."""
        fired = self.mean_count > 0
        mean = self.mean_count[fired]
        variance = self.value[fired] * mean
        ax.plot(mean, variance, "o", color=LEARNERS[4], markersize=1.8, alpha=0.5, mew=0,
                rasterized=True)  # fmt: skip
        top = max(float(mean.max(initial=0.0)), float(variance.max(initial=0.0)), 1e-9) * 1.05
        ax.plot([0, top], [0, top], color=GREY, linewidth=0.5)
        ax.plot([0, top], [0, top * self.mean], color=INK, dashes=(3, 2))
        right = max(float(mean.max(initial=0.0)) * 1.05, 1e-9)
        ax.set(xlim=(0, right), ylim=(0, max(float(variance.max(initial=0.0)) * 1.05, 1e-9)))
        ax.set_title(f"mean Fano factor {self.mean:.3g}")
        ax.set_xlabel(f"mean count in {self.counted_ms:g} ms")
        ax.set_ylabel(f"variance, {self.population}")


def fano_factor(
    source: Source,
    *,
    bin_ms: float | None = None,
    from_ms: float = 0.0,
    until_ms: float | None = None,
    ddof: int = 1,
    **where: Unpack[Where],
) -> Fano:
    """Return each neuron's Fano factor, ``var(N)/mean(N)`` of its spike counts N.

    Over the presentations of each class, so that what the stimulus makes of the rate does not
    count; or over bins of time, where everything counts.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    bin_ms : float, optional
        Over bins of this width, whatever was shown; over presentations, if nothing is said.
    from_ms, until_ms : float, optional
        The part of each presentation that counts; by default all of the shortest. Not with
        ``bin_ms``.
    ddof : int
        The variance is that of a sample, divided by k - ddof: unbiased with 1, and with 0 what
        ``elephant.statistics.fanofactor`` takes.

    Raises
    ------
    InputError
        If no class was shown more than ``ddof`` times, or there are no more bins than that; see
        `presented` also.
    """
    spikes = select(source, where)
    if bin_ms is None:
        found = presented(spikes, from_ms=from_ms, until_ms=until_ms)
        counts, width = found.whole, found.duration_ms
        groups = {int(c): found.labels == c for c in found.classes}
        groups = {c: members for c, members in groups.items() if np.count_nonzero(members) > ddof}
        if not groups:
            raise InputError(
                f"stimuli: expected a class that was shown more than {ddof} times (got none)"
            )
        classes, parts = np.array(list(groups)), [counts[members] for members in groups.values()]
    else:
        counts = whatever_was_shown(spikes, bin_ms, from_ms, until_ms)
        width = bin_ms
        if len(counts) <= ddof:
            raise InputError(f"bin_ms: expected more than {ddof} bins (got {len(counts)})")
        classes, parts = None, [counts]
    means = np.stack([part.mean(axis=0) for part in parts])
    with np.errstate(invalid="ignore"):
        value = np.stack([part.var(axis=0, ddof=ddof) for part in parts]) / means
    result = Fano(spikes.name, spikes.neurons, classes, value, means, width)
    return drawn(result, where.get("ax"))
