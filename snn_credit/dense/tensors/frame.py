"""The axes of synapses that connect every source to every target: a matrix (n_pre, n_post)."""

from __future__ import annotations

from typing import Literal

from brian2.utils.stringtools import get_identifiers

from snn_credit.dense.plan import OWN, POST, PRE, SHARED, Ends, Reference, Statement
from snn_credit.dense.tensors.body import Body
from snn_credit.dense.tensors.operations import events_between
from snn_credit.dense.tensors.render import NO_AXES, Axes, Product

Side = Literal["pre", "post"]
OTHER: dict[Side, Side] = {"pre": "post", "post": "pre"}
ALONG: dict[Side, Axes] = {"pre": frozenset({"pre"}), "post": frozenset({"post"})}
#: The axes of a synaptic variable.
BOTH: Axes = frozenset({"own"})


def times(*factors: str) -> str:
    """Return the product of some factors' source, without those that are empty."""
    return " * ".join(filter(None, factors))


class Frame:
    """Where values lie in an operation on a matrix of synapses.

    A value of the sources, or of the targets, is a vector along its axis; a synaptic value is a
    matrix.

    Attributes
    ----------
    axes
        Along what each name changes now.
    n
        Sources and targets.
    shape
        Of the matrix, as source.
    events
        The name of which sources (backwards: targets) have an event now; None if all have.
    side
        The axis along which events lie.
    """

    body: Body
    n: dict[str, int]
    shape: str

    def __init__(self, body: Body, ends: Ends) -> None:
        self.body, self._ends = body, ends
        operation, size = body.operation, body.layout.size
        sides: tuple[Side, Side] = ("pre", "post")
        self.n = {side: size(operation, f"n_{side}") for side in sides}
        self._offset = {side: size(operation, f"{side}_offset") for side in sides}
        self.shape = f"{self.n['pre']}, {self.n['post']}"
        self.axes: dict[str, Axes] = {draw.name: BOTH for draw in operation.draws}
        known = {SHARED: NO_AXES, PRE: ALONG["pre"], POST: ALONG["post"]}
        for name, reference in operation.names.items():
            self.axes[name] = known.get(reference.index, BOTH)
        self.events: str | None = None
        self.side: Side = "pre" if ends.forward else "post"

    # ---- events and reading -----------------------------------------------------------------

    def find_events(self) -> None:
        """Write which sources (or targets, backwards) have an event that arrives now."""
        body, operation, layout = self.body, self.body.operation, self.body.layout
        events, step = operation.events, body.clock("step")
        if events is not None and events.key in layout.always and not self._ends.delayed:
            return
        start, stop = layout.size(operation, "start"), layout.size(operation, "stop")
        self.events = "now"
        body.lines.append(f"now = {events_between(body, start, stop)}")
        if self._ends.delayed:
            history = layout.history(operation)
            delay = int(layout.values.queues[operation.name].delays[0])
            body.lines += [
                f"_f.put({history}, {step} % len({history}), now)",
                f"now = _f.arriving({history}, {step}, {delay})",
            ]

    @property
    def mask(self) -> str:
        """The events in the shape of the matrix."""
        return f"{self.events}[:, None]" if self.side == "pre" else str(self.events)

    def neurons(self, name: str, *, write: bool = False) -> str:
        """Return the part of an array of neurons that the synapses connect."""
        array = self.body.operation.names[name].array
        length = len(self.body.layout.values.arrays[array.key])
        return self.part(self.body.layout.array(array, write=write), self.side_of(name), length)

    def side_of(self, name: str) -> Side:
        """Return at which end a variable of neurons is."""
        return "pre" if self.body.operation.names[name].index == PRE else "post"

    def part(self, tensor: str, side: Side, length: int) -> str:
        """Return the elements of a tensor that lie along an axis."""
        start, stop = self._offset[side], self._offset[side] + self.n[side]
        return tensor if (start, stop) == (0, length) else f"{tensor}[{start}:{stop}]"

    def matrix(self, name: str, *, write: bool = False) -> str:
        """Return a synaptic variable as a matrix."""
        array = self.body.operation.names[name].array
        return f"{self.body.layout.array(array, write=write)}.view({self.shape})"

    def read(self, name: str, reference: Reference) -> str:
        """Return how a value is read."""
        if reference.index == OWN:
            return self.matrix(name)
        if reference.index in (PRE, POST):
            return self.neurons(name)
        return f"{self.body.whole(name, reference)}.view({self.shape})"

    def is_end(self, statement: Statement) -> bool:
        """Whether a statement changes a variable of sources or targets."""
        reference = self.body.operation.names.get(statement.target)
        return statement.op != ":=" and reference is not None and reference.index in (PRE, POST)

    # ---- expressions ------------------------------------------------------------------------

    def axes_of(self, text: str) -> Axes:
        """Return the axes along which an expression changes."""
        return NO_AXES.union(*(self.axes.get(name, NO_AXES) for name in get_identifiers(text)))

    def spelled(self, axes: Axes) -> dict[str, str]:
        """Return how sources are written in an expression with these axes."""
        if axes <= ALONG["pre"]:
            return {}
        return {name: f"{name}[:, None]" for name, own in self.axes.items() if own == ALONG["pre"]}

    def text(self, text: str, axes: Axes) -> str:
        """Return an expression that has these axes as source."""
        return self.body.expression(text, self.spelled(axes))

    def factor(self, product: Product, axes: Axes) -> str:
        """Return the factors of a product that have some axes only."""
        return product.text([axes], lambda text: self.text(text, axes))

    def inside(self, product: Product) -> str:
        """Return the factors of a product that are matrices."""
        inner = [axes for axes in product.factors if not any(axes <= a for a in ALONG.values())]
        return product.text(inner, lambda text: self.text(text, BOTH))
