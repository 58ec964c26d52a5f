"""Claims in plain words: what a number, or the order of some, must be."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from snn_credit.harness.claims import Claim, Measured, outcome


def below(row: str, column: str, bound: float, *, text: str = "") -> Claim:
    """Claim that a number is at most ``bound``."""
    said = text or f"{row}, {column}: at most {bound:g}"
    return Claim(said, lambda m: m.least(-bound, (-1, row, column)))


def above(row: str, column: str, bound: float, *, text: str = "") -> Claim:
    """Claim that a number is at least ``bound``."""
    said = text or f"{row}, {column}: at least {bound:g}"
    return Claim(said, lambda m: m.least(bound, (1, row, column)))


def more_than(row: str, column: str, bound: float, *, text: str = "") -> Claim:
    """Claim that a number is above ``bound``, which itself is not enough."""
    said = text or f"{row}, {column}: more than {bound:g}"

    def check(m: Measured) -> bool:
        return m.least(bound, (1, row, column)) and m.value(row, column) > bound

    return Claim(said, check)


def between(row: str, column: str, low: float, high: float, *, text: str = "") -> Claim:
    """Claim that a number lies between two bounds, which belong to it."""
    said = text or f"{row}, {column}: between {low:g} and {high:g}"
    return all_of(above(row, column, low), below(row, column, high), text=said)


def ordered(column: str, *rows: str, by: float = 0.0, text: str = "") -> Claim:
    """Claim that rows come in this order, lowest first, each at least ``by`` above the last."""
    each = "each " if len(rows) > 2 else ""
    gap = f", {each}by at least {by:g}" if by else ""
    said = text or f"{column}: {' < '.join(rows)}{gap}"

    def check(m: Measured) -> bool:
        values = [m.value(row, column) for row in rows]
        apart = [m.least(by, (1, b, column), (-1, a, column)) for a, b in pairwise(rows)]
        return all(apart) and all(a < b for a, b in pairwise(values))

    return Claim(said, check)


def rises(row: str, start: str, end: str, *, by: float = 0.0, text: str = "") -> Claim:
    """Claim that the second column of a row is above the first, by at least ``by``."""
    return _moves(row, start, end, 1, by, text)


def falls(row: str, start: str, end: str, *, by: float = 0.0, text: str = "") -> Claim:
    """Claim that the second column of a row is below the first, by at least ``by``."""
    return _moves(row, start, end, -1, by, text)


def _moves(row: str, start: str, end: str, sign: int, by: float, text: str) -> Claim:
    gap = f", by at least {by:g}" if by else ""
    said = text or f"{row}: {end} {'above' if sign > 0 else 'below'} {start}{gap}"

    def check(m: Measured) -> bool:
        change = -sign * (m.value(row, start) - m.value(row, end))
        return m.least(by, (-sign, row, start), (sign, row, end)) and change > 0

    return Claim(said, check)


def within(column: str, row: str, other: str, points: float, *, text: str = "") -> Claim:
    """Claim that two rows are not further apart than ``points``, either way."""
    said = text or f"{column}: {row} within {points:g} of {other}"

    def check(m: Measured) -> bool:
        sides = [m.least(-points, (s, row, column), (-s, other, column)) for s in (1, -1)]
        return all(sides)

    return Claim(said, check)


def not_above(column: str, row: str, other: str, points: float, *, text: str = "") -> Claim:
    """Claim that a row is at most ``points`` above another, or below it (errors, angles)."""
    said = text or f"{column}: {row} at most {points:g} above {other}"
    return Claim(said, lambda m: m.least(-points, (-1, row, column), (1, other, column)))


def not_below(column: str, row: str, other: str, points: float, *, text: str = "") -> Claim:
    """Claim that a row is at most ``points`` below another, or above it (accuracies)."""
    said = text or f"{column}: {row} at most {points:g} below {other}"
    return Claim(said, lambda m: m.least(-points, (1, row, column), (-1, other, column)))


def ratio(
    column: str, row: str, other: str, *, least: float | None = None, most: float | None = None,
    text: str = "",
) -> Claim:  # fmt: skip
    """Claim that a row is so many times another, which is positive."""
    bounds = {"at least": least, "at most": most}
    parts = [f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None]
    said = text or f"{column}: {row} {' and '.join(parts)} times {other}"

    def check(m: Measured) -> bool:
        low = least is None or m.least(0, (1, row, column), (-least, other, column))
        high = most is None or m.least(0, (-1, row, column), (most, other, column))
        return low and high

    return Claim(said, check)


def clearly(claim: Claim, *, text: str = "") -> Claim:
    """Claim something by more than two standard errors.

    Where no spread is known, as with one seed, the mean decides.
    """

    def check(m: Measured) -> bool | None:
        before, m.close = m.close, False
        holds = outcome(claim, m)
        close, m.close = m.close, m.close or before
        return holds and not close

    return Claim(text or f"{claim.text} (clearly)", check, claim.presets)


def at(preset: str, claim: Claim) -> Claim:
    """Ask a claim at one preset only: others have not its rows."""
    return replace(claim, presets=(preset,))


def all_of(*claims: Claim, text: str = "") -> Claim:
    """Claim all of these. One that fails decides, whatever was not measured."""
    said = text or "; ".join(claim.text for claim in claims)

    def check(m: Measured) -> bool | None:
        outcomes = [outcome(claim, m) for claim in claims]
        return False if False in outcomes else None if None in outcomes else True

    return Claim(said, check)
