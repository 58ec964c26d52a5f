"""Operations on synapses: as a matrix where all connect to all, else as lists."""

from __future__ import annotations

import numpy as np

from snn_credit.dense.plan import POST, PRE
from snn_credit.dense.tensors.body import Body
from snn_credit.dense.tensors.lists import Lists
from snn_credit.dense.tensors.matrix import Matrix
from snn_credit.dense.tensors.order import check_order


def _form(body: Body) -> Matrix | Lists:
    """Choose how the synapses are held, and refuse what depends on their order."""
    operation, layout = body.operation, body.layout
    ends = operation.ends
    if ends is None:
        raise TypeError(f"{operation.name}: has no synapses")
    sizes = [layout.size(operation, name) for name in ("n_pre", "n_post")]
    if ends.matrix and min(sizes) > 1:
        check_order(operation, (PRE, POST))
        return Matrix(body, ends)
    arrays = {PRE: layout.values.arrays[ends.pre.key], POST: layout.values.arrays[ends.post.key]}
    unique = frozenset(e for e, values in arrays.items() if len(np.unique(values)) == len(values))
    check_order(operation, {PRE, POST} - unique)
    return Lists(body, ends, unique)


def pathway(body: Body) -> None:
    """Write what happens in synapses whose source, or target, has an event."""
    form = _form(body)
    body.open()
    form.events()
    form.write()


def clocked(body: Body) -> None:
    """Write what happens in all synapses in every step."""
    form = _form(body)
    body.open()
    form.write()


def summed(body: Body) -> None:
    """Write a variable that is the sum of an expression over synapses."""
    form = _form(body)
    body.open()
    roles, ends = body.operation.roles, body.operation.ends
    form.summed("pre" if ends is not None and roles["index"].key == ends.pre.key else "post")
