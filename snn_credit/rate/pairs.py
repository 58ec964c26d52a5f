"""What synapses learn from what their own layer knows: a declaration between two layers.

A layer within a module of any form sees its input x and its own sums W x, biases left out: the
``h`` below and above of Kunin et al. 2020, Fig 1. It knows the error ``delta`` that its sums are
told, and noise can be drawn below. A rule whose feedback weights learn from these alone can be
interpreted there, whatever lies between the layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from snn_credit.rules import Local, Message, Rule, Update
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.net import Wiring

End = Literal["above", "below"]
#: What is known at both ends: delta only above, noise only below, and du, what comes of it, above.
_KNOWN = ("h", "delta", "noise", "du")
_ELSEWHERE = {("delta", "below"), ("noise", "above"), ("du", "below")}


class Pair:
    """A rule's changes of what the synapses between two layers own besides w.

    Parameters
    ----------
    rule : Rule
        One for which `learns_alone` holds.
    rates : mapping of str to float
        Values of its shared scalars.
    """

    changed: tuple[str, ...]
    reads_sums: bool

    def __init__(self, rule: Rule, rates: Mapping[str, float]) -> None:
        self._updates = feedback_updates(rule)
        self._steps = {step.name: step for step in rule.steps}
        self._rates = dict(rates)
        self.changed = tuple(dict.fromkeys(update.of for update in self._updates))
        self.reads_sums = any(name == "h" and end == "above" for name, end in _read(rule))

    def gradients(
        self,
        wiring: Wiring,
        variables: Mapping[str, Tensor],
        below: Tensor,
        above: Tensor | None,
        told: Tensor,
        dw: Tensor | None,
    ) -> dict[str, Tensor]:
        """Return the changes with the sign of a gradient, by the names of variables.

        Parameters
        ----------
        wiring
            Of the synapses.
        variables
            What they own, w among it.
        below, above
            The layer's input, and its sums without biases where they are read.
        told
            The derivative of a batch's mean loss by the sums.
        dw
            What that makes of w, if it is there already.
        """
        n, fns = len(below), functions_for(below)
        known: dict[tuple[str, End], Any] = {("h", "below"): below, ("h", "above"): above}

        def value(name: str, end: End) -> Any:
            if name in self._rates:
                return self._rates[name]
            if (name, end) not in known:
                known[name, end] = make(name, end)
            return known[name, end]

        def make(name: str, end: End) -> Any:
            if name == "delta":
                return told * n  # in the declarations it is that of each example
            if name == "noise":
                return self._rates["sig"] * torch.randn_like(below)
            if name == "du":
                return wiring.up(value("noise", "below"), variables["w"])
            step = self._steps[name]
            if isinstance(step, Local):
                return at(str(step.hidden), end)
            via = expression(step.via)(variables, fns)
            send = wiring.down if step.frm == "above" else wiring.up
            return send(value(step.of, "above" if step.frm == "above" else "below"), via)

        def at(text: str, end: End) -> Any:
            parsed = expression(text)
            return parsed({each: value(each, end) for each in parsed.names}, fns)

        found: dict[str, Tensor] = {}
        for update in self._updates:
            change = self._product(update, wiring, at, n, dw)
            leak = self._leak(update, variables)
            if leak is not None and update.leak_pre is not None:
                used = at(update.leak_pre, "below")
                ones = torch.ones_like(wiring.up(below, variables["w"]))
                leak = leak * wiring.outer(ones / n, used)
            if leak is not None:
                change = leak if change is None else change + leak
            if change is not None:
                found[update.of] = found[update.of] + change if update.of in found else change
        return found

    def _product(
        self,
        update: Update,
        wiring: Wiring,
        at: Callable[[str, End], Any],
        n: int,
        dw: Tensor | None,
    ) -> Tensor | None:
        """Return minus factor * post * pre, the mean over the batch; None without a factor."""
        if update.factor.strip() == "0":
            return None
        factor = -float(expression(update.factor)(self._rates, functions_for(0.0)))
        if dw is not None and (update.post.strip(), update.pre.strip()) == ("delta", "h"):
            return factor * dw  # what w itself takes
        return wiring.outer(at(update.post, "above") * (factor / n), at(update.pre, "below"))

    def _leak(self, update: Update, variables: Mapping[str, Tensor]) -> Tensor | None:
        if update.leak is None:
            return None
        leak = expression(update.leak)
        if any(self._rates.get(name) == 0 for name in leak.factors):
            return None
        value: Tensor = leak({**self._rates, **variables}, functions_for(variables["w"]))
        return value


def learns_alone(rule: Rule) -> bool:
    """Whether what a rule changes besides w can be made between two layers by themselves."""
    updates = feedback_updates(rule)
    if not all((update.across, update.on) == ("forward", "all") for update in updates):
        return False
    if any(phase.drive.strip() != "x" or phase.keep for phase in rule.phases):
        return False
    if len(rule.phases) > 1 and any(update.phase is None for update in rule.updates):
        return False  # it would take place once for each window
    steps = {step.name: step for step in rule.steps}
    for name, end in _read(rule):
        step = steps.get(name)
        if name in _KNOWN:
            if (name, end) in _ELSEWHERE:
                return False
            if name == "delta" and not any(
                (update.of, update.post.strip()) == ("w", "delta") for update in rule.updates
            ):
                return False  # a name for something else than the error
            if name in ("noise", "du") and not ("noise" in rule.needs and "sig" in rule.rates):
                return False
        elif isinstance(step, Message):
            # These are all that a layer has to send by itself.
            if step.of not in _KNOWN or step.of == "du" or step.to != "hidden":
                return False
            if (step.frm, end) not in (("above", "below"), ("below", "above")):
                return False
        elif not isinstance(step, Local) or step.output not in (None, step.hidden):
            return False
    return True


def feedback_updates(rule: Rule) -> list[Update]:
    """Return the updates of what synapses own besides w."""
    return [update for update in rule.updates if update.of != "w"]


def _read(rule: Rule) -> set[tuple[str, End]]:
    """Return what the updates need, with all that it is made of, and at which end."""
    steps = {step.name: step for step in rule.steps}
    found: set[tuple[str, End]] = set()
    left: list[tuple[str, End]] = []

    def want(text: str | None, end: End) -> None:
        left.extend((name, end) for name in expression(text or "0").names)

    for update in feedback_updates(rule):
        want(update.post, "above")
        want(update.pre, "below")
        want(update.leak_pre, "below")
    while left:
        name, end = left.pop()
        if (name, end) in found or name in rule.rates:
            continue
        found.add((name, end))
        step = None if name in _KNOWN else steps.get(name)
        if isinstance(step, Message):
            want(step.of, "above" if step.frm == "above" else "below")
        elif isinstance(step, Local):
            want(step.hidden, end)
    return found
