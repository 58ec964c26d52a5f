"""What learning changes: traces, weights, and their alignment, from the beginning of a run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.agreement import norm_ratio
from snn_credit.analysis.alignment import angle
from snn_credit.analysis.panels import unit_words
from snn_credit.analysis.result import Result, drawn
from snn_credit.analysis.style import GREY, LEARNERS
from snn_credit.errors import InputError
from snn_credit.recording import Run, open_run

#: Shares of the numbers that lie below each line of a distribution.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

_SEEN = "images seen"


@dataclass(frozen=True)
class Distribution(Result):
    """How some numbers are distributed, again and again.

    Attributes
    ----------
    name : str
        Of what is distributed, with its unit.
    axis : str
        Of what it is measured against.
    at : (k,)
    quantiles : (k, 5)
        `QUANTILES`.
    mean_abs : (k,)
        Mean of the absolute values.
    """

    name: str
    axis: str
    at: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    mean_abs: NDArray[np.float64]

    def _draw(self, ax: Axes) -> None:
        color, q = LEARNERS[4], self.quantiles.T
        ax.fill_between(self.at, q[0], q[4], color=color, alpha=0.15, linewidth=0, label="90 %")
        ax.fill_between(self.at, q[1], q[3], color=color, alpha=0.3, linewidth=0, label="50 %")
        ax.plot(self.at, q[2], "o-", color=color, markersize=2, label="median")
        ax.plot(self.at, self.mean_abs, "o-", color=LEARNERS[0], markersize=2, label="mean |x|")
        ax.axhline(0.0, color=GREY, linewidth=0.5, zorder=0)
        ax.legend(frameon=False, fontsize=5.5, handlelength=1.2)
        if self.axis == _SEEN and len(self.at) > 1:
            near = max(1.0, float(np.sort(self.at)[1]))
            ax.set_xscale("symlog", linthresh=near, linscale=0.3)
            ax.set_xlim(-0.05 * near, 1.3 * float(self.at.max()))
            powers = 10.0 ** np.arange(np.ceil(np.log10(near)), np.log10(self.at.max()) + 1e-9)
            ax.set_xticks([0.0, *powers])
        ax.set(xlabel=self.axis, ylabel=self.name)


def trace_over_learning(
    run: Run | str | PathLike[str], population: str, variable: str, *, ax: Axes | None = None
) -> Distribution:
    """Return the distribution of a traced variable in each recorded window.

    Over samples and traced neurons together, against the training images seen; potentials and
    modulators are what is traced.

    Raises
    ------
    InputError
        If it was not traced, or the run has no windows.
    """
    run = run if isinstance(run, Run) else open_run(run)
    unit = unit_words(run.unit(population, variable))
    if not run.windows:
        raise InputError(f"{run.path}: expected recorded windows (got a run without)")
    values = [run.trace(population, variable, w.start_ms, w.stop_ms)[2] for w in run.windows]
    seen = np.array([w.images_seen for w in run.windows], dtype=np.float64)
    kept = [k for k, value in enumerate(values) if value.size]
    if not kept:
        raise InputError(f"{run.path}: expected samples of {variable} in a window (got none)")
    name = f"{variable} of {population} ({unit})"
    found = _distribution(name, _SEEN, seen[kept], [values[k] for k in kept])
    return drawn(found, ax)


def weights_over_learning(
    source: Run | str | PathLike[str] | tuple[ArrayLike, ArrayLike],
    projection: str = "weights",
    variable: str = "w",
    *,
    ax: Axes | None = None,
) -> Distribution:
    """Return the distribution of a projection's weights in each snapshot.

    Of a sparse projection only the weights of its synapses count.

    Parameters
    ----------
    source : Run, path or (times_ms, weights)
        Arrays (k,) and (k, n_post, n_pre).
    projection, variable : str
        Such as 'hidden1_to_hidden2' and 'w' or 'b'.

    Raises
    ------
    InputError
        If they were not recorded, or shapes do not fit.
    """
    if isinstance(source, tuple):
        times, values = (np.asarray(part, dtype=np.float64) for part in source)
        if times.ndim != 1 or values.shape[:1] != times.shape or not values.size:
            raise InputError(
                "source: expected (times_ms, weights), (k,) and (k, n_post, n_pre) "
                f"(got {times.shape} and {values.shape})"
            )
    else:
        run = source if isinstance(source, Run) else open_run(source)
        times, values = run.weights(projection, variable, dense=False)
    name = f"{variable} of {projection.replace('_', ' ')}"
    return drawn(_distribution(name, "time (s)", times / 1000.0, list(values)), ax)


def _distribution(
    name: str, axis: str, at: NDArray[np.float64], values: Sequence[NDArray[np.floating]]
) -> Distribution:
    quantiles = np.array([np.quantile(v, QUANTILES) for v in values], dtype=np.float64)
    mean_abs = np.array([float(np.abs(value).mean()) for value in values])
    return Distribution(name, axis, at, quantiles, mean_abs)


@dataclass(frozen=True)
class AlignmentOverLearning(Result):
    """How forward and feedback weights agree, by projection.

    Attributes
    ----------
    time_ms : mapping of str to (k,)
        Projection -> times of its snapshots.
    angle_deg : mapping of str to (k,)
        From ``w`` to ``b``: 0 aligned, 90 unrelated, 180 opposed.
    norm_ratio : mapping of str to (k,)
        ``|w| / |b|``.
    shown : 'angle' or 'norm ratio'
        Which of them `draw` draws.
    """

    time_ms: Mapping[str, NDArray[np.float64]]
    angle_deg: Mapping[str, NDArray[np.float64]]
    norm_ratio: Mapping[str, NDArray[np.float64]]
    shown: Literal["angle", "norm ratio"] = "angle"

    def _draw(self, ax: Axes) -> None:
        angles = self.shown == "angle"
        for k, (name, values) in enumerate((self.angle_deg if angles else self.norm_ratio).items()):
            color = LEARNERS[(k + 4) % len(LEARNERS)]
            at = self.time_ms[name] / 1000.0
            ax.plot(at, values, "o-", color=color, markersize=2, label=name.replace("_", " "))
        ax.axhline(90.0 if angles else 1.0, color=GREY, linewidth=0.5, zorder=0)
        if angles:
            ax.set(ylim=(0, 180), yticks=[0, 45, 90, 135, 180])
        ax.legend(frameon=False, fontsize=5.5)
        ax.set(xlabel="time (s)", ylabel="angle of w to b (°)" if angles else "|w| / |b|")


def alignment_over_learning(
    run: Run | str | PathLike[str],
    projections: Sequence[str] | None = None,
    *,
    shown: Literal["angle", "norm ratio"] = "angle",
    ax: Axes | None = None,
) -> AlignmentOverLearning:
    """Return angle and norm ratio of forward and feedback weights in each snapshot.

    Parameters
    ----------
    run : Run or path
    projections : sequence of str, optional
        All that have both ``w`` and ``b``, if nothing is said.
    shown : 'angle' or 'norm ratio'
        Which of them the result draws.

    Raises
    ------
    InputError
        If there is no such projection.
    """
    if shown not in ("angle", "norm ratio"):
        raise InputError(f"shown: expected angle or norm ratio (got {shown!r})")
    run = run if isinstance(run, Run) else open_run(run)
    recorded = [name for name, known in run.names("weights").items() if {"w", "b"} <= set(known)]
    names = recorded if projections is None else list(projections)
    if not names:
        raise InputError(f"{run.path}: expected snapshots of both w and b (got none)")
    times, angles, ratios = {}, {}, {}
    for name in names:
        times[name], forward = run.weights(name, "w")
        pairs = list(zip(forward, run.weights(name, "b")[1], strict=True))
        angles[name] = np.array([angle(w, b) for w, b in pairs])
        ratios[name] = np.array([norm_ratio(w, b) for w, b in pairs])
    return drawn(AlignmentOverLearning(times, angles, ratios, shown), ax)
