"""Correlations of spike counts between neurons: total, signal and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.presentations import Presented, presented, whatever_was_shown
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import GREY, INK, LEARNERS
from snn_credit.errors import InputError

Kind: TypeAlias = Literal["total", "signal", "noise"]


@dataclass(frozen=True)
class Correlations(Result):
    """Pearson correlations between neurons.

    Attributes
    ----------
    population : str
    kind : 'total', 'signal' or 'noise'
    neurons : (n,)
    matrix : (n, n)
        NaN where one of the two does not vary.
    samples : int
        How many numbers each correlation is of; of noise, in how many presentations a pair shares
        at most.
    """

    population: str
    kind: Kind
    neurons: NDArray[np.int64]
    matrix: NDArray[np.float64]
    samples: int

    @property
    def pairs(self) -> NDArray[np.float64]:
        """Those of the pairs of different neurons that have one, each once."""
        found = self.matrix[np.triu_indices(len(self.neurons), 1)]
        return found[np.isfinite(found)]

    @property
    def mean(self) -> float:
        """Mean over pairs; NaN if there is none."""
        return float(self.pairs.mean()) if len(self.pairs) else float("nan")

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.pairs, bins=list(np.linspace(-1, 1, 61)), color=LEARNERS[4], alpha=0.6)
        ax.axvline(0.0, color=GREY, linewidth=0.5)
        ax.axvline(self.mean, color=INK, dashes=(3, 2))
        ax.set_xlim(-1, 1)
        ax.set_title(f"mean {self.mean:.3g}, {len(self.pairs):,} pairs")
        ax.set(xlabel=f"{self.kind} correlation", ylabel=f"pairs of {self.population}")


def count_correlations(
    source: Source,
    kind: Kind = "total",
    *,
    bin_ms: float | None = None,
    from_ms: float = 0.0,
    until_ms: float | None = None,
    **where: Unpack[Where],
) -> Correlations:
    """Return the correlations of spike counts between all pairs of neurons.

    ========  ===================================================================================
    kind      the correlation of
    ========  ===================================================================================
    total     counts in bins of ``bin_ms``, or of whole presentations if nothing is said
    signal    mean counts of the classes: whether two neurons prefer the same ones
    noise     counts of presentations as z-scores within their class (Cohen & Kohn 2011): what two
              neurons share from one presentation of a class to another; over the classes in which
              both of a pair vary
    ========  ===================================================================================

    Signal correlations are as noisy as the means of the classes: few presentations draw them to 0,
    and of two classes each is -1 or 1.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`. The result has n x n numbers; ``neurons`` chooses.
    kind : 'total', 'signal' or 'noise'
    bin_ms : float, optional
        With 'total' only. As ``elephant.spike_train_correlation.correlation_coefficient`` then.
    from_ms, until_ms : float, optional
        The part of each presentation that counts; by default all of the shortest. Not with
        ``bin_ms``.

    Raises
    ------
    InputError
        For another kind, or fewer than two bins, presentations or classes.
    """
    if kind not in ("total", "signal", "noise"):
        raise InputError(f"kind: expected total, signal or noise (got {kind!r})")
    if bin_ms is not None and kind != "total":
        raise InputError(f"bin_ms: expected None with {kind} correlations (got {bin_ms:g})")
    spikes = select(source, where)
    if bin_ms is not None:
        samples = whatever_was_shown(spikes, bin_ms, from_ms, until_ms).astype(np.float64)
    else:
        found = presented(spikes, from_ms=from_ms, until_ms=until_ms)
        samples = _samples(found, kind)
    if len(samples) < 2:
        what = "bins" if bin_ms is not None else "classes" if kind == "signal" else "presentations"
        alike = " of the same class" if kind == "noise" else ""
        raise InputError(
            f"{kind} correlations: expected two {what}{alike} or more (got {len(samples)})"
        )
    matrix = _of_scores(samples) if kind == "noise" else _pearson(samples)
    result = Correlations(spikes.name, kind, spikes.neurons, matrix, len(samples))
    return drawn(result, where.get("ax"))


def _samples(found: Presented, kind: Kind) -> NDArray[np.float64]:
    counts = found.whole.astype(np.float64)
    if kind == "total":
        return counts
    groups = [counts[found.labels == label] for label in found.classes]
    if kind == "signal":
        return np.array([group.mean(axis=0) for group in groups])
    scored = [_z(group) for group in groups if len(group) > 1]
    return np.concatenate(scored) if scored else np.zeros((0, counts.shape[1]))


def _z(group: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts as z-scores; NaN of a neuron that does not vary."""
    spread = group.std(axis=0)
    return (group - group.mean(axis=0)) / np.where(spread > 0, spread, np.nan)


def _of_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate z-scores (k, n), each pair of columns over the rows in which both have one.

    In each class the squares of a neuron's scores sum to the number of presentations, so the
    norms of a pair are the square root of how many rows it shares. Rows in which only one varies
    would add to that one's norm and draw the correlation to 0.
    """
    known = np.isfinite(scores)
    filled = np.where(known, scores, 0.0)
    shared = known.T.astype(np.float64) @ known
    products = filled.T @ filled
    return np.clip(products / np.where(shared > 0, shared, np.nan), -1.0, 1.0)


def _pearson(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate columns of (k, n)."""
    centred = samples - samples.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    # What is left of a constant by rounding is no variation.
    norms = np.where(norms > 1e-9 * np.linalg.norm(samples, axis=0), norms, np.nan)
    scaled = centred / norms
    return np.clip(scaled.T @ scaled, -1.0, 1.0)
