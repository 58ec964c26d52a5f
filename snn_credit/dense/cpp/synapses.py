"""The loops over synapses: matrices where all connect to all, lists elsewhere.

Synapse ``i*n_post + j`` of a matrix goes from source ``i`` to target ``j``, so a source's synapses
are a row, and lie one after the other in memory. Sums are in the order of Brian's own loops, source
by source, whatever the number of threads.
"""

from __future__ import annotations

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.cpp.body import C_TYPES, body, expression, pointer, written
from snn_credit.dense.cpp.context import Context, indented, loop
from snn_credit.dense.plan import POST, PRE, Statement

#: Rows that are added to a sum at once, so that it is read and written less often.
_ROWS_AT_ONCE = 4


def pathway(context: Context) -> list[str]:
    """Return the loop over the synapses of a pathway's events."""
    n, start, stop = (context.integer(name) for name in ("n_events", "start", "stop"))
    arguments = f"{context.events}, {n}, {start}, {stop}, {context.list()}"
    lines = [f"const List _now = events_between({arguments});"]
    ends = context.ends
    if not ends.matrix:
        return [*lines, *_listed(context)]
    spikes = "_now"
    if ends.delayed:
        spikes, queue, sources = "_due", context.queue(), f"({stop} - {start})"
        arguments = f"{queue}, {context.step}, {queue}.delays[0], {sources}, {context.list()}"
        lines += [
            f"remember({queue}, {context.step}, _now, {sources});",
            f"const List _due = arriving({arguments});",
        ]
    if not ends.forward:
        return [*lines, *_backward(context, spikes)]
    return [*lines, *_matrix(context, f"{spikes}.size", f"{spikes}.index[{{}}]")]


def clocked(context: Context, after: list[str] | None = None) -> list[str]:
    """Return a loop over every synapse; ``after`` are lines that follow its statements."""
    if context.ends.matrix:
        return _matrix(context, context.integer("n_pre"), "{}", after)
    pre, post = context.pointer(context.ends.pre), context.pointer(context.ends.post)
    return loop(
        f"int64_t _idx = 0; _idx < {context.integer('n_synapses')}; ++_idx",
        [
            f"const int64_t {PRE} = {pre}[_idx], {POST} = {post}[_idx];",
            *context.draws(context.operation.block.each, "_idx"),
            *context.element(known=(PRE, POST)).lines,
            *(after or []),
        ],
    )


def summed(context: Context) -> list[str]:
    """Return the loops of a summed variable: clear it, then add every synapse's value."""
    roles = context.operation.roles
    target = context.pointer(roles["target"])
    index = PRE if roles["index"].key == context.ends.pre.key else POST
    start, stop = context.integer("start"), context.integer("stop")
    return [
        *loop(f"int64_t _k = {start}; _k < {stop}; ++_k", [f"{target}[_k] = 0;"]),
        *clocked(context, [f"{target}[{index}] += _synaptic_var;"]),
    ]


def _held(context: Context) -> set[str]:
    """Return the source's names that can stay in local variables while the target changes.

    Not those whose array is reached by another index too (``v_pre`` and ``v_post`` of one group).
    """
    names, own = context.operation.names, context.at(PRE)
    elsewhere = {ref.array.key for name, ref in names.items() if name not in own}
    return {name for name in own if names[name].array.key not in elsewhere}


def _matrix(
    context: Context, rows: str, source_of: str, after: list[str] | None = None
) -> list[str]:
    """Return a loop over rows (sources) and columns (targets) of a matrix of synapses.

    Threads share the rows if no target changes, the columns if no source does; else there is one.
    """
    operation, n_post = context.operation, context.integer("n_post")
    changed = written(operation.block.each)
    changes_pre = bool(changed & context.at(PRE))
    changes_post = bool(changed & context.at(POST)) or after is not None
    held = _held(context)
    outer = body(operation, operation.block.each, only=held, known=(PRE, POST))
    from_, to = ("_from", "_to") if changes_post else ("0", n_post)
    column = [
        "const int64_t _idx = _first + _column;",
        f"const int64_t {POST} = _column + {context.integer('post_offset')};",
        *context.draws(operation.block.each, "_idx"),
        *context.element(known=(PRE, POST), without=held).lines,
        *(after or []),
    ]
    row = [
        f"const int64_t _source = {source_of.format('_row')};",
        f"const int64_t {PRE} = _source + {context.integer('pre_offset')};",
        f"const int64_t _first = _source * {n_post};",
        *outer.read,
        *loop(
            f"int64_t _column = {from_}; _column < {to}; ++_column",
            column,
            independent=after is None and held == context.at(PRE),
        ),
        *outer.write,
    ]
    synapses = f"{rows} * {n_post}"
    if not changes_post:
        return _shared(synapses, rows, loop("int64_t _row = _from; _row < _to; ++_row", row))
    all_rows = loop(f"int64_t _row = 0; _row < {rows}; ++_row", row)
    if changes_pre:
        return [f"const int64_t _from = 0, _to = {n_post};", *all_rows]
    single = _single_sum(context) if after is None else None
    if single is not None:
        all_rows = _several_rows(context, single, rows, source_of)
    return _shared(synapses, n_post, all_rows)


def _shared(synapses: str, n: str, lines: list[str]) -> list[str]:
    """Return lines that threads do for parts, ``_from`` to ``_to``, of ``n`` rows or columns."""
    head = f"share(run, {synapses}, {n}, [&](const int64_t _from, const int64_t _to) {{"
    return [head, *indented(lines), "});"]


