"""Trials of a recording as the stimuli of a run's windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.recording import Window


@dataclass(frozen=True)
class Trials:
    """What was shown: ``start``, ``stop`` in ms, ``labels``, ``guesses`` (n,); all ``columns``."""

    start: NDArray[np.float64]
    stop: NDArray[np.float64]
    labels: NDArray[np.int64]
    guesses: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def class_numbers(
    values: NDArray[Any] | None, n: int, names: Sequence[str] | None = None
) -> tuple[NDArray[np.int64], list[str] | None]:
    """Return the class of each of n trials and the names of the classes.

    Whole numbers are classes as they are, and have no names. All else is numbered in alphabetical
    order, or by ``names`` where they are given: what is not among them is -1, as is every trial
    without values.
    """
    if values is None:
        return np.full(n, -1, dtype=np.int64), None
    whole = values.dtype.kind in "biu" or (
        values.dtype.kind == "f" and bool(np.isfinite(values).all()) and not np.any(values % 1)
    )
    if whole and names is None:
        return values.astype(np.int64), None
    words = values.astype(str)
    known = sorted(set(words.tolist())) if names is None else list(names)
    number = {name: k for k, name in enumerate(known)}
    return np.array([number.get(str(word), -1) for word in words], dtype=np.int64), known


def recorded_windows(
    stretches: Sequence[tuple[float, float]], trials: Trials | None
) -> list[Window]:
    """Return a window ``recording`` for each stretch, with the trials that begin in it.

    A window's stimuli last until the next one. Where nothing was shown between two trials, or
    after the last, there is a stimulus of label -1. There are no images.
    """
    windows = []
    for k, (start, stop) in enumerate(stretches):
        name = "recording" if len(stretches) == 1 else f"recording {k + 1}"
        onsets, labels, guesses = _shown(start, stop, trials)
        images = np.zeros((len(onsets), 0, 0))
        windows.append(Window(name, start, stop, 0, images, labels, guesses, onsets))
    return windows


def _shown(
    start: float, stop: float, trials: Trials | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    rows: list[tuple[float, int, int]] = []
    if trials is not None:
        inside = np.flatnonzero((trials.start >= start) & (trials.start < stop))
        inside = inside[np.argsort(trials.start[inside], kind="stable")]
        nexts = np.append(trials.start[inside][1:], stop)[: len(inside)]
        for k, following in zip(inside, nexts, strict=True):
            rows.append((float(trials.start[k]), int(trials.labels[k]), int(trials.guesses[k])))
            if trials.stop[k] < following:
                rows.append((float(trials.stop[k]), -1, -1))
    onsets, labels, guesses = zip(*rows, strict=True) if rows else ((), (), ())
    return (
        np.array(onsets, dtype=np.float64),
        np.array(labels, dtype=np.int64),
        np.array(guesses, dtype=np.int64),
    )
