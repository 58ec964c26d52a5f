"""How each kind of operation is written, other than those on synapses."""

from __future__ import annotations

import numpy as np

from snn_credit.dense.plan import OWN, Reference
from snn_credit.dense.tensors.body import Body
from snn_credit.dense.tensors.layout import global_name
from snn_credit.dense.tensors.levels import BEFORE
from snn_credit.dense.tensors.lifting import lift_of


def events_of(body: Body) -> str:
    """Return the name of the truth values that stand for an operation's events."""
    events = body.operation.events
    if events is None:
        raise TypeError(f"{body.operation.name}: has no events")
    return body.layout.event(events)


def events_between(body: Body, start: int, stop: int) -> str:
    """Return the truth values of the neurons from ``start`` to ``stop``."""
    name, events = events_of(body), body.operation.events
    whole = events is not None and (start, stop) == (0, body.layout.events[events.key])
    return name if whole else f"{name}[{start}:{stop}]"


def each(body: Body) -> None:
    """Write statements that run for every element."""
    statements = body.levels.each
    body.open()
    body.draws(statements, body.layout.size(body.operation, "n"))
    body.read(statements, body.whole)
    for statement in statements:
        body.lines += body.assign(statement)
    body.write(statements)


def threshold(body: Body) -> None:
    """Write a condition, and what follows from it for refractoriness."""
    each(body)
    operation, layout = body.operation, body.layout
    events, number = events_of(body), body.spelled.get("_cond")
    if operation.events is not None and operation.events.key in layout.always:
        body.lines.append("# holds for all, always: set before the run")
    elif number is not None:
        body.lines.append(f"{events}.fill_({number})")
    else:
        body.lines.append(f"{events}.copy_(_cond)")
    if operation.roles:
        active = layout.array(operation.roles["not_refractory"], write=True)
        last = layout.array(operation.roles["lastspike"], write=True)
        now = layout.array(operation.roles["t"])
        body.lines += [f"{active}.logical_and_(~{events})", f"{last}.masked_fill_({events}, {now})"]


def reset(body: Body) -> None:
    """Write statements that run for elements with an event."""
    statements, events = body.levels.each, events_of(body)
    body.open()
    body.draws(statements, body.layout.size(body.operation, "n"))
    body.read(statements, body.whole)
    for statement in statements:
        body.lines += body.assign(statement)
    body.write(statements, events)


def spike_source(body: Body) -> None:
    """Write the events of a list of spikes."""
    operation, layout = body.operation, body.layout
    roles, events, n = operation.roles, events_of(body), layout.size(operation, "n")
    body.open()
    if layout.size(operation, "n_spikes") == 0:
        body.lines.append(f"{events}.fill_(False)")
        return
    most = layout.fix(f"places_{events}", lambda: np.arange(_most(body)))
    bins, neurons = layout.array(roles["timebins"]), layout.array(roles["neuron_index"])
    last, period = (
        layout.array(roles["lastindex"], write=True),
        layout.array(roles["period_bins"]),
    )
    body.lines += [
        f"found = _f.scheduled({bins}, {neurons}, {last}, {period}, {body.clock('step')}[0], "
        f"{most}, {n})",
        f"{events}.copy_(found)",
    ]


def _most(body: Body) -> int:
    """Return the most spikes that one step can have: those of a step, or all that are overdue."""
    arrays, roles = body.layout.values.arrays, body.operation.roles
    bins, period = arrays[roles["timebins"].key], int(arrays[roles["period_bins"].key][0])
    now = int(arrays[body.layout.plan.clocks[body.operation.clock].step.key][0])
    begin = 0 if period > 0 else int(arrays[roles["lastindex"].key][0])
    overdue = np.searchsorted(bins, now % period if period > 0 else now, side="right") - begin
    return max(int(overdue), int(np.unique(bins, return_counts=True)[1].max()))


def record_events(body: Body) -> None:
    """Write which neurons had an event, and what it is wanted to know of them."""
    operation, layout = body.operation, body.layout
    events, n = events_of(body), layout.size(operation, "n")
    start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
    statements = body.levels.each
    fixed = {name for name, (_, _, level) in body.levels.kept.items() if level == BEFORE}
    clock = layout.plan.clocks[operation.clock]
    timed = {
        s.target
        for s in statements
        if (ref := operation.names.get(s.expression.strip())) is not None
        and ref.array.key == clock.time.key
    }
    kept = [s for s in statements if s.target not in timed]
    body.open(kept)
    body.draws(kept, n)
    body.read(kept, body.whole)
    for statement in kept:
        body.lines += body.assign(statement)
    buffer = layout.record(operation.name, "", "bool", "events", f"events_{_own(body)}", n)
    body.lines.append(f"_f.put({buffer}, {body.clock('slot')}, {events})")
    for variable, local, dtype in operation.records:
        if local in timed:
            layout.record(operation.name, variable, dtype, "time")
        elif local in fixed:
            layout.record(operation.name, variable, dtype, "fixed", lift_of(body, local).name, n)
        else:
            _record(body, variable, local, dtype, n)
    count = layout.array(operation.roles["count"], write=True)
    body.lines.append(f"{count}.add_({events_between(body, start, stop)})")


def _own(body: Body) -> str:
    return global_name(body.operation.name)


def _record(body: Body, variable: str, local: str, dtype: str, n: int) -> None:
    name = f"rows_{_own(body)}_{variable}"
    buffer = body.layout.record(body.operation.name, variable, dtype, "rows", name, n)
    value = body.spelled.get(local, local)
    body.lines.append(f"_f.put({buffer}, {body.clock('slot')}, {value})")


def record_states(body: Body) -> None:
    """Write the values of some elements, in every step."""
    operation, layout = body.operation, body.layout
    n, chosen = layout.size(operation, "n"), layout.index(operation.roles["indices"])

    def read(name: str, reference: Reference) -> str:
        tensor, index = layout.array(reference.array), chosen
        if reference.index != OWN:
            index = f"{body.index(reference)}.index_select(0, {chosen})"
        return f"{tensor}.index_select(0, {index})"

    statements = body.levels.each
    body.open()
    drawn = 1 + int(max(layout.fixed[chosen], default=0))
    body.draws(statements, drawn, f".index_select(0, {chosen})")
    body.read(statements, read)
    for statement in statements:
        body.lines += body.assign(statement)
    layout.record(operation.name, "t", "float64", "time")
    for variable, local, dtype in operation.records:
        _record(body, variable, local, dtype, n)


def record_rate(body: Body) -> None:
    """Write how many neurons had an event."""
    operation, layout = body.operation, body.layout
    start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
    layout.record(operation.name, "t", "float64", "time")
    name = f"count_{_own(body)}"
    buffer = layout.record(operation.name, "rate", "int64", "rows", name, 1)
    body.lines.append(
        f"_f.put({buffer}, {body.clock('slot')}, {events_between(body, start, stop)}.sum())"
    )
