"""A circuit: populations of neurons and the projections between them, as plain data.

A circuit holds Brian equations and says, for everything that happens within one time step, *when*:
``order`` is the list of the step's slots, and every integration, threshold, pathway and statement
names its slot. Nothing here runs: ``snn_credit.spiking.devices`` makes Brian objects of a circuit.

Every spiking population owns ``h``: 1 in the time step in which the neuron spikes, else 0. It is
cleared in the slot ``start``. So are the variables that a population lists in ``cleared``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from brian2 import Equations
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.spiking.equations import read_equations
from snn_credit.spiking.sums import check_sums

START, END = "start", "end"
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True)
class Step:
    """Statements that every neuron of a population runs once a time step, in a slot."""

    slot: str
    code: str


@dataclass(frozen=True)
class Event:
    """Something that a population reports when ``condition`` holds: what a run file is made of."""

    slot: str
    condition: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signal:
    """What pathways can be ``on`` besides spikes: every neuron for which ``condition`` holds."""

    slot: str
    condition: str


@dataclass(frozen=True)
class Population:
    """``size`` neurons that share equations.

    Parameters
    ----------
    equations
        Brian equations. Shared per-step tables may be read in them, see ``stream.TABLES``.
    integrate, spike
        Slots of the state update and of the threshold.
    threshold, reset, refractory, method
        As in Brian. ``rand()`` in the threshold is the population's only source of randomness: it
        can be replaced by given numbers ``u(t, i)``, see ``Simulation``.
    steps
        Statements with their slots.
    cleared
        Variables that are 0 at the start of each step: sums over incoming synapses.
    links
        Own name -> ``population.variable``: one-to-one connections to a population of equal size.
    constants
        Values for names in the equations, with units.
    initial
        Initial values; variables that are not named start at 0.
    exact
        Variables kept in float64 in a float32 simulation.
    events
        Name -> event, reported by every neuron for which its condition holds.
    signals
        Name -> signal, such as a spike that arrives at the end of an axon.
    """

    name: str
    size: int
    equations: str
    integrate: str | None = None
    spike: str | None = None
    threshold: str | None = None
    reset: str | None = None
    refractory: str | None = None
    method: str = "exact"
    steps: tuple[Step, ...] = ()
    cleared: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    events: Mapping[str, Event] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)

    @property
    def spiking(self) -> bool:
        """Whether the population has a threshold, and so an ``h`` of its own."""
        return self.threshold is not None

    def declares(self, name: str) -> bool:
        """Whether its neurons have a variable ``name``."""
        return name in Equations(self.equations) or (name == "h" and self.spiking)


@dataclass(frozen=True)
class Pathway:
    """What a projection's synapses do ``on`` a spike or a signal of their source, or every step."""

    name: str
    slot: str
    code: str
    on: str = "spike"


@dataclass(frozen=True)
class Due:
    """What a synapse's variable has not been told yet: ``gain_post * due_pre * trace``.

    A synapse whose trace decays is only brought up to date when its source spikes (see
    ``plasticity.eligibility``). ``fade`` is what is left of the trace since then. All are names:
    ``trace`` of the synapses, ``due`` and ``fade`` of the source, ``gain`` of the target, and the
    source's ``bounds`` of the variable, least and most, if it has any.
    """

    trace: str
    due: str
    fade: str
    gain: str
    bounds: tuple[str, str] | None = None


