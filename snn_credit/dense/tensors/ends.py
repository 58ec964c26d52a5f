"""What a matrix of synapses does to its sources and targets: sums over rows and columns.

A sum over synapses is split into products of a factor of each axis, so that ``I_post += w*x_pre``
becomes one matrix-vector product. What has an event is a factor of 1 or 0: a NaN or infinity in a
silent neuron's factor is not masked by it.
"""

from __future__ import annotations

from snn_credit.dense.plan import Statement
from snn_credit.dense.tensors.frame import ALONG, BOTH, OTHER, Frame, Side, times
from snn_credit.dense.tensors.refusal import refused, said
from snn_credit.dense.tensors.render import NO_AXES, Product, products


def change(frame: Frame, statement: Statement) -> None:
    """Write a statement that all active synapses of a neuron apply to a variable of it."""
    body, side = frame.body, frame.side_of(statement.target)
    tensor = frame.neurons(statement.target, write=True)
    if statement.guard and not frame.axes_of(statement.guard) <= ALONG[side]:
        raise refused("a condition of the other end", body.operation.name, said(statement))
    if statement.op in ("+=", "-="):
        for negative, text in sums(frame, statement.expression, side, statement.guard):
            call = "sub_" if (statement.op == "-=") ^ negative else "add_"
            body.lines.append(f"{tensor}.{call}({text})")
    elif statement.op == "=":
        _assign(frame, statement, side, tensor)
    else:
        _multiply(frame, statement, side, tensor)


def _assign(frame: Frame, statement: Statement, side: Side, tensor: str) -> None:
    """Write an assignment, which all synapses of a neuron make alike."""
    hit = [statement.guard] if statement.guard else []
    if frame.events is not None:
        hit.append(frame.events if frame.side == side else f"{frame.events}.any()")
    value = frame.text(statement.expression, ALONG[side])
    value = f"torch.where({' & '.join(hit)}, {value}, {tensor})" if hit else value
    frame.body.lines.append(f"{tensor}.copy_(_f.tensor({value}, {tensor}))")


def _multiply(frame: Frame, statement: Statement, side: Side, tensor: str) -> None:
    value = frame.text(statement.expression, BOTH)
    if frame.events is not None:
        value = f"torch.where({frame.mask}, {value}, 1.0)"
    along = 1 if side == "pre" else 0
    factor = f"_f.tensor({value}, {tensor}).expand({frame.shape}).prod({along})"
    if statement.guard:
        factor = f"torch.where({statement.guard}, {factor}, 1.0)"
    call = "mul_" if statement.op == "*=" else "div_"
    frame.body.lines.append(f"{tensor}.{call}({factor})")


def sums(
    frame: Frame, expression: str, side: Side, guard: str | None = None
) -> list[tuple[bool, str]]:
    """Return the sum of an expression over the active synapses of each neuron of one side.

    The source of each of its terms, with whether it is subtracted.
    """
    masks = [guard] if guard else []
    if frame.events is not None and frame.side == side:
        masks.append(frame.events)
    found = []
    for term in products(expression, frame.axes_of):
        own = (frame.factor(term, axes) for axes in (ALONG[side], NO_AXES))
        total = times(_total(frame, term, OTHER[side]), *own)
        for mask in masks:
            total = f"torch.where({mask}, {total}, 0)"
        found.append((term.negative, total))
    return found


def _total(frame: Frame, term: Product, over: Side) -> str:
    """Return the sum of a product's factors that change along one axis, over that axis."""
    vector, matrix = frame.factor(term, ALONG[over]), frame.inside(term)
    if frame.events is not None and frame.side == over:
        vector = times(frame.events, vector)
    if matrix and vector:
        call = "over_rows" if over == "pre" else "over_columns"
        return f"_f.{call}({matrix}, {vector})"
    if matrix:
        return f"({matrix}).sum({0 if over == 'pre' else 1})"
    return f"({vector}).sum()" if vector else str(frame.n[over])
