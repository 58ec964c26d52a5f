"""What an experiment must show, as data beside the paper's numbers, and how it is judged.

A claim is a sentence and a check on the measured table. `snn_credit.harness.statements` writes
both::

    claims=(
        below("BP", "test error %", 2.6),
        ordered("test error %", "FA", "Shallow", by=3),
        ratio("examples to NSE 1e-3", "FA", "BP", most=2),
        Claim("no angle is 0", lambda m: m.value("FA", "angle, degrees") > 0),
    )

Means over seeds are judged. Where the outcome hangs on less than two standard errors, that is said
beside the numbers, and the mean is judged all the same, but for claims made by `clearly`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

#: Row -> column -> number, None where there is none. Rows are rules by their name in the
#: literature, columns say the quantity and its unit (``test error %``).
Table = Mapping[str, Mapping[str, float | None]]

#: Row and column of one number.
Cell = tuple[str, str]

_STANDARD_ERRORS = 2.0


class NotMeasured(LookupError):
    """A number that a claim needs is not in the table, or is null there."""


@dataclass
class Measured:
    """A measured table, as a check asks it. It remembers what it was asked.

    Attributes
    ----------
    means, spread : Table
        Means over seeds and their sample standard deviations, as in ``result.json``.
    seeds : int
        Over how many seeds.
    asked : dict
        Cell -> the number that was given out, None where there was none.
    close : bool
        Whether a comparison lay within two standard errors.
    """

    means: Table
    spread: Table = field(default_factory=dict)
    seeds: int = 1
    asked: dict[Cell, float | None] = field(default_factory=dict)
    close: bool = False

    def value(self, row: str, column: str) -> float:
        """Return the mean of a cell.

        Raises
        ------
        NotMeasured
            There is none. `judge` takes it as "cannot be judged".
        """
        found = self.means.get(row, {}).get(column)
        self.asked[row, column] = found
        if found is None:
            raise NotMeasured(f"{row}, {column}")
        return found

    def least(self, bound: float, *terms: tuple[float, str, str]) -> bool:
        r"""Tell whether :math:`\sum_i a_i m_i \ge bound`, and note where that is a close call.

        Each term is a factor a and the row and column of a mean m. Close is a distance below two
        standard errors, :math:`2 \sqrt{\sum_i a_i^2 s_i^2 / n}` with the spreads s of n seeds,
        as if rows were independent.
        """
        total = sum(factor * self.value(row, column) for factor, row, column in terms)
        spreads = [self.spread.get(row, {}).get(column) for _, row, column in terms]
        if self.seeds > 1 and None not in spreads:
            squares = ((a * s) ** 2 for (a, _, _), s in zip(terms, spreads, strict=True) if s)
            error = math.sqrt(sum(squares) / self.seeds)
            self.close |= abs(total - bound) < _STANDARD_ERRORS * error
        return total >= bound


@dataclass(frozen=True)
class Claim:
    """What an experiment must show.

    Attributes
    ----------
    text : str
        The claim as a sentence.
    check : callable
        Whether it holds of a `Measured` table; None where that cannot be said. It asks for all
        that it needs before it compares, so that `needs` finds every cell.
    presets : tuple of str
        At which presets it is asked, where others have not its rows; at all if it is empty.
    """

    text: str
    check: Callable[[Measured], bool | None]
    presets: tuple[str, ...] = ()

    def needs(self) -> list[Cell]:
        """Return the cells that the claim is judged by."""
        everything = _Everything({})
        self.check(everything)
        return list(everything.asked)


class _Everything(Measured):
    """Has a number for every cell."""

    def value(self, row: str, column: str) -> float:
        self.asked[row, column] = 1.0
        return 1.0


@dataclass(frozen=True)
class Finding:
    """A claim, judged.

    Attributes
    ----------
    text : str
        The claim.
    holds : bool or None
        None where a number that it needs was not measured.
    numbers : str
        What it was judged by: ``FA 1.9, Shallow 9.3``.
    """

    text: str
    holds: bool | None
    numbers: str


def judge(
    claims: Sequence[Claim], means: Table, spread: Table | None = None, seeds: int = 1,
    preset: str | None = None,
) -> list[Finding]:  # fmt: skip
    """Judge claims by the means of a measured table.

    Parameters
    ----------
    claims : sequence of Claim
        An experiment's.
    means, spread : Table
        ``measured`` and ``spread`` of ``result.json``.
    seeds : int
        How many seeds they are of.
    preset : str, optional
        Of which preset: claims that are asked at others only are left out.
    """
    asked = [one for one in claims if not one.presets or preset in (None, *one.presets)]
    return [_judged(claim, Measured(means, spread or {}, seeds)) for claim in asked]


def _judged(claim: Claim, measured: Measured) -> Finding:
    holds = outcome(claim, measured)
    numbers = _said(measured.asked)
    if measured.close:
        numbers += "; within the spread"
    return Finding(claim.text, holds, numbers)


def outcome(claim: Claim, measured: Measured) -> bool | None:
    """Tell whether a claim holds; None where that cannot be said."""
    try:
        return claim.check(measured)
    except (NotMeasured, ZeroDivisionError):
        return None


def _said(asked: Mapping[Cell, float | None]) -> str:
    """Name numbers by their rows, or by their columns where all are of one row."""
    rows, columns = ({cell[which] for cell in asked} for which in (0, 1))
    if len(columns) <= 1:
        names = [row for row, _ in asked]
    elif len(rows) == 1:
        names = [f"{column}:" for _, column in asked]
    else:
        names = [f"{row}, {column}:" for row, column in asked]
    values = [_number(value) for value in asked.values()]
    return ", ".join(map(" ".join, zip(names, values, strict=True)))


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.5g}"
