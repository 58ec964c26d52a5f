"""What a circuit must not do where all neurons of a population run at once.

On a GPU one thread runs each neuron, in no order. brian2cuda adds to another neuron's variable
atomically, and compiles these three without a word, with wrong numbers:

- a shared variable that is read and then changed in one slot: every thread changes it once more;
- a pathway that changes a neuron's variable other than by ``+= -= *= /=``, or reads it too;
- random numbers in a pathway, which all presynaptic neurons would share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from snn_credit.errors import InputError
from snn_credit.spiking.circuit import Circuit, Pathway, Population

_STATEMENT = re.compile(r"\s*(\w+)\s*([-+*/]?=)(.*)")
_NAME = re.compile(r"[A-Za-z_]\w*")
_SHARED = re.compile(r"^\s*(\w+)\s*:[^#\n]*\(.*shared", re.MULTILINE)


def check_races(circuit: Circuit) -> None:
    """Refuse a circuit that a GPU would get wrong.

    Raises
    ------
    InputError
        Naming the population or the pathway, and the statement.
    """
    for population in circuit.populations:
        if population.size > 1:
            _check_shared(population)
    for projection in circuit.projections:
        for pathway in projection.pathways:
            _check_pathway(f"projection {projection.name}.{pathway.name}", pathway)


def _statements(code: str) -> Iterable[tuple[str, str, str, set[str]]]:
    """Return each statement, the name that it sets, its operator, and the names that it reads."""
    for line in code.splitlines():
        if found := _STATEMENT.match(line):
            name, operator, value = found.groups()
            yield line.strip(), name, operator, set(_NAME.findall(value.partition("#")[0]))


def _check_shared(population: Population) -> None:
    shared = set(_SHARED.findall(population.equations))
    slots: dict[str, list[str]] = {}
    for step in population.steps:
        slots.setdefault(step.slot, []).append(step.code)
    for codes in slots.values():
        statements = list(_statements("\n".join(codes)))
        changed = {name for _, name, _, _ in statements} & shared
        written: set[str] = set()
        for line, name, operator, reads in statements:
            if operator != "=":
                reads = reads | {name}
            if early := (reads & changed) - written:
                raise InputError(
                    f"population {population.name}: on a GPU, shared variables that are not read "
                    f"before they are set in the same slot (got {sorted(early)[0]} in {line!r})"
                )
            written.add(name)


def _check_pathway(where: str, pathway: Pathway) -> None:
    statements = list(_statements(pathway.code))
    changed = {name for _, name, _, _ in statements if name.endswith(("_pre", "_post"))}
    for line, name, operator, reads in statements:
        if (name in changed and operator == "=") or reads & changed:
            raise InputError(
                f"{where}: on a GPU, neurons changed by += -= *= /=, not read (got {line!r})"
            )
        if reads & {"rand", "randn", "poisson", "binomial"}:
            raise InputError(f"{where}: on a GPU, random numbers in neurons only (got {line!r})")
