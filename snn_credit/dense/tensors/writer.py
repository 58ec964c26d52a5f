"""A plan as the source of a torch program: one function for each of Brian's objects.

    known()         computes what does not change while the network runs
    ahead()         computes what is known of the coming time steps without running them
    step(due)       runs one time step of the clocks that are due

Tensors are the program's global names. A clock's tensor holds the number of the time step, and the
rows of what is computed ahead and of what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from snn_credit.dense.plan import Operation, Plan, Values
from snn_credit.dense.tensors import operations, synapses
from snn_credit.dense.tensors.body import Body
from snn_credit.dense.tensors.layout import Layout, global_name
from snn_credit.dense.tensors.levels import AHEAD, BEFORE
from snn_credit.dense.tensors.lifting import lifted

_WRITERS: Mapping[str, Callable[[Body], None]] = {
    "each": operations.each,
    "threshold": operations.threshold,
    "reset": operations.reset,
    "synapses": synapses.pathway,
    "clocked": synapses.clocked,
    "summed": synapses.summed,
    "record_events": operations.record_events,
    "record_states": operations.record_states,
    "record_rate": operations.record_rate,
    "spike_source": operations.spike_source,
}

_ROLES_WRITTEN = ("not_refractory", "lastspike", "count", "target", "lastindex")


def write(plan: Plan, values: Values) -> tuple[str, Layout]:
    """Return the source of a plan's program, and what it refers to.

    Raises
    ------
    InputError
        For something that has no form in tensors.
    """
    layout = Layout(plan, values)
    layout.always = _always(plan)
    changing = _changing(plan)
    bodies = [Body(layout, k, op, changing) for k, op in enumerate(plan.operations)]
    parts = [_operation(k, body) for k, body in enumerate(bodies)]
    header = ['"""One network, as written by snn_credit.dense.tensors."""', ""]
    functions = [*parts, _known(bodies), _ahead(bodies, layout), _step(bodies, layout)]
    return "\n\n".join(["\n".join(header).rstrip(), *functions]) + "\n", layout


def _changing(plan: Plan) -> set[str]:
    """Return the keys of all arrays that an operation or a clock writes."""
    keys = {array.key for clock in plan.clocks for array in (clock.step, clock.time)}
    for operation in plan.operations:
        keys |= {r.key for name, r in operation.roles.items() if name in _ROLES_WRITTEN}
        for statement in operation.block.statements:
            if statement.op != ":=" and statement.target in operation.names:
                keys.add(operation.names[statement.target].array.key)
    return keys


def _always(plan: Plan) -> set[str]:
    """Return the events that all neurons have in every step, before anything asks for them."""
    found: set[str] = set()
    asked: set[str] = set()
    for operation in plan.operations:
        if operation.events is None:
            continue
        key = operation.events.key
        if operation.kind != "threshold":
            asked.add(key)
            continue
        true = [s for s in operation.block.each if s.target == "_cond" and s.expression == "True"]
        others = [o for o in plan.operations if o.events == operation.events]
        one_clock = all(other.clock == operation.clock for other in others)
        if true and not operation.roles and key not in asked and one_clock:
            found.add(key)
    return found


def _function(head: str, lines: list[str]) -> str:
    if all(text.startswith("#") for text in lines):
        lines = [*lines, "pass"]
    return "\n".join([f"def {head}:", *(f"    {text}" for text in lines)])


def _name(kind: str, number: int, operation: Operation) -> str:
    return f"{kind}_{number}_{global_name(operation.name)}"


def _operation(number: int, body: Body) -> str:
    """Return the functions of one operation, below what Brian says that its object does."""
    operation = body.operation
    statements = operation.source.splitlines() or ["(nothing but what every such object does)"]
    comment = [f"# {operation.name}: {operation.kind.replace('_', ' ')}"]
    comment += [f"#     {text}".rstrip() for text in statements]
    parts = []
    if known := lifted(body, BEFORE):
        parts.append(_function(f"{_name('known', number, operation)}()", known))
    if ahead := lifted(body, AHEAD):
        parts.append(_function(f"{_name('ahead', number, operation)}()", ahead))
    _WRITERS[operation.kind](body)
    parts.append(_function(f"{_name('step', number, operation)}()", body.lines))
    return "\n".join(comment) + "\n" + "\n\n\n".join(parts)


def _known(bodies: list[Body]) -> str:
    calls = [
        f"{_name('known', k, body.operation)}()"
        for k, body in enumerate(bodies)
        if body.levels.before
    ]
    return _function("known()", calls)


def _ahead(bodies: list[Body], layout: Layout) -> str:
    """Return what begins a block of steps: rows from 0, times, random numbers, lifted values."""
    lines = []
    for number, clock in enumerate(layout.plan.clocks):
        dt = layout.array(clock.dt)
        lines += [
            f"clock_{number}[1:2].zero_()",
            f"steps_{number}.copy_(clock_{number}[0] + counting)",
            f"times_{number}.copy_(steps_{number} * {dt})",
        ]
        for (clock_of, distribution), _ in layout.draws.items():
            if clock_of == number:
                lines.append(f"{distribution}_{number}_fill(steps_{number}, key)")
    lines += [
        f"{_name('ahead', k, body.operation)}()"
        for k, body in enumerate(bodies)
        if body.levels.ahead
    ]
    return _function("ahead()", lines)


def _step(bodies: list[Body], layout: Layout) -> str:
    """Return one time step: everything that is due, in the network's order; then the clocks move.

    ``due`` holds for each clock whether it is.
    """
    several, lines = len(layout.plan.clocks) > 1, []

    def when(clock: int, text: str) -> list[str]:
        return [f"if due[{clock}]:", f"    {text}"] if several else [text]

    for number, body in enumerate(bodies):
        call = f"{_name('step', number, body.operation)}()"
        lines += when(body.operation.clock, call)
    for number, clock in enumerate(layout.plan.clocks):
        dt, time = layout.array(clock.dt), layout.array(clock.time, write=True)
        lines += when(number, f"clock_{number}.add_(1)")
        lines += when(number, f"{time}.copy_(clock_{number}[0] * {dt})")
    return _function("step(due)", lines)
