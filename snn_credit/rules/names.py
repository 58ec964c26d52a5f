"""Where each name of a rule exists, and from which of its windows on.

The checks, the interpreter and the search for weight transport all ask this one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snn_credit.rules.expressions import expression
from snn_credit.rules.vocabulary import Host, Local, Message, Rule, Update

Place = Literal["input", "hidden", "output"]

EVERYWHERE: frozenset[Place] = frozenset({"input", "hidden", "output"})
BASIC: dict[str, frozenset[Place]] = {
    "h": EVERYWHERE,
    "df": frozenset({"hidden", "output"}),
    "err": frozenset({"output"}),
    "ystar": frozenset({"output"}),
    "x": frozenset({"input"}),
}
SYNAPSE = ("w", "b", "mask")


@dataclass(frozen=True)
class Names:
    """The names of a rule.

    ``places``: name of a neuron's variable -> the kinds of layer that have it. ``since``: name ->
    index of the first window in which it exists. ``kept``: name -> index of the window that keeps
    it. ``forward``, ``own`` and ``direct``: the variables of forward synapses, of 'self' ones and
    of those that skip layers.
    """

    places: dict[str, frozenset[Place]]
    since: dict[str, int]
    kept: dict[str, int]
    forward: tuple[str, ...]
    own: tuple[str, ...]
    direct: tuple[str, ...]

    def across(self, kind: str) -> tuple[str, ...]:
        """Return the variables of one kind of synapses, by its name in `Update.across`."""
        return {"forward": self.forward, "self": self.own, "direct": self.direct}[kind]


def reads(step: Message | Local) -> tuple[str, ...]:
    """Return the names of neurons that a step reads, here or, for a message, there."""
    if isinstance(step, Message):
        return (step.of,)
    texts = [text for text in (step.hidden, step.output) if text is not None]
    return tuple(dict.fromkeys(name for text in texts for name in expression(text).names))


def step_places(step: Message | Local) -> frozenset[Place]:
    """Return the kinds of layer in which a step makes its name."""
    if isinstance(step, Local):
        texts: dict[Place, str | None] = {"hidden": step.hidden, "output": step.output}
        return frozenset(place for place, text in texts.items() if text is not None)
    if step.frm == "below":
        return frozenset({"hidden", "output"})
    return frozenset({"hidden"} if step.to == "hidden" else {"input"})


def names_of(rule: Rule) -> Names:
    """Return the table for a rule, whose expressions must already parse."""
    places = dict(BASIC) | dict.fromkeys(rule.needs, EVERYWHERE)
    places |= {step.name: step_places(step) for step in rule.steps}
    kept = {name: at for at, phase in enumerate(rule.phases) for name in phase.keep}
    for phase in rule.phases:
        for name, text in phase.keep.items():
            read = [places.get(n, EVERYWHERE) for n in expression(text).names]
            places[name] = frozenset(EVERYWHERE.intersection(*read))
    hosts = {host.of for host in rule.host}
    changed = {
        kind: [u.of for u in rule.updates if u.across == kind]
        for kind in ("forward", "self", "direct")
    }
    own = tuple(dict.fromkeys(changed["self"]))
    elsewhere = {*own, *changed["direct"]}
    added = {name for name in (*changed["forward"], *hosts) if name not in elsewhere}
    forward = tuple(dict.fromkeys([*SYNAPSE, *sorted(added)]))
    made = [host.of for host in rule.host if of_direct(rule, host)]
    direct = tuple(dict.fromkeys(["b", *changed["direct"], *made]))
    return Names(places, _since(rule, kept), kept, forward, own, direct)


def forward_variables(rule: Rule) -> tuple[str, ...]:
    """Return the variables of forward synapses that a rule mentions, w among them.

    Those of synapses that skip layers, which own a b of theirs, are not meant.
    """
    steps = [step for step in rule.steps if isinstance(step, Message)]
    texts = [step.via for step in steps if step.frm in ("above", "below")]
    updates = [update for update in rule.updates if update.across == "forward"]
    texts += [update.leak for update in updates if update.leak is not None]
    used = {"w", *(name for text in texts for name in expression(text).names)}
    used |= {update.of for update in updates}
    for host in rule.host:
        used |= set() if of_direct(rule, host) else {host.of, *host.reads}
    return tuple(name for name in names_of(rule).forward if name in used)


def of_direct(rule: Rule, host: Host) -> bool:
    """Whether a host makes something of the synapses that skip layers."""
    return any(u.across == "direct" and u.of in host.reads for u in rule.updates)


def _since(rule: Rule, kept: dict[str, int]) -> dict[str, int]:
    """Index of the first window in which each name exists: a fixed point over the steps."""
    since = {name: at + 1 for name, at in kept.items()}
    changed = True
    while changed:
        changed = False
        for step in rule.steps:
            first = max((since.get(name, 0) for name in reads(step)), default=0)
            if first > since.get(step.name, 0):
                since[step.name] = first
                changed = True
    return since


def phase_index(rule: Rule, phase: str | None) -> int:
    """Return the index of a window; 0 for a rule that has none."""
    return next((at for at, candidate in enumerate(rule.phases) if candidate.name == phase), 0)


def active(rule: Rule, update: Update, phase: str | None) -> bool:
    """Whether an update takes place in this window: in every one if it names none."""
    return update.phase is None or update.phase == phase
