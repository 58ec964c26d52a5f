"""Learning rules for feedback weights as weighted sums of primitives (Kunin et al. 2020, Table 1).

A layer's regulariser R = sum of c P, with c the weight of each primitive P, says where its feedback
weights go: dB = -etab grad R. x_l and x_{l+1} are the activities below and above.

====== ================================== =========================== =====
name   P_l                                 grad P_l                    local
====== ================================== =========================== =====
decay  |B|^2 / 2                           B                           yes
amp    -tr(x_l' B x_{l+1})                 -x_l x_{l+1}'               yes
null   |B x_{l+1}|^2 / 2                   B x_{l+1} x_{l+1}'          yes
angle  tr(x_l' B delta_{l+1})   (D.3)      x_l delta_{l+1}'            yes
sparse |x_l' B|^2 / 2                      x_l x_l' B                  no
self   -tr(B W)                            -W'                         no
====== ================================== =========================== =====

`aligned` makes a rule of any such sum, in which W learns from the error that B brings down:

    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

Terms of activities are means over the batch, and sums over neurons and positions. Whether the rule
is local is no property of its own: it follows from what its synapses read (`Rule.is_local`).

    HEBBIAN = aligned("Hebbian", "mine", amp=1.0, decay=0.5, null=0.1)

Deviation: the authors' code leaves out the factors 1/2, so that its decay, null and sparse weigh
twice as much as here.

Source: Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins 2020, ICML.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from snn_credit.errors import InputError, one_of
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.vocabulary import Local, Message, Rule, Update

KUNIN_2020 = "Kunin et al. 2020, ICML"
#: Name of a primitive -> the rate that is its weight ("amp" alone is a unit in Brian's equations).
PRIMITIVES = {name: f"c_{name}" for name in ("decay", "amp", "null", "angle", "sparse", "self")}


def aligned(name: str, citation: str, *, etab: float = 1.0, **weights: float) -> Rule:
    """Return the rule whose feedback weights descend a weighted sum of primitives.

    Parameters
    ----------
    name, citation : str
        Those of the rule.
    etab : float
        Rate of B, which multiplies all weights. It is a rate of the rule, as each weight is, under
        its name in `PRIMITIVES`.
    **weights : float
        Weight of each primitive that takes part: decay, amp, null, angle, sparse, self. One of 0 is
        there and can be given another value when the rule is used.

    Raises
    ------
    InputError
        If there is no primitive of a name, none is given, or a weight is negative or not finite.
    """
    for primitive, weight in weights.items():
        if primitive not in PRIMITIVES:
            raise InputError(f"aligned: {one_of(primitive, PRIMITIVES)} (got {primitive!r})")
        if not (isfinite(weight) and weight >= 0):
            raise InputError(f"{primitive}: a finite weight >= 0 (got {weight!r})")
    if not weights:
        raise InputError(f"aligned: a weight of one of {', '.join(PRIMITIVES)} (got none)")
    if "self" in weights:
        weights = {"decay": 0.0, **weights}  # B is drawn to W' where both act as one leak
    steps, updates = _learning(weights)
    return Rule(
        name=name,
        citation=citation,
        steps=(FEEDBACK, CHAIN_DELTA, *steps),
        updates=(CHAIN_LEARN, *updates),
        rates={
            **RATES,
            "etab": etab,
            **{PRIMITIVES[each]: weights[each] for each in PRIMITIVES if each in weights},
        },
    )


def weights_of(rule: Rule) -> Mapping[str, float] | None:
    """Return the primitives and weights that a rule is made of, or None if it is no such sum.

    Constraints on W do not count.
    """
    found = {each: rule.rates[rate] for each, rate in PRIMITIVES.items() if rate in rule.rates}
    if not found or "etab" not in rule.rates:
        return None
    alike = aligned(rule.name, rule.citation, etab=rule.rates["etab"], **found)
    return found if replace(rule, host=()) == alike else None


def _learning(weights: Mapping[str, float]) -> tuple[list[Message | Local], list[Update]]:
    """Return the steps and the changes of b, as few products as there can be.

    What changes b is a product with the activity above, or one with the activity below; amp is
    both, so it joins the one that is there.
    """
    terms = {each: PRIMITIVES[each] for each in weights}
    steps: list[Message | Local] = []
    above, below = [], []  # factors of what is below, and of what is above
    if "null" in terms:
        steps.append(Message("rec", of="h", frm="above", via="b"))
        below.append(f"- {terms['null']}*rec")
    if "sparse" in terms:
        steps.append(Message("proj", of="h", frm="below", via="b"))
        above.append(f"- {terms['sparse']}*proj")
    if "angle" in terms:
        above.append(f"- {terms['angle']}*delta")
    if "amp" in terms:
        (above if above and not below else below).insert(0, f"{terms['amp']}*h")
    updates = []
    if below:
        steps.append(Local("mis", hidden=" ".join(below), output=None))
        updates.append(Update("b", post="h", pre="mis", factor="etab"))
    if above:
        text = " ".join(above)
        steps.append(Local("apart", hidden=text, output=text))
        updates.append(Update("b", post="apart", pre="h", factor="etab"))
    return steps, [*updates, *_leaks(terms)]


def _leaks(terms: Mapping[str, str]) -> list[Update]:
    """Return what b loses without any activity."""
    if "self" in terms:
        leak = f"etab*({terms['decay']}*b - {terms['self']}*w)"
    elif "decay" in terms:
        leak = f"etab*{terms['decay']}*b"
    else:
        return []
    return [Update("b", post="0", pre="0", factor="0", leak=leak)]
