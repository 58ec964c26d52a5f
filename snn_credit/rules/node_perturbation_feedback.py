"""Feedback weights learned by node perturbation (Lansdell et al. 2020).

The error descends through B as in FA's chain, and B learns to predict what perturbations say:

    delta_l   = (B_{l+1} delta_{l+1}) o f'(u_l)              2.1, with g = B' e~ (4.1)
    lambda^_l = (L~ - L) xi_l / sig^2                        eq 2
    B_{l+1}   = argmin E |B delta_{l+1} - lambda^_l|^2       eq 3

by following the gradient of eq 3 (its factor 2 is in etab):

    dB_{l+1} = etab (lambda^_l - B_{l+1} delta_{l+1}) delta_{l+1}'

`NP_FEEDBACK_DFA` is the same with feedback from the output straight to each hidden layer (4.3; in
section 3, Corollary 1): e_L takes the place of delta_{l+1}, and B_l goes to the product of the W
above.

    delta_l = (B_l e_L) o f'(u_l)

`NP_FEEDBACK_WEIGHTED` and `NP_FEEDBACK_DFA_WEIGHTED` weigh eq 3 by the noise's variance, so that
neurons that hardly ever do anything else than usual do not divide by it:

    dB_{l+1} = etab ((L~ - L) xi_l - sig^2 B_{l+1} delta_{l+1}) delta_{l+1}'

Spiking form: L~ - L is how much the loss is above its running mean, as a critic tells it; xi is
s - p with the variance p (1 - p), or noise that is injected. delta_{l+1} has heard of xi_l in its
own step, so where the mean of dL is not 0 a regression on it finds W' without any loss. Where a
critic tells dL, B therefore learns from the delta_{l+1} of the step before: what the two steps have
in common is the stimulus.

`snn_credit.rules.node_perturbation_ridge` solves eq 3 in place of following its gradient.

======== ======= ======================================================== ================
symbol   name    meaning                                                  shape
======== ======= ======================================================== ================
xi       noise   perturbation that was added to h                         (batch, n)
L~ - L   dL      loss with the noise minus loss without, of each example  (batch, 1)
lambda^          estimate of dLoss/dh                                     (batch, n)
         mis     how far B's prediction is from it                        (batch, n)
e_L      delta   of the output layer: err o f'(u_L)                       (batch, n_L)
======== ======= ======================================================== ================

Source: Lansdell, Prakash & Kording 2020, ICLR (rates: C.1).
"""

from dataclasses import replace

from snn_credit.rules.direct_feedback_alignment import FROM_OUTPUT
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK
from snn_credit.rules.node_perturbation import LANSDELL_2020, NP_RATES
from snn_credit.rules.vocabulary import Local, Rule, Update

MISMATCH = Local("mis", hidden="dL*noise/sig**2 - fb", output=None)

NP_FEEDBACK = Rule(
    name="NP feedback",
    citation=LANSDELL_2020 + ", eqs 2, 3",
    steps=(FEEDBACK, CHAIN_DELTA, MISMATCH),
    updates=(CHAIN_LEARN, Update("b", post="delta", pre="mis", factor="etab")),
    rates={**NP_RATES, "etab": 5e-4},
    needs=("noise", "dL"),
)

WEIGHTED = replace(MISMATCH, hidden="dL*noise - sig**2*fb")
NP_FEEDBACK_WEIGHTED = replace(
    NP_FEEDBACK, name="NP feedback weighted", steps=(FEEDBACK, CHAIN_DELTA, WEIGHTED)
)

NP_FEEDBACK_DFA = replace(
    NP_FEEDBACK,
    name="NP feedback DFA",
    citation=LANSDELL_2020 + ", eq 3, section 4.3",
    steps=(FROM_OUTPUT, CHAIN_DELTA, MISMATCH),
    updates=(CHAIN_LEARN, Update("b", post="delta", pre="mis", factor="etab", across="direct")),
)

NP_FEEDBACK_DFA_WEIGHTED = replace(
    NP_FEEDBACK_DFA, name="NP feedback DFA weighted", steps=(FROM_OUTPUT, CHAIN_DELTA, WEIGHTED)
)
