"""How operations on a matrix of synapses are written.

``w += a_pre*b_post`` changes the matrix in place without another one; other statements on synaptic
variables are elementwise, and written where there is an event.
"""

from __future__ import annotations

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.plan import OWN, SHARED, Ends, Statement
from snn_credit.dense.tensors import ends as sources_and_targets
from snn_credit.dense.tensors.body import Body
from snn_credit.dense.tensors.frame import ALONG, BOTH, Frame, Side, times
from snn_credit.dense.tensors.levels import reads
from snn_credit.dense.tensors.render import NO_AXES, Product, products

#: Most terms of a change that are added to a matrix one after the other.
_TERMS = 2


class Matrix:
    """Writes an operation on synapses that connect every source to every target."""

    def __init__(self, body: Body, ends: Ends) -> None:
        self._body, self._frame = body, Frame(body, ends)

    def events(self) -> None:
        """Write which sources (or targets, backwards) have an event that arrives now."""
        self._frame.find_events()

    def write(self) -> None:
        """Write the statements of a pathway or of a synaptic integration."""
        body, frame, statements = self._body, self._frame, self._body.levels.each
        outer = [s for s in statements if self._adds_outer(s)]
        elementwise = [s for s in statements if s not in outer and not frame.is_end(s)]
        n = body.layout.size(body.operation, "n_synapses")
        body.draws(statements, n, f".view({frame.shape})")
        self._read(statements, outer)
        for statement in statements:
            if statement in outer:
                self._add_outer(statement)
            elif frame.is_end(statement):
                sources_and_targets.change(frame, statement)
            else:
                self._assign(statement)
        for target in dict.fromkeys(s.target for s in elementwise if s.op != ":="):
            self._store(target)

    def summed(self, side: Side) -> None:
        """Write a variable that is the sum of an expression over synapses."""
        body, frame, operation = self._body, self._frame, self._body.operation
        layout, target = body.layout, operation.roles["target"]
        *others, last = body.levels.each
        self._read(body.levels.each, [])
        for statement in others:
            self._assign(statement)
        tensor = layout.array(target, write=True)
        start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
        terms = sources_and_targets.sums(frame, last.expression, side)
        part = frame.part(tensor, side, len(layout.values.arrays[target.key]))
        body.lines.append(f"{tensor}[{start}:{stop}].zero_()")
        body.lines += [f"{part}.{'sub_' if minus else 'add_'}({text})" for minus, text in terms]

    def _read(self, statements: list[Statement], outer: list[Statement]) -> None:
        """Write the reading of all values, but not of those that are only added to."""
        names: set[str] = set()
        for statement in statements:
            added = statement in outer or self._frame.is_end(statement)
            names |= reads(statement) - ({statement.target} if added else set())
        for name in sorted(names):
            reference = self._body.operation.names.get(name)
            if reference is not None and reference.index != SHARED:
                self._body.lines.append(f"{name} = {self._frame.read(name, reference)}")

    # ---- the matrix --------------------------------------------------------------------------

    def _adds_outer(self, statement: Statement) -> bool:
        """Whether a statement adds products of a source's and a target's factor to a matrix."""
        target, frame = statement.target, self._frame
        if statement.op not in ("+=", "-=") or statement.guard or frame.is_end(statement):
            return False
        if self._body.operation.names[target].index != OWN:
            return False
        others = [s for s in self._body.levels.each if s is not statement]
        if any(target in reads(s) or s.target == target for s in others):
            return False
        if target in get_identifiers(statement.expression):
            return False
        terms = products(statement.expression, frame.axes_of)
        return len(terms) <= _TERMS and not any(frame.inside(term) for term in terms)

    def _add_outer(self, statement: Statement) -> None:
        for term in products(statement.expression, self._frame.axes_of):
            negative = term.negative ^ (statement.op == "-=")
            self._body.lines.append(self._outer(statement.target, term, negative))

    def _outer(self, target: str, term: Product, negative: bool) -> str:
        """Return the line that adds one product to a matrix."""
        frame, matrix = self._frame, self._frame.matrix(target, write=True)
        scalar = frame.factor(term, NO_AXES)
        if negative:
            scalar = f"-{scalar}" if scalar else "-1"
        along = {side: frame.factor(term, axes) for side, axes in ALONG.items()}
        if frame.events is not None:
            along[frame.side] = times(frame.events, along[frame.side])
        if along["pre"] and along["post"]:
            return f"_f.add_outer({matrix}, {times(along['pre'], scalar)}, {along['post']})"
        value = times(along["pre"] or along["post"], scalar or "1")
        return f"{matrix}.add_({f'({value})[:, None]' if along['pre'] else value})"

    def _assign(self, statement: Statement) -> None:
        axes = self._frame.axes_of(f"{statement.expression} + {statement.guard or 0}")
        if statement.op not in ("=", ":=") or statement.guard:
            axes |= self._frame.axes[statement.target]
        self._body.lines += self._body.assign(statement, self._frame.spelled(axes))
        self._frame.axes[statement.target] = axes

    def _store(self, target: str) -> None:
        """Write a synaptic variable where there is an event."""
        frame, matrix = self._frame, self._frame.matrix(target, write=True)
        number = self._body.spelled.get(target)
        value = number or frame.text(target, BOTH)
        if frame.events is not None:
            value = f"torch.where({frame.mask}, {value}, {matrix})"
        call = "fill_" if number and frame.events is None else "copy_"
        self._body.lines.append(f"{matrix}.{call}({value})")
