"""A measured table as a person reads it: beside the paper's, numbers to the digits they have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from snn_credit.harness.experiment import Table
from snn_credit.report.pool import Pooled

_WIDE = 12  # columns that a page takes
_MANY = 6  # quantities whose long names are better read as rows
_FULL = 0.5  # share of cells above which a grid is worth it

Met = Mapping[tuple[str, str], bool | None]


@dataclass(frozen=True)
class Cell:
    """One number as text: mean, spread, the paper's, and whether that is met."""

    mean: str = ""
    spread: str = ""
    paper: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def measured(self) -> str:
        """Mean, spread and note in one text."""
        said = f"{self.mean} ± {self.spread}" if self.spread else self.mean
        return f"{said} {self.note}" if self.note else said


@dataclass(frozen=True)
class Column:
    """A heading, and whether the paper's numbers stand beside what is under it."""

    title: str
    paper: bool


@dataclass(frozen=True)
class Line:
    """Cells of one row, below the group (if any) that the row belongs to."""

    title: str
    cells: tuple[Cell, ...]
    group: str = ""


@dataclass(frozen=True)
class Grid:
    """Headings and lines; ``corner`` says what the lines' titles are."""

    corner: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]

    @property
    def listed(self) -> bool:
        """Whether it is a list: a line for each number, in groups."""
        return any(line.group for line in self.lines)

    def groups(self) -> Iterator[tuple[str, list[Line]]]:
        """Return lines that follow each other in one group."""
        for name in dict.fromkeys(line.group for line in self.lines):
            yield name, [line for line in self.lines if line.group == name]


def lay_out(pooled: Pooled, paper: Table, met: Met) -> Grid:
    """Return the measured table as a grid.

    Rows stay rows where there are few columns; a wide table of few rows is turned; a large one, or
    one that is mostly empty, becomes a list with a line for each number.
    """
    rows = list(pooled.measured)
    columns = list(dict.fromkeys(c for row in pooled.measured.values() for c in row))
    columns += [c for c in dict.fromkeys(c for r in paper.values() for c in r) if c not in columns]
    rows += [row for row in paper if row not in pooled.measured]
    cells = {(row, column): _cell(pooled, paper, met, row, column)
             for row in rows for column in columns}  # fmt: skip
    shown = {where for where, cell in cells.items() if cell != Cell()}
    of_paper = {where for where in shown if cells[where].paper}
    share = len(shown) / max(1, len(cells))
    wide = len(columns) + len({column for _, column in of_paper})
    tall = len(rows) + len({row for row, _ in of_paper})
    turned = len(rows) < len(columns) > _MANY
    if share > _FULL and wide <= _WIDE and not turned:
        lines = [Line(row, tuple(cells[row, column] for column in columns)) for row in rows]
        return Grid("", _columns(columns, {c for _, c in of_paper}), tuple(lines))
    if share > _FULL and tall <= _WIDE:
        lines = [Line(column, tuple(cells[row, column] for row in rows)) for column in columns]
        return Grid("quantity", _columns(rows, {r for r, _ in of_paper}), tuple(lines))
    lines = [Line(column, (cells[row, column],), row)
             for row in rows for column in columns if (row, column) in shown]  # fmt: skip
    return Grid("quantity", (Column("measured", bool(of_paper)),), tuple(lines))


def _columns(titles: list[str], of_paper: set[str]) -> tuple[Column, ...]:
    return tuple(Column(title, title in of_paper) for title in titles)


def _cell(pooled: Pooled, paper: Table, met: Met, row: str, column: str) -> Cell:
    number = paper.get(row, {}).get(column)
    known = column in pooled.measured.get(row, {})
    mean = pooled.measured.get(row, {}).get(column)
    if not known and number is None:
        return Cell()
    text, spread = digits(mean, pooled.spread.get(row, {}).get(column))
    there = pooled.present.get(row, {}).get(column)
    note = f"({there} of {len(pooled.seeds)} seeds have a number)" if there else ""
    return Cell(text, spread, "" if number is None else f"{number:.4g}", met.get((row, column)),
                note)  # fmt: skip


def digits(mean: float | None, sd: float | None) -> tuple[str, str]:
    """Return a mean and its standard deviation as text: two digits of the latter, the same places.

    Four digits where there is no spread; an n-dash where there is no number.
    """
    if mean is None:
        return "–", ""
    if sd is None:
        return f"{mean:.4g}", ""
    size = max(abs(mean), sd)
    if sd == 0 or size >= 1e6 or size < 1e-3:
        return f"{mean:.4g}", f"{sd:.2g}"
    places = max(0, 1 - math.floor(math.log10(sd)))
    if places > 5:
        return f"{mean:.5g}", f"{sd:.2g}"
    return f"{mean:.{places}f}", f"{sd:.{places}f}"
