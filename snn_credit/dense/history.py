"""The spikes under way in a pathway, as the last time steps' events."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError


class SpikeHistory:
    """Which sources had an event in each of the last steps: what Brian's spike queue is for.

    Brian asks a device for a queue for each pathway, has it prepared before every run, and stores
    and restores it with the network. Where every pathway of a network is known beforehand no
    synapse has to be queued: a synapse with a delay of ``d`` steps looks up its source's row of
    ``d`` steps ago.

    Attributes
    ----------
    delays
        In time steps: one number if all are equal, else one for each synapse.
    history
        Row ``step % len(history)`` holds a flag for each source, ``(longest delay + 1, sources)``.
    step
        The next time step.
    """

    step: int

    def __init__(self, source_start: int, source_end: int) -> None:
        self._sources = source_end - source_start
        self._dt: float | None = None
        self.delays: NDArray[np.int32] = np.zeros(1, np.int32)
        self.history: NDArray[np.uint8] = np.zeros((1, self._sources), np.uint8)
        self.step = 0

    def prepare(self, delays: NDArray[Any], dt: float, sources: NDArray[Any]) -> None:
        """Take the delays (seconds) of the coming run.

        Raises
        ------
        InputError
            For a delay below 0, or another ``dt`` while spikes are under way.
        """
        steps = np.round(np.asarray(delays) / dt).astype(np.int32)
        if steps.size and steps.min() < 0:
            raise InputError(f"delay: at least 0 (got {np.min(delays)} s)")
        if self._dt is not None and self._dt != dt and self.history.any():
            raise InputError(
                f"dt: the same while spikes are under way (got {dt} s, was {self._dt} s)"
            )
        self._dt = dt
        uniform = steps.size == 0 or bool((steps == steps[0]).all())
        self.delays = np.ascontiguousarray(steps[:1] if uniform else steps)
        if self.delays.size == 0:
            self.delays = np.zeros(1, np.int32)
        depth = int(self.delays.max()) + 1
        if depth != len(self.history):
            self._resize(depth)

    def get_capsule(self) -> None:
        """Return nothing: Brian asks newer queues for a pointer, for code that is not made here."""

    def _resize(self, depth: int) -> None:
        old, self.history = self.history, np.zeros((depth, self._sources), np.uint8)
        for step in range(max(0, self.step - min(depth, len(old))), self.step):
            self.history[step % depth] = old[step % len(old)]

    def _full_state(self) -> dict[str, Any]:
        return {"history": self.history.copy(), "step": self.step, "dt": self._dt}

    def _restore_from_full_state(self, state: dict[str, Any] | None) -> None:
        if state is None:
            self.history[:] = 0
            self.step = 0
        else:
            self.history, self.step = state["history"].copy(), state["step"]
            self._dt = state["dt"]
