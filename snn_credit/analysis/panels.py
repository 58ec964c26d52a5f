"""The panels that figures of runs are made of. Times are in ms after the window's start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from snn_credit.analysis.style import FAINT, GREY, INK, RIGHT, TINT, WRONG
from snn_credit.recording import Population, Run, Window

_SIDE_BY_SIDE = 5
"""Up to so many stimuli in a window, label and guess stand side by side."""

Spikes = tuple[NDArray[np.float64], NDArray[np.int64]]


def choose_units(population: Population, units: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose recorded neurons at random, all if there are no more than ``units``; sorted."""
    recorded = population.recorded
    pool = np.arange(population.size) if recorded is None else np.asarray(recorded)
    if len(pool) > units:
        pool = rng.choice(pool, units, replace=False)
    return np.sort(pool)


def half_step(run: Run, window: Window) -> float:
    """Return half the time step of a window's spikes, in ms.

    A spike at t is the event of the step from t on. Drawn in the middle of that step, the first
    one after a change of stimulus stands beside the border and not on it. Where the run does not
    know its time step, the smallest gap between spikes stands for it.
    """
    if run.dt_ms is not None:
        return run.dt_ms / 2
    times = [run.spikes(name, window.start_ms, window.stop_ms)[0] for name in run.names("spikes")]
    distinct = np.unique(np.round(np.concatenate([*times, np.zeros(0)]), 6))
    return float(np.diff(distinct).min()) / 2 if len(distinct) > 1 else 0.0


def window_spikes(run: Run, population: str, window: Window, shift: float) -> Spikes:
    """Return the spikes of a population in a window, in ms after its start, moved by ``shift``."""
    times, nodes = run.spikes(population, window.start_ms, window.stop_ms)
    return times - window.start_ms + shift, nodes


def duration(window: Window) -> float:
    """Return how long a window is, in ms."""
    return window.stop_ms - window.start_ms


def first_stimuli(window: Window, count: int) -> Window:
    """Cut a window after its first stimuli, if it has more."""
    if len(window.onset_ms) <= count:
        return window
    return replace(
        window,
        stop_ms=float(window.onset_ms[count]),
        images=window.images[:count],
        labels=window.labels[:count],
        guesses=window.guesses[:count],
        onset_ms=window.onset_ms[:count],
    )


def words(population: str) -> str:
    """Turn 'hidden2' into 'hidden 2'."""
    stem = population.rstrip("0123456789")
    return f"{stem.replace('_', ' ')} {population[len(stem) :]}".strip()


def unit_words(unit: str) -> str:
    """Name a unit on an axis: pure numbers are in arbitrary units, as in the paper."""
    return "a.u." if unit == "1" else unit


def presentations(window: Window) -> list[tuple[float, float]]:
    """Return when each stimulus came on and went, in ms after the window's start."""
    onsets, offsets = window.onset_ms - window.start_ms, window.offset_ms - window.start_ms
    return [(float(on), float(off)) for on, off in zip(onsets, offsets, strict=True)]


def draw_stimuli(ax: Axes, window: Window) -> None:
    """Draw the images where they were shown, with label and guess above each.

    Where a window has no images, as in a recording, it is the label alone, and nothing between
    two stimuli.
    """
    ax.set_axis_off()
    ax.set_ylim(0, 1)
    shown = presentations(window)
    stacked = len(shown) > _SIDE_BY_SIDE
    for k, (on, off) in enumerate(shown):
        label, guess = int(window.labels[k]), int(window.guesses[k])
        if window.images[k].size:
            inset = ax.inset_axes((on, 0.0, off - on, 0.7), transform=ax.transData)
            inset.imshow(window.images[k], cmap="gray_r", interpolation="nearest", vmin=0, vmax=1)
            inset.set(xticks=[], yticks=[])
            inset.spines[:].set(linewidth=0.4, color=GREY)
        elif label < 0:
            continue  # nothing was shown
        answer = "–" if guess < 0 else str(guess)
        color = GREY if guess < 0 else RIGHT if guess == label else WRONG
        middle = (on + off) / 2
        if stacked:
            ax.text(middle, 0.98, str(label), ha="center", va="bottom", fontsize=6)
            ax.text(middle, 0.76, answer, ha="center", va="bottom", fontsize=6, color=color)
        else:
            ax.text(middle, 0.78, f"{label} → ", ha="right", va="bottom")
            ax.text(middle, 0.78, answer, ha="left", va="bottom", color=color, weight="bold")