@dataclass(frozen=True)
class Projection:
    """Synapses from ``source`` to ``target``.

    ``initial`` holds the synapses' variables: arrays ``(n_target, n_source)`` where every neuron
    connects to every neuron (``pre`` and ``post`` are None), else one value a synapse, in the order
    of ``pre`` and ``post``. ``scales`` names, for a variable of the synapses, the shared variable
    of the target population that it has to be multiplied by (see ``plasticity``); ``dues`` what it
    has to be brought up to date by.
    """

    name: str
    source: str
    target: str
    equations: str
    pathways: tuple[Pathway, ...]
    initial: Mapping[str, NDArray[Any] | float] = field(default_factory=dict)
    pre: NDArray[np.int32] | None = None
    post: NDArray[np.int32] | None = None
    scales: Mapping[str, str] = field(default_factory=dict)
    dues: Mapping[str, Due] = field(default_factory=dict)

    def placed(self, values: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
        """Return one value a synapse as ``(n_target, n_source)``; 0 where there is no synapse."""
        if self.pre is None:
            return np.ascontiguousarray(values.reshape(shape[::-1]).T)
        matrix = np.zeros(shape, values.dtype)
        matrix[self.post, self.pre] = values
        return matrix

    def picked(self, matrix: NDArray[Any]) -> NDArray[Any]:
        """Return the values of ``(n_target, n_source)`` as one a synapse, in Brian's order."""
        return matrix.T.ravel() if self.pre is None else matrix[self.post, self.pre]


@dataclass(frozen=True)
class MatrixFunction:
    """``of = fn(*reads)`` on a projection's whole matrices, run on the host between chunks.

    ``reads`` are ``projection.variable``; ``of`` is a variable of ``projection``.
    """

    projection: str
    of: str
    fn: Callable[..., NDArray[Any]]
    reads: tuple[str, ...]
    every: Literal["start", "step"]


@dataclass(frozen=True)
class Circuit:
    """Populations, projections, and the order of what happens within one time step.

    ``rule`` and ``windows`` name the rule by which it learns and the rule's windows of a stimulus.

    Raises
    ------
    InputError
        If a name is used twice or not known, a slot is not in ``order``, a spike would reach a
        synapse before the threshold that makes it (such a spike would arrive a step late, and the
        last spikes of a chunk would be lost), or a sum would grow after it is read.
    """

    name: str
    dt: Any
    order: tuple[str, ...]
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    host: tuple[MatrixFunction, ...] = ()
    columns: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rule: str = ""
    windows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_names(self)
        for population in self.populations:
            _check_population(self, population)
        for projection in self.projections:
            _check_projection(self, projection)
        check_sums(self)

    def __getitem__(self, name: str) -> Population | Projection:
        for thing in (*self.populations, *self.projections):
            if thing.name == name:
                return thing
        known = ", ".join(thing.name for thing in (*self.populations, *self.projections))
        raise InputError(f"Circuit[...]: one of {known} (got {name!r})")

    def population(self, name: str) -> Population:
        """Return the population of that name; InputError if there is none."""
        found = self[name]
        if not isinstance(found, Population):
            raise InputError(f"population: the name of a population (got projection {name!r})")
        return found

    def projection(self, name: str) -> Projection:
        """Return the projection of that name; InputError if there is none."""
        found = self[name]
        if not isinstance(found, Projection):
            raise InputError(f"projection: the name of a projection (got population {name!r})")
        return found

    @property
    def synapses(self) -> int:
        """How many synapses there are in all."""
        return sum(
            self.population(p.source).size * self.population(p.target).size
            if p.pre is None
            else len(p.pre)
            for p in self.projections
        )

    def with_population(self, population: Population) -> Circuit:
        """Return the circuit with the population of that name replaced."""
        return replace(
            self,
            populations=tuple(
                population if p.name == population.name else p for p in self.populations
            ),
        )

    def __str__(self) -> str:
        from snn_credit.spiking.describe import describe

        return describe(self)


def _check_names(circuit: Circuit) -> None:
    seen: set[str] = set()
    for thing in (*circuit.populations, *circuit.projections):
        if not _NAME.match(thing.name):
            raise InputError(
                f"{circuit.name}: a name of lower-case letters, digits and _ (got {thing.name!r})"
            )
        if thing.name in seen:
            raise InputError(f"{circuit.name}: names that are used once (got {thing.name!r} twice)")
        seen.add(thing.name)
    if len(set(circuit.order)) != len(circuit.order):
        raise InputError(f"{circuit.name}.order: each slot once (got {circuit.order})")
    ends = (*circuit.order[:1], *circuit.order[-1:])
    if ends != (START, END):
        came = " to ".join(map(repr, ends)) or "no slot"
        raise InputError(f"{circuit.name}.order: from {START!r} to {END!r} (got {came})")


def _check_slot(circuit: Circuit, where: str, slot: str | None) -> None:
    if slot is not None and slot not in circuit.order:
        raise InputError(f"{where}: one of the slots {', '.join(circuit.order)} (got {slot!r})")


def _check_population(circuit: Circuit, population: Population) -> None:
    where = f"population {population.name}"
    if population.size < 1:
        raise InputError(f"{where}.size: at least 1 (got {population.size})")
    _check_slot(circuit, f"{where}.integrate", population.integrate)
    _check_slot(circuit, f"{where}.spike", population.spike)
    for step in population.steps:
        _check_slot(circuit, f"{where}.steps", step.slot)
    for name, event in population.events.items():
        _check_slot(circuit, f"{where}.events[{name!r}]", event.slot)
    for name, signal in population.signals.items():
        _check_slot(circuit, f"{where}.signals[{name!r}]", signal.slot)
    if population.spiking and population.spike is None:
        raise InputError(f"{where}.spike: a slot, since it has a threshold (got None)")
    equations = read_equations(population.equations, population.method, f"{where}.equations")
    if population.integrate is None and equations.diff_eq_names:
        raise InputError(
            f"{where}.integrate: a slot, since it has a differential equation (got None)"
        )
    for own, link in population.links.items():
        other, _, variable = link.partition(".")
        if circuit.population(other).size != population.size:
            raise InputError(
                f"{where}.links[{own!r}]: a population of {population.size} neurons "
                f"(got {other} with {circuit.population(other).size})"
            )
        if not circuit.population(other).declares(variable):
            raise InputError(
                f"{where}: {other} with {variable!r}, to which its {own!r} is linked "
                f"(got equations without it)"
            )


def _check_projection(circuit: Circuit, projection: Projection) -> None:
    where = f"projection {projection.name}"
    source, target = circuit.population(projection.source), circuit.population(projection.target)
    names = [pathway.name for pathway in projection.pathways]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: a name of its own for each pathway (got {', '.join(names)})")
    for pathway in projection.pathways:
        _check_slot(circuit, f"{where}.{pathway.name}", pathway.slot)
        if pathway.on == "step":
            continue
        if pathway.on != "spike" and pathway.on not in source.signals:
            known = ", ".join(("spike", "step", *source.signals))
            raise InputError(f"{where}.{pathway.name}.on: one of {known} (got {pathway.on!r})")
        if pathway.on == "spike" and source.spike is None:
            raise InputError(f"{where}.{pathway.name}: a source that spikes (got {source.name})")
        made = source.spike if pathway.on == "spike" else source.signals[pathway.on].slot
        if circuit.order.index(pathway.slot) <= circuit.order.index(str(made)):
            raise InputError(
                f"{where}.{pathway.name}: a slot after {made!r}, in which {source.name} "
                f"spikes (got {pathway.slot!r}, which comes before it)"
            )
    shape = (target.size, source.size) if projection.pre is None else (len(projection.pre),)
    for name, values in projection.initial.items():
        if np.size(values) != 1 and np.shape(values) != shape:
            raise InputError(f"{where}.{name}: shape {shape} (got {np.shape(values)})")
        if not np.all(np.isfinite(values)):
            raise InputError(f"{where}.{name}: finite numbers (got NaN or infinity)")
