"""A plan as a C++ program: one function for each of Brian's objects, and the loop over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources

from snn_credit.dense.cpp.body import C_TYPES, body, pointer, written
from snn_credit.dense.cpp.context import Context
from snn_credit.dense.cpp.loops import LOOPS
from snn_credit.dense.plan import SHARED, Array, Operation, Plan


@dataclass
class Layout:
    """Where the program finds what it is passed: positions in lists of the same order."""

    arrays: list[str] = field(default_factory=list)
    integers: list[str] = field(default_factory=list)
    floats: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)
    buffers: list[tuple[str, str, str]] = field(default_factory=list)
    scratch: int = 0
    lists: int = 0


@dataclass(frozen=True)
class Source:
    """A program's text, and what it has to be passed."""

    text: str
    layout: Layout


def write(plan: Plan) -> Source:
    """Write the C++ program of a plan.

    Above each function stands what Brian says that the object does, in Brian's own words.
    """
    layout = Layout()
    functions = [_function(plan, layout, number, op) for number, op in enumerate(plan.operations)]
    runtime = resources.files("snn_credit.dense.cpp").joinpath("runtime.h").read_text()
    parts = [runtime, *_support(plan), *functions, _main(plan, layout)]
    return Source("\n\n".join(parts) + "\n", layout)


def _support(plan: Plan) -> Iterable[str]:
    """Return the code of the functions that statements call, each once."""
    seen = {}
    for operation in plan.operations:
        for function in operation.functions:
            seen.setdefault(function.cpp_name, function.code)
    from brian2.codegen.generators.cpp_generator import CPPCodeGenerator

    return [CPPCodeGenerator.universal_support_code, *seen.values()]


def _function(plan: Plan, layout: Layout, number: int, operation: Operation) -> str:
    context = Context(plan, layout, operation)
    inner = LOOPS[operation.kind](context)
    said = operation.source.splitlines() or ["(nothing but what every such object does)"]
    lines = [
        f"// {operation.name}: {operation.kind.replace('_', ' ')}",
        *(f"//     {text}".rstrip() for text in said),
        f"static void op_{number}(Run &run) {{",
        *(f"    {text}" for text in _opening(context)),
        *(f"    {text}" for text in inner),
        "}",
    ]
    return "\n".join(lines)


def _opening(context: Context) -> list[str]:
    """Return the declarations that a function begins with; its loops have said what they need."""
    operation, layout = context.operation, context.layout
    lines = []
    for array in context.used_arrays():
        kind = C_TYPES[array.dtype]
        slot = _position(layout.arrays, array.key)
        # Two pointers of one function never point into the same array: each has one name.
        lines.append(f"{kind} *__restrict {pointer(array)} = ({kind} *)run.arrays[{slot}];")
    for name in context.integers:
        slot = _position(layout.integers, f"{operation.name}.{name}")
        lines.append(f"const int64_t _{name} = run.integers[{slot}];")
    single = C_TYPES[context.plan.float_dtype]
    for name, kind in operation.constants.items():
        if kind == "int64":
            slot = _position(layout.integers, f"{operation.name}.{name}")
            lines.append(f"const int64_t {name} = run.integers[{slot}];")
        else:
            slot = _position(layout.floats, f"{operation.name}.{name}")
            lines.append(f"const {single} {name} = ({single})run.floats[{slot}];")
    for table in operation.tables:
        slot = _position(layout.tables, f"{operation.name}.{table.name}")
        arguments = "double t_, int64_t i_" if table.columns else "double t_"
        values = "t_, i_" if table.columns else "t_"
        lines.append(f"const Table &_{table.name} = run.tables[{slot}];")
        lines.append(
            f"const auto {table.name} = [&]({arguments}) {{ return _{table.name}.at({values}); }};"
        )
    return [*lines, *context.draws(operation.block.shared, "0"), *_shared(operation)]