def explain_stimuli(ax: Axes, window: Window) -> None:
    """Say at the left what the words above the images are."""
    stacked = len(window.labels) > _SIDE_BY_SIDE
    words = [(0.98, "label"), (0.76, "guess")] if stacked else [(0.78, "label → guess")]
    for height, word in words:
        ax.text(
            -0.02, height, word, ha="right", va="bottom", fontsize=6, color=GREY,
            transform=ax.transAxes,
        )  # fmt: skip


def title_pad(windows: Sequence[Window]) -> float:
    """Return how far above the stimuli a title stands, in points."""
    return 9.0 if max(len(window.labels) for window in windows) > _SIDE_BY_SIDE else 4.0


def draw_onsets(ax: Axes, window: Window) -> None:
    """Mark with hairlines where one stimulus gives way to the next."""
    for on, _ in presentations(window)[1:]:
        ax.axvline(on, color=FAINT, linewidth=0.5, zorder=0)


def draw_raster(
    ax: Axes,
    spikes: Spikes,
    units: NDArray[np.int64],
    span: float,
    color: str = INK,
) -> None:
    """Draw the spikes of ``units``, the first lowest; a tick a spike."""
    times, nodes = spikes
    shown = np.isin(nodes, units)
    rows = np.searchsorted(units, nodes[shown]) + 1
    draw_ticks(ax, times[shown], rows, span, color)
    ax.set_ylim(0.2, len(units) + 0.8)
    ax.set_yticks([1, len(units)] if len(units) > 1 else [1])


def draw_class_raster(
    ax: Axes, spikes: Spikes, population: Population, window: Window | None, span: float
) -> None:
    """Draw output spikes in bands by class; the band of the class shown is tinted and coloured."""
    classes = np.asarray(population.classes)
    recorded = population.recorded
    pool = np.arange(population.size) if recorded is None else np.sort(recorded)
    ordered = pool[np.argsort(classes[pool], kind="stable")]
    row_of = np.full(population.size, -1)
    row_of[ordered] = np.arange(len(ordered))
    times, nodes = spikes
    known = row_of[nodes] >= 0
    times, nodes = times[known], nodes[known]
    right = np.zeros(len(times), dtype=bool)
    names, starts, counts = np.unique(classes[ordered], return_index=True, return_counts=True)
    if window is not None:
        for (on, off), label in zip(presentations(window), window.labels, strict=True):
            right |= (times >= on) & (times < off) & (classes[nodes] == label)
            for start, count in zip(starts[names == label], counts[names == label], strict=True):
                ax.fill_between(
                    [on, off], start - 0.5, start + count - 0.5, color=TINT, linewidth=0
                )
    for mask, color in ((~right, INK), (right, RIGHT)):
        draw_ticks(ax, times[mask], row_of[nodes[mask]], span, color)
    for start in starts[1:]:
        ax.axhline(start - 0.5, color=FAINT, linewidth=0.4, zorder=0)
    ax.set_ylim(-0.5, len(ordered) - 0.5)
    ax.set_yticks(starts + (counts - 1) / 2, [str(name) for name in names])
    ax.tick_params(axis="y", length=0)


def draw_ticks(
    ax: Axes, times: NDArray[np.float64], rows: NDArray[np.int64], span: float, color: str
) -> None:
    """Draw a short upright tick a spike; as pixels also in vector files, for there are many."""
    feet = np.stack([np.stack([times, rows - 0.4], 1), np.stack([times, rows + 0.4], 1)], 1)
    # A tick takes about half of the time between two steps of 1 ms, within what print can show.
    width = float(np.clip(70.0 / max(span, 1.0), 0.25, 0.8))
    ax.add_collection(
        LineCollection(list(feet), colors=color, linewidths=width, rasterized=True, capstyle="butt")
    )
