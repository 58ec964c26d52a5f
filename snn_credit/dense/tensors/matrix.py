"""How operations on synapses are written: as a matrix (n_pre, n_post) where all connect to all.

A source or target of a matrix is a vector along one of its axes. A sum over synapses is split into
products of a factor of each axis, so that ``I_post += w*x_pre`` becomes one matrix-vector product,
and ``w += a_pre*b_post`` changes the matrix in place without another one. What has an event is a
factor of 1 or 0: a NaN or infinity in a silent neuron's factor is not masked by it.
"""

from __future__ import annotations

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.plan import OWN, POST, PRE, SHARED, Ends, Reference, Statement
from snn_credit.dense.tensors.body import Body, refused, said
from snn_credit.dense.tensors.levels import reads
from snn_credit.dense.tensors.operations import events_between
from snn_credit.dense.tensors.render import NO_AXES, Axes, Product, products

_PRE, _POST, _OWN = frozenset({"pre"}), frozenset({"post"}), frozenset({"own"})
#: Most terms of a change that are added to a matrix one after the other.
_TERMS = 2


class Matrix:
    """Writes an operation on synapses that connect every source to every target."""

    def __init__(self, body: Body, ends: Ends) -> None:
        self.body, self.ends = body, ends
        operation, size = body.operation, body.layout.size
        self._n = {side: size(operation, f"n_{side}") for side in ("pre", "post")}
        self._offset = {side: size(operation, f"{side}_offset") for side in ("pre", "post")}
        self._shape = f"{self._n['pre']}, {self._n['post']}"
        self._axes: dict[str, Axes] = {draw.name: _OWN for draw in operation.draws}
        for name, reference in operation.names.items():
            self._axes[name] = {SHARED: NO_AXES, PRE: _PRE, POST: _POST}.get(reference.index, _OWN)
        self._events: str | None = None

    # ---- events and reading -----------------------------------------------------------------

    @property
    def _side(self) -> str:
        """The axis along which events lie."""
        return "pre" if self.ends.forward else "post"

    def events(self) -> None:
        """Write which sources (or targets, backwards) have an event that arrives now."""
        operation, layout = self.body.operation, self.body.layout
        events = operation.events
        if events is not None and events.key in layout.always and not self.ends.delayed:
            return
        start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
        self._events = "now"
        self.body.lines.append(f"now = {events_between(self.body, start, stop)}")
        if self.ends.delayed:
            history, delay = layout.history(operation), self._delay()
            step = self.body.clock("step")
            self.body.lines += [
                f"_f.put({history}, {step} % len({history}), now)",
                f"now = _f.arriving({history}, {step}, {delay})",
            ]

    def _delay(self) -> int:
        return int(self.body.layout.values.queues[self.body.operation.name].delays[0])

    def _slice(self, name: str, *, write: bool = False) -> str:
        """Return the part of an array of neurons that the synapses connect."""
        reference = self.body.operation.names[name]
        side = "pre" if reference.index == PRE else "post"
        return self.part(self.body.layout.array(reference.array, write=write), side,
                         len(self.body.layout.values.arrays[reference.array.key]))  # fmt: skip

    def part(self, tensor: str, side: str, length: int) -> str:
        """Return the elements of a tensor that lie along an axis."""
        start, stop = self._offset[side], self._offset[side] + self._n[side]
        return tensor if (start, stop) == (0, length) else f"{tensor}[{start}:{stop}]"

    def matrix(self, name: str, *, write: bool = False) -> str:
        """Return a synaptic variable as a matrix."""
        array = self.body.operation.names[name].array
        return f"{self.body.layout.array(array, write=write)}.view({self._shape})"

    def _read(self, name: str, reference: Reference) -> str:
        if reference.index == OWN:
            return self.matrix(name)
        if reference.index in (PRE, POST):
            return self._slice(name)
        return f"{self.body.whole(name, reference)}.view({self._shape})"

    # ---- expressions ------------------------------------------------------------------------

    def axes(self, text: str) -> Axes:
        """Return the axes along which an expression changes."""
        return NO_AXES.union(*(self._axes.get(name, NO_AXES) for name in get_identifiers(text)))

    def _spelled(self, axes: Axes) -> dict[str, str]:
        """Return how sources are written where a whole matrix is meant."""
        if axes <= _PRE:
            return {}
        return {name: f"{name}[:, None]" for name, own in self._axes.items() if own == _PRE}

    def _text(self, text: str, axes: Axes) -> str:
        return self.body.expression(text, self._spelled(axes))

    def _factor(self, product: Product, *which: Axes) -> str:
        """Return the factors of a product that have some axes only."""
        return product.text(which, lambda text: self._text(text, NO_AXES.union(*which)))

    def _inside(self, product: Product) -> str:
        """Return the factors that are matrices."""
        inner = [axes for axes in product.factors if not any(axes <= a for a in (_PRE, _POST))]
        return product.text(inner, lambda text: self._text(text, _OWN))

    # ---- statements --------------------------------------------------------------------------

    def write(self) -> None:
        """Write the statements of a pathway or of a synaptic integration."""
        statements = self.body.levels.each
        direct = [s for s in statements if self._adds_outer(s)]
        elementwise = [s for s in statements if s not in direct and self._is_own(s)]
        self.body.draws(
            statements, self.body.layout.size(self.body.operation, "n_synapses"),
            f".view({self._shape})",
        )  # fmt: skip
        self._read_all([s for s in statements if s not in direct], direct)
        for statement in statements:
            if statement in direct:
                self._add_outer(statement)
            elif self._is_end(statement):
                self._change_end(statement)
            else:
                self._assign(statement)
        for target in dict.fromkeys(s.target for s in elementwise if s.op != ":="):
            self._store(target)

    def _read_all(self, statements: list[Statement], direct: list[Statement]) -> None:
        names = set().union(*(reads(s) for s in statements), set())
        names -= {s.target for s in statements if self._is_end(s)}
        names |= set().union(*(get_identifiers(s.expression) for s in direct), set())
        for name in sorted(names):
            reference = self.body.operation.names.get(name)
            if reference is not None and reference.index != SHARED:
                self.body.lines.append(f"{name} = {self._read(name, reference)}")

    def _is_end(self, statement: Statement) -> bool:
        reference = self.body.operation.names.get(statement.target)
        return statement.op != ":=" and reference is not None and reference.index in (PRE, POST)

    def _is_own(self, statement: Statement) -> bool:
        return statement.op == ":=" or not self._is_end(statement)

    def _adds_outer(self, statement: Statement) -> bool:
        """Whether a statement adds products of a source's and a target's factor to a matrix."""
        target, others = statement.target, self.body.levels.each
        if statement.op not in ("+=", "-=") or statement.guard or self._is_end(statement):
            return False
        if self.body.operation.names[target].index != OWN:
            return False
        if any(target in reads(s) or s.target == target for s in others if s is not statement):
            return False
        terms = products(statement.expression, self.axes)
        return (
            target not in get_identifiers(statement.expression)
            and len(terms) <= _TERMS
            and not any(self._inside(term) for term in terms)
        )

    def _add_outer(self, statement: Statement) -> None:
        matrix = self.matrix(statement.target, write=True)
        for term in products(statement.expression, self.axes):
            sign = "-" if term.negative ^ (statement.op == "-=") else ""
            scalar = self._factor(term, NO_AXES)
            along = {side: self._factor(term, frozenset({side})) for side in ("pre", "post")}
            if self._events is not None:
                along[self._side] = _times(self._events, along[self._side])
            if along["pre"] and along["post"]:
                rows = _times(along["pre"], f"{sign}{scalar}" if scalar else "")
                columns = along["post"] if scalar or not sign else f"-({along['post']})"
                self.body.lines.append(f"_f.add_outer({matrix}, {rows}, {columns})")
                continue
            value = _times(along["pre"] or along["post"], f"{sign}{scalar or 1}")
            turned = f"({value})[:, None]" if along["pre"] else value
            self.body.lines.append(f"{matrix}.add_({turned})")

    def _assign(self, statement: Statement) -> None:
        axes = self.axes(statement.expression) | self.axes(statement.guard or "")
        if statement.op not in ("=", ":=") or statement.guard:
            axes |= self._axes[statement.target]
        self.body.lines += self.body.assign(statement, self._spelled(axes))
        self._axes[statement.target] = axes

    def _store(self, target: str) -> None:
        """Write a synaptic variable where there is an event."""
        matrix = self.matrix(target, write=True)
        value = self.body.spelled.get(target) or self._text(target, _OWN)
        if self._events is None:
            number = target in self.body.spelled
            self.body.lines.append(f"{matrix}.{'fill_' if number else 'copy_'}({value})")
            return
        self.body.lines.append(f"{matrix}.copy_(torch.where({self._mask()}, {value}, {matrix}))")

    def _mask(self) -> str:
        """Return the events in the shape of the matrix."""
        return f"{self._events}[:, None]" if self._side == "pre" else str(self._events)

    # ---- sources and targets ----------------------------------------------------------------

    def _change_end(self, statement: Statement) -> None:
        reference = self.body.operation.names[statement.target]
        side = "pre" if reference.index == PRE else "post"
        tensor = self._slice(statement.target, write=True)
        if statement.guard and not self.axes(statement.guard) <= {side}:
            raise refused("a condition of the other end", self.body.operation.name, said(statement))
        if statement.op in ("+=", "-="):
            for line in self.sums(statement.expression, side, statement.guard):
                call = "sub_" if (statement.op == "-=") ^ line[0] else "add_"
                self.body.lines.append(f"{tensor}.{call}({line[1]})")
        elif statement.op == "=":
            hit = [statement.guard] if statement.guard else []
            if self._events is not None:
                hit.append(self._events if self._side == side else f"{self._events}.any()")
            value = self._text(statement.expression, frozenset({side}))
            value = f"torch.where({' & '.join(hit)}, {value}, {tensor})" if hit else value
            self.body.lines.append(f"{tensor}.copy_(_f.tensor({value}, {tensor}))")
        else:
            self._multiply_end(statement, side, tensor)

    def _multiply_end(self, statement: Statement, side: str, tensor: str) -> None:
        value = self._text(f"1.0 * ({statement.expression})", _OWN)
        if self._events is not None:
            value = f"torch.where({self._mask()}, {value}, 1.0)"
        factor = f"_f.tensor({value}, {tensor}).expand({self._shape}).prod({1 if side == 'pre' else 0})"
        if statement.guard:
            factor = f"torch.where({statement.guard}, {factor}, 1.0)"
        call = "mul_" if statement.op == "*=" else "div_"
        self.body.lines.append(f"{tensor}.{call}({factor})")

    def sums(self, expression: str, side: str, guard: str | None) -> list[tuple[bool, str]]:
        """Return the sum of an expression over the synapses of each neuron of one side.

        One source text for each term, each with whether it is subtracted.
        """
        other = "post" if side == "pre" else "pre"
        masks = [guard] if guard else []
        if self._events is not None and self._side == side:
            masks.append(self._events)
        found = []
        for term in products(expression, self.axes):
            vector, matrix = self._factor(term, frozenset({other})), self._inside(term)
            if self._events is not None and self._side == other:
                vector = _times(self._events, vector)
            if matrix and vector:
                call = "over_rows" if other == "pre" else "over_columns"
                total = f"_f.{call}({matrix}, {vector})"
            elif matrix:
                total = f"({matrix}).sum({0 if other == 'pre' else 1})"
            else:
                total = f"({vector}).sum()" if vector else str(self._n[other])
            own = [self._factor(term, axes) for axes in (frozenset({side}), NO_AXES)]
            total = _times(total, *own)
            for mask in masks:
                total = f"torch.where({mask}, {total}, 0)"
            found.append((term.negative, total))
        return found

    def summed(self, side: str) -> None:
        """Write a variable that is the sum of an expression over synapses."""
        body, operation, layout = self.body, self.body.operation, self.body.layout
        statements = body.levels.each
        target = layout.array(operation.roles["target"], write=True)
        start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
        length = len(layout.values.arrays[operation.roles["target"].key])
        last = statements[-1]
        self._read_all(list(statements), [])
        for statement in statements[:-1]:
            self._assign(statement)
        terms = self.sums(last.expression, side, None)
        body.lines.append(f"{target}[{start}:{stop}].zero_()")
        for negative, text in terms:
            body.lines.append(
                f"{self.part(target, side, length)}.{'sub_' if negative else 'add_'}({text})"
            )


def _times(*factors: str) -> str:
    return " * ".join(filter(None, factors))
