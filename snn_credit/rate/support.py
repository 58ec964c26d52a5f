"""Which rules this path learns with: read off their declarations, never by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from snn_credit.errors import InputError
from snn_credit.rules import RULES, Rule, get_rule

#: What a neuron, or the whole network, has here besides ``h df err ystar x``. ``du`` is what comes
#: of the noise below, in the sums above.
GIVEN = ("noise", "dL", "du")


def obstacles(rule: Rule, given: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what a rule asks for that is not given and this path does not have; empty for none."""
    found = []
    unknown = [name for name in rule.needs if name not in (*GIVEN, *given)]
    if unknown:
        found.append(f"neurons with {', '.join(unknown)}")
    if "du" in rule.needs and ("noise" not in rule.needs or "dL" in rule.needs):
        found.append("du without noise that is there for it alone")
    if "noise" in rule.needs and "sig" not in rule.rates:
        found.append("noise without a rate sig for its standard deviation")
    if "noise" in rule.needs and any(phase.drive.strip() != "x" for phase in rule.phases):
        found.append("noise in windows of another input")
    return tuple(found)


def learnable() -> tuple[str, ...]:
    """Return the names of the declared rules that this path learns with."""
    return tuple(name for name, rule in RULES.items() if not obstacles(rule))


def learnable_rule(rule: Rule | str, given: Iterable[str] = ()) -> Rule:
    """Return a rule that this path learns with, by its name or as it is given.

    ``given`` are the names of neurons' variables that the path need not know.

    Raises
    ------
    InputError
        If no rule has the name, or the rule asks for something that this path does not have; the
        message lists the rules that learn here.
    """
    rule, given = get_rule(rule), tuple(given)
    for name in given:
        if name not in rule.needs:
            needs = ", ".join(rule.needs) or "none"
            raise InputError(f"given: names that {rule.name} needs: {needs} (got {name!r})")
    if missing := obstacles(rule, given):
        unknown = [name for name in rule.needs if name not in (*GIVEN, *given)]
        functions = ", ".join(f"{name!r}: a function of h" for name in unknown)
        fix = f"; or given={{{functions}}}" if unknown else ""
        raise InputError(
            f"rule: one that learns on the rate path: {', '.join(learnable())}{fix} "
            f"(got {rule.name}, which asks for {' and '.join(missing)})"
        )
    return rule


def is_count(value: Any, least: int = 1) -> bool:
    """Whether this is an integer of at least ``least``; True and False are none."""
    integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return integer and int(value) >= least
