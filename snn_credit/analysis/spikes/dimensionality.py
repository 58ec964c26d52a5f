"""In how many dimensions the activity of a population varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.presentations import presented, whatever_was_shown
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import INK, LEARNERS
from snn_credit.errors import InputError


@dataclass(frozen=True)
class Dimensionality(Result):
    """The spectrum of the covariance of spike counts.

    Attributes
    ----------
    population : str
    eigenvalues : (n,)
        Falling, in spikes squared.
    samples : int
        Counts that the covariance is of; no more than ``samples - 1`` eigenvalues differ from 0.
    """

    population: str
    eigenvalues: NDArray[np.float64]
    samples: int

    @property
    def participation_ratio(self) -> float:
        """``(sum of eigenvalues)^2 / sum of squares``: n if all are equal, 1 if there is one.

        NaN of a population that does not vary.
        """
        squares = float(np.sum(self.eigenvalues**2))
        return float(np.sum(self.eigenvalues)) ** 2 / squares if squares > 0 else float("nan")

    @property
    def explained(self) -> NDArray[np.float64]:
        """Share of the variance in the first 1, 2, ... dimensions, (n,)."""
        total = float(self.eigenvalues.sum())
        return np.cumsum(self.eigenvalues) / (total if total > 0 else np.nan)

    def _draw(self, ax: Axes) -> None:
        first = np.arange(1, len(self.eigenvalues) + 1)
        ax.plot(first, 100 * self.explained, color=LEARNERS[4], linewidth=0.9)
        ax.axvline(self.participation_ratio, color=INK, dashes=(3, 2))
        ax.set(xscale="log", ylim=(0, 102), xlim=(0.9, max(len(first), 2)))
        most = min(len(first), self.samples - 1)
        ax.set_title(f"participation ratio {self.participation_ratio:.3g} of at most {most}")
        ax.set(xlabel="dimensions", ylabel=f"variance of {self.population} (%)")


def dimensionality(
    source: Source,
    *,
    bin_ms: float | None = None,
    of: Literal["presentations", "classes"] = "presentations",
    from_ms: float = 0.0,
    until_ms: float | None = None,
    **where: Unpack[Where],
) -> Dimensionality:
    """Return the dimensionality of a population: the participation ratio of its covariance.

    ``D = (sum of l_i)^2 / sum of l_i^2`` with l the eigenvalues of the covariance of spike counts
    (Litwin-Kumar et al. 2017, Neuron 93, 1153; Gao et al. 2017, bioRxiv 214262). Spikes' own noise
    raises it, few samples lower it: compare populations over the same samples.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    bin_ms : float, optional
        Over bins of time of this width; over presentations, if nothing is said.
    of : 'presentations' or 'classes'
        Counts of each presentation, or the mean of each class, free of most of the noise.
    from_ms, until_ms : float, optional
        The part of each presentation that counts; by default all of the shortest. Not with
        ``bin_ms``.

    Raises
    ------
    InputError
        If there are fewer than two bins, presentations or classes.
    """
    if of not in ("presentations", "classes"):
        raise InputError(f"of: expected presentations or classes (got {of!r})")
    if bin_ms is not None and of == "classes":
        raise InputError(f"bin_ms: expected None with the means of classes (got {bin_ms:g})")
    spikes = select(source, where)
    if bin_ms is not None:
        samples, what = whatever_was_shown(spikes, bin_ms, from_ms, until_ms), "bins"
    else:
        found, what = presented(spikes, from_ms=from_ms, until_ms=until_ms), of
        samples = found.whole
        if of == "classes":
            samples = np.array([samples[found.labels == c].mean(axis=0) for c in found.classes])
    if len(samples) < 2:
        raise InputError(f"dimensionality: expected two {what} or more (got {len(samples)})")
    covariance = np.atleast_2d(np.cov(samples, rowvar=False))
    rising = np.linalg.eigvalsh(covariance).astype(np.float64)
    eigenvalues = np.maximum(rising[::-1], 0.0)
    return drawn(Dimensionality(spikes.name, eigenvalues, len(samples)), where.get("ax"))