def _single_sum(context: Context) -> Statement | None:
    """Return the statement of a pathway that only adds to a sum over its sources, or None."""
    block, names = context.operation.block, context.operation.names
    if len(block.each) != 1 or context.operation.draws or context.at(PRE):
        return None
    (statement,) = block.each
    if statement.op != "+=" or statement.guard or statement.branches:
        return None
    target = names[statement.target]
    read = get_identifiers(statement.expression) & names.keys()
    if any(names[name].array == target.array for name in read):
        return None
    return statement if target.index == POST else None


def _several_rows(context: Context, statement: Statement, rows: str, source_of: str) -> list[str]:
    """Return a loop that adds several rows to a sum at once, in the order of the rows."""
    operation = context.operation
    n_post, offset = context.integer("n_post"), context.integer("post_offset")
    target = operation.names[statement.target]
    place = f"{pointer(target.array)}[{POST}]"
    value = expression(statement.expression, operation, statement)
    without = {*context.shared, statement.target}
    read = body(operation, [statement], without=without, known=(PRE, POST)).read
    of_target = [text for text in read if f"[{POST}]" in text]
    of_synapse = [text for text in read if text not in of_target]

    def some(count: int) -> list[str]:
        firsts, sums = [], []
        for k in range(count):
            source = source_of.format(f"_row + {k}")
            firsts.append(f"const int64_t _first_{k} = (int64_t){source} * {n_post};")
            index = f"const int64_t _idx = _first_{k} + _column;"
            sums += ["{", *indented([index, *of_synapse, f"_sum += {value};"]), "}"]
        column = [
            f"const int64_t {POST} = _column + {offset};",
            *of_target,
            f"{C_TYPES[statement.dtype]} _sum = {place};",
            *sums,
            f"{place} = _sum;",
        ]
        head = "int64_t _column = _from; _column < _to; ++_column"
        return [*firsts, *loop(head, column, independent=True)]

    many = _ROWS_AT_ONCE
    return [
        "int64_t _row = 0;",
        *loop(f"; _row + {many} <= {rows}; _row += {many}", some(many)),
        *loop(f"; _row < {rows}; ++_row", some(1)),
    ]


def _backward(context: Context, spikes: str) -> list[str]:
    """Return the loop for events of the postsynaptic side of a matrix: its columns.

    If only synapses change, rows are outside, since they lie one after the other in memory. Else
    the order is Brian's: event by event.
    """
    operation = context.operation
    n_pre, n_post = context.integer("n_pre"), context.integer("n_post")
    changed = written(operation.block.each)
    rows_outside = not changed & (context.at(PRE) | context.at(POST))
    held = _held(context) if rows_outside else set()
    outer = body(operation, operation.block.each, only=held, known=(PRE, POST))
    synapse = [
        f"const int64_t _column = {spikes}.index[_event];",
        f"const int64_t _idx = _source * {n_post} + _column;",
        f"const int64_t {POST} = _column + {context.integer('post_offset')};",
        *context.draws(operation.block.each, "_idx"),
        *context.element(known=(PRE, POST), without=held).lines,
    ]
    own = [f"const int64_t {PRE} = _source + {context.integer('pre_offset')};"]
    by_event = f"int64_t _event = 0; _event < {spikes}.size; ++_event"
    if not rows_outside:
        by_row = f"int64_t _source = 0; _source < {n_pre}; ++_source"
        return loop(by_event, loop(by_row, [*own, *synapse]))
    events = loop(by_event, synapse, independent=True)
    rows = loop("int64_t _source = _from; _source < _to; ++_source", [*own, *outer.read, *events])
    return _shared(f"{n_pre} * {spikes}.size", n_pre, rows)


def _listed(context: Context) -> list[str]:
    """Return the loop over lists of synapses: partial connectivity, or delays of their own."""
    queue, start, stop = context.queue(), context.integer("start"), context.integer("stop")
    sources = f"({stop} - {start})"
    spikes, before, setup = "_now", [], []
    if context.ends.delayed:
        spikes, delay = "_due", f"{queue}.delays[_group]"
        setup = [f"remember({queue}, {context.step}, _now, {sources});"]
        arguments = f"{queue}, {context.step}, {delay}, {sources}, {context.list()}"
        before = [f"const List _due = arriving({arguments});"]
    pre, post = context.pointer(context.ends.pre), context.pointer(context.ends.post)
    synapse = [
        f"const int64_t _idx = {queue}.synapses[_k];",
        f"const int64_t {PRE} = {pre}[_idx], {POST} = {post}[_idx];",
        *context.draws(context.operation.block.each, "_idx"),
        *context.element(known=(PRE, POST)).lines,
    ]
    by_synapse = "int64_t _k = _starts[_source]; _k < _starts[_source + 1]; ++_k"
    by_event = f"int64_t _event = 0; _event < {spikes}.size; ++_event"
    event = [f"const int64_t _source = {spikes}.index[_event];", *loop(by_synapse, synapse)]
    group = [
        *before,
        f"const int64_t *_starts = {queue}.starts + _group * ({sources} + 1);",
        *loop(by_event, event),
    ]
    return [*setup, *loop(f"int64_t _group = 0; _group < {queue}.groups; ++_group", group)]
