"""How often neurons fire: over all, in bins, and smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.spikes import timeline
from snn_credit.analysis.spikes.data import Spikes
from snn_credit.analysis.spikes.select import Where, select
from snn_credit.analysis.spikes.source import Source
from snn_credit.analysis.spikes.stretches import Stretch
from snn_credit.analysis.style import INK, LEARNERS
from snn_credit.errors import InputError


@dataclass(frozen=True)
class MeanRate(Result):
    """Mean rates of neurons.

    Attributes
    ----------
    population : str
    neurons : (n,)
    rate_hz : (n,)
        0 of a neuron that was recorded and silent.
    mean_hz : float
        Of the population.
    """

    population: str
    neurons: NDArray[np.int64]
    rate_hz: NDArray[np.float64]
    mean_hz: float

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.rate_hz, bins=min(40, max(5, len(self.rate_hz) // 4)), color=LEARNERS[4])
        ax.axvline(self.mean_hz, color=INK, dashes=(3, 2))
        ax.set(xlabel="mean rate (Hz)", ylabel=f"neurons of {self.population}")
        ax.set_title(f"mean {self.mean_hz:.3g} Hz")


def mean_rate(source: Source, **where: Unpack[Where]) -> MeanRate:
    """Return each neuron's mean rate and the population's.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    """
    spikes = select(source, where)
    starts, stops = zip(*spikes.stretches, strict=True)
    counts = spikes.counts(starts, stops).sum(axis=0, dtype=np.float64)
    rates = counts * (1000.0 / spikes.duration_ms)
    found = MeanRate(spikes.name, spikes.neurons, rates, float(rates.mean()))
    return drawn(found, where.get("ax"))


@dataclass(frozen=True)
class Rate(Result):
    """Rates over time, as of Brian's rate monitors.

    Attributes
    ----------
    population : str
    neurons : (n,)
    start_ms : (bins,)
        Where each bin starts, as in Brian; its middle is ``bin_ms / 2`` later.
    bin_ms : float
    rate_hz : (bins,) or (n, bins)
        Of the population, the mean over neurons, or of each of ``neurons``.
    stretches : sequence of (float, float)
        When spikes were recorded, in ms; no bin reaches across a gap.
    """

    population: str
    neurons: NDArray[np.int64]
    start_ms: NDArray[np.float64]
    bin_ms: float
    rate_hz: NDArray[np.float64]
    stretches: tuple[Stretch, ...]

    def _draw(self, ax: Axes) -> None:
        for part in timeline.parts(self.start_ms, self.stretches):
            if part.start == part.stop:
                continue
            x = timeline.place(self.start_ms[part], self.stretches)
            edges = np.append(x, x[-1] + self.bin_ms)
            if self.rate_hz.ndim == 1:
                ax.stairs(
                    self.rate_hz[part], edges, baseline=None, color=LEARNERS[4], linewidth=0.9
                )
                continue
            rows = np.arange(len(self.neurons) + 1)
            image = ax.pcolormesh(
                edges, rows, self.rate_hz[:, part], cmap="viridis", rasterized=True,
                vmin=0.0, vmax=max(float(self.rate_hz.max()), 1e-9),
            )  # fmt: skip
            if part.stop == len(self.start_ms) and ax.figure is not None:
                ax.figure.colorbar(image, ax=ax, label="rate (Hz)")
        timeline.mark(ax, self.stretches)
        if self.rate_hz.ndim == 1:
            ax.set_ylim(0.0, max(1.08 * float(self.rate_hz.max()), 1e-9))
        each = f"neurons of {self.population}"
        ax.set_ylabel(f"rate of {self.population} (Hz)" if self.rate_hz.ndim == 1 else each)


def binned_rate(
    source: Source, bin_ms: float, *, per_neuron: bool = False, **where: Unpack[Where]
) -> Rate:
    """Return rates in bins that fill each recorded stretch: Brian's ``binned_rate`` (2.10).

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    bin_ms : float
        Width of a bin. One that would reach beyond a stretch is left out.
    per_neuron : bool
        Of each neuron, (n, bins), in place of the population's.

    Raises
    ------
    InputError
        If no bin fits.
    """
    spikes = select(source, where)
    starts, stops = spikes.bins(bin_ms)
    rate = _rates(spikes, starts, stops, bin_ms, per_neuron)
    found = Rate(spikes.name, spikes.neurons, starts, bin_ms, rate, spikes.stretches)
    return drawn(found, where.get("ax"))


def smooth_rate(
    source: Source,
    kernel: Literal["gaussian", "flat"] | ArrayLike = "gaussian",
    width_ms: float | None = None,
    *,
    dt_ms: float | None = None,
    edges: Literal["recorded", "zeros"] = "recorded",
    per_neuron: bool = False,
    **where: Unpack[Where],
) -> Rate:
    """Return rates at every time step, smoothed: Brian's ``smooth_rate``.

    Parameters
    ----------
    source, where
        See `spikes_of` and `Where`.
    kernel : 'gaussian', 'flat' or (k,) with k odd
        What Brian calls ``window``. 'gaussian': of standard deviation ``width_ms``, cut off at two
        of them. 'flat': over the odd number of time steps next to ``width_ms``. An array is taken
        as it is, but for its sum, which is made 1.
    width_ms : float
        Not with an array.
    dt_ms : float, optional
        The time step, of a source that does not know it.
    edges : 'recorded' or 'zeros'
        Near the end of a recorded stretch a part of the window lies where nothing was recorded.
        'recorded' leaves that part out; 'zeros' takes it for silence, as Brian does. Elsewhere they
        are the same.
    per_neuron : bool
        Of each neuron, (n, steps), in place of the population's.

    Raises
    ------
    InputError
        For a window that is none of these, or a time step that nobody says.
    """
    from scipy.ndimage import convolve1d

    spikes = select(source, where)
    step = spikes.dt_ms if dt_ms is None else dt_ms
    if step is None or not step > 0:
        raise InputError(f"dt_ms: expected the time step, > 0, of {spikes.name} (got {step})")
    if edges not in ("recorded", "zeros"):
        raise InputError(f"edges: expected recorded or zeros (got {edges!r})")
    weights = _weights(kernel, width_ms, step)
    starts, stops = spikes.bins(step)
    rate = _rates(spikes, starts, stops, step, per_neuron)
    for part in timeline.parts(starts, spikes.stretches):
        here = rate[..., part]
        smooth = convolve1d(here, weights, axis=-1, mode="constant")
        if edges == "recorded":
            inside = convolve1d(np.ones(here.shape[-1]), weights, mode="constant")
            smooth /= np.where(inside != 0.0, inside, np.nan)
        rate[..., part] = smooth
    found = Rate(spikes.name, spikes.neurons, starts, step, rate, spikes.stretches)
    return drawn(found, where.get("ax"))


def _rates(
    spikes: Spikes,
    starts: NDArray[np.float64],
    stops: NDArray[np.float64],
    bin_ms: float,
    per_neuron: bool,
) -> NDArray[np.float64]:
    if per_neuron:
        return spikes.counts(starts, stops).T.astype(np.float64) * (1000.0 / bin_ms)
    return spikes.totals(starts, stops).astype(np.float64) * (
        1000.0 / (bin_ms * len(spikes.neurons))
    )


def _weights(
    shape: Literal["gaussian", "flat"] | ArrayLike, width_ms: float | None, dt_ms: float
) -> NDArray[np.float64]:
    """Return weights whose sum is 1, an odd number of them."""
    if isinstance(shape, str):
        if width_ms is None or not width_ms > 0:
            raise InputError(f"width_ms: expected > 0 with a {shape} window (got {width_ms})")
        if shape == "gaussian":
            half = round(2.0 * width_ms / dt_ms)
            weights = np.exp(-0.5 * (np.arange(-half, half + 1) * dt_ms / width_ms) ** 2)
        elif shape == "flat":
            weights = np.ones(2 * int(width_ms / (2.0 * dt_ms) + 1e-9) + 1)
        else:
            raise InputError(f"kernel: expected gaussian, flat or an array (got {shape!r})")
    else:
        weights = np.asarray(shape, dtype=np.float64)
        if weights.ndim != 1 or len(weights) % 2 == 0 or weights.sum() == 0:
            raise InputError(
                "kernel: expected (k,) with k odd and a sum that is not 0 "
                f"(got shape {weights.shape})"
            )
        if width_ms is not None:
            raise InputError(f"width_ms: expected None with an array (got {width_ms:g})")
    return weights / weights.sum()
