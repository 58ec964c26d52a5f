"""From Brian's abstract code to the statements, names and functions of a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.codegen.translation import make_statements
from brian2.core.functions import Function as BrianFunction
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, Constant
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.input.timedarray import TimedArray, _find_K
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from snn_credit.dense.capture import Captured
from snn_credit.dense.plan import (
    OWN,
    SHARED,
    Array,
    Block,
    Draw,
    Function,
    Reference,
    Statement,
    Table,
)
from snn_credit.errors import InputError

_DRAWN = re.compile(r"\b(randn?)\(\)")
_DISTRIBUTIONS: dict[str, Any] = {"rand": "uniform", "randn": "normal"}


@dataclass
class Read:
    """The block of one code object, and everything that its names stand for."""

    block: Block
    names: dict[str, Reference] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    variables: dict[str, ArrayVariable] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    values: dict[str, tuple[NDArray[Any], float, int]] = field(default_factory=dict)

    def array(self, variable: ArrayVariable) -> Array:
        """Return the plan's name for one of Brian's arrays, and remember it."""
        array = array_of(variable)
        self.variables[array.key] = variable
        return array


def array_of(variable: ArrayVariable) -> Array:
    """Return the plan's name for one of Brian's arrays."""
    owner: Any = variable.owner
    key = f"{owner.name}.{variable.name}"
    return Array(key, np.dtype(variable.dtype).name, bool(variable.scalar))


def refused(what: str, where: str, line: str = "", instead: str = "cpp_standalone") -> InputError:
    """Return the error for something that dense circuits cannot express."""
    code = f" in {line.strip()!r}" if line.strip() else ""
    return InputError(
        f"device dense: a network without {what} (got one in {where}{code}); "
        f"device {instead!r} runs it"
    )


def read(captured: Captured) -> Read:
    """Translate the abstract code of one of Brian's objects.

    Raises
    ------
    InputError
        For a function that has no C++ code, or that draws numbers other than rand() and randn().
    """
    variables = dict(captured.variables)
    dtype = prefs["core.default_float_dtype"]
    shared, each = make_statements(captured.abstract_code, variables, dtype, optimise=True)
    found = Read(Block())
    guards = {
        name: variable.conditional_write.name
        for name, variable in variables.items()
        if getattr(variable, "conditional_write", None) is not None
        and variable.conditional_write.name not in captured.unguarded
    }
    found.block = Block(
        tuple(_statement(s, guards, found.draws) for s in shared),
        tuple(_statement(s, guards, found.draws) for s in each),
    )
    declared = {s.target for s in found.block.statements if s.op == ":="}
    for statement in found.block.statements:
        used = get_identifiers(statement.expression) | {statement.target}
        used |= {name for names, _ in statement.branches for name, _ in names}
        used |= {statement.guard} if statement.guard else set()
        for name in sorted(used - declared - {draw.name for draw in found.draws}):
            _resolve(name, captured, variables, found, statement)
    return found


def _statement(statement: Any, guards: dict[str, str], draws: list[Draw]) -> Statement:
    def drawn(match: re.Match[str]) -> str:
        draws.append(Draw(f"_draw_{len(draws)}", _DISTRIBUTIONS[match[1]]))
        return draws[-1].name

    random = _DRAWN.search(statement.expr) is not None
    branches = {} if random else statement.boolean_simplified_expressions or {}
    used = statement.used_boolean_variables
    return Statement(
        target=statement.var,
        op=statement.op,
        expression=_DRAWN.sub(drawn, statement.expr),
        dtype=np.dtype(statement.dtype).name,
        constant=statement.constant,
        guard=guards.get(statement.var),
        branches=tuple(branches.items()) if used else (),
    )


def _resolve(
    name: str, captured: Captured, variables: dict[str, Any], found: Read, statement: Statement
) -> None:
    """Find out what a name stands for, and note it."""
    variable = variables.get(name)
    if isinstance(variable, ArrayVariable):
        index = captured.indices[name]
        if variable.scalar or index == SHARED:
            index = SHARED
        elif index != OWN:
            found.names.setdefault(index, Reference(found.array(variables[index]), OWN))
        found.names[name] = Reference(found.array(variable), index)
    elif isinstance(variable, Constant):
        value: Any = variable.get_value()
        kind = "int64" if isinstance(value, (bool, int, np.integer, np.bool_)) else "float"
        found.constants[name] = kind
        found.numbers[name] = value
    elif isinstance(variable, TimedArray):
        if name not in found.values:
            values = np.ascontiguousarray(variable.values, np.float64)
            factor = _find_K(captured.owner.clock.dt_, variable.dt)
            found.tables.append(Table(name, columns=values.ndim == 2))
            found.values[name] = (values, float(variable.dt), factor)
    elif isinstance(variable, BrianFunction):
        _add_function(name, variable, captured, found, statement)


def _add_function(
    name: str, function: BrianFunction, captured: Captured, found: Read, statement: Statement
) -> None:
    if name in found.functions:
        return
    where, line = captured.owner.name, f"{statement.target} {statement.op} {statement.expression}"
    try:
        implementation = function.implementations[CPPStandaloneCodeObject]
    except KeyError:
        raise refused(f"{name}(), which has no C++ code", where, line, "runtime") from None
    if getattr(function, "auto_vectorise", False):
        # Brian's other random functions draw as many numbers as it takes.
        raise refused(f"{name}()", where, line)
    if implementation.get_namespace(captured.owner):
        raise refused(f"{name}(), whose C++ code reads arrays", where, line)
    for dependency, needed in (implementation.dependencies or {}).items():
        _add_function(dependency, needed, captured, found, statement)
    code = implementation.get_code(captured.owner) or ""
    if isinstance(code, dict):
        code = "\n".join((code.get("hashdefine_code", ""), code.get("support_code", "")))
    found.functions[name] = Function(name, implementation.name or name, code)
