"""When spikes tell which class was shown: decoding over time, cross-validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.presentations import presented
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.style import GREY, INK, LEARNERS
from snn_credit.errors import InputError


@dataclass(frozen=True)
class Decoding(Result):
    """How often the class is read from spikes, in % of presentations that were not learned from.

    Attributes
    ----------
    population : str
    start_ms : (bins,)
        Where each bin starts, after the onset.
    bin_ms : float
    bin_percent, bin_sem : (bins,)
        From the counts of one bin; the standard error is that over folds, which share most of what
        they learned from: another set of presentations may differ by more.
    cumulative_percent, cumulative_sem : (bins,)
        From the counts since the first bin, this one included.
    chance_percent : float
        Share of the class that was shown most often: who knows nothing else names it always.
    presentations, folds : int
    """

    population: str
    start_ms: NDArray[np.float64]
    bin_ms: float
    bin_percent: NDArray[np.float64]
    bin_sem: NDArray[np.float64]
    cumulative_percent: NDArray[np.float64]
    cumulative_sem: NDArray[np.float64]
    chance_percent: float
    presentations: int
    folds: int

    def _draw(self, ax: Axes) -> None:
        ends = self.start_ms + self.bin_ms
        middle = self.start_ms + self.bin_ms / 2
        for x, mean, sem, color, label in (
            (middle, self.bin_percent, self.bin_sem, LEARNERS[1], "bin"),
            (ends, self.cumulative_percent, self.cumulative_sem, INK, "cumulative"),
        ):
            ax.plot(x, mean, "o-", color=color, label=label, linewidth=0.9, markersize=2)
            ax.fill_between(x, mean - sem, mean + sem, color=color, alpha=0.15, linewidth=0)
        ax.axhline(self.chance_percent, color=GREY, dashes=(3, 2), label="chance")
        ax.set(xlim=(min(0.0, self.start_ms[0]), ends[-1] * 1.02), ylim=(0, 102))
        ax.legend(frameon=False, fontsize=5.5, loc="best")
        ax.set_title(f"{self.presentations} presentations, {self.folds} folds")
        ax.set(xlabel="time after onset (ms)", ylabel=f"class from {self.population} (%)")


def decoding(
    source: Source,
    bin_ms: float,
    *,
    folds: int = 5,
    decoder: Any = None,
    from_ms: float = 0.0,
    until_ms: float | None = None,
    seed: int = 0,
    **where: Unpack[Where],
) -> Decoding:
    """Decode the class that was shown from spike counts, bin by bin and cumulatively.

    Each presentation is decoded by a classifier that learned from the others: stratified folds,
    the same for all bins. A stimulus that was shown twice may be learned from once and read once:
    `train` shows the same ones in each window of a run, so name one.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`. Some ten presentations of a class are little, a hundred good.
    bin_ms : float
    folds : int
    decoder : scikit-learn classifier, optional
        By default logistic regression on standardised counts, with scikit-learn's own settings.
    from_ms, until_ms : float, optional
        After the onset; by default the whole of the shortest presentation.
    seed : int
        Of the folds.

    Raises
    ------
    InputError
        If fewer than two classes were shown, or one of them fewer than ``folds`` times; see
        `presented` also.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    spikes = select(source, where)
    found = presented(spikes, bin_ms=bin_ms, from_ms=from_ms, until_ms=until_ms)
    _, shown = np.unique(found.labels, return_counts=True)
    if len(shown) < 2:
        raise InputError(f"stimuli: expected two classes or more (got {len(shown)})")
    if folds < 2 or shown.min() < folds:
        raise InputError(
            f"folds: expected from 2 to {shown.min()}, the presentations of the rarest class "
            f"(got {folds}); record more presentations in a window"
        )
    split = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(
        np.zeros(len(found.labels)), found.labels
    ))  # fmt: skip
    reader = _logistic() if decoder is None else decoder

    def scores(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        kept = counts.std(axis=0) > 0
        features = counts[:, kept] if kept.any() else counts[:, :1]
        return 100.0 * cross_val_score(reader, features, found.labels, cv=split)

    sums = np.cumsum(found.counts, axis=1)
    bins = range(len(found.start_ms))
    by_bin = np.array([scores(found.counts[:, b]) for b in bins])
    cumulative = np.array([scores(sums[:, b]) for b in bins])
    root = np.sqrt(folds)
    result = Decoding(
        spikes.name,
        found.start_ms,
        found.bin_ms,
        by_bin.mean(axis=1),
        by_bin.std(axis=1, ddof=1) / root,
        cumulative.mean(axis=1),
        cumulative.std(axis=1, ddof=1) / root,
        100.0 * float(shown.max() / shown.sum()),
        len(found.labels),
        folds,
    )
    return drawn(result, where.get("ax"))


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
