"""Formulas put together from a rule's expressions, with no parenthesis more than they need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from snn_credit.rules.expressions import expression


def names_in(text: str) -> tuple[str, ...]:
    """Return the free names of an expression, in the order in which they appear."""
    return expression(text).names


def rename(text: str, new: Mapping[str, str]) -> str:
    """Return the expression with names replaced by expressions.

    >>> rename("abs(b)*sign(w)", {"w": "w*s_w_post"})
    'abs(b)*sign(w*s_w_post)'
    """
    return _text(_Renamed(new).visit(_parse(text)))


def product(*factors: str, over: str | None = None) -> str:
    """Return the product of expressions, divided by a name; factors of 1 are left out.

    >>> product("learn", "-eta", "delta*df", over="s_w")
    '-learn*eta*delta*df/s_w'
    """
    sign, parts = "", []
    for factor in factors:
        body = _parse(factor)
        text = _text(body)
        if isinstance(body, ast.BinOp) and isinstance(body.op, ast.Add | ast.Sub):
            text = f"({text})"
        elif text.startswith("-"):
            sign, text = "" if sign else "-", text[1:]
        if text != "1":
            parts.append(text)
    return sign + ("*".join(parts) or "1") + (f"/{over}" if over else "")


def total(*terms: str) -> str:
    """Return the sum of products.

    >>> total("a*b", "-c")
    'a*b - c'
    """
    return " + ".join(terms).replace("+ -", "- ") or "0"


def negative(term: str) -> str:
    """Return minus a product."""
    return term[1:] if term.startswith("-") else f"-{term}"


def coefficient(text: str, name: str) -> str | None:
    """Return ``c`` where an expression is ``c*name`` and ``c`` is free of ``name``; else None.

    >>> coefficient("etab*beta*b", "b")
    'etab*beta'
    """
    if name not in expression(text).factors:
        return None
    rest = _text(_without(_parse(text), name))
    return None if name in names_in(rest) else rest


def split(text: str, name: str) -> tuple[str, str] | None:
    """Return ``c`` and ``rest`` where an expression is ``c*name + rest``; None if it is no such.

    >>> split("dL*noise/sig**2 - fb", "dL")
    ('noise/sig**2', '-fb')
    """
    with_name, without = [], []
    for sign, node in _terms(_parse(text), ""):
        term = _text(node)
        if name not in names_in(term):
            without.append(f"{sign}{term}")
        elif (found := coefficient(term, name)) is not None:
            with_name.append(product(f"{sign}1", found))
        else:
            return None
    return total(*with_name), total(*without) if without else ""


def _terms(node: ast.expr, sign: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the terms of a sum with their signs."""
    other = "" if sign else "-"
    match node:
        case ast.BinOp(left, ast.Add(), right):
            yield from _terms(left, sign)
            yield from _terms(right, sign)
        case ast.BinOp(left, ast.Sub(), right):
            yield from _terms(left, sign)
            yield from _terms(right, other)
        case ast.UnaryOp(ast.USub(), operand):
            yield from _terms(operand, other)
        case _:
            yield sign, node


class _Renamed(ast.NodeTransformer):
    def __init__(self, new: Mapping[str, str]) -> None:
        self.new = {name: _parse(text) for name, text in new.items()}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.new.get(node.id, node)


def _parse(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def _text(node: ast.expr) -> str:
    """Write an expression as rules do: spaces about + and - alone."""
    return re.sub(r" (\*\*|\*|/) ", r"\1", ast.unparse(node))


def _without(node: ast.expr, name: str) -> ast.expr:
    """Take a name out of a product that it is a factor of."""
    match node:
        case ast.BinOp(left, ast.Mult() as times, right):
            if name in expression(_text(left)).factors:
                left = _without(left, name)
            else:
                right = _without(right, name)
            ones = [isinstance(side, ast.Constant) and side.value == 1 for side in (left, right)]
            return right if ones[0] else left if ones[1] else ast.BinOp(left, times, right)
        case ast.BinOp(left, operator, right):
            return ast.BinOp(_without(left, name), operator, right)
        case ast.UnaryOp(operator, operand):
            return ast.UnaryOp(operator, _without(operand, name))
    return ast.Constant(1)
