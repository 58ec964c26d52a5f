"""Whether a rule needs weight transport, and whether it is local: read off its declaration.

Without weight transport every matrix carries messages in one direction only, and no message or
update reads the matrix of the other direction, nor any function of it. A synapse that reads its
own weight, as in decay, is local; a function of a whole matrix is not, even of the same direction.
(The two conditions are those of Whittington & Bogacz 2017 as used by Kunin et al. 2020, 3.1.)
"""

from __future__ import annotations

from collections.abc import Iterator

from snn_credit.rules.expressions import expression
from snn_credit.rules.names import names_of
from snn_credit.rules.vocabulary import Host, Message, Rule


def weight_transport(rule: Rule) -> tuple[str, ...]:
    """Return the reasons why a rule needs weight transport, in plain language; empty for none."""
    down, up = _carried(rule, "above"), _carried(rule, "below")
    up = {"w": "activity up"} | up
    reasons = []
    for variable, message in down.items():
        if variable == "w":
            reasons.append(f"the message {message} reads w, which carries activity up")
        elif variable in up:
            reasons.append(f"{variable} carries both {message} and {up[variable]}")
    for variable in names_of(rule).forward:
        opposite = set(up) - set(down) if variable in down else set(down) - set(up)
        if (variable in down) == (variable in up):
            continue
        for how, source in _sources(rule, variable, frozenset()):
            if source in opposite:
                ways = ("down", "up") if variable in down else ("up", "down")
                reasons.append(
                    f"{variable}, which carries messages {ways[0]}, follows {source}, "
                    f"which carries them {ways[1]} ({how})"
                )
    return tuple(dict.fromkeys(reasons))


def whole_matrix(rule: Rule) -> tuple[str, ...]:
    """Return the reasons why a rule needs functions of whole matrices; empty for none."""
    return tuple(
        f"{host.of} is a function of the whole of {', '.join(host.reads)}"
        for host in rule.host
        if not _pointwise(host)
    )


def _carried(rule: Rule, frm: str) -> dict[str, str]:
    """Variables of synapses -> the first message that reads them. A mask has no strength."""
    carried: dict[str, str] = {}
    for step in rule.steps:
        if isinstance(step, Message) and step.frm == frm:
            for variable in expression(step.via).names:
                if variable != "mask":
                    way = "down" if frm == "above" else "up"
                    carried.setdefault(variable, f"{step.name!r} {way} through {step.via!r}")
    return carried


def _sources(rule: Rule, variable: str, seen: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield how and from what else a variable gets its value, through any number of steps."""
    direct = [
        (f"leak {update.leak!r}", name)
        for update in rule.updates
        if update.of == variable and update.leak is not None
        for name in expression(update.leak).names
        if name not in rule.rates
    ]
    direct += [
        (f"{getattr(host.fn, '__name__', 'a function')} of {', '.join(host.reads)}", name)
        for host in rule.host
        if host.of == variable
        for name in host.reads
    ]
    for how, name in direct:
        if name != variable and name not in seen:
            yield how, name
            yield from _sources(rule, name, seen | {variable})


def _pointwise(host: Host) -> bool:
    """Whether one entry of the result depends on the same entries alone: tried, not declared."""
    import numpy as np

    random = np.random.default_rng(0)
    matrices = [np.eye(3) + random.uniform(0.1, 0.9, (3, 3)) for _ in host.reads]
    try:
        before = np.asarray(host.fn(*matrices))
        for matrix in matrices:
            matrix[1, 2] += 0.5
        after = np.asarray(host.fn(*matrices))
    except Exception:  # a function that wants other shapes does not go entry by entry
        return False
    if before.shape != (3, 3):
        return False
    moved = before != after
    moved[1, 2] = False
    return not moved.any()
