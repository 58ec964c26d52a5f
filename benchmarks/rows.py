"""Time contenders side by side, in turns, and say what came out for each."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from contenders import PLAIN, PLAIN_FLOAT32, Contender, Loaded
from cost import Net
from serving import Failed, Served, Timed

Say = Callable[[str], None]
T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Row:
    """What was measured of one contender on one network; see ``tables.COLUMNS`` for the meaning."""

    network: str
    contender: str
    dtype: str
    neurons: int
    plastic_synapses: int
    feedback_synapses: int
    steps: tuple[int, int]
    ms_per_step: float
    ms_per_step_range: tuple[float, float]
    cpu_ms_per_step: float
    updates_per_s: float
    startup_s: float
    build_s: float
    parent_mb: float
    child_mb: float
    imports_mb: float
    activity: list[float] | None
    about: dict[str, Any] = field(default_factory=dict)
    x_plain: float | None = None
    x_plain_cpu: float | None = None
    floor_ms: float | None = None
    x_floor: float | None = None
    x_floor_one_thread: float | None = None


@dataclass(frozen=True)
class Skipped:
    """A contender that was not measured, and why."""

    network: str
    contender: str
    reason: str


@dataclass
class Measured:
    """What is collected of one contender: build, memory, and the runs of both lengths."""

    contender: Contender
    build_s: float
    loaded: Loaded
    whole: Timed
    process: Served
    short: list[Timed] = field(default_factory=list)
    long: list[Timed] = field(default_factory=list)

    @classmethod
    def start(cls, contender: Contender) -> Measured:
        """Build for both lengths, see what memory a run takes, and warm up a process to time.

        Each in a process of its own: what building takes must not count as memory of running.
        """
        few, many = contender.lengths
        builder = Served(contender)
        built, first = builder.ask(many)
        _, second = builder.ask(many)
        builder.ask(few)
        builder.end()
        build_s = built + max(0.0, first.clock_s - second.clock_s)
        alone = Served(contender)
        _, whole = alone.ask(many)
        alone.end()
        process = Served(contender)
        for steps in contender.lengths:
            process.ask(steps)
        return cls(contender, build_s, alone.loaded, whole, process)

    def again(self) -> Measured:
        """Run both lengths once more."""
        few, many = self.contender.lengths
        self.short.append(self.process.ask(few)[1])
        self.long.append(self.process.ask(many)[1])
        return self

    def row(self) -> Row:
        """Return the slope between the medians of two lengths, and the rest.

        Raises
        ------
        Failed
            If more steps took no more time.
        """
        few, many = self.contender.lengths
        apart = many - few
        clock, cpu = (
            statistics.median(getattr(t, name) for t in self.long)
            - statistics.median(getattr(t, name) for t in self.short)
            for name in ("clock_s", "cpu_s")
        )
        if clock <= 0:
            raise Failed(f"{many} steps took no longer than {few}; give it more by --steps")
        slopes = [
            (b.clock_s - a.clock_s) / apart for a, b in zip(self.short, self.long, strict=True)
        ]
        net, plain = Net.parse(self.contender.sizes), self.contender.name in (PLAIN, PLAIN_FLOAT32)
        return Row(
            network=self.contender.sizes,
            contender=self.contender.label,
            dtype=self.contender.dtype,
            neurons=net.neurons,
            plastic_synapses=net.plastic,
            feedback_synapses=net.feedback,
            steps=self.contender.lengths,
            ms_per_step=clock / apart * 1e3,
            ms_per_step_range=(min(slopes) * 1e3, max(slopes) * 1e3),
            cpu_ms_per_step=cpu / apart * 1e3,
            updates_per_s=net.plastic * apart / clock,
            startup_s=statistics.median(t.clock_s for t in self.short) - clock / apart * few,
            build_s=self.build_s,
            # The plain script's program starts from a shell; it has no parent to keep.
            parent_mb=0.0 if plain else self.whole.parent_mb,
            child_mb=self.whole.child_mb,
            imports_mb=self.loaded.imports_mb,
            activity=self._activity(),
            about=self.loaded.about,
        )

    def _activity(self) -> list[float] | None:
        found = [t.activity for t in self.long if t.activity is not None]
        return [statistics.mean(layer) for layer in zip(*found, strict=True)] if found else None


def compare(
    contenders: Sequence[Contender], repeats: int, say: Say
) -> tuple[list[Row], list[Skipped]]:
    """Build and measure contenders on one network; one that fails is skipped and named."""
    network = contenders[0].sizes
    skipped: list[Skipped] = []

    def each(things: Sequence[T], act: Callable[[T], R]) -> list[R]:
        """Act on all, and return what came of those that did not fail."""
        results = []
        for thing in things:
            try:
                results.append(act(thing))
            except Failed as error:
                of = thing.contender if isinstance(thing, Measured) else thing
                assert isinstance(of, Contender)
                skipped.append(Skipped(network, of.label, str(error)))
                say(f"{network}: {of.label} skipped: {error}")
        return results

    def started(contender: Contender) -> Measured:
        say(f"{network}: building {contender.label}, {contender.dtype}")
        return Measured.start(contender)

    measured = each(contenders, started)
    for repeat in range(repeats):
        say(f"{network}: repeat {repeat + 1} of {repeats}")
        measured = each(measured, Measured.again)
    for one in measured:
        one.process.end()
    return each(measured, Measured.row), skipped
