"""Feedback weights learned by node perturbation (Lansdell et al. 2020).

The error descends through B as in FA's chain, and B learns to predict what perturbations say:

    delta_l   = (B_{l+1} delta_{l+1}) o f'(u_l)              2.1, with g = B' e~ (4.1)
    lambda^_l = (L~ - L) xi_l / sig^2                        eq 2
    B_{l+1}   = argmin E |B delta_{l+1} - lambda^_l|^2       eq 3

`NP_FEEDBACK` follows the gradient of eq 3 (its factor 2 is in etab):

    dB_{l+1} = etab (lambda^_l - B_{l+1} delta_{l+1}) delta_{l+1}'

`NP_RIDGE` solves it, by ridge regression over all examples so far (eqs 4, 5, 18; C.3):

    dS = delta_{l+1} lambda^_l'      dV = delta_{l+1} delta_{l+1}'      b = (V + gamma I)^-1 S

======== ======= ======================================================== ================
symbol   name    meaning                                                  shape
======== ======= ======================================================== ================
xi       noise   perturbation that was added to h                         (batch, n)
L~ - L   dL      loss with the noise minus loss without, of each example  (batch, 1)
lambda^  est     estimate of dLoss/dh                                     (batch, n)
         mis     how far B's prediction is from it                        (batch, n)
S        s       sum of products over examples, beside its w and b        (n_post, n_pre)
V        v       the same of the sending layer with itself                (n_post, n_post)
gamma    GAMMA   ridge: 0.1 (C.3)                                         number
         forget  fraction of s and v that is lost each step; 0 in the paper, where V lags a W
                 that moves
======== ======= ======================================================== ================

Deviation: s and v add up batch means, not sums, so gamma weighs as much as one batch of examples.

Source: Lansdell, Prakash & Kording 2020, ICLR (rates: C.1).
"""

from typing import Any

from snn_credit.rules.expressions import library_of
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK
from snn_credit.rules.node_perturbation import LANSDELL_2020, NP_RATES
from snn_credit.rules.vocabulary import Host, Local, Rule, Update

GAMMA = 0.1


def ridge(s: Any, v: Any) -> Any:
    """Return (V + gamma I)^-1 S, shape (n_post, n_pre)."""
    library = library_of(s)
    identity = library.ones_like(v[0]) * GAMMA
    return library.linalg.solve(v + library.diag(identity), s)


NP_FEEDBACK = Rule(
    name="NP feedback",
    citation=LANSDELL_2020 + ", eqs 2, 3",
    steps=(FEEDBACK, CHAIN_DELTA, Local("mis", hidden="dL*noise/sig**2 - fb", output=None)),
    updates=(CHAIN_LEARN, Update("b", post="delta", pre="mis", factor="etab")),
    rates={**NP_RATES, "etab": 5e-4},
    needs=("noise", "dL"),
)

NP_RIDGE = Rule(
    name="NP feedback ridge",
    citation=LANSDELL_2020 + ", eqs 4, 5, 18",
    steps=(FEEDBACK, CHAIN_DELTA, Local("est", hidden="dL*noise/sig**2", output=None)),
    updates=(
        CHAIN_LEARN,
        Update("s", post="delta", pre="est", factor="1", leak="forget*s"),
        Update("v", post="delta", pre="delta", factor="1", leak="forget*v", across="self"),
    ),
    host=(Host("b", fn=ridge, reads=("s", "v")),),
    rates={**NP_RATES, "forget": 0.0},
    needs=("noise", "dL"),
)
