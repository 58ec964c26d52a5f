"""Feedback weights by ridge regression on what perturbations say (Lansdell et al. 2020).

`snn_credit.rules.node_perturbation_feedback` with eq 3 solved, over all examples so far:

    delta_l   = (B_{l+1} delta_{l+1}) o f'(u_l),  lambda^_l = (L~ - L) xi_l / sig^2
    dS = delta_{l+1} lambda^_l'      dV = delta_{l+1} delta_{l+1}'      b = (V + gamma I)^-1 S

(eqs 4, 5, 18; C.3). `NP_RIDGE_DFA` is the same with feedback from the output straight to each
hidden layer (eq 6): e_L takes the place of delta_{l+1}, and there is one V.

======== ======= ======================================================== ================
symbol   name    meaning                                                  shape
======== ======= ======================================================== ================
lambda^  est     estimate of dLoss/dh                                     (batch, n)
S        s       sum of products over examples, beside its b              (n_post, n_pre)
V        v       the same of the sending layer with itself                (n_post, n_post)
e_L      delta   of the output layer: err o f'(u_L)                       (batch, n_L)
gamma    GAMMA   ridge: 0.1 (C.3)                                         number
         forget  fraction of s and v that is lost each step; 0 in the paper, where V lags a W
                 that moves
======== ======= ======================================================== ================

Deviation: s and v add up batch means, not sums, so gamma weighs as much as one batch of examples,
and 1/r batches under an optimiser whose rate for s and v is r: theirs is SGD with a rate of 1.

Spiking form: that of `snn_credit.rules.node_perturbation_feedback`; s and v add up steps, and b is
solved for between chunks of the simulation.

Source: Lansdell, Prakash & Kording 2020, ICLR.
"""

from dataclasses import replace
from typing import Any

from snn_credit.rules.direct_feedback_alignment import FROM_OUTPUT
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


ESTIMATE = Local("est", hidden="dL*noise/sig**2", output=None)
ADD_S = Update("s", post="delta", pre="est", factor="1", leak="forget*s")
ADD_V = Update("v", post="delta", pre="delta", factor="1", leak="forget*v", across="self")

NP_RIDGE = Rule(
    name="NP feedback ridge",
    citation=LANSDELL_2020 + ", eqs 4, 5, 18",
    steps=(FEEDBACK, CHAIN_DELTA, ESTIMATE),
    updates=(CHAIN_LEARN, ADD_S, ADD_V),
    host=(Host("b", fn=ridge, reads=("s", "v")),),
    rates={**NP_RATES, "forget": 0.0},
    needs=("noise", "dL"),
)

NP_RIDGE_DFA = replace(
    NP_RIDGE,
    name="NP feedback ridge DFA",
    citation=LANSDELL_2020 + ", eqs 6, 18",
    steps=(FROM_OUTPUT, CHAIN_DELTA, ESTIMATE),
    updates=(CHAIN_LEARN, replace(ADD_S, across="direct"), replace(ADD_V, on="output")),
)
