"""Populations and projections while a rule and a model's neurons are put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from brian2 import Equations
from brian2.equations.equations import SUBEXPRESSION
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.rules.vocabulary import Rule
from snn_credit.spiking.circuit import (
    START,
    Due,
    Pathway,
    Population,
    Projection,
    Signal,
    Step,
)
from snn_credit.spiking.neuron import FIXES, OWN_SLOTS, Neuron
from snn_credit.spiking.plasticity.formulas import names_in, rename

Kind = Literal["forward", "direct", "self"]
LEAK, GAIN, PLASTICITY = "leak", "gain", "plasticity"
#: Dale's law: the bounds that a neuron keeps for its forward weights, and what holds one to them.
BOUNDS = ("least", "most")
DALE = "w = clip(w, least_pre, most_pre)"
#: The signal of a spike that has come to the end of its axon.
ARRIVAL = "arrival"
_COMMENT_COLUMN = 51


@dataclass
class PopulationDraft:
    """A population to which names and statements are added.

    Attributes
    ----------
    slot
        Its own slots are ``<slot>_integrate`` and ``<slot>_spike``.
    reader
        Who reads its names: said when one is missing.
    rates
        The rule's shared scalars in this population; None for one that it cannot have.
    switches
        Shared names that follow the stream -> what they are at the start of each step.
    sources
        Names that it can be given by a link -> ``population.variable``.
    broadcasts
        Names that one neuron tells the whole population, if it reads them.
    signals
        What its pathways can be on besides spikes.
    heard
        Name of its activity as its synapses have it.
    signs
        Of its forward weights; None if they have any.
    remains
        What a step leaves of a trace that waits for dL; None where nothing waits.
    """

    name: str
    size: int
    neuron: Neuron
    slot: str
    reader: str
    rates: Mapping[str, float | None] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    code: dict[str, list[str]] = field(default_factory=dict)
    cleared: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    exact: list[str] = field(default_factory=list)
    broadcasts: set[str] = field(default_factory=set)
    signals: dict[str, Signal] = field(default_factory=dict)
    heard: str = "h"
    signs: NDArray[Any] | None = None
    remains: float | None = None

    def __post_init__(self) -> None:
        self.equations: Equations = Equations(self.neuron.equations)
        own = {"h"} if self.spiking else set()
        self.own: frozenset[str] = frozenset(self.equations.names) | own
        self.integrated: bool = bool(self.equations.diff_eq_names)

    @property
    def spiking(self) -> bool:
        """Whether its neurons spike."""
        return self.neuron.threshold is not None

    @property
    def delayed(self) -> bool:
        """Whether its spikes take a time to arrive."""
        return bool(np.any(self.initial.get("far", 1.0) > 1))

    def knows(self, name: str) -> bool:
        """Whether a statement of its neurons can read a neuron's ``name``."""
        return any(name in names for names in (self.own, self.lines, self.sources, self.broadcasts))

    def kept(self, name: str, slot: str, label: str) -> str:
        """Return the name of a variable that holds a neuron's ``name``, for synapses to read.

        What is computed from other names, or linked to what is, would be computed anew for every
        synapse; it is put into a variable ``label``, in a slot, once.
        """
        if name in self.lines:
            held = "linked" not in self.lines[name].partition("#")[0]
        else:
            equation = self.equations.get(name)
            held = equation is None or (
                equation.type != SUBEXPRESSION and "linked" not in equation.flags
            )
        if held and name in self.own | set(self.lines):
            return name
        if label not in self.lines:
            self.declare(label, comment=f"{name}, as synapses read it")
            self.assign(slot, label, name)
        return label

    @property
    def arrival(self) -> str:
        """What its synapses' pathways are on."""
        return ARRIVAL if ARRIVAL in self.signals else "spike"

    def declare(self, name: str, kind: str = "", comment: str = "") -> None:
        """Add a variable; ``kind`` is Brian's flag, 'shared' or 'linked'.

        Raises
        ------
        InputError
            If the neuron has one of that name.
        """
        if name in self.own:
            raise InputError(
                f"layer {self.name}: a neuron without {name!r}, which {self.reader} makes "
                f"(got equations with it)"
            )
        line = f"{name} : 1 ({kind})" if kind else f"{name} : 1"
        self.lines[name] = f"{line:<{_COMMENT_COLUMN}}# {comment}" if comment else line

    def share(self, name: str, value: float, comment: str = "") -> None:
        """Add a scalar of the whole population, kept in float64."""
        self.declare(name, "shared", comment)
        self.initial[name] = value
        self.exact.append(name)

    def share_once(self, name: str, value: float, comment: str) -> None:
        """Add such a scalar, if it is not there yet."""
        if name not in self.lines:
            self.share(name, value, comment)

    def link(self, name: str, source: str) -> None:
        """Add a name that is ``population.variable`` of the neuron of the same index."""
        self.declare(name, "linked")
        self.links[name] = source

    def need(self, name: str) -> None:
        """See to it that a name can be read.

        Raises
        ------
        InputError
            If the neuron does not have it, and nothing else gives it.
        """
        if name in self.own or name in self.lines:
            return
        if name in self.sources:
            self.link(name, self.sources[name])
        elif name in self.broadcasts:
            self.declare(name, comment="the same number for all")
            self.cleared.append(name)
        elif name in self.switches:
            self.declare(name, "shared")
            self.say(START, f"{name} = {self.switches[name]}")
        elif name in self.rates:
            value = self.rates[name]
            if value is None:
                raise InputError(
                    f"rates[{name!r}]: one number, since layer {self.name} reads it too "
                    f"(got one per layer)"
                )
            self.share(name, value)
        else:
            fix = f"; {FIXES[name]}" if name in FIXES else ""
            raise InputError(
                f"layer {self.name}: a neuron with {name!r}, which {self.reader} reads{fix} "
                f"(got equations without it)"
            )

    def assign(self, slot: str, name: str, value: str, sign: str = "=") -> None:
        """Add a statement in a slot, and whatever names it needs."""
        if "rate" in self.own and self.spiking:
            value = rename(value, {"h": "rate"})
        for other in names_in(value):
            self.need(other)
        self.say(slot, f"{name} {sign} {value}")

    def _added(self) -> Iterator[Step]:
        yield from (Step(slot, "\n".join(code)) for slot, code in self.code.items())

    def _placed(self, step: Step) -> Step:
        own = step.slot in OWN_SLOTS
        return Step(f"{self.slot}_{step.slot}", step.code) if own else step

    def say(self, slot: str, statement: str) -> None:
        """Add a statement in a slot."""
        self.code.setdefault(slot, []).append(statement)

    def population(self) -> Population:
        """Return it as part of a circuit."""
        neuron = self.neuron
        return Population(
            name=self.name,
            size=self.size,
            equations="\n".join([neuron.equations.strip("\n"), *self.lines.values()]),
            integrate=f"{self.slot}_integrate" if self.integrated else None,
            spike=f"{self.slot}_spike" if self.spiking else None,
            threshold=neuron.threshold,
            reset=neuron.reset,
            refractory=neuron.refractory,
            method=neuron.method,
            steps=(*map(self._placed, neuron.steps), *self._added()),
            cleared=tuple(dict.fromkeys((*neuron.cleared, *self.cleared))),
            links=self.links,
            constants=neuron.constants,
            initial={**neuron.initial, **self.initial},
            exact=(*neuron.exact, *self.exact),
            signals=self.signals,
        )