def _shared(operation: Operation) -> list[str]:
    """Return the statements that run once, and the reading of every shared variable."""
    shared = {name for name, ref in operation.names.items() if ref.index == SHARED}
    changed = written(operation.block.shared)
    both = body(operation, operation.block.statements, only=shared)
    lines = body(operation, operation.block.shared)
    write = [text for text in lines.write if text.partition(" = ")[2].rstrip(";") in changed]
    return [*both.read, *lines.do, *write]


def _position(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _array(layout: Layout, array: Array) -> str:
    return f"(({C_TYPES[array.dtype]} *)run.arrays[{_position(layout.arrays, array.key)}])"


def _main(plan: Plan, layout: Layout) -> str:
    """Return the loop over time steps, and how the program is made, run and read from outside."""
    calls = []
    for number, operation in enumerate(plan.operations):
        due = f"if (due[{operation.clock}]) " if len(plan.clocks) > 1 else ""
        calls.append(f"{due}op_{number}(run);  // {operation.name}")
    count = len(plan.clocks)
    clocks = [
        f"{kind}_{c} = {_array(layout, array)};"
        for c, clock in enumerate(plan.clocks)
        for kind, array in (
            ("int64_t *step", clock.step),
            ("double *time", clock.time),
            ("const double *dt", clock.dt),
        )
    ]
    if count > 1:
        choose = [
            f"const double times[] = {{{', '.join(f'*time_{c}' for c in range(count))}}};",
            f"const double dts[] = {{{', '.join(f'*dt_{c}' for c in range(count))}}};",
            f"const int64_t steps_[] = {{{', '.join(f'*step_{c}' for c in range(count))}}};",
            f"const int first = (int)(std::min_element(times, times + {count}) - times);",
            "if (steps_[first] >= ends[first]) return 1;",
            f"bool due[{count}];",
            f"for (int c = 0; c < {count}; ++c)",
            "    due[c] = times[c] == times[first] ||",
            "        fabs(times[c] - times[first]) / std::min(dts[first], dts[c]) < 1e-4;",
        ]
    else:
        choose = ["if (*step_0 >= ends[0]) return 1;" if count else "return 1;"]
    ticks = [
        (f"if (due[{c}]) " if count > 1 else "")
        + f"{{ ++*step_{c}; *time_{c} = (double)*step_{c} * *dt_{c}; }}"
        for c in range(count)
    ]
    done = "*step_0 >= ends[0]" if count == 1 else "0"  # of several the next call finds out
    indent = "\n        "
    return f"""
extern "C" void *make() {{
    Run *run = new Run();
    run->buffers = new Buffer[{max(1, len(layout.buffers))}];
    run->lists = new std::vector<int32_t>[{max(1, layout.lists)}];
    run->room.resize({layout.scratch});
    return run;
}}

extern "C" void unmake(void *made) {{
    Run *run = (Run *)made;
    delete[] run->buffers;
    delete[] run->lists;
    delete run;
}}

extern "C" int64_t recorded(void *made, int64_t number, const char **bytes) {{
    Buffer &buffer = ((Run *)made)->buffers[number];
    *bytes = buffer.bytes.data();
    return (int64_t)buffer.bytes.size();
}}

extern "C" void forget(void *made, int64_t number) {{
    ((Run *)made)->buffers[number].bytes.clear();
}}

// Runs at most `steps` time steps; returns 1 when every clock has reached its end.
extern "C" int64_t advance(void *made, void **arrays, const int64_t *integers, const double *floats,
                           const Table *tables, const Queue *queues, int64_t steps,
                           const int64_t *ends, uint64_t seed, int threads) {{
    FlushDenormals while_running;
    Run &run = *(Run *)made;
    run.arrays = arrays; run.integers = integers; run.floats = floats;
    run.tables = tables; run.queues = queues; run.seed = seed; run.threads = threads;
    {f"{chr(10)}    ".join(clocks)}
    for (int64_t s = 0; s < steps; ++s) {{
        {indent.join([*choose, *calls, *ticks])}
    }}
    return {done};
}}"""


__all__ = ["Layout", "Source", "write"]
