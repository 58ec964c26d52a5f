"""A plan: what a Brian network does within one time step, as plain data.

A plan holds no Brian object and no size: it is what ``extract`` reads off a network, and what the
C++ writer and the tensor program interpret. Sizes, constants and arrays come beside it, as
``Values``, since they may change from one run to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

Kind = Literal[
    "each", "threshold", "reset", "synapses", "clocked", "summed",
    "record_events", "record_states", "record_rate", "spike_source",
]  # fmt: skip

#: Index names with a meaning of their own: the running index, and the two ends of a synapse.
OWN, PRE, POST, SHARED = "_idx", "_presynaptic_idx", "_postsynaptic_idx", "0"


@dataclass(frozen=True)
class Array:
    """An array of the network: its key ``owner.variable``, its type, whether it is one number."""

    key: str
    dtype: str
    shared: bool = False


@dataclass(frozen=True)
class Reference:
    """What a name in a statement stands for: an array, and the index with which it is read.

    ``index`` is ``OWN``, ``PRE``, ``POST``, ``SHARED``, or the name of an index array.
    """

    array: Array
    index: str


@dataclass(frozen=True)
class Statement:
    """``target op expression``, as Brian writes it after it has put in subexpressions.

    Attributes
    ----------
    op
        ``:=`` declares a local name; ``=``, ``+=``, ``*=`` ... assign.
    dtype
        Type of the target.
    constant
        Whether a declared name is never written again.
    guard
        A boolean variable: the statement is skipped where it is false (``unless refractory``).
    branches
        The expression simplified for each value of the boolean variables in it, or nothing.
    """

    target: str
    op: str
    expression: str
    dtype: str
    constant: bool = False
    guard: str | None = None
    branches: tuple[tuple[tuple[tuple[str, bool], ...], str], ...] = ()


@dataclass(frozen=True)
class Draw:
    """A random number of each element: the local name it goes by, and its distribution."""

    name: str
    distribution: Literal["uniform", "normal"]


@dataclass(frozen=True)
class Block:
    """Statements that run once (``shared``), then those that run for each element."""

    shared: tuple[Statement, ...] = ()
    each: tuple[Statement, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All statements, in order."""
        return (*self.shared, *self.each)


@dataclass(frozen=True)
class Table:
    """A TimedArray as a function of time: how many columns it has decides how it is called."""

    name: str
    columns: bool


@dataclass(frozen=True)
class Function:
    """A function that statements call, with Brian's C++ code for it.

    ``name`` is what the statements call, ``cpp_name`` what the code defines.
    """

    name: str
    cpp_name: str
    code: str


@dataclass(frozen=True)
class Ends:
    """What connects to what in a pathway.

    Attributes
    ----------
    forward
        Whether events come from the presynaptic side.
    matrix
        Whether every source connects to every target, in order: synapse ``i*n_post + j``.
    delayed
        Whether events take time to arrive.
    pre, post
        The arrays of both ends' indices.
    """

    forward: bool
    matrix: bool
    delayed: bool
    pre: Array
    post: Array


@dataclass(frozen=True)
class Operation:
    """One thing that happens in a time step: the work of one of Brian's objects.

    Attributes
    ----------
    name, kind, clock
        Brian's name for it, what kind of loop it is, and which of the plan's clocks it keeps.
    source
        Brian's abstract code, for people.
    names
        What each name in the block refers to.
    constants
        Name -> type of the numbers that are passed with each run.
    draws
        The block's random numbers.
    events
        The list that a threshold writes, or that a reset, pathway or monitor reads: indices of
        neurons in rising order, and their number at the end of the array.
    records
        What a monitor records: its variable, the local name of the value, and the type.
    roles
        Arrays that the kind of loop needs beside those of the block, such as a monitor's ``count``.
    """

    name: str
    kind: Kind
    clock: int
    source: str
    block: Block = Block()
    names: dict[str, Reference] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    draws: tuple[Draw, ...] = ()
    tables: tuple[Table, ...] = ()
    functions: tuple[Function, ...] = ()
    events: Array | None = None
    ends: Ends | None = None
    records: tuple[tuple[str, str, str], ...] = ()
    roles: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Clock:
    """A clock's three arrays: the time step's number, the time, and the step's length."""

    step: Array
    time: Array
    dt: Array


@dataclass(frozen=True)
class Plan:
    """All operations of a network in the order of its schedule, and its clocks."""

    operations: tuple[Operation, ...]
    clocks: tuple[Clock, ...]
    float_dtype: str


@dataclass
class Queue:
    """The spikes under way in a pathway: one row per step of the longest delay.

    Row ``step % len(history)`` holds which sources had an event in that time step. ``delays`` are
    in steps: one number, or one for each synapse.
    """

    history: NDArray[Any]
    delays: NDArray[Any]


@dataclass
class Values:
    """Everything of a plan that may change between runs.

    Attributes
    ----------
    arrays
        Key -> the array itself, which runs read and write in place.
    integers, floats
        ``operation.name`` -> sizes, offsets, constants.
    tables
        ``operation.table`` -> values, the time between rows, and Brian's upsampling factor.
    queues
        Name of a pathway -> what is under way in it.
    """

    arrays: dict[str, NDArray[Any]]
    integers: dict[str, int]
    floats: dict[str, float]
    tables: dict[str, tuple[NDArray[Any], float, int]]
    queues: dict[str, Queue]
