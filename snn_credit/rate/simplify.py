"""What one program can go without, of what an interpreter does for all rules.

What is done twice is done once, a factor of 1 and a summand of 0 vanish, numbers move behind sums
and transposes until they meet, and the slope of a rectifier becomes a part of the product with it.
"""

from __future__ import annotations

from operator import getitem
from typing import Any, cast

import torch
from torch.fx import Graph, Node

_aten = torch.ops.aten
_SAME = {_aten.detach.default, _aten.alias.default, _aten.lift_fresh.default}
_RESHAPES = {_aten.view.default, _aten._to_copy.default}
_MOVES = {_aten.t.default, _aten.permute.default, _aten.sum.dim_IntList}


def simplify(graph: Graph) -> None:
    """Make a graph of aten's operations do less, with the same results up to rounding."""
    _merge(graph)
    # What a node is made of comes before it, so that is as simple already as it gets.
    for node in list(graph.nodes):
        if node.op == "call_function":
            graph.inserting_after(node)
            simpler = _simpler(graph, node)
            if simpler is not node:
                node.replace_all_uses_with(simpler)
    graph.eliminate_dead_code()


def _merge(graph: Graph) -> None:
    """Let nodes that do the same to the same be one, but for those that draw random numbers."""
    known: dict[Any, Node] = {}
    for node in list(graph.nodes):
        tags = getattr(node.target, "tags", ())
        if node.op != "call_function" or torch.Tag.nondeterministic_seeded in tags:
            continue
        key = node.target, repr(node.args), repr(node.kwargs)
        first = known.setdefault(key, node)
        if first is not node:
            node.replace_all_uses_with(first)
            graph.erase_node(node)


def product(value: Node) -> tuple[Node, Node, float] | None:
    """Return a, b and c of a value that is c * a @ b, or None if it is no such product."""
    if value.target is not _aten.mm.default:
        return None
    left, right = cast("tuple[Node, Node]", value.args)
    if _scaled(left):
        inner, number = cast("tuple[Node, float]", left.args)
        return inner, right, number
    return left, right, 1.0


def _simpler(graph: Graph, node: Node) -> Node:
    """Return a node with the same value that does less, or the node itself."""
    first: Any = node.args[0] if node.args else None
    nothing = _adds(node, 0) or (_scaled(node) and node.args[1] == 1)
    if node.target in _SAME or ((nothing or node.target in _RESHAPES) and _alike(first, node)):
        return first  # type: ignore[no-any-return]
    if node.target is _aten.mul.Tensor and (sums := _rectifier(node.args[1])) is not None:
        return _new(graph, node, _aten.threshold_backward.default, first, sums, 0)
    added = node.args[1] if node.target is _aten.add.Tensor and not node.kwargs else None
    if isinstance(added, Node) and added.target is _aten.mm.default and _alike(first, node):
        return _new(graph, node, _aten.addmm.default, first, *added.args)
    if node.target is getitem and first.target is _aten.convolution_backward.default:
        return _kernel_unscaled(graph, node, first)
    return _unscaled(graph, node, first) if isinstance(first, Node) and _scaled(first) else node


def _unscaled(graph: Graph, node: Node, first: Node) -> Node:
    """Return a node whose number, that of what it is made of, is its last factor."""
    value, number = cast("tuple[Node, float]", first.args)
    if _scaled(node):
        number *= cast("float", node.args[1])
        return value if number == 1 else _new(graph, node, _aten.mul.Tensor, value, number)
    if node.target not in _MOVES or _small(node):
        return node
    moved = _new(graph, node, node.target, value, *node.args[1:])
    graph.inserting_after(moved)
    return _new(graph, node, _aten.mul.Tensor, moved, number)


def _kernel_unscaled(graph: Graph, node: Node, of: Node) -> Node:
    """Return the same for what comes from a convolution's backward pass: one of three results."""
    above, *others = cast("list[Node]", of.args)
    if not _scaled(above) or _small(above):
        return node
    inner, number = cast("tuple[Node, float]", above.args)
    again = _new(graph, of, of.target, inner, *others)
    graph.inserting_after(again)
    which = _new(graph, node, getitem, again, node.args[1])
    graph.inserting_after(which)
    return _new(graph, node, _aten.mul.Tensor, which, number)


def _new(graph: Graph, like: Node, target: Any, *arguments: Any) -> Node:
    node = graph.call_function(target, arguments)
    node.meta = dict(like.meta)
    return node


def _scaled(node: Node) -> bool:
    """Whether a node is something times a number."""
    return node.target is _aten.mul.Tensor and isinstance(node.args[1], int | float)


def _adds(node: Node, number: float) -> bool:
    """Whether a node is something and a number, no less."""
    return node.target is _aten.add.Tensor and bool(node.args[1] == number) and not node.kwargs


def _rectifier(slope: object) -> Node | None:
    """Return a rectifier's activity, given its slope: 1 where the activity is above 0, else 0."""
    match slope:
        case Node(target=_aten._to_copy.default, args=(Node(target=_aten.gt.Scalar, args=above),)):
            return cast("Node", above[0]) if above[1] == 0 else None
    return None


def _small(node: Node) -> bool:
    """Whether numbers are of a type that a sum over a batch may leave, if it is scaled after."""
    meta = node.meta.get("tensor_meta")
    return meta is None or meta.dtype is torch.float16


def _alike(one: Node, other: Node) -> bool:
    """Whether two nodes are of one shape and type."""
    mine, theirs = one.meta.get("tensor_meta"), other.meta.get("tensor_meta")
    return mine is not None and theirs is not None and bool(mine[:2] == theirs[:2])
