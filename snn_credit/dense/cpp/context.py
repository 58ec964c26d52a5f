"""What the loop of one operation is written with: sizes, scratch memory, random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from snn_credit.dense.cpp.body import C_TYPES, Body, body, pointer, used_names
from snn_credit.dense.plan import SHARED, Array, Draw, Ends, Operation, Plan, Statement

if TYPE_CHECKING:
    from snn_credit.dense.cpp.writer import Layout


class Context:
    """What the loop of one operation asks for; the writer declares it afterwards."""

    plan: Plan
    layout: Layout
    operation: Operation

    def __init__(self, plan: Plan, layout: Layout, operation: Operation) -> None:
        self.plan, self.layout, self.operation = plan, layout, operation
        self.integers: list[str] = []
        self._extra: list[Array] = []

    def integer(self, name: str) -> str:
        """Return the C++ name of one of the operation's sizes."""
        if name not in self.integers:
            self.integers.append(name)
        return f"_{name}"

    def pointer(self, array: Array) -> str:
        """Return the C++ name of an array that the loop itself uses."""
        self._extra.append(array)
        return pointer(array)

    @property
    def events(self) -> str:
        """Return the C++ name of the operation's list of events."""
        if self.operation.events is None:
            raise TypeError(f"{self.operation.name}: has no events")
        return self.pointer(self.operation.events)

    @property
    def ends(self) -> Ends:
        """Return what connects to what."""
        if self.operation.ends is None:
            raise TypeError(f"{self.operation.name}: has no synapses")
        return self.operation.ends

    def used_arrays(self) -> list[Array]:
        """Return the arrays of the block and of the loop, each once."""
        arrays = [ref.array for ref in self.operation.names.values()]
        return list({array.key: array for array in (*arrays, *self._extra)}.values())

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

    def at(self, index: str) -> set[str]:
        """Return the names that are read with an index."""
        return {n for n, ref in self.operation.names.items() if ref.index == index}

    def _drawn(self, statements: tuple[Statement, ...]) -> list[Draw]:
        used: set[str] = set().union(*(used_names(s) for s in statements))
        return [draw for draw in self.operation.draws if draw.name in used]

    def _source(self, draw: Draw) -> str:
        call = int(draw.name.rpartition("_")[2])
        code = crc32(self.operation.name.encode())
        return f"Source{{run.seed, (uint64_t){self.step}, {code}u, {call}u}}"

    def draws(self, statements: tuple[Statement, ...], index: str) -> list[str]:
        """Return the random numbers that statements use, drawn for one index."""
        kind, lines = C_TYPES[self.plan.float_dtype], []
        for draw in self._drawn(statements):
            lines.append(f"{kind} {draw.name};")
            lines.append(f"{self._source(draw)}.{draw.distribution}({index}, {draw.name});")
        return lines

    def drawn_before(self, size: str) -> tuple[list[str], list[str]]:
        """Return lines that draw the numbers of all elements, and those that read one."""
        kind, before, each = C_TYPES[self.plan.float_dtype], [], []
        for draw in self._drawn(self.operation.block.each):
            room = f"_all{draw.name}"
            slot = self.scratch()
            before += [
                f"{kind} *__restrict {room} = run.scratch<{kind}>({slot}, {size});",
                f"{self._source(draw)}.fill_{draw.distribution}({room}, {size});",
            ]
            each.append(f"const {kind} {draw.name} = {room}[_idx];")
        return before, each

    def element(self, known: tuple[str, ...] = (), without: set[str] | None = None) -> Body:
        """Return the operation's statements for one element."""
        hidden = self.shared | (without or set())
        return body(self.operation, self.operation.block.each, without=hidden, known=known)


def indented(lines: list[str]) -> list[str]:
    """Return lines one level further in."""
    return [f"    {text}" for text in lines]


def loop(head: str, lines: list[str], independent: bool = False) -> list[str]:
    """Return a loop around lines; of independent elements the compiler makes vectors."""
    return [
        *(["INDEPENDENT"] if independent else []),
        f"for ({head}) {{",
        *indented(lines),
        "}",
    ]
