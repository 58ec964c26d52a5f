"""Brian's expressions as torch source, and what they are made of."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from brian2.parsing.rendering import NodeRenderer
from brian2.utils.stringtools import get_identifiers

_OPERATORS = {"Mod": "_f.modulo", "FloorDiv": "_f.floor_divide", "Pow": "_f.power"}

#: Along what a value changes within a pathway: "pre", "post", "own".
Axes = frozenset[str]
NO_AXES: Axes = frozenset()


class Renderer(NodeRenderer):
    """Expressions on tensors.

    Parameters
    ----------
    spelled
        How names are written, where not as they are.
    calls
        What functions and tables are called.
    """

    expression_ops: ClassVar[dict[str, str]] = {
        **NodeRenderer.expression_ops,
        "And": "&",
        "Or": "|",
    }

    def __init__(self, spelled: Mapping[str, str], calls: Mapping[str, str]) -> None:
        super().__init__()
        self._spelled, self._calls = spelled, calls

    def render_Name(self, node: ast.Name) -> str:
        """Return a name as it is spelled."""
        return self._spelled.get(node.id, node.id)

    def render_func(self, node: ast.Name) -> str:
        """Return what a function's name calls."""
        return self._calls[node.id]

    def render_Call(self, node: ast.Call) -> str:
        """Return a call; numbers become tensors, which is what torch takes."""
        arguments = [self.render_node(argument) for argument in node.args]
        if not get_identifiers(" ".join(ast.unparse(argument) for argument in node.args)):
            arguments[0] = f"torch.tensor({arguments[0]})"
        assert isinstance(node.func, ast.Name)  # Brian's expressions call functions by name
        return f"{self.render_func(node.func)}({', '.join(arguments)})"

    def render_BinOp(self, node: ast.BinOp) -> str:
        """Return an operator of two values, or the function that it calls."""
        call = _OPERATORS.get(type(node.op).__name__)
        if call is None:
            return super().render_BinOp(node)
        return f"{call}({self.render_node(node.left)}, {self.render_node(node.right)})"

    def render_UnaryOp(self, node: ast.UnaryOp) -> str:
        """Return an operator of one value."""
        if isinstance(node.op, ast.Not):
            return f"torch.logical_not({self.render_node(node.operand)})"
        return super().render_UnaryOp(node)


def is_truth(expression: str) -> bool:
    """Whether an expression gives a truth value by its form."""
    node = ast.parse(expression.strip(), mode="eval").body
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negated or isinstance(node, (ast.Compare, ast.BoolOp))


#: Functions whose result has another type than their argument.
_CONVERTING = {"int", "timestep", "sign"}


def keeps_type(expression: str) -> bool:
    """Whether an expression of floating-point numbers of one type is of that type by its form."""
    for node in ast.walk(ast.parse(expression.strip(), mode="eval")):
        if isinstance(node, (ast.Compare, ast.BoolOp, ast.Not)):
            return False
        if isinstance(node, ast.Name) and node.id in _CONVERTING:
            return False
    return True


@dataclass
class Product:
    """One term of a sum: factors that are multiplied and divided, by the axes that they have.

    ``factors[axes]`` is a pair of lists of expressions: above and below the line.
    """

    negative: bool = False
    factors: dict[Axes, tuple[list[str], list[str]]] = field(default_factory=dict)

    def text(self, axes: Collection[Axes], render: Callable[[str], str]) -> str:
        """Return the factors that have any of these axes as source; empty if there are none."""

        def factor(text: str) -> str:
            return render(text) if text.isidentifier() else f"({render(text)})"

        above = [factor(t) for a in axes for t in self.factors.get(a, ([], []))[0]]
        below = [factor(t) for a in axes for t in self.factors.get(a, ([], []))[1]]
        if not above and not below:
            return ""
        return " / ".join([" * ".join(above or ["1.0"]), *below])


def products(expression: str, axes_of: Callable[[str], Axes]) -> list[Product]:
    """Return an expression as a sum of products, each factor with the axes that it has."""
    found: list[Product] = []
    _add(ast.parse(expression.strip(), mode="eval").body, False, found, axes_of)
    return found


def _add(
    node: ast.expr, negative: bool, found: list[Product], axes_of: Callable[[str], Axes]
) -> None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        _add(node.left, negative, found, axes_of)
        _add(node.right, negative ^ isinstance(node.op, ast.Sub), found, axes_of)
        return
    product = Product(negative)
    _multiply(node, False, product, axes_of)
    found.append(product)


def _multiply(
    node: ast.expr, below: bool, product: Product, axes_of: Callable[[str], Axes]
) -> None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        _multiply(node.left, below, product, axes_of)
        _multiply(node.right, below ^ isinstance(node.op, ast.Div), product, axes_of)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        product.negative = not product.negative
        _multiply(node.operand, below, product, axes_of)
    else:
        text = ast.unparse(node)
        product.factors.setdefault(axes_of(text), ([], []))[below].append(text)
