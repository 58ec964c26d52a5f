"""Constraints on the forward weights, which any rule can be put under, BP too.

    constant norm     W_t <- |W_0|_2 W_t / |W_t|_2     Moskovitz et al. 2018, eq 10
    frozen signs      a weight that crosses 0 is held just on its own side of it (3.1, 4: E/I)
    missing synapses  a weight that is 0 at the start stays 0: a net that is not fully connected
                      Lillicrap et al. 2016, Results on Fig 3

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
W      w       forward weights                                            (n_post, n_pre)
|W_0|  norm0   Euclidean norm of W when it began, the same everywhere      (n_post, n_pre)
       sign0   sign of each weight when the constraint began              (n_post, n_pre)
       there0  1 where there is a synapse, 0 where W was 0 at the start   (n_post, n_pre)
====== ======= ========================================================== ================

Norms and signs are those at the time when the constraint begins. The paper froze signs after 5% of
the training: its networks are trained first without, then with the constraint (`begun`).

Source: Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488; Lillicrap, Cownden, Tweed & Akerman
2016, Nat Commun 7, 13276.
"""

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from snn_credit.errors import InputError
from snn_credit.rules.expressions import library_of
from snn_credit.rules.vocabulary import Host, Rule

JUST = 1e-6  # "just above or below zero" (4)


def initial_norm(w: Any) -> Any:
    """Return the norm of the whole matrix, spread over its synapses."""
    return 0.0 * w + library_of(w).linalg.norm(w)


def rescaled(w: Any, norm0: Any) -> Any:
    """Return W with its first norm (eq 10)."""
    return w * (norm0 / library_of(w).linalg.norm(w))


def initial_sign(w: Any) -> Any:
    """Return the sign of each weight."""
    return library_of(w).sign(w)


def on_its_side(w: Any, sign0: Any) -> Any:
    """Return W with every weight at least JUST on its own side of zero."""
    return sign0 * library_of(w).clip(sign0 * w, JUST, None)


def initially_there(w: Any) -> Any:
    """Return 1 where there is a synapse, 0 where there is none."""
    return abs(library_of(w).sign(w))


def still_missing(w: Any, there0: Any) -> Any:
    """Return W without the synapses that did not exist at the start."""
    return w * there0


CONSTRAINTS: dict[str, tuple[Host, ...]] = {
    "constant norm": (
        Host("norm0", fn=initial_norm, reads=("w",), every="start"),
        Host("w", fn=rescaled, reads=("w", "norm0")),
    ),
    "frozen signs": (
        Host("sign0", fn=initial_sign, reads=("w",), every="start"),
        Host("w", fn=on_its_side, reads=("w", "sign0")),
    ),
    "missing synapses": (
        Host("there0", fn=initially_there, reads=("w",), every="start"),
        Host("w", fn=still_missing, reads=("w", "there0")),
    ),
}


def constrained(rule: Rule, *names: str) -> Rule:
    """Return a rule under constraints, which act after each step and before the rule's own hosts.

    Raises
    ------
    InputError
        If a constraint is unknown.
    """
    for name in names:
        if name not in CONSTRAINTS:
            near = get_close_matches(name, CONSTRAINTS, cutoff=0.3) or list(CONSTRAINTS)
            raise InputError(f"constraint: one of {', '.join(near)} (got {name!r})")
    added = tuple(host for name in names for host in CONSTRAINTS[name])
    return replace(rule, name=", ".join([rule.name, *names]), host=added + rule.host)


def begun(rule: Rule, *names: str) -> tuple[Rule, Rule]:
    """Return a rule under further constraints, and the same with the hosts that these add alone.

    In a network that has learned already, the hosts of the second are run as at a start: they note
    the norms and signs of now, and disturb nothing that the rule itself has made since its start.
    """
    whole = constrained(rule, *names)
    return whole, replace(whole, host=whole.host[: len(whole.host) - len(rule.host)])
