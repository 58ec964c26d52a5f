"""The loops of a plan's operations: what Brian's templates are to its own devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

from snn_credit.dense.cpp.body import C_TYPES, Body, body, expression, pointer, used_names, written
from snn_credit.dense.plan import OWN, POST, PRE, SHARED, Array, Draw, Operation, Plan, Statement

if TYPE_CHECKING:
    from snn_credit.dense.cpp.writer import Layout

#: Rows that are added to a sum at once, so that it is read and written less often.
_ROWS_AT_ONCE = 4


class Context:
    """What the loop of one operation asks for: integers, scratch memory, random numbers."""

    def __init__(self, plan: Plan, layout: Layout, operation: Operation) -> None:
        self.plan, self.layout, self.operation = plan, layout, operation
        self.integers: list[str] = []
        self.extra: list[Array] = []

    def integer(self, name: str) -> str:
        """Return the C++ name of one of the operation's sizes."""
        if name not in self.integers:
            self.integers.append(name)
        return f"_{name}"

    def pointer(self, array: Array) -> str:
        """Return the C++ name of an array that the loop itself uses."""
        self.extra.append(array)
        return pointer(array)

    def used_arrays(self) -> list[Array]:
        """Return the arrays of the block and of the loop, each once."""
        arrays = [ref.array for ref in self.operation.names.values()]
        return list({array.key: array for array in (*arrays, *self.extra)}.values())

    def scratch(self) -> int:
        """Return the number of a piece of scratch memory."""
        self.layout.scratch += 1
        return self.layout.scratch - 1

    def list(self) -> str:
        """Return a list of sources that keeps its memory between steps."""
        self.layout.lists += 1
        return f"run.lists[{self.layout.lists - 1}]"

    def queue(self) -> str:
        """Return the operation's spikes under way."""
        self.layout.queues.append(self.operation.name)
        return f"run.queues[{len(self.layout.queues) - 1}]"

    def buffer(self, name: str, dtype: str) -> str:
        """Return the buffer of one of a monitor's variables."""
        self.layout.buffers.append((self.operation.name, name, dtype))
        return f"run.buffers[{len(self.layout.buffers) - 1}]"

    @property
    def step(self) -> str:
        """Return the number of the operation's time step."""
        return f"{self.pointer(self.plan.clocks[self.operation.clock].step)}[0]"

    @property
    def shared(self) -> set[str]:
        """Return the names of shared variables, which are read outside every loop."""
        return {n for n, ref in self.operation.names.items() if ref.index == SHARED}

    def source(self, draw: Draw) -> str:
        """Return where a draw's numbers come from."""
        call = int(draw.name.rpartition("_")[2])
        code = crc32(self.operation.name.encode())
        return f"Source{{run.seed, (uint64_t){self.step}, {code}u, {call}u}}"

    def draws_of(self, statements: tuple[Statement, ...], index: str) -> list[str]:
        """Return the random numbers that statements use, drawn for one index."""
        kind, lines = C_TYPES[self.plan.float_dtype], []
        used = set().union(*(used_names(s) for s in statements)) if statements else set()
        for draw in self.operation.draws:
            if draw.name in used:
                lines.append(f"{kind} {draw.name};")
                lines.append(f"{self.source(draw)}.{draw.distribution}({index}, {draw.name});")
        return lines

    def drawn_before(self, size: str) -> tuple[list[str], list[str]]:
        """Return lines that draw the numbers of all elements, and those that read one."""
        kind, before, each = C_TYPES[self.plan.float_dtype], [], []
        used = set().union(*(used_names(s) for s in self.operation.block.each), set())
        for draw in self.operation.draws:
            if draw.name in used:
                room = f"_all{draw.name}"
                before.append(
                    f"{kind} *__restrict {room} = run.scratch<{kind}>({self.scratch()}, {size});"
                )
                before.append(f"{self.source(draw)}.fill_{draw.distribution}({room}, {size});")
                each.append(f"const {kind} {draw.name} = {room}[_idx];")
        return before, each

    def element(self, known: tuple[str, ...] = (), without: set[str] | None = None) -> Body:
        """Return the operation's statements for one element."""
        hidden = self.shared | (without or set())
        return body(self.operation, self.operation.block.each, without=hidden, known=known)


def indented(lines: list[str]) -> list[str]:
    """Return lines one level further in."""
    return [f"    {text}" for text in lines]


