"""What a measurement says about a paper: one word, and the counts behind it.

Three things are asked of the means over seeds:

claims
    Does what the experiment must show come out (`snn_credit.harness.claims`)?
numbers
    Does the paper's number lie within two standard deviations (over seeds) of the mean, or within
    a tenth of itself, whichever is wider? Two standard deviations count up to a quarter of it:
    what is further off is another number, however wide the spread. Of a number in percent these
    shares are taken of the number or of what it lacks to 100, whichever is smaller, so that it does
    not matter whether a paper prints errors or accuracies.
pairs
    Where the paper sets two rows of a column apart, by more than a twentieth of the larger (in
    percent: as above), do they come in its order? A pair is reversed when the measured difference
    has the other sign and is larger than two standard errors, sqrt(s1^2/n + s2^2/n); with one seed
    any other sign counts. An other sign within two standard errors is undecided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations

from snn_credit.harness.claims import Finding
from snn_credit.harness.experiment import Table
from snn_credit.report.pool import Pooled

TOLERANCE = 0.1
APART = 0.05
WIDEST = 0.25
SEEDS = 3
DEVIATIONS = 2.0
_ROUNDING = 1e-9  # 2.2 is a tenth away from 2.0, whatever the binary digits say


class Word(StrEnum):
    """A verdict.

    ``reproduced``: every claim holds and every number of the paper is met, by three seeds at least.
    ``same order``: every claim holds, no pair is reversed, and at least one claim or pair speaks
    for it, or every number, by fewer seeds. ``not reproduced``: anything else that was measured.
    ``measured only``: there is neither a claim nor a number that the run could be held against.
    ``not run``: no run but smoke runs, which are no measurements.
    """

    REPRODUCED = "reproduced"
    SAME_ORDER = "same order"
    NOT_REPRODUCED = "not reproduced"
    MEASURED_ONLY = "measured only"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Pair:
    """Two rows that the paper sets apart; ``holds`` is None where the seeds do not decide."""

    column: str
    low: str
    high: str
    holds: bool | None


@dataclass(frozen=True)
class Verdict:
    """A word, and what it rests on.

    Attributes
    ----------
    word : Word
        The verdict.
    why : str
        It in a few sentences.
    findings : tuple of Finding
        The claims, judged.
    met : dict
        Row and column of each of the paper's numbers -> whether it is met; None where there is no
        measured number.
    pairs : tuple of Pair
        Those of which both rows were measured.
    """

    word: Word
    why: str
    findings: tuple[Finding, ...] = ()
    met: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()

    @property
    def counts(self) -> str:
        """The counts in one line; empty where there is nothing to count."""
        numbers = list(self.met.values())
        counted = {
            "claims": [f.holds for f in self.findings],
            "numbers": numbers,
            "pairs": [pair.holds for pair in self.pairs],
        }
        return ", ".join(
            f"{name} {outcomes.count(True)} of {len(outcomes)}"
            for name, outcomes in counted.items()
            if outcomes
        )

    @property
    def reversed_pairs(self) -> list[Pair]:
        """Pairs that came in the other order."""
        return [pair for pair in self.pairs if pair.holds is False]

    @property
    def not_measured(self) -> list[str]:
        """The paper's numbers that the run lacks: whole columns, else columns with their rows."""
        columns: dict[str, dict[str, bool]] = {}
        for (row, column), met in self.met.items():
            columns.setdefault(column, {})[row] = met is None
        return [
            column if all(rows.values()) and len(rows) > 1
            else f"{column} ({'; '.join(row for row, lacks in rows.items() if lacks)})"
            for column, rows in columns.items() if any(rows.values())
        ]  # fmt: skip


def reach(findings: Sequence[Finding], pooled: Pooled, paper: Table) -> Verdict:
    """Return the verdict of a measurement.

    Parameters
    ----------
    findings : sequence of Finding
        The experiment's claims, judged.
    pooled : Pooled
        What was measured, at another preset than smoke.
    paper : Table
        The paper's numbers.
    """
    met = {
        (row, column): meets(column, number, pooled.measured.get(row, {}).get(column),
                             pooled.spread.get(row, {}).get(column))
        for row, columns in paper.items() for column, number in columns.items()
        if number is not None
    }  # fmt: skip
    pairs = tuple(_pairs(pooled, paper))
    outcomes = ([f.holds for f in findings], list(met.values()), [p.holds for p in pairs])
    word = _word(*outcomes, len(pooled.seeds))
    verdict = Verdict(word, "", tuple(findings), met, pairs)
    return replace(verdict, why=_why(verdict, len(pooled.seeds)))


