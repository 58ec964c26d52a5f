"""How operations on lists of synapses are written: partial connectivity, delays of their own.

Values of a source or target are gathered to its synapses. Sums over a neuron's synapses are made
over a table of them, one row for each neuron, so that their order never varies.
"""

from __future__ import annotations

import numpy as np
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from snn_credit.dense.plan import OWN, POST, PRE, SHARED, Array, Ends, Reference, Statement
from snn_credit.dense.tensors.body import Body
from snn_credit.dense.tensors.frame import Side
from snn_credit.dense.tensors.layout import global_name
from snn_credit.dense.tensors.levels import reads
from snn_credit.dense.tensors.operations import events_between

#: A table of synapses that is emptier than this gives way to a sum with atomic additions, whose
#: order varies on a GPU.
_EMPTIEST = 16


def incoming(ends: NDArray[np.int64], n: int) -> NDArray[np.int64] | None:
    """Return the synapses of each of ``n`` neurons, ``(n, widest)``, or None if nearly empty.

    Rows are filled up with the number of synapses, which is the index of none.
    """
    count = np.bincount(ends, minlength=n)
    widest = int(count.max(initial=0))
    if n * widest > _EMPTIEST * max(len(ends), 1024):
        return None
    order = np.argsort(ends, kind="stable")
    place = np.arange(len(ends)) - np.repeat(np.cumsum(count) - count, count)
    table = np.full((n, max(widest, 1)), len(ends), np.int64)
    table[ends[order], place] = order
    return table


