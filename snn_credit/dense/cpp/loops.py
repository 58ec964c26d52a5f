"""The loops over neurons and of monitors: what Brian's templates are to its own devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from snn_credit.dense.cpp.body import C_TYPES
from snn_credit.dense.cpp.context import Context, loop
from snn_credit.dense.cpp.synapses import clocked, pathway, summed
from snn_credit.dense.plan import OWN, SHARED


def _independent(context: Context) -> bool:
    """Whether each element reads and writes at its own index only."""
    return all(ref.index in (OWN, SHARED) for ref in context.operation.names.values())


def _each(context: Context) -> list[str]:
    n = context.integer("n")
    before, drawn = context.drawn_before(n)
    inner = [*drawn, *context.element().lines]
    head = f"int64_t _idx = 0; _idx < {n}; ++_idx"
    return [*before, *loop(head, inner, _independent(context))] if inner else []


def _threshold(context: Context) -> list[str]:
    operation = context.operation
    n = context.integer("n")
    events = context.events
    before, drawn = context.drawn_before(n)
    element = context.element()
    after = []
    if operation.roles:
        names = {name: context.pointer(array) for name, array in operation.roles.items()}
        after = loop(
            "int64_t e = 0; e < _found; ++e",
            [
                f"{names['not_refractory']}[{events}[e]] = false;",
                f"{names['lastspike']}[{events}[e]] = {names['t']}[0];",
            ],
        )
    return [
        *before,
        f"uint8_t *__restrict _met = run.scratch<uint8_t>({context.scratch()}, {n});",
        *loop(
            f"int64_t _idx = 0; _idx < {n}; ++_idx",
            [*drawn, *element.read, *element.do, "_met[_idx] = _cond;", *element.write],
            _independent(context),
        ),
        "int32_t _found = 0;",
        *loop(
            f"int32_t _idx = 0; _idx < {n}; ++_idx",
            [f"{events}[_found] = _idx;", "_found += _met[_idx];"],
        ),
        f"{events}[{n}] = _found;",
        *after,
    ]


def _reset(context: Context) -> list[str]:
    events, n = context.events, context.integer("n")
    drawn = context.draws(context.operation.block.each, "_idx")
    inner = [f"const int64_t _idx = {events}[e];", *drawn, *context.element().lines]
    return [
        f"const int64_t _found = {events}[{n}];",
        *loop("int64_t e = 0; e < _found; ++e", inner),
    ]


def _spike_source(context: Context) -> list[str]:
    roles = {name: context.pointer(array) for name, array in context.operation.roles.items()}
    events, n, n_spikes = (
        context.events,
        context.integer("n"),
        context.integer("n_spikes"),
    )
    bins, last = roles["timebins"], f"{roles['lastindex']}[0]"
    return [
        f"const int32_t _period = {roles['period_bins']}[0];",
        f"int32_t _bin = (int32_t){roles['t_in_timesteps']}[0];",
        "if (_period > 0) {",
        "    _bin %= _period;",
        f"    if ({last} > 0 && {bins}[{last} - 1] >= _bin) {last} = 0;",
        "}",
        "int32_t _found = 0;",
        *loop(
            f"int64_t _idx = {last}; _idx < {n_spikes} && {bins}[_idx] <= _bin; ++_idx",
            [f"{events}[_found++] = {roles['neuron_index']}[_idx];"],
        ),
        f"{events}[{n}] = _found;",
        f"{last} += _found;",
    ]


def _record_events(context: Context) -> list[str]:
    operation = context.operation
    events, n = context.events, context.integer("n")
    start, stop = context.integer("start"), context.integer("stop")
    pushes = [
        f"{context.buffer(name, dtype)}.push<{C_TYPES[dtype]}>({local});"
        for name, local, dtype in operation.records
    ]
    drawn = context.draws(operation.block.each, "_idx")
    return loop(
        f"int64_t e = 0; e < {events}[{n}]; ++e",
        [
            f"const int64_t _idx = {events}[e];",
            f"if (_idx < {start} || _idx >= {stop}) continue;",
            *drawn,
            *context.element().lines,
            *pushes,
            f"{context.pointer(operation.roles['count'])}[_idx - {start}] += 1;",
        ],
    )


def _record_states(context: Context) -> list[str]:
    operation = context.operation
    indices, n = context.pointer(operation.roles["indices"]), context.integer("n")
    time = context.pointer(operation.roles["t"])
    pushes = [
        f"{context.buffer(name, dtype)}.push<{C_TYPES[dtype]}>({local});"
        for name, local, dtype in operation.records
    ]
    drawn = context.draws(operation.block.each, "_idx")
    return [
        f"{context.buffer('t', 'float64')}.push<double>({time}[0]);",
        *loop(
            f"int64_t _k = 0; _k < {n}; ++_k",
            [
                f"const int64_t _idx = {indices}[_k];",
                *drawn,
                *context.element().lines,
                *pushes,
            ],
        ),
    ]


def _record_rate(context: Context) -> list[str]:
    operation = context.operation
    events, n = context.events, context.integer("n")
    start, stop = context.integer("start"), context.integer("stop")
    time, dt = (context.pointer(operation.roles[name]) for name in ("t", "dt"))
    return [
        "int64_t _count = 0;",
        *loop(
            f"int64_t e = 0; e < {events}[{n}]; ++e",
            [f"_count += {events}[e] >= {start} && {events}[e] < {stop};"],
        ),
        f"{context.buffer('t', 'float64')}.push<double>({time}[0]);",
        f"{context.buffer('rate', 'float64')}.push<double>("
        f"(double)_count / {dt}[0] / (double)({stop} - {start}));",
    ]


#: How each kind of operation is written.
LOOPS: Mapping[str, Callable[[Context], list[str]]] = {
    "each": _each,
    "threshold": _threshold,
    "reset": _reset,
    "synapses": pathway,
    "clocked": clocked,
    "summed": summed,
    "record_events": _record_events,
    "record_states": _record_states,
    "record_rate": _record_rate,
    "spike_source": _spike_source,
}
