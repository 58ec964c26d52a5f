"""What there is: every declared rule, where it is from, and the paths on which it learns."""

from __future__ import annotations

from snn_credit.models.neurons import GIVEN
from snn_credit.rate.support import obstacles
from snn_credit.rules import RULES, Rule

HEADER = ("rule", "source", "local", "spiking", "rate")


def rows() -> list[tuple[str, ...]]:
    """Return a row of `HEADER` for each rule, read off its declaration.

    ``local`` says whether synapses learn from what reaches them alone, without weight transport.
    A path's ``yes`` means that the rule learns there as it is; else the cell says what it asks for.
    """
    return [
        (rule.name, rule.citation, "yes" if rule.is_local else "no", _spiking(rule), _rate(rule))
        for rule in RULES.values()
    ]


def markdown() -> str:
    """Return the table in Markdown."""
    lines = [HEADER, tuple("---" for _ in HEADER), *rows()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spiking(rule: Rule) -> str:
    """Return "yes", or what a rule reads that the spiking neurons of the models do not have."""
    asked = [name for name in rule.needs if name not in GIVEN]
    return f"neurons with {', '.join(asked)}" if asked else "yes"


def _rate(rule: Rule) -> str:
    return " and ".join(obstacles(rule)) or "yes"
