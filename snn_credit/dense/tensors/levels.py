"""What of an operation can be computed before its time step.

Much of what Brian's statements say does not depend on the network's state: ``exp(-dt/tau)`` is the
same for the whole run, and ``stimulus_at(row_at(t - t0)*second, i)`` is known for any step. The
first is computed *before* a run, the second for several steps *ahead*; the step itself reads both.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.plan import Clock, Operation, Statement

BEFORE, AHEAD, STEP = 0, 1, 2

#: How far statements for each element are lifted, by kind of operation; others keep theirs.
_LIFTED = {"each": AHEAD, "threshold": AHEAD, "record_events": BEFORE}


@dataclass
class Levels:
    """The statements of an operation, by when they are computed.

    Attributes
    ----------
    before, ahead
        Declarations that are lifted out of the step, each with whether it is shared.
    shared, each
        What stays in the step.
    kept
        Names that are lifted and read later than they are computed.
    literals
        Names that stand for a number that is written out.
    """

    before: list[tuple[Statement, bool]] = field(default_factory=list)
    ahead: list[tuple[Statement, bool]] = field(default_factory=list)
    shared: list[Statement] = field(default_factory=list)
    each: list[Statement] = field(default_factory=list)
    kept: dict[str, tuple[Statement, bool, int]] = field(default_factory=dict)
    literals: dict[str, str] = field(default_factory=dict)


def is_literal(expression: str, literals: Collection[str] = ()) -> bool:
    """Whether an expression is made of numbers only."""
    return get_identifiers(expression) <= {*literals, "True", "False"}


def reads(statement: Statement) -> set[str]:
    """Return the names whose values a statement needs."""
    names = get_identifiers(statement.expression)
    if statement.op not in ("=", ":="):
        names.add(statement.target)
    if statement.guard:
        names |= {statement.guard, statement.target}
    return names


class _Splitter:
    def __init__(self, operation: Operation, clock: Clock, changing: Collection[str]) -> None:
        self.found = Levels()
        self._level = {draw.name: AHEAD for draw in operation.draws}
        names = operation.names
        for name, reference in names.items():
            keys = {reference.array.key}
            if reference.index in names:
                keys.add(names[reference.index].array.key)
            now = keys & {clock.step.key, clock.time.key}
            changes = keys & set(changing) - now
            self._level[name] = STEP if changes else AHEAD if now else BEFORE
        self._origin: dict[str, tuple[Statement, bool, int]] = {}

    def add(self, statement: Statement, shared: bool, highest: int) -> None:
        """Put a statement where it belongs; ``highest`` is the last level that is lifted."""
        level = max((self._level.get(name, BEFORE) for name in reads(statement)), default=BEFORE)
        literal = is_literal(statement.expression, self.found.literals)
        if literal and statement.op == ":=" and statement.constant:
            self._level[statement.target] = BEFORE
            self.found.literals[statement.target] = statement.expression
            return
        if level <= highest and not literal:
            if statement.op == ":=" and statement.constant:
                self._lift(statement, shared, level)
                return
            # An assignment of something known beforehand: what is known, and the assignment.
            plain = statement.op == "=" and not statement.guard
            if plain and not statement.expression.strip().isidentifier():
                known = f"_known_{statement.target}"
                self._lift(replace(statement, target=known, op=":="), shared, level)
                statement = replace(statement, expression=known, branches=())
        if statement.op == ":=":
            self._level[statement.target] = STEP
        (self.found.shared if shared else self.found.each).append(statement)

    def _lift(self, statement: Statement, shared: bool, level: int) -> None:
        self._level[statement.target] = level
        self._origin[statement.target] = (statement, shared, level)
        (self.found.before if level == BEFORE else self.found.ahead).append((statement, shared))

    def finish(self, wanted: Collection[str]) -> Levels:
        """Find out which lifted names are read later; ``wanted`` are read by the loop itself."""
        found = self.found
        in_step = set(wanted).union(*(reads(s) for s in (*found.shared, *found.each)))
        in_ahead = set().union(*(reads(s) for s, _ in found.ahead))
        for name, origin in self._origin.items():
            if name in in_step or (origin[2] == BEFORE and name in in_ahead):
                found.kept[name] = origin
        return found


def split(operation: Operation, clock: Clock, changing: Collection[str]) -> Levels:
    """Sort the statements of an operation by when they can be computed.

    Parameters
    ----------
    clock
        The operation's clock.
    changing
        Keys of all arrays that any operation, or any clock, writes.
    """
    splitter = _Splitter(operation, clock, changing)
    for statement in operation.block.shared:
        splitter.add(statement, True, AHEAD)
    for statement in operation.block.each:
        splitter.add(statement, False, _LIFTED.get(operation.kind, -1))
    return splitter.finish({"_cond", *(local for _, local, _ in operation.records)})