def loop(head: str, lines: list[str]) -> list[str]:
    """Return a loop around lines."""
    return [f"for ({head}) {{", *indented(lines), "}"]


def _each(context: Context) -> list[str]:
    n = context.integer("n")
    before, drawn = context.drawn_before(n)
    inner = [*drawn, *context.element().lines]
    return [*before, *loop(f"int64_t _idx = 0; _idx < {n}; ++_idx", inner)] if inner else []


def _threshold(context: Context) -> list[str]:
    operation = context.operation
    n = context.integer("n")
    events = context.pointer(operation.events)
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
    events, n = context.pointer(context.operation.events), context.integer("n")
    drawn = context.draws_of(context.operation.block.each, "_idx")
    inner = [f"const int64_t _idx = {events}[e];", *drawn, *context.element().lines]
    return [
        f"const int64_t _found = {events}[{n}];",
        *loop("int64_t e = 0; e < _found; ++e", inner),
    ]


def _spike_source(context: Context) -> list[str]:
    roles = {name: context.pointer(array) for name, array in context.operation.roles.items()}
    events, n, n_spikes = (
        context.pointer(context.operation.events),
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
    events, n = context.pointer(operation.events), context.integer("n")
    start, stop = context.integer("start"), context.integer("stop")
    pushes = [
        f"{context.buffer(name, dtype)}.push<{C_TYPES[dtype]}>({local});"
        for name, local, dtype in operation.records
    ]
    drawn = context.draws_of(operation.block.each, "_idx")
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
    drawn = context.draws_of(operation.block.each, "_idx")
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
    events, n = context.pointer(operation.events), context.integer("n")
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


# ---- synapses ---------------------------------------------------------------------------------


def _at(context: Context, index: str) -> set[str]:
    """Return the names that are read at one end of the synapses."""
    return {n for n, ref in context.operation.names.items() if ref.index == index}


def _held(context: Context, index: str) -> set[str]:
    """Return the names of one end that can stay in local variables while the other end changes.

    Not those whose array is reached by another index too (``v_pre`` and ``v_post`` of one group).
    """
    names = context.operation.names
    own = _at(context, index)
    elsewhere = {ref.array.key for name, ref in names.items() if name not in own}
    return {name for name in own if names[name].array.key not in elsewhere}


def _matrix_loop(
    context: Context, rows: str, row: str, inner_after: list[str] | None = None
) -> list[str]:
    """Return a loop over rows (sources) and columns (targets) of a matrix of synapses.

    Threads share the rows if no target is written, the columns if no source is, else there is one.
    """
    operation = context.operation
    n_post = context.integer("n_post")
    changed = written(operation.block.each)
    changes_pre, changes_post = changed & _at(context, PRE), changed & _at(context, POST)
    changes_post = changes_post or set(inner_after or ())
    held = _held(context, PRE)
    outer = body(operation, operation.block.each, only=held, known=(PRE, POST))
    inner = context.element(known=(PRE, POST), without=held)
    column = [
        "const int64_t _idx = _first + _column;",
        f"const int64_t {POST} = _column + {context.integer('post_offset')};",
        *context.draws_of(operation.block.each, "_idx"),
        *inner.lines,
        *(inner_after or []),
    ]
    by_columns = bool(changes_post)
    columns = ("_from", "_to") if by_columns else ("0", n_post)
    each_row = [
        f"const int64_t _source = {row};",
        f"const int64_t {PRE} = _source + {context.integer('pre_offset')};",
        f"const int64_t _first = _source * {n_post};",
        *outer.read,
        *loop(f"int64_t _column = {columns[0]}; _column < {columns[1]}; ++_column", column),
        *outer.write,
    ]
    all_rows = loop(f"int64_t _row = 0; _row < {rows}; ++_row", each_row)
    if by_columns and not changes_pre:
        single = _single_sum(context)
        if single is not None and inner_after is None:
            all_rows = _summed_rows(context, single, rows, row)
        return _share_columns(all_rows, rows, n_post)
    if by_columns:
        return [f"const int64_t _from = 0, _to = {n_post};", *all_rows]
    threads = f"threads_for(run, {rows} * {n_post})"
    return [f"#pragma omp parallel for schedule(static) num_threads({threads})", *all_rows]


def _share_columns(lines: list[str], rows: str, n_post: str) -> list[str]:
    """Return a loop over rows whose columns are divided between threads, in whole cache lines."""
    return [
        f"const int _threads = threads_for(run, {rows} * {n_post});",
        "#pragma omp parallel for schedule(static) num_threads(_threads)",
        *loop(
            "int _part = 0; _part < _threads; ++_part",
            [
                f"const int64_t _wide = (({n_post} + _threads - 1) / _threads + 15) / 16 * 16;",
                f"const int64_t _from = std::min<int64_t>({n_post}, _part * _wide);",
                f"const int64_t _to = std::min<int64_t>({n_post}, _from + _wide);",
                *lines,
            ],
        ),
    ]


def _single_sum(context: Context) -> Statement | None:
    """Return the statement of a pathway that only adds to a sum over sources, or None."""
    block = context.operation.block
    if len(block.each) != 1 or context.operation.draws:
        return None
    (statement,) = block.each
    reads = used_names(statement) - {statement.target}
    names = context.operation.names
    if statement.op != "+=" or statement.guard or statement.branches:
        return None
    if statement.target in reads or any(ref.index == PRE for ref in names.values()):
        return None
    if any(r in names and names[r].array == names[statement.target].array for r in reads):
        return None
    return statement if names[statement.target].index == POST else None


def _summed_rows(context: Context, statement: Statement, rows: str, row: str) -> list[str]:
    """Return a loop that adds several rows to a sum at once, in the order of the rows."""
    operation = context.operation
    n_post, offset = context.integer("n_post"), context.integer("post_offset")
    target = operation.names[statement.target]
    kind = C_TYPES[statement.dtype]
    value = expression(statement.expression, operation, statement.dtype)
    inner = body(operation, [statement], without={*context.shared, statement.target})
    reads = [text for text in inner.read if not text.startswith(f"const int32_t {POST}")]
    of_target = [text for text in reads if f"[{POST}]" in text]
    of_synapse = [text for text in reads if f"[{POST}]" not in text]

    def some(count: int) -> list[str]:
        firsts = [
            f"const int64_t _first_{k} = (int64_t)({row.replace('_row', f'(_row + {k})')}) * {n_post};"
            for k in range(count)
        ]
        adding = []
        for k in range(count):
            index = f"const int64_t _idx = _first_{k} + _column;"
            adding += ["{", *indented([index, *of_synapse, f"_sum += {value};"]), "}"]
        return [
            *firsts,
            *loop(
                "int64_t _column = _from; _column < _to; ++_column",
                [
                    f"const int64_t {POST} = _column + {offset};",
                    *of_target,
                    f"{kind} _sum = {pointer(target.array)}[{POST}];",
                    *adding,
                    f"{pointer(target.array)}[{POST}] = _sum;",
                ],
            ),
        ]

    return [
        "int64_t _row = 0;",
        *loop(f"; _row + {_ROWS_AT_ONCE} <= {rows}; _row += {_ROWS_AT_ONCE}", some(_ROWS_AT_ONCE)),
        *loop(f"; _row < {rows}; ++_row", some(1)),
    ]


def _synapses(context: Context) -> list[str]:
    operation = context.operation
    ends = operation.ends
    assert ends is not None and operation.events is not None
    events, n = context.pointer(operation.events), context.integer("n_events")
    start, stop = context.integer("start"), context.integer("stop")
    lines = [f"const List _now = events_between({events}, {n}, {start}, {stop}, {context.list()});"]
    if not ends.matrix:
        return [*lines, *_listed(context)]
    spikes = "_now"
    if ends.delayed:
        spikes = "_due"
        queue, sources = context.queue(), f"({stop} - {start})"
        lines += [
            f"remember({queue}, {context.step}, _now, {sources});",
            f"const List _due = arriving({queue}, {context.step}, {queue}.delays[0], {sources}, "
            f"{context.list()});",
        ]
    if ends.forward:
        return [*lines, *_matrix_loop(context, f"{spikes}.size", f"{spikes}.index[_row]")]
    return [*lines, *_backward(context, spikes)]


def _backward(context: Context, spikes: str) -> list[str]:
    """Return the loop for events of the postsynaptic side of a matrix: its columns.

    If only synapses change, rows are outside, since they lie one after the other in memory. Else the
    order is Brian's: event by event.
    """
    operation = context.operation
    n_pre, n_post = context.integer("n_pre"), context.integer("n_post")
    rows_outside = not written(operation.block.each) & (_at(context, PRE) | _at(context, POST))
    held = _held(context, PRE) if rows_outside else set()
    outer = body(operation, operation.block.each, only=held, known=(PRE, POST))
    inner = [
        f"const int64_t _column = {spikes}.index[_event];",
        f"const int64_t _idx = _source * {n_post} + _column;",
        f"const int64_t {POST} = _column + {context.integer('post_offset')};",
        *context.draws_of(operation.block.each, "_idx"),
    ]
    element = context.element(known=(PRE, POST), without=held).lines
    own = [f"const int64_t {PRE} = _source + {context.integer('pre_offset')};"]
    by_row = f"int64_t _source = 0; _source < {n_pre}; ++_source"
    by_event = f"int64_t _event = 0; _event < {spikes}.size; ++_event"
    if rows_outside:
        threads = f"threads_for(run, {n_pre} * {spikes}.size)"
        return [
            f"#pragma omp parallel for schedule(static) num_threads({threads})",
            *loop(by_row, [*own, *outer.read, *loop(by_event, [*inner, *element])]),
        ]
    return loop(by_event, loop(by_row, [*own, *inner, *element]))


def _listed(context: Context) -> list[str]:
    """Return the loop over lists of synapses: partial connectivity, or delays of their own."""
    operation = context.operation
    ends = operation.ends
    assert ends is not None
    queue, start, stop = context.queue(), context.integer("start"), context.integer("stop")
    sources = f"({stop} - {start})"
    spikes, before, setup = "_now", [], []
    if ends.delayed:
        spikes = "_due"
        setup = [f"remember({queue}, {context.step}, _now, {sources});"]
        before = [
            f"const List _due = arriving({queue}, {context.step}, {queue}.delays[_group], "
            f"{sources}, {context.list()});"
        ]
    pre, post = context.pointer(ends.pre), context.pointer(ends.post)
    synapse = [
        f"const int64_t _idx = {queue}.synapses[_k];",
        f"const int64_t {PRE} = {pre}[_idx], {POST} = {post}[_idx];",
        *context.draws_of(operation.block.each, "_idx"),
        *context.element(known=(PRE, POST)).lines,
    ]
    return [
        *setup,
        *loop(
            f"int64_t _group = 0; _group < {queue}.groups; ++_group",
            [
                *before,
                f"const int64_t *_starts = {queue}.starts + _group * ({sources} + 1);",
                *loop(
                    f"int64_t _event = 0; _event < {spikes}.size; ++_event",
                    [
                        f"const int64_t _source = {spikes}.index[_event];",
                        *loop(
                            "int64_t _k = _starts[_source]; _k < _starts[_source + 1]; ++_k",
                            synapse,
                        ),
                    ],
                ),
            ],
        ),
    ]


def _all_synapses(context: Context, after: list[str] | None = None) -> list[str]:
    """Return a loop over every synapse."""
    operation = context.operation
    ends = operation.ends
    assert ends is not None
    if ends.matrix:
        return _matrix_loop(context, context.integer("n_pre"), "_row", after)
    pre, post = context.pointer(ends.pre), context.pointer(ends.post)
    return loop(
        f"int64_t _idx = 0; _idx < {context.integer('n_synapses')}; ++_idx",
        [
            f"const int64_t {PRE} = {pre}[_idx], {POST} = {post}[_idx];",
            *context.draws_of(operation.block.each, "_idx"),
            *context.element(known=(PRE, POST)).lines,
            *(after or []),
        ],
    )


def _summed(context: Context) -> list[str]:
    operation = context.operation
    ends, roles = operation.ends, operation.roles
    assert ends is not None
    target = context.pointer(roles["target"])
    index = PRE if roles["index"].key == ends.pre.key else POST
    start, stop = context.integer("start"), context.integer("stop")
    return [
        *loop(f"int64_t _k = {start}; _k < {stop}; ++_k", [f"{target}[_k] = 0;"]),
        *_all_synapses(context, [f"{target}[{index}] += _synaptic_var;"]),
    ]


LOOPS: Mapping[str, Callable[[Context], list[str]]] = {
    "each": _each,
    "threshold": _threshold,
    "reset": _reset,
    "synapses": _synapses,
    "clocked": _all_synapses,
    "summed": _summed,
    "record_events": _record_events,
    "record_states": _record_states,
    "record_rate": _record_rate,
    "spike_source": _spike_source,
}
__all__ = ["LOOPS", "OWN", "Context"]
