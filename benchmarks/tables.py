"""Tables of what was measured, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bandwidth import GPU
from cost import Fit
from floors import ALL, ONE, Floor
from rows import Row

Table = list[list[str]]


@dataclass(frozen=True)
class Column:
    """A column of the table: its head, what it means, and its text for a row."""

    head: str
    meaning: str
    text: Callable[[Row], str]


def number(value: float | None, digits: int = 3) -> str:
    """Return a value to some significant digits, without an exponent; nothing for None."""
    if value is None:
        return ""
    return np.format_float_positional(
        value, precision=digits, unique=False, fractional=False, trim="k"
    ).rstrip(".")


COLUMNS = (
    Column("network", "sizes of the layers, input to output", lambda r: r.network),
    Column("contender", "", lambda r: r.contender),
    Column("type", "", lambda r: r.dtype),
    Column(
        "ms/step",
        "slope between the medians of runs of two lengths",
        lambda r: number(r.ms_per_step),
    ),
    Column(
        "CPU ms/step",
        "the same slope of processor time, over all threads and child processes",
        lambda r: number(r.cpu_ms_per_step),
    ),
    Column(
        "updates/s",
        "plastic synapses × steps / seconds of the steps; every plastic synapse counts in every"
        " step, whether its source spiked or not",
        lambda r: f"{r.updates_per_s:.1e}".replace("e+", "e").replace("e0", "e"),
    ),
    Column(
        "memory MB",
        "the most that the process and its child held while running, imports included",
        lambda r: number(r.parent_mb + r.child_mb),
    ),
    Column(
        "imports MB", "what it held before the network was there", lambda r: number(r.imports_mb)
    ),
    Column(
        "build s",
        "from nothing built to a program that runs, imports left out, with what the first run took"
        " longer than the second",
        lambda r: number(r.build_s, 2),
    ),
    Column(
        "start-up s",
        "what a chunk takes beside its steps: start of a program, state in and out",
        lambda r: f"{r.startup_s:.3f}",
    ),
    Column(
        "× plain",
        "how many times faster than the plain Brian script in float64, by the clock",
        lambda r: number(r.x_plain, 2),
    ),
    Column("× plain (CPU)", "the same by processor time", lambda r: number(r.x_plain_cpu, 2)),
    Column(
        "÷ floor",
        "ms/step over the floor of the memory (below) at all threads, or of the GPU's",
        lambda r: number(r.x_floor, 2),
    ),
)


def shown(rows: Sequence[Row]) -> list[Column]:
    """Return the columns that say something about any of the rows."""
    return [column for column in COLUMNS if any(column.text(row) for row in rows)]


def cells(rows: Sequence[Row]) -> Table:
    """Return the table of the rows, heads first."""
    columns = shown(rows)
    return [[c.head for c in columns], *([c.text(row) for c in columns] for row in rows)]


def floor_cells(floors: Sequence[Floor]) -> Table:
    """Return the table of the floors, heads first."""
    places = [place for place in (ONE, ALL, GPU) if any(place in one.ms for one in floors)]
    heads = ["network", "spiking, by layer", "MB read", "MB rewritten"]
    table = [[*heads, *(f"floor ms, {place}" for place in places)]]
    for one in floors:
        spiking = " ".join(f"{fraction:.2f}" for fraction in one.activity)
        moved = [number(one.read_mb), number(one.rewritten_mb)]
        table.append(
            [one.network, spiking, *moved, *(number(one.ms.get(place)) for place in places)]
        )
    return table


def fit_cells(fits: Mapping[str, Fit]) -> Table:
    """Return the coefficients of fits by name, heads first."""
    table = [["time", "µs a step", "ns a neuron", "ns a synapse", "residual %", "worst %"]]
    for name, fit in fits.items():
        coefficients = (fit.step_us, fit.neuron_ns, fit.synapse_ns)
        said = [f"{number(value)} ± {number(error, 2)}" for value, error in coefficients]
        off = [number(100 * fit.residual, 2), number(100 * fit.worst, 2)]
        table.append([name, *said, *off])
    return table


def plain_table(table: Table) -> str:
    """Return a table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) for line in table
    )


def markdown_table(table: Table) -> str:
    """Return a table as Markdown."""
    heads, *lines = table
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *lines])
