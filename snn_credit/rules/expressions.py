"""The expressions of a rule: parsed once, checked against a short grammar, evaluated on any array.

An expression has names, numbers, ``+ - * / **``, signs and the functions of `FUNCTIONS`: what
Brian's equations and Python's syntax share, with the same meaning in both.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from snn_credit.errors import InputError

FUNCTIONS = ("abs", "clip", "exp", "log", "sign", "sqrt", "tanh")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd)


@dataclass(frozen=True)
class Expression:
    """An expression ready to be evaluated.

    ``names`` are its free names in the order in which they appear; ``factors`` those that multiply
    the whole of it, so that it is zero where one of them is.
    """

    text: str
    names: tuple[str, ...]
    factors: frozenset[str]
    code: CodeType

    def __call__(self, names: Mapping[str, Any], functions: dict[str, Any]) -> Any:
        """Return the value, with ``functions`` as `functions_for` gives them."""
        return eval(self.code, functions, names)


def expression(text: str, where: str = "expression") -> Expression:
    """Parse an expression; each text is parsed once.

    Raises
    ------
    InputError
        If ``text`` is not in the grammar; ``where`` names the field that holds it.
    """
    try:
        return _parse(text)
    except (SyntaxError, ValueError, TypeError) as problem:
        reason = "is no expression" if isinstance(problem, SyntaxError) else str(problem)
        raise InputError(f"{where}: {reason} (got {text!r})") from None


@lru_cache(maxsize=4096)
def _parse(text: str) -> Expression:
    tree = ast.parse(text.strip(), mode="eval")
    names: dict[str, None] = {}
    _walk(tree.body, names)
    factors = frozenset(_factors(tree.body))
    return Expression(text, tuple(names), factors, compile(tree, f"<{text}>", "eval"))


def _walk(node: ast.expr, names: dict[str, None]) -> None:
    match node:
        case ast.BinOp(left, operator, right) if isinstance(operator, _OPERATORS):
            _walk(left, names)
            _walk(right, names)
        case ast.UnaryOp(operator, operand) if isinstance(operator, _OPERATORS):
            _walk(operand, names)
        case ast.Name(name) if name in FUNCTIONS:
            raise ValueError(f"{name} is a function and needs an argument")
        case ast.Name(name):
            names[name] = None
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            if not math.isfinite(value):
                raise ValueError("numbers must be finite")
        case ast.Call(ast.Name(function), arguments, []):
            if function not in FUNCTIONS:
                raise ValueError(f"unknown function {function} (knows: {', '.join(FUNCTIONS)})")
            wanted = 3 if function == "clip" else 1
            if len(arguments) != wanted:
                raise ValueError(f"{function} takes {wanted} argument(s)")
            for argument in arguments:
                _walk(argument, names)
        case _:
            raise ValueError(f"only names, numbers, + - * / ** and {', '.join(FUNCTIONS)}")


def _factors(node: ast.expr) -> set[str]:
    match node:
        case ast.Name(name):
            return {name}
        case ast.BinOp(left, ast.Mult(), right):
            return _factors(left) | _factors(right)
        case ast.BinOp(left, ast.Div(), _):
            return _factors(left)
        case ast.UnaryOp(_, operand):
            return _factors(operand)
    return set()


def is_torch(array: Any) -> bool:
    """Whether this is a torch tensor; found out without importing torch."""
    return type(array).__module__.partition(".")[0] == "torch"


def library_of(array: Any) -> Any:
    """Return the module, numpy or torch, whose ``linalg`` and functions fit this array."""
    # A caller that holds a tensor has imported torch; this module never does.
    return sys.modules["torch"] if is_torch(array) else _numpy()


def _numpy() -> Any:
    import numpy

    return numpy


def functions_for(array: Any) -> dict[str, Any]:
    """Return the table of functions that expressions need for arrays like this one."""
    if isinstance(array, int | float):
        return _NUMBER_FUNCTIONS
    return _tensor_functions() if is_torch(array) else _array_functions()


_NUMBER_FUNCTIONS: dict[str, Any] = {
    "__builtins__": {},
    "abs": abs,
    "clip": lambda value, low, high: min(max(value, low), high),
    "exp": math.exp,
    "log": math.log,
    "sign": lambda value: float((value > 0) - (value < 0)),
    "sqrt": math.sqrt,
    "tanh": math.tanh,
}


@lru_cache(maxsize=1)
def _array_functions() -> dict[str, Any]:
    library = _numpy()
    return {"__builtins__": {}, **{name: getattr(library, name) for name in FUNCTIONS}}


@lru_cache(maxsize=1)
def _tensor_functions() -> dict[str, Any]:
    torch = sys.modules["torch"]

    def either(name: str) -> Callable[..., Any]:
        on_tensors, on_numbers = getattr(torch, name), _NUMBER_FUNCTIONS[name]

        def function(first: Any, *rest: Any) -> Any:
            if is_torch(first):
                return on_tensors(first, *rest)
            return on_numbers(first, *rest)  # a shared scalar, such as sqrt(eta)

        return function

    return {"__builtins__": {}, **{name: either(name) for name in FUNCTIONS}}
