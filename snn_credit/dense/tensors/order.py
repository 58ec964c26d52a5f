"""Whether what a pathway does depends on the order of its synapses.

Tensors change all synapses of a step at once. Brian goes through them one by one: where a synapse
reads what another one has just written, the two differ. This is the check that Brian makes before
it vectorises (``brian2.codegen.permutation_analysis``), a little stricter: it knows that two names
may stand for one array, and takes no statement that is applied to itself once for each synapse.
"""

from __future__ import annotations

from collections.abc import Collection

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.plan import SHARED, Operation, Statement
from snn_credit.dense.tensors.refusal import refused, said

_ADDED, _MULTIPLIED = ("+=", "-="), ("*=", "/=")


def check_order(operation: Operation, repeated: Collection[str]) -> None:
    """Refuse an operation on synapses whose result depends on their order.

    Parameters
    ----------
    repeated
        The ends (``PRE``, ``POST``) that several synapses share.

    Raises
    ------
    InputError
        Naming the operation and the statement.
    """
    names = operation.names
    ends = {*repeated, SHARED}
    written = [
        s for s in operation.block.each if s.target in names and names[s.target].index in ends
    ]
    arrays = {names[s.target].array.key for s in written}
    for statement in operation.block.each:
        used = get_identifiers(statement.expression) | {statement.guard or ""}
        if any(name in names and names[name].array.key in arrays for name in used):
            raise _refused(operation, statement)
    for statement in written:
        others = [s for s in written if names[s.target].array == names[statement.target].array]
        if not _commutes(operation, statement, others):
            raise _refused(operation, statement)


def _commutes(operation: Operation, statement: Statement, others: list[Statement]) -> bool:
    """Whether a statement that several synapses apply to one element gives one result."""
    names = operation.names
    if names[statement.target].index == SHARED:
        return False
    if statement.op in _ADDED or statement.op in _MULTIPLIED:
        kind = _ADDED if statement.op in _ADDED else _MULTIPLIED
        return all(other.op in kind for other in others)
    if statement.op != "=" or len(others) > 1:
        return False
    # Assigned: by all of them the same.
    index = names[statement.target].index
    known = {*operation.constants, *(f.name for f in operation.functions)}
    known |= {table.name for table in operation.tables} | {"True", "False"}
    known |= {s.target for s in operation.block.shared}
    known |= {name for name, ref in names.items() if ref.index in (index, SHARED)}
    return get_identifiers(statement.expression) <= known


def _refused(operation: Operation, statement: Statement) -> Exception:
    return refused(
        "statements whose result depends on the order of synapses", operation.name, said(statement)
    )
