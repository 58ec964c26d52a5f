"""Statements of one operation as lines of torch, with what they read before and write after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.plan import OWN, SHARED, Draw, Operation, Reference, Statement
from snn_credit.dense.tensors.functions import FUNCTIONS
from snn_credit.dense.tensors.layout import Layout
from snn_credit.dense.tensors.levels import Levels, is_literal, reads, split
from snn_credit.dense.tensors.lifting import lift_of
from snn_credit.dense.tensors.refusal import refused, said
from snn_credit.dense.tensors.render import Renderer, is_truth, keeps_type

Reader = Callable[[str, Reference], str]


def as_number(text: str) -> str:
    """Return a number's source so that it can stand anywhere in an expression."""
    return text if text.replace(".", "", 1).isdigit() or text in ("True", "False") else f"({text})"


class Body:
    """The lines of one operation, written one after the other.

    Parameters
    ----------
    layout
        Takes note of everything that the lines refer to.
    number
        Of the operation in the plan.
    changing
        Keys of all arrays that any operation or clock changes.

    Attributes
    ----------
    lines
        What has been written of the step.
    spelled
        Names that are written in another way: as a number.
    lifting
        Whether what is being written is computed before the step.
    """

    layout: Layout
    operation: Operation
    number: int
    levels: Levels
    calls: Mapping[str, str]
    spelled: dict[str, str]

    def __init__(
        self, layout: Layout, number: int, operation: Operation, changing: Collection[str]
    ) -> None:
        self.layout, self.operation, self.number = layout, operation, number
        self.levels = split(operation, layout.plan.clocks[operation.clock], changing)
        self.calls = self._calls()
        self.spelled = {name: as_number(text) for name, text in self.levels.literals.items()}
        self.lines: list[str] = []
        self.lifting = False
        targets = {s.target for s in operation.block.statements}
        self._changed = {r.array.key for n, r in operation.names.items() if n in targets}
        self._roots = {n: r.array.key for n, r in operation.names.items()}
        self._dtypes = {n: r.array.dtype for n, r in operation.names.items()}
        self._dtypes |= {draw.name: layout.plan.float_dtype for draw in operation.draws}
        for name, kind in operation.constants.items():
            self._dtypes[name] = kind if kind == "int64" else layout.plan.float_dtype

    def _calls(self) -> Mapping[str, str]:
        operation = self.operation
        calls = {t.name: f"{self.layout.table(operation, t.name)}.at" for t in operation.tables}
        for function in operation.functions:
            if function.name not in FUNCTIONS:
                line = next(
                    (said(s) for s in operation.block.statements
                     if function.name in get_identifiers(s.expression)), "",
                )  # fmt: skip
                raise refused(f"{function.name}(), which has no torch form", operation.name, line)
            calls[function.name] = FUNCTIONS[function.name]
        return calls

    # ---- where things are -------------------------------------------------------------------

    def clock(self, part: str) -> str:
        """Return a tensor of one number: the time ``step``, or the ``row`` or ``slot`` of it.

        Rows count the steps of which values are computed ahead, slots those that are recorded.
        """
        place = ("step", "row", "slot").index(part)
        return f"clock_{self.operation.clock}[{place}:{place + 1}]"

    def whole(self, name: str, reference: Reference) -> str:
        """Return how a value of each element is read, ``(n,)``; or a shared one, ``()``."""
        tensor = self.layout.array(reference.array)
        if reference.index in (OWN, SHARED):
            return self.now(reference)
        return f"{tensor}.index_select(0, {self.index(reference)})"

    def now(self, reference: Reference) -> str:
        """Return an array's tensor, or the clock's own number of the time step."""
        for number, clock in enumerate(self.layout.plan.clocks):
            if reference.array.key == clock.step.key:
                return f"clock_{number}[0]"
        return self.layout.array(reference.array)

    def index(self, reference: Reference) -> str:
        """Return the index array with which a value is read."""
        return self.layout.index(self.operation.names[reference.index].array)

    def draw(self, draw: Draw, n: int) -> str:
        """Return the numbers of a draw in this step, ``(n,)``."""
        rows, start = self.layout.draw(self.operation, draw, n)
        return f"_f.now({rows}, {self.clock('row')})[{start}:{start + n}]"

    # ---- the step ----------------------------------------------------------------------------

    def open(self, each: Collection[Statement] | None = None) -> None:
        """Write the reading of everything that is no array of elements, and what runs once.

        ``each`` are the statements for each element that follow, by default all.
        """
        each = self.levels.each if each is None else each
        needed = {"_cond", *(local for _, local, _ in self.operation.records)}
        needed = needed.union(*(reads(s) for s in (*self.levels.shared, *each)))
        once = set().union(*(reads(s) for s in self.levels.shared))
        for name in sorted(needed):
            text = self._scalar(name, name in once)
            if text is not None:
                self.lines.append(f"{name} = {text}")
        for statement in self.levels.shared:
            self.lines += self.assign(statement)
        self.write(self.levels.shared)

    def _scalar(self, name: str, once: bool) -> str | None:
        if name in self.operation.constants:
            return self.layout.constant(self.operation, name)
        if name in self.levels.kept:
            lift = lift_of(self, name)
            return f"_f.now({lift.name}, {self.clock('row')})" if lift.ahead else lift.name
        for draw in self.operation.draws:
            if draw.name == name and once:
                return f"{self.draw(draw, 1)}[0]"
        reference = self.operation.names.get(name)
        if reference is not None and reference.index == SHARED:
            return self.now(reference)
        return None

    def read(self, statements: Collection[Statement], how: Reader) -> None:
        """Write the reading of the arrays of elements that statements need."""
        for name in sorted(set().union(*(reads(s) for s in statements), set())):
            reference = self.operation.names.get(name)
            if reference is not None and reference.index != SHARED:
                self.lines.append(f"{name} = {how(name, reference)}")

    def draws(self, statements: Collection[Statement], n: int, shape: str = "") -> None:
        """Write the reading of the random numbers of ``n`` elements that statements need."""
        used = set().union(*(reads(s) for s in statements), set())
        for draw in self.operation.draws:
            if draw.name in used:
                self.lines.append(f"{draw.name} = {self.draw(draw, n)}{shape}")

    def expression(self, text: str, spelled: Mapping[str, str] | None = None) -> str:
        """Return an expression as torch source."""
        return Renderer({**self.spelled, **(spelled or {})}, self.calls).render_expr(text)

    def assign(self, statement: Statement, spelled: Mapping[str, str] | None = None) -> list[str]:
        """Return the lines of one statement; a name that becomes a number is only remembered."""
        target, text = statement.target, statement.expression.strip()
        if statement.op not in ("=", ":="):
            text = f"({target}) {statement.op[:-1]} ({text})"
        if is_literal(text, self.spelled) and not statement.guard:
            self.spelled[target] = as_number(self.expression(text))
            return []
        value = self.expression(text, spelled)
        kind = f"torch.{statement.dtype}"
        root = self._roots.get(text) if text.isidentifier() else None
        if text.isidentifier():
            if self._dtypes.get(text) != statement.dtype:
                value += f".to({kind})"
            if root in self._changed:
                value += ".clone()"
        elif not self._typed(text, statement.dtype):
            value = f"({value}).to({kind})"
        if statement.guard:
            before = {**self.spelled, **(spelled or {})}.get(target, target)
            value = f"torch.where({statement.guard}, {value}, {before})"
        self.spelled.pop(target, None)
        self._dtypes[target] = statement.dtype
        self._roots.pop(target, None)
        if root is not None:
            self._roots[target] = root
        return [f"{target} = {value}"]

    def _typed(self, text: str, dtype: str) -> bool:
        """Whether an expression is of a type anyway: a shared number gives way to an array's."""
        if dtype == "bool" or self.lifting:
            return dtype == "bool" and is_truth(text)
        called = {*self.calls, *self.spelled}
        names = get_identifiers(text) - called
        tables = {table.name for table in self.operation.tables}
        if not dtype.startswith("float") or not keeps_type(text) or tables & get_identifiers(text):
            return False
        others = {name for name in names if self._dtypes.get(name) != dtype}
        references = self.operation.names
        shared = {n for n in others if n in references and references[n].index == SHARED}
        if not all(self._dtypes.get(name, "").startswith("float") for name in others):
            return False
        arrays = [n for n in names - others if n in references and references[n].index != SHARED]
        return others == shared and bool(arrays or not others)

    def write(self, statements: Collection[Statement], mask: str | None = None) -> None:
        """Write what statements have changed to its arrays, where a mask is true."""
        for target in dict.fromkeys(s.target for s in statements if s.op != ":="):
            reference = self.operation.names[target]
            tensor = self.layout.array(reference.array, write=True)
            number = self.spelled.get(target)
            if reference.index not in (OWN, SHARED):
                self._write_at(tensor, self.index(reference), number or target, mask)
            elif number is not None:
                call = f"masked_fill_({mask}, {number})" if mask else f"fill_({number})"
                self.lines.append(f"{tensor}.{call}")
            else:
                value = f"torch.where({mask}, {target}, {tensor})" if mask else target
                self.lines.append(f"{tensor}.copy_({value})")

    def _write_at(self, tensor: str, index: str, value: str, mask: str | None) -> None:
        if mask:
            new = f"torch.where({mask}, {value}, {tensor}.index_select(0, {index}))"
        else:
            new = f"_f.tensor({value}, {tensor}).expand({index}.shape)"
        self.lines.append(f"{tensor}.index_copy_(0, {index}, {new})")
