"""What each neuron responds to: its mean rate by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes.presentations import presented
from snn_credit.analysis.spikes.psth import mean_and_sem
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.errors import InputError


@dataclass(frozen=True)
class Tuning(Result):
    """Rates of neurons by class.

    Attributes
    ----------
    population : str
    neurons : (n,)
    classes : (g,)
    rate_hz, sem_hz : (g, n)
        Mean over the presentations of a class, and its standard error; NaN of a single one.
    preferred : (n,)
        The class of the highest rate, the first of several; -1 of a silent neuron.
    selectivity : (n,)
        ``(highest - mean of the others) / (highest + mean of the others)``: 0 of a neuron that does
        not tell classes apart, 1 of one that fires for a single class; NaN of a silent one.
    chance : (n,)
        The same with labels shuffled once, for a highest rate is higher by chance too.
    """

    population: str
    neurons: NDArray[np.int64]
    classes: NDArray[np.int64]
    rate_hz: NDArray[np.float64]
    sem_hz: NDArray[np.float64]
    preferred: NDArray[np.int64]
    selectivity: NDArray[np.float64]
    chance: NDArray[np.float64]

    @property
    def order(self) -> NDArray[np.int64]:
        """Positions of the neurons by preferred class, the most selective of a class first."""
        falling = -np.nan_to_num(self.selectivity, nan=-1.0)
        # Silent neurons prefer -1, and stand last.
        classes = np.where(self.preferred < 0, np.iinfo(np.int64).max, self.preferred)
        return np.lexsort((falling, classes))

    def _draw(self, ax: Axes) -> None:
        top = self.rate_hz.max(axis=0)
        shown = (self.rate_hz / np.where(top > 0, top, 1.0))[:, self.order].T
        image = ax.imshow(shown, aspect="auto", cmap="magma", vmin=0, vmax=1, origin="lower",
                          interpolation="nearest")  # fmt: skip
        ax.set_xticks(range(len(self.classes)), [str(c) for c in self.classes])
        ax.tick_params(length=0)
        if ax.figure is not None:
            ax.figure.colorbar(image, ax=ax, label="rate (share of the highest)")
        known = np.isfinite(self.selectivity)
        if known.any():
            real, null = self.selectivity[known].mean(), np.nanmean(self.chance[known])
            ax.set_title(f"selectivity {real:.2f} (shuffled {null:.2f})")
        ax.set(xlabel="class shown", ylabel=f"neurons of {self.population}")


def tuning(
    source: Source,
    *,
    from_ms: float = 0.0,
    until_ms: float | None = None,
    seed: int = 0,
    **where: Unpack[Where],
) -> Tuning:
    """Return how neurons respond to each class.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    from_ms, until_ms : float, optional
        The part of each presentation that counts; by default all of the shortest.
    seed : int
        Of the labels' shuffling.

    Raises
    ------
    InputError
        If fewer than two classes were shown; see `presented` also.
    """
    spikes = select(source, where)
    found = presented(spikes, from_ms=from_ms, until_ms=until_ms)
    if len(found.classes) < 2:
        raise InputError(f"stimuli: expected two classes or more (got {len(found.classes)})")
    rates = found.whole.astype(np.float64) * (1000.0 / found.duration_ms)
    means, errors = zip(
        *(mean_and_sem(rates[found.labels == c]) for c in found.classes), strict=True
    )
    by_class = np.array(means)
    shuffled = np.random.default_rng(seed).permutation(found.labels)
    null = np.array([rates[shuffled == c].mean(axis=0) for c in found.classes])
    silent = by_class.max(axis=0) == 0
    result = Tuning(
        spikes.name,
        spikes.neurons,
        found.classes,
        by_class,
        np.array(errors),
        np.where(silent, -1, found.classes[by_class.argmax(axis=0)]),
        _selectivity(by_class),
        _selectivity(null),
    )
    return drawn(result, where.get("ax"))


def _selectivity(by_class: NDArray[np.float64]) -> NDArray[np.float64]:
    highest = by_class.max(axis=0)
    others = (by_class.sum(axis=0) - highest) / (len(by_class) - 1)
    with np.errstate(invalid="ignore"):
        return (highest - others) / (highest + others)
