"""Synthetic gradients (SG): feedback weights that are taught the true gradient.

    delta_l  = (B_{l+1} delta_{l+1}) o f'(u_l)               Lansdell et al. 2020, 2.1
    lambda_l = W_{l+1}' e_{l+1},  e_l = lambda_l o f'(u_l)   the true gradient
    dB_{l+1} = etab (lambda_l - B_{l+1} delta_{l+1}) delta_{l+1}'
    dW_l     = -eta delta_l h_{l-1}' - lam W_l

NP feedback without noise: the control of Table 2, which needs weight transport to teach B. `SG_DFA`
is the same with feedback from the output straight to each hidden layer (Table 2b): e_L takes the
place of delta_{l+1}.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
lambda grad    dLoss/dh                                                   (batch, n)
e      exact   dLoss/du                                                   (batch, n)
delta  delta   what B makes of it                                         (batch, n)
       mis     how far B's prediction is from lambda                      (batch, n)
====== ======= ========================================================== ================

Spiking form: as for FA's chain; the delta that teaches B comes through feedback neurons too.

Source: Lansdell, Prakash & Kording 2020, ICLR, C.5; after Jaderberg et al. 2016, arXiv 1608.05343.
"""

from dataclasses import replace

from snn_credit.rules.direct_feedback_alignment import FROM_OUTPUT
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK
from snn_credit.rules.node_perturbation import LANSDELL_2020
from snn_credit.rules.vocabulary import Local, Message, Rule, Update

TRUE_GRADIENT = (
    Message("grad", of="exact", frm="above", via="w"),
    Local("exact", hidden="grad*df", output="err*df"),
    Local("mis", hidden="grad - fb", output=None),
)

SG = Rule(
    name="SG",
    citation=LANSDELL_2020 + ", C.5",
    steps=(FEEDBACK, CHAIN_DELTA, *TRUE_GRADIENT),
    updates=(CHAIN_LEARN, Update("b", post="delta", pre="mis", factor="etab")),
    rates={"eta": 4e-4, "lam": 0.0, "etab": 5e-4},
)

SG_DFA = replace(
    SG,
    name="SG DFA",
    citation=LANSDELL_2020 + ", C.5, Table 2b",
    steps=(FROM_OUTPUT, CHAIN_DELTA, *TRUE_GRADIENT),
    updates=(CHAIN_LEARN, Update("b", post="delta", pre="mis", factor="etab", across="direct")),
)