def _word(
    claims: Sequence[bool | None], numbers: Sequence[bool | None], pairs: Sequence[bool | None],
    seeds: int,
) -> Word:  # fmt: skip
    if all(outcome is None for outcome in [*claims, *numbers]):
        return Word.MEASURED_ONLY
    if not all(claims) or False in pairs:
        return Word.NOT_REPRODUCED
    if all(numbers):
        return Word.REPRODUCED if seeds >= SEEDS else Word.SAME_ORDER
    return Word.SAME_ORDER if claims or True in pairs else Word.NOT_REPRODUCED


def meets(column: str, paper: float, mean: float | None, sd: float | None) -> bool | None:
    """Tell whether a measured mean meets the paper's number; None where there is no mean."""
    if mean is None:
        return None
    size = _size(column, paper)
    wide = max(min(DEVIATIONS * (sd or 0.0), WIDEST * size), TOLERANCE * size)
    return abs(paper - mean) <= wide * (1 + _ROUNDING)


def _size(column: str, number: float) -> float:
    """Return what shares of a number are taken of."""
    if "%" in column and 0 <= number <= 100:
        return min(number, 100 - number)
    return abs(number)


def _pairs(pooled: Pooled, paper: Table) -> list[Pair]:
    n = len(pooled.seeds)
    columns = dict.fromkeys(column for row in paper.values() for column in row)
    found = []
    for column in columns:
        rows = [
            (number, mean, pooled.spread.get(row, {}).get(column) or 0.0, row)
            for row in paper
            if (number := paper[row].get(column)) is not None
            and (mean := pooled.measured.get(row, {}).get(column)) is not None
        ]
        for one, other in combinations(rows, 2):
            apart = APART * max(_size(column, one[0]), _size(column, other[0]))
            low, high = sorted((one, other), key=lambda each: each[0])
            if high[0] - low[0] <= apart:
                continue
            difference = high[1] - low[1]
            error = math.hypot(low[2], high[2]) / math.sqrt(n)
            holds = True if difference > 0 else None if -difference <= DEVIATIONS * error else False
            found.append(Pair(column, low[3], high[3], holds))
    return found


def _why(verdict: Verdict, seeds: int) -> str:
    claims = [finding.holds for finding in verdict.findings]
    numbers = list(verdict.met.values())
    pairs = [pair.holds for pair in verdict.pairs]
    said = [_about_claims(claims), _about_numbers(numbers), _about_pairs(pairs)]
    if seeds == 1:
        said.append("One seed: there is no spread to judge by.")
    if seeds < SEEDS:
        said.append(f"Fewer than {SEEDS} seeds reproduce nothing.")
    return " ".join(filter(None, said))


def _about_claims(outcomes: Sequence[bool | None]) -> str:
    if not outcomes:
        return "The experiment states no claim."
    unknown = outcomes.count(None)
    rest = f"; {unknown} cannot be judged, as numbers are missing" if unknown else ""
    return f"{_share(outcomes)} claims hold{rest}."


def _about_numbers(outcomes: Sequence[bool | None]) -> str:
    if not outcomes:
        return "There is no number of the paper to hold it against."
    unknown = outcomes.count(None)
    rest = f"; {unknown} not measured" if unknown else ""
    return f"{_share(outcomes)} numbers of the paper are met{rest}."


def _about_pairs(outcomes: Sequence[bool | None]) -> str:
    if not outcomes:
        return ""
    counts = {"reversed": outcomes.count(False), "undecided": outcomes.count(None)}
    rest = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    said = f"{_share(outcomes)} pairs that the paper sets apart come in its order"
    return f"{said} ({rest})." if rest else f"{said}."


def _share(outcomes: Sequence[bool | None]) -> str:
    yes = outcomes.count(True)
    if yes in (0, len(outcomes)) and len(outcomes) > 1:
        return f"{'All' if yes else 'None of'} {len(outcomes)}"
    return f"{yes} of {len(outcomes)}"
