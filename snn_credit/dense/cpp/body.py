"""Statements of a plan as lines of C++, with what they read before and write after."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from brian2.parsing.rendering import CPPNodeRenderer
from brian2.utils.stringtools import get_identifiers, word_substitute

from snn_credit.dense.plan import OWN, SHARED, Array, Operation, Statement

C_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "int64_t",
    "int32": "int32_t",
    "uint64": "uint64_t",
    "uint32": "uint32_t",
    "int8": "int8_t",
    "uint8": "uint8_t",
    "bool": "bool",
}


class _Renderer(CPPNodeRenderer):
    """Brian's C++ expressions; in single precision without literals that would widen them."""

    def __init__(self, single: bool) -> None:
        super().__init__()
        self._suffix = "f" if single else ""

    def render_Constant(self, node):
        text = super().render_Constant(node)
        return f"{text}{self._suffix}" if isinstance(node.value, float) else text


def pointer(array: Array) -> str:
    """Return the C++ name of an array."""
    return re.sub(r"\W", "_", array.key)


def narrowed(statement: Statement, operation: Operation) -> set[str]:
    """Return the shared double-precision names that a single-precision statement reads as single.

    One double factor would make the whole loop compute in double precision. What is a function of
    time stays as it is, and so does everything in a statement that reads a double of each element.
    """
    names = get_identifiers(statement.expression) & operation.names.keys()
    exact = {n for n in names if operation.names[n].array.dtype == "float64"}
    calls = {table.name for table in operation.tables} | {"timestep"}
    if statement.dtype != "float32" or calls & get_identifiers(statement.expression):
        return set()
    shared = {name for name in exact if operation.names[name].index == SHARED}
    return shared if shared == exact else set()


def expression(text: str, operation: Operation, statement: Statement) -> str:
    """Return an expression of a statement as C++."""
    single = statement.dtype == "float32"
    renamed = {f.name: f.cpp_name for f in operation.functions if f.name != f.cpp_name}
    renamed |= {name: f"float({name})" for name in narrowed(statement, operation)}
    return _Renderer(single).render_expr(word_substitute(text, renamed)).strip()


def used_names(statement: Statement) -> set[str]:
    """Return the names whose values a statement needs."""
    names = get_identifiers(statement.expression)
    names |= {name for values, _ in statement.branches for name, _ in values}
    for _, text in statement.branches:
        names |= get_identifiers(text)
    if statement.op not in ("=", ":="):
        names.add(statement.target)
    if statement.guard:
        names |= {statement.guard, statement.target}
    return names


def line(statement: Statement, operation: Operation) -> list[str]:
    """Return one statement as C++."""
    target, op, lines = statement.target, statement.op, []
    if op == ":=":
        kind = C_TYPES[statement.dtype]
        if statement.branches:
            lines.append(f"{kind} {target};")
            op = "="
        else:
            constant = "const " if statement.constant else ""
            text = expression(statement.expression, operation, statement)
            return [f"{constant}{kind} {target} = {text};"]
    if statement.branches:
        for number, (values, text) in enumerate(statement.branches):
            tests = " && ".join(name if value else f"!{name}" for name, value in values)
            test = f"if ({tests})" if number < len(statement.branches) - 1 else ""
            otherwise = "else " if number else ""
            text = expression(text, operation, statement)
            lines.append(f"{otherwise}{test} {target} {op} {text};".replace("  ", " "))
    else:
        lines.append(f"{target} {op} {expression(statement.expression, operation, statement)};")
    if statement.guard:
        return [f"if ({statement.guard}) {{", *(f"    {text}" for text in lines), "}"]
    return lines


@dataclass(frozen=True)
class Body:
    """Lines of C++ for one element: what to read, what to do, what to write."""

    read: list[str]
    do: list[str]
    write: list[str]

    @property
    def lines(self) -> list[str]:
        """All lines, in order."""
        return [*self.read, *self.do, *self.write]


def written(statements: Collection[Statement]) -> set[str]:
    """Return the names that statements assign to, other than those that they declare."""
    return {s.target for s in statements if s.op != ":="}


def body(
    operation: Operation,
    statements: Collection[Statement],
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    known: Collection[str] = (),
) -> Body:
    """Write statements with the reading and writing of the arrays that they need.

    Parameters
    ----------
    only, without
        Names whose arrays are read and written here, or are not (they are held outside the loop).
    known
        Indices that the loop has already: others are read from their arrays first.
    """
    needed: set[str] = set().union(*(used_names(s) for s in statements)) if statements else set()
    changed = written(statements)
    names = [
        name
        for name in sorted((needed | changed) & operation.names.keys())
        if (only is None or name in only) and name not in without
    ]
    read, write, seen = [], [], set(known)
    for name in names:
        index = operation.names[name].index
        if index not in (OWN, SHARED) and index not in seen:
            seen.add(index)
            array = operation.names[index].array
            read.append(f"const {C_TYPES[array.dtype]} {index} = {pointer(array)}[_idx];")
    for name in names:
        if name in seen and name in (operation.names[n].index for n in names):
            continue
        reference = operation.names[name]
        place = f"{pointer(reference.array)}[{reference.index}]"
        kind = C_TYPES[reference.array.dtype]
        if name not in changed:
            read.append(f"const {kind} {name} = {place};")
        else:
            read.append(f"{kind} {name} = {place};" if name in needed else f"{kind} {name};")
            write.append(f"{place} = {name};")
    return Body(read, [text for s in statements for text in line(s, operation)], write)