@dataclass
class ProjectionDraft:
    """Synapses from layer number ``pre`` to layer number ``post``, to which pathways are added.

    ``scales``: variable -> the shared variable of ``post`` that it has to be multiplied by;
    ``dues``: variable -> what it has to be brought up to date by.
    """

    name: str
    kind: Kind
    pre: int
    post: int
    variables: tuple[str, ...]
    scales: dict[str, str] = field(default_factory=dict)
    dues: dict[str, Due] = field(default_factory=dict)
    pathways: list[Pathway] = field(default_factory=list)

    def effective(self, text: str, reader: str, others: Mapping[str, str] | None = None) -> str:
        """Return an expression of a synapse's variables, and of ``others``, as pathways write it.

        Raises
        ------
        InputError
            If the synapses lack a variable.
        """
        known = {v: f"{v}*{self.scales[v]}_post" if v in self.scales else v for v in self.variables}
        known |= others or {}
        for name in names_in(text):
            if name not in known:
                raise InputError(
                    f"projection {self.name}: synapses with {name!r}, which {reader} reads "
                    f"(got {', '.join(self.variables)})"
                )
        return rename(text, known)


@dataclass
class NetworkDraft:
    """Layers 0 (input) to ``top``, what else there is, and the synapses between the layers."""

    rule: Rule
    layers: list[PopulationDraft]
    others: list[PopulationDraft] = field(default_factory=list)
    others_synapses: list[Projection] = field(default_factory=list)
    synapses: dict[tuple[Kind, int, int], ProjectionDraft] = field(default_factory=dict)

    @property
    def top(self) -> int:
        """Number of the output layer."""
        return len(self.layers) - 1
