"""What a generated program refers to by name: everything that the device has to hold for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from snn_credit.dense.plan import Array, Draw, Operation, Plan, Values
from snn_credit.dense.tensors.philox import Wanted, starts


def global_name(key: str) -> str:
    """Return the name that an array, a constant or a table goes by in a program."""
    return re.sub(r"\W", "_", key)


@dataclass(frozen=True)
class Lift:
    """Values that are computed before the step: ``(n,)``, or ``()`` if shared.

    Those that are computed ahead have a row for each of the coming steps.
    """

    name: str
    dtype: str
    n: int | None
    ahead: bool


@dataclass(frozen=True)
class Recorded:
    """What a monitor keeps of one variable.

    Attributes
    ----------
    operation, variable, dtype
        The monitor, the variable, and its type for Brian.
    source
        ``time`` (known without recording), ``fixed`` (a lifted value of each neuron), ``rows`` (a
        buffer with a row for each step), ``events`` (such a buffer of which neurons had an event).
    name
        Of the lifted value or the buffer.
    n
        Values in a row.
    """

    operation: str
    variable: str
    dtype: str
    source: Literal["time", "fixed", "rows", "events"]
    name: str = ""
    n: int = 0


@dataclass
class Layout:
    """Everything that functions of a program read and write, gathered while they are written.

    Attributes
    ----------
    arrays, written
        Key -> array that lives on the device; keys of those that the program changes.
    events
        Key of a list of events -> number of neurons. They live as one truth value for each neuron.
    always
        Those of them that hold all neurons in every step.
    constants, tables
        ``operation.name`` of each.
    lifts
        Values that are computed before the step.
    draws
        ``(clock, distribution)`` -> what is drawn.
    histories
        Pathways with spikes under way.
    fixed
        Name -> tensor of indices that never change, as an array.
    records
        What monitors keep.
    """

    plan: Plan
    values: Values
    arrays: dict[str, Array] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    events: dict[str, int] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    constants: dict[str, str] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    lifts: list[Lift] = field(default_factory=list)
    draws: dict[tuple[int, str], list[Wanted]] = field(default_factory=dict)
    histories: set[str] = field(default_factory=set)
    fixed: dict[str, NDArray[Any]] = field(default_factory=dict)
    records: list[Recorded] = field(default_factory=list)

    def array(self, array: Array, *, write: bool = False) -> str:
        """Return an array's tensor, as source; a shared one's only element."""
        self.arrays[array.key] = array
        if write:
            self.written.add(array.key)
        return f"{global_name(array.key)}[0]" if array.shared else global_name(array.key)

    def event(self, array: Array) -> str:
        """Return the name of the truth values that stand for a list of events."""
        self.events[array.key] = len(self.values.arrays[array.key]) - 1
        return global_name(array.key)

    def index(self, array: Array, offset: int = 0) -> str:
        """Return the name of an index array, which never changes, less an offset."""
        return self.fix(
            f"at_{global_name(array.key)}" + (f"_from_{offset}" if offset else ""),
            lambda: self.values.arrays[array.key].astype(np.int64) - offset,
        )

    def fix(self, name: str, make: Callable[[], NDArray[Any]]) -> str:
        """Return the name of indices that are computed once."""
        if name not in self.fixed:
            self.fixed[name] = make()
        return name

    def constant(self, operation: Operation, name: str) -> str:
        """Return the name of a constant of an operation."""
        self.constants[f"{operation.name}.{name}"] = operation.constants[name]
        return f"number_{global_name(operation.name)}_{name}"

    def table(self, operation: Operation, name: str) -> str:
        """Return the name of a table of an operation."""
        self.tables.add(f"{operation.name}.{name}")
        return f"table_{global_name(operation.name)}_{name}"

    def history(self, operation: Operation) -> str:
        """Return the name of the spikes under way in a pathway."""
        self.histories.add(operation.name)
        return f"history_{global_name(operation.name)}"

    def draw(self, operation: Operation, draw: Draw, n: int) -> tuple[str, int]:
        """Return where a draw's ``n`` numbers are: rows of numbers, and the position in a row."""
        wanted = self.draws.setdefault((operation.clock, draw.distribution), [])
        one = Wanted(operation.name, int(draw.name.rpartition("_")[2]), draw.distribution, n)
        if one not in wanted:
            wanted.append(one)
        start = starts(wanted, self.plan.float_dtype)[wanted.index(one)]
        return f"{draw.distribution}_{operation.clock}", start

    def record(self, *what: Any, **more: Any) -> str:
        """Note what a monitor keeps of a variable; returns the name of its buffer."""
        found = Recorded(*what, **more)
        self.records.append(found)
        return found.name

    def size(self, operation: Operation, name: str) -> int:
        """Return one of an operation's sizes."""
        return self.values.integers[f"{operation.name}.{name}"]
