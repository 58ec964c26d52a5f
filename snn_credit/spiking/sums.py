"""Whether what synapses add to a sum is read before the sum is cleared again.

A variable that a population lists in ``cleared`` lives for one time step. What is added to it after
the last slot that reads it is never read, and nothing else would say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from brian2 import Equations
from brian2.equations.equations import SUBEXPRESSION

from snn_credit.errors import InputError

if TYPE_CHECKING:
    from snn_credit.spiking.circuit import Circuit, Population, Projection

_STATEMENT = re.compile(r"\s*(\w+)\s*[-+*/]?=(?!=)(.*)")
_WORD = re.compile(r"[A-Za-z_]\w*")

Reader = tuple[str, str]
"""A slot, and who reads in it."""


def check_sums(circuit: Circuit) -> None:
    """Refuse a pathway that adds to a cleared sum when everything that reads it is past.

    Raises
    ------
    InputError
        If a sum is read, but in no slot after the pathway's.
    """
    for projection in circuit.projections:
        for pathway in projection.pathways:
            for owner, name in _sums(circuit, projection, pathway.code):
                readers = list(_readers(circuit, owner.name, name))
                if not readers:
                    continue
                slot, who = max(readers, key=lambda reader: circuit.order.index(reader[0]))
                if circuit.order.index(slot) <= circuit.order.index(pathway.slot):
                    raise InputError(
                        f"projection {projection.name}.{pathway.name}: a slot before {slot!r}, in "
                        f"which {who} reads {name} for the last time (got {pathway.slot!r})"
                    )


def _sums(circuit: Circuit, projection: Projection, code: str) -> Iterator[tuple[Population, str]]:
    """Yield the cleared variables, with their populations, that a pathway assigns to."""
    ends = {"_pre": projection.source, "_post": projection.target}
    for assigned, _ in _statements(code):
        for suffix, end in ends.items():
            owner, name = circuit.population(end), assigned.removesuffix(suffix)
            if assigned.endswith(suffix) and name in owner.cleared:
                yield owner, name


def _readers(circuit: Circuit, population: str, name: str) -> Iterator[Reader]:
    """Yield who reads a variable, or what is a function of it or linked to it at any moment."""
    known = [(population, name)]
    for owner, variable in known:  # grows on the way
        also, readers = _within(circuit.population(owner), variable)
        yield from readers
        yield from _pathways(circuit, owner, variable)
        known += [(owner, other) for other in also if (owner, other) not in known]
        for other in circuit.populations:
            linked = [own for own, link in other.links.items() if link == f"{owner}.{variable}"]
            known += [(other.name, own) for own in linked]


def _within(population: Population, variable: str) -> tuple[list[str], list[Reader]]:
    """Return the population's subexpressions of a variable, and who reads it there."""
    also: list[str] = []
    slots = {slot for slot, text in _texts(population) if variable in _WORD.findall(text)}
    for other, equation in Equations(population.equations).items():
        if variable in equation.identifiers:
            if equation.type == SUBEXPRESSION:
                also.append(other)
            else:
                slots.add(population.integrate)
    return also, [(slot, population.name) for slot in slots if slot is not None]


def _texts(population: Population) -> Iterator[tuple[str | None, str]]:
    """Yield what a population reads besides its equations, with the slot of each text."""
    yield population.spike, f"{population.threshold} {population.refractory}"
    code = [(step.slot, step.code) for step in population.steps]
    for slot, statements in [(population.spike, population.reset or ""), *code]:
        yield from ((slot, value) for _, value in _statements(statements))
    for event in population.events.values():
        yield event.slot, " ".join((event.condition, *event.variables))
    for signal in population.signals.values():
        yield signal.slot, signal.condition


def _pathways(circuit: Circuit, population: str, variable: str) -> Iterator[Reader]:
    """Yield the projections whose pathways read a variable of the neurons at one of their ends."""
    for projection in circuit.projections:
        ends = {"_pre": projection.source, "_post": projection.target}
        words = {f"{variable}{suffix}" for suffix, end in ends.items() if end == population}
        always = words & set(_WORD.findall(projection.equations))
        for pathway in projection.pathways:
            values = (value for _, value in _statements(pathway.code))
            if always or any(words & set(_WORD.findall(value)) for value in values):
                yield pathway.slot, projection.name


def _statements(code: str) -> Iterator[tuple[str, str]]:
    """Yield what each line assigns to, and the expression that it reads."""
    for line in code.splitlines():
        for statement in line.partition("#")[0].split(";"):
            if found := _STATEMENT.match(statement):
                yield found[1], found[2]
