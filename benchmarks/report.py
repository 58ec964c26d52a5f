"""Everything that one run of the benchmark found, as text, as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bandwidth import Bandwidth
from cost import Fit
from floors import Floor
from rows import Row, Skipped
from tables import (
    COLUMNS,
    cells,
    fit_cells,
    floor_cells,
    markdown_table,
    number,
    plain_table,
    shown,
)

_FLOOR_NOTE = (
    "The floor is the time that the bytes of a step take at the measured bandwidth, in float32:"
    " rows of W whose source spiked are read for the potentials, all of B is read for the feedback,"
    " and the same rows of W are read and written for their update. It bounds networks that are"
    " larger than the caches; smaller ones can be faster."
)


@dataclass(frozen=True)
class Sweep:
    """A device over widths and depths.

    Attributes
    ----------
    clock, processor
        The fits of its ms a step on the clock, and of the processor's.
    fitted_ms
        What the first gives for each row.
    """

    device: str
    clock: Fit
    processor: Fit
    fitted_ms: list[float]


@dataclass(frozen=True)
class Result:
    """Everything that one run of the benchmark found."""

    machine: dict[str, Any]
    settings: dict[str, Any]
    bandwidth: list[Bandwidth]
    floors: list[Floor]
    rows: list[Row]
    skipped: list[Skipped]
    sweep: Sweep | None = None


def as_json(result: Result) -> dict[str, Any]:
    """Return all of it as plain data, with the meaning of the columns."""
    meanings = {column.head: column.meaning for column in COLUMNS if column.meaning}
    return {**asdict(result), "columns": meanings}


def text(result: Result) -> str:
    """Return the result for a terminal."""
    parts = ["\n".join(about(result)), plain_table(cells(result.rows))]
    parts += [plain_table(fit_cells(fits(result.sweep)))] if result.sweep else []
    parts += [plain_table(floor_cells(result.floors))] if result.floors else []
    return "\n\n".join([*parts, *skips(result)])


def markdown(result: Result) -> str:
    """Return the result as a part of a Markdown document."""
    meanings = [f"- **{c.head}**: {c.meaning}." for c in shown(result.rows) if c.meaning]
    parts = ["; ".join(about(result)) + ".", markdown_table(cells(result.rows))]
    parts += [markdown_table(fit_cells(fits(result.sweep)))] if result.sweep else []
    parts.append("\n".join(meanings))
    if result.floors:
        parts += [markdown_table(floor_cells(result.floors)), _FLOOR_NOTE]
    return "\n\n".join([*parts, *skips(result)]) + "\n"


def fits(sweep: Sweep) -> dict[str, Fit]:
    """Return the fits by what they are of."""
    return {f"{sweep.device}, clock": sweep.clock, f"{sweep.device}, processor": sweep.processor}


def about(result: Result) -> list[str]:
    """Return what the numbers are of, as phrases."""
    machine = result.machine
    versions = {**machine.get("versions", {})}
    for row in result.rows:
        versions |= {name: v for name, v in row.about.items() if name not in versions}
    kept = ("python", "snn-credit", "brian2", "brian2cuda", "numpy", "torch", "bindsnet")
    phrases = [str(machine[name]) for name in ("processor", "GPU", "compiler") if name in machine]
    phrases.append(", ".join(f"{name} {versions[name]}" for name in kept if name in versions))
    phrases.append(f"commit {machine.get('git_commit')}, {machine.get('date')}")
    for one in result.bandwidth:
        where = f"{one.threads} thread{'s' * (one.threads > 1)}" if one.threads else one.where
        phrases.append(
            f"memory at {where}: {number(one.read_gb_s)} GB/s read, "
            f"{number(one.rewrite_gb_s)} GB/s read and written"
        )
    return phrases


def skips(result: Result) -> list[str]:
    """Return a line for every contender that was not measured."""
    return [
        f"Not measured: {one.contender}{f' on {one.network}' * bool(one.network)}: {one.reason}."
        for one in result.skipped
    ]
