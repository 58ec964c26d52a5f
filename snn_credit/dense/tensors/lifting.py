"""The lines of one operation that are not part of its time step: see ``levels``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snn_credit.dense.plan import Statement
from snn_credit.dense.tensors.layout import Lift
from snn_credit.dense.tensors.levels import AHEAD, BEFORE, reads

if TYPE_CHECKING:
    from snn_credit.dense.tensors.body import Body


def lift_of(body: Body, name: str) -> Lift:
    """Return where a value is that is computed before the step."""
    statement, shared, level = body.levels.kept[name]
    n = None if shared else body.layout.size(body.operation, "n")
    when = "ahead" if level == AHEAD else "known"
    lift = Lift(f"{when}_{body.number}_{name}", statement.dtype, n, level == AHEAD)
    if lift not in body.layout.lifts:
        body.layout.lifts.append(lift)
    return lift


def lifted(body: Body, level: int) -> list[str]:
    """Return the lines that compute what is known before the run, or ahead of several steps."""
    statements = body.levels.before if level == BEFORE else body.levels.ahead
    own = {s.target for s, _ in statements}
    each = set().union(*(reads(s) for s, shared in statements if not shared))
    lines = []
    for name in sorted(set().union(*(reads(s) for s, _ in statements)) - own):
        text = _known(body, name, level, each=name in each)
        if text is not None:
            lines.append(f"{name} = {text}")
    # Shared values are a column ahead of the step, and do not give way to an array's type.
    body.lifting = True
    for statement, _ in statements:
        lines += body.assign(statement)
    body.lifting = False
    for statement, shared in statements:
        if statement.target in body.levels.kept:
            lines.append(_keep(body, statement, shared and level == AHEAD))
    return lines


def _known(body: Body, name: str, level: int, each: bool) -> str | None:
    """Return how a name is read before the step; None if it is no value."""
    operation, layout = body.operation, body.layout
    if name in operation.constants:
        return layout.constant(operation, name)
    if name in body.levels.kept:
        return lift_of(body, name).name
    for draw in operation.draws:
        if draw.name == name:
            n = layout.size(operation, "n") if each else 1
            rows, start = layout.draw(operation, draw, n)
            return f"{rows}[:, {start}:{start + n}]"
    reference = operation.names.get(name)
    if reference is None:
        return None
    clock = layout.plan.clocks[operation.clock]
    if level == AHEAD and reference.array.key == clock.time.key:
        return f"times_{operation.clock}"
    if level == AHEAD and reference.array.key == clock.step.key:
        return f"steps_{operation.clock}"
    return body.whole(name, reference)


def _keep(body: Body, statement: Statement, column: bool) -> str:
    rows = "[:, None]" if column else ""
    return f"{lift_of(body, statement.target).name}{rows}.copy_({statement.target})"
