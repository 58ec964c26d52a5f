"""Which stretch of a run is drawn."""

from __future__ import annotations

import numpy as np

from snn_credit.errors import InputError
from snn_credit.recording import ROUNDING_MS, Run, Window


def find_stretch(
    run: Run, name: str | None, start_ms: float | None, stop_ms: float | None
) -> Window:
    """Find the window to draw, or make one without stimuli.

    Raises
    ------
    InputError
        If there is no such window, or nothing was recorded in the stretch.
    """
    windows = {window.name: window for window in run.windows}
    if start_ms is None and stop_ms is None and (windows or name is not None):
        chosen = list(windows)[-1] if name is None else name
        if chosen not in windows:
            known = " or ".join(windows) or "nothing, for the run has none,"
            raise InputError(f"window: expected {known} (got {chosen!r})")
        return windows[chosen]
    recorded = _extent(run)
    begin = recorded[0] if start_ms is None else start_ms
    end = recorded[1] if stop_ms is None else stop_ms
    if start_ms is not None and stop_ms is not None and end <= begin:
        raise InputError(f"stop_ms: expected more than {begin:g} (got {end:g})")
    outside = begin >= recorded[1] or end <= recorded[0]
    if outside:
        raise InputError(
            f"start_ms, stop_ms: expected a part of {recorded[0]:g} to {recorded[1]:g} ms, where "
            f"something was recorded (got {begin:g} to {end:g} ms)"
        )
    none = np.zeros(0, dtype=np.int64)
    return Window("", begin, end, 0, np.zeros((0, 1, 1)), none, none, np.zeros(0))


def _extent(run: Run) -> tuple[float, float]:
    """Return from when to when something was recorded, by what the file says and what it holds."""
    first, last = run.extent or (0.0, 0.0)
    if not (stretches := run.stretches):
        return first, last + (run.dt_ms or 1.0)
    if run.extent is None:
        return stretches[0][0], stretches[-1][1]
    return min(first, stretches[0][0]), max(last, stretches[-1][1])


def with_stimuli(run: Run, stretch: Window) -> Window:
    """Return what classes are read from: all stimuli of the last window that a stretch touches."""
    if len(stretch.onset_ms):
        return stretch
    touched = [
        window
        for window in run.windows
        if window.start_ms < stretch.stop_ms and window.stop_ms > stretch.start_ms
    ]
    return touched[-1] if touched else stretch


def gaps(run: Run, stretch: Window) -> list[tuple[float, float]]:
    """Return when no spikes were recorded, in ms after the stretch's start.

    None where the file does not say when they were.
    """
    found, at = [], stretch.start_ms
    for start, stop in run.stretches or [(stretch.start_ms, stretch.stop_ms)]:
        if stop <= at or start >= stretch.stop_ms:
            continue
        found.append((at, start))
        at = stop
    found.append((at, stretch.stop_ms))
    moved = [(start - stretch.start_ms, stop - stretch.start_ms) for start, stop in found]
    return [(start, stop) for start, stop in moved if stop - start > ROUNDING_MS]
