"""A stream: what is presented to a circuit, one presentation after the other, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError

#: Tables with one value a time step, read in equations as ``name(t - t0)``. ``row`` is the chunk's
#: presentation, ``learn`` is 1 where plasticity is on, ``first`` and ``last`` mark a presentation's
#: ends, ``see`` is 1 where what is watched is recorded, ``phase`` is the index of the rule's phase.
TABLES = ("row", "learn", "first", "last", "see", "phase")


@dataclass(frozen=True)
class Stream:
    """Presentations in order; each field holds one value a presentation.

    Attributes
    ----------
    stimulus, target
        Index of the stimulus; class (or row of the target table).
    steps
        How many time steps it lasts.
    plastic
        Whether synapses learn during it.
    phase
        Index of the phase of the rule.
    seen
        Whether watched neurons are recorded during it.
    part
        0 training, 1 validation, 2 test: which data ``stimulus`` counts in.
    """

    stimulus: NDArray[np.int64]
    target: NDArray[np.int64]
    steps: NDArray[np.int64]
    plastic: NDArray[np.bool_]
    phase: NDArray[np.int64]
    seen: NDArray[np.bool_]
    part: NDArray[np.int64]

    def __post_init__(self) -> None:
        lengths = {f.name: len(getattr(self, f.name)) for f in fields(self)}
        if len(set(lengths.values())) > 1:
            raise InputError(f"Stream: fields of one length (got {lengths})")
        if len(self) and self.steps.min() < 1:
            raise InputError(f"Stream.steps: at least 1 (got {self.steps.min()})")

    @classmethod
    def of(
        cls,
        stimulus: Any,
        target: Any,
        steps: Any = 5,
        plastic: Any = True,
        phase: Any = 0,
        seen: Any = False,
        part: Any = 0,
    ) -> Stream:
        """Make a stream; scalars hold for every presentation."""
        n = len(np.atleast_1d(stimulus))
        integer, boolean = np.dtype(np.int64), np.dtype(np.bool_)

        def column(values: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
            return np.array(np.broadcast_to(np.asarray(values, dtype), (n,)))

        return cls(
            column(stimulus, integer),
            column(target, integer),
            column(steps, integer),
            column(plastic, boolean),
            column(phase, integer),
            column(seen, boolean),
            column(part, integer),
        )

    def __len__(self) -> int:
        return len(self.stimulus)

    def __add__(self, other: Stream) -> Stream:
        return join([self, other])

    def __getitem__(self, rows: slice | NDArray[Any]) -> Stream:
        return Stream(*(getattr(self, f.name)[rows] for f in fields(self)))

    def in_windows(self, steps: Sequence[int]) -> Stream:
        """Return the stream with every presentation shown in each window of a rule, in turn.

        ``steps`` is the length of each window in time steps; one of 0 is left out.
        """
        shown = [(phase, n) for phase, n in enumerate(steps) if n]
        count = len(shown)
        repeated = self[np.repeat(np.arange(len(self)), count)]
        lengths = np.array([n for _, n in shown], np.int64)
        phases = np.array([phase for phase, _ in shown], np.int64)
        return replace(
            repeated, steps=np.tile(lengths, len(self)), phase=np.tile(phases, len(self))
        )

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the fields by name, as they go into the run file."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def total_steps(self) -> int:
        """Time steps of the whole stream."""
        return int(self.steps.sum())


def join(streams: list[Stream]) -> Stream:
    """Return the streams one after the other."""
    return Stream(*(np.concatenate([getattr(s, f.name) for s in streams]) for f in fields(Stream)))


@dataclass(frozen=True)
class Chunk:
    """A fixed number of steps of a stream, as the tables that the simulation reads.

    ``tables`` holds one value a step for every name of ``TABLES``; ``rows`` are the presentations
    (indices into the stream) that its steps belong to, ``ended`` those that end within it. Steps
    past the stream's end are frozen and unseen; they go on with the last presentation.
    """

    index: int
    start: int
    tables: dict[str, NDArray[np.float64]]
    rows: NDArray[np.int64]
    ended: NDArray[np.int64]


def rows_per_chunk(stream: Stream, steps: int) -> int:
    """Return the most presentations that ``steps`` consecutive steps of the stream can touch."""
    return min(len(stream), -(-steps // int(stream.steps.min())) + 1)


def chunks(stream: Stream, steps: int, start: int = 0) -> Iterator[Chunk]:
    """Cut a stream into chunks of ``steps`` steps, from chunk ``start`` on."""
    ends = np.cumsum(stream.steps)
    total = int(ends[-1])
    for index in range(start, -(-total // steps)):
        step = np.arange(index * steps, (index + 1) * steps)
        inside = step < total
        row = np.searchsorted(ends, np.minimum(step, total - 1), side="right")
        within = step - (ends[row] - stream.steps[row])
        last = inside & (within == stream.steps[row] - 1)
        rows = np.unique(row)
        tables = {
            "row": row - rows[0],
            "learn": stream.plastic[row] & inside,
            "first": inside & (within == 0),
            "last": last,
            "see": stream.seen[row] & inside,
            "phase": stream.phase[row],
        }
        yield Chunk(
            index,
            index * steps,
            {name: np.asarray(table, np.float64) for name, table in tables.items()},
            rows,
            row[last],
        )