class Lists:
    """Writes an operation on a list of synapses.

    Parameters
    ----------
    unique
        The ends (``PRE``, ``POST``) that no two synapses share.
    """

    body: Body
    ends: Ends

    def __init__(self, body: Body, ends: Ends, unique: frozenset[str]) -> None:
        self.body, self.ends, self._unique = body, ends, unique
        self._n = body.layout.size(body.operation, "n_synapses")
        self._active: str | None = None

    def events(self) -> None:
        """Write which synapses have an event that arrives now."""
        body, operation, layout = self.body, self.body.operation, self.body.layout
        events, step = operation.events, body.clock("step")
        start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
        if events is not None and events.key in layout.always and not self.ends.delayed:
            return
        self._active = "active"
        source = layout.index(self.ends.pre if self.ends.forward else self.ends.post, start)
        body.lines.append(f"now = {events_between(body, start, stop)}")
        if not self.ends.delayed:
            body.lines.append(f"active = now.index_select(0, {source})")
            return
        history = layout.history(operation)
        delays = layout.values.queues[operation.name].delays
        body.lines.append(f"_f.put({history}, {step} % len({history}), now)")
        if delays.size == 1:
            now = f"_f.arriving({history}, {step}, {int(delays[0])})"
            body.lines.append(f"active = {now}.index_select(0, {source})")
        else:
            own = layout.fix(
                f"delays_{global_name(operation.name)}", lambda: delays.astype(np.int64)
            )
            body.lines.append(f"active = _f.arriving_each({history}, {step}, {own}, {source})")

    def _end(self, index: str) -> Array:
        return self.ends.pre if index == PRE else self.ends.post

    def _read(self, name: str, reference: Reference) -> str:
        tensor = self.body.layout.array(reference.array)
        if reference.index == OWN:
            return tensor
        if reference.index in (PRE, POST):
            return f"{tensor}.index_select(0, {self.body.layout.index(self._end(reference.index))})"
        return self.body.whole(name, reference)

    def _shared_end(self, statement: Statement) -> bool:
        """Whether a statement changes a neuron's variable through several synapses."""
        reference = self.body.operation.names.get(statement.target)
        if statement.op == ":=" or reference is None:
            return False
        return reference.index in {PRE, POST} - self._unique

    def write(self) -> None:
        """Write the statements of a pathway or of a synaptic integration."""
        statements = self.body.levels.each
        self.body.draws(statements, self._n)
        self._read_all(statements)
        for statement in statements:
            if self._shared_end(statement):
                self._change_end(statement)
            else:
                self.body.lines += self.body.assign(statement)
        own = [s for s in statements if s.op != ":=" and not self._shared_end(s)]
        for target in dict.fromkeys(s.target for s in own):
            self._store(target)

    def _read_all(self, statements: list[Statement]) -> None:
        names = set().union(*(reads(s) for s in statements), set())
        names -= {s.target for s in statements if self._shared_end(s)}
        for name in sorted(names):
            reference = self.body.operation.names.get(name)
            if reference is not None and reference.index != SHARED:
                self.body.lines.append(f"{name} = {self._read(name, reference)}")

    def _store(self, target: str) -> None:
        reference = self.body.operation.names[target]
        tensor = self.body.layout.array(reference.array, write=True)
        value = self.body.spelled.get(target, target)
        before = self._read(target, reference)
        if self._active is not None:
            value = f"torch.where({self._active}, {value}, {before})"
        if reference.index == OWN:
            self.body.lines.append(f"{tensor}.copy_(_f.tensor({value}, {tensor}))")
        else:
            index = self.body.layout.index(self._end(reference.index))
            value = f"_f.tensor({value}, {tensor}).expand({index}.shape)"
            self.body.lines.append(f"{tensor}.index_copy_(0, {index}, {value})")

    # ---- sums over the synapses of a neuron --------------------------------------------------

    def _change_end(self, statement: Statement) -> None:
        reference = self.body.operation.names[statement.target]
        tensor = self.body.layout.array(reference.array, write=True)
        masks = [m for m in (self._active, statement.guard) if m]
        if statement.op == "=":
            self._assign_end(statement, tensor, masks)
            return
        nothing = "0" if statement.op in ("+=", "-=") else "1"
        value = self.body.expression(statement.expression)
        if masks:
            value = f"torch.where({' & '.join(masks)}, {value}, {nothing})"
        length = len(self.body.layout.values.arrays[reference.array.key])
        self.reduce(tensor, statement.op, value, self._end(reference.index), length)

    def reduce(self, tensor: str, op: str, value: str, end: Array, length: int) -> None:
        """Write ``op`` of a value of each synapse on the neurons at one end."""
        index = self.body.layout.index(end)
        table = self._table(end, length)
        value = f"_f.tensor({value}, {tensor}).expand({index}.shape)"
        call = {"+=": "add_", "-=": "sub_", "*=": "mul_", "/=": "div_"}[op]
        if op in ("+=", "-="):
            if table is None:
                sign = "" if op == "+=" else ", alpha=-1"
                self.body.lines.append(f"{tensor}.index_add_(0, {index}, {value}{sign})")
            else:
                self.body.lines.append(f"{tensor}.{call}(_f.gathered({value}, {table}, 0).sum(1))")
            return
        if table is None:
            factor = f"torch.ones_like({tensor}).scatter_reduce(0, {index}, {value}, 'prod')"
        else:
            factor = f"_f.gathered({value}, {table}, 1).prod(1)"
        self.body.lines.append(f"{tensor}.{call}({factor})")

    def _table(self, end: Array, length: int) -> str | None:
        layout = self.body.layout
        name = f"of_{length}_{global_name(end.key)}"
        if name in layout.fixed:
            return name
        table = incoming(layout.fixed[layout.index(end)], length)
        return None if table is None else layout.fix(name, lambda: table)

    def _assign_end(self, statement: Statement, tensor: str, masks: list[str]) -> None:
        """Write an assignment that all synapses of a neuron make alike."""
        names, layout = self.body.operation.names, self.body.layout
        reference = names[statement.target]
        index = layout.index(self._end(reference.index))
        hit = f"({' & '.join(masks)})" if masks else f"torch.ones_like({index}, dtype=torch.bool)"
        whole = {
            name: layout.array(names[name].array)
            for name in get_identifiers(statement.expression)
            if name in names and names[name].index == reference.index
        }
        value = self.body.expression(statement.expression, whole)
        self.body.lines += [
            f"hit = torch.zeros_like({tensor}, dtype=torch.int32)"
            f".index_add(0, {index}, {hit}.to(torch.int32)) > 0",
            f"{tensor}.copy_(torch.where(hit, {value}, {tensor}))",
        ]

    def summed(self, side: Side) -> None:
        """Write a variable that is the sum of an expression over synapses."""
        body, operation, layout = self.body, self.body.operation, self.body.layout
        statements = body.levels.each
        target = layout.array(operation.roles["target"], write=True)
        start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
        self._read_all(statements)
        for statement in statements[:-1]:
            body.lines += body.assign(statement)
        value = body.expression(statements[-1].expression)
        body.lines.append(f"{target}[{start}:{stop}].zero_()")
        end = self.ends.pre if side == "pre" else self.ends.post
        length = len(layout.values.arrays[operation.roles["target"].key])
        self.reduce(target, "+=", value, end, length)
