"""Activation alignment (AA): the feedback weights, used upwards, are made to give the activity.

    R_AA = sum_l alpha P_amp + beta P_sparse                        Kunin et al. 2020, section 5
    P_amp = -tr(h_l' B h_{l+1}),  P_sparse = |h_l' B|^2 / 2         (Table 1)
    dB = etab h_l (h_{l+1} - B' h_l)'                               with alpha = beta = etab
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
B' h   proj    the lower layer's activity, sent up through B              (batch, n)
====== ======= ========================================================== ================

No synapse reads a W, but B carries messages both ways: the rule is not local.
alpha = beta as in section 5 and in the authors' code (amp 2e-3, sparse 1e-3 without the factor
1/2); appendix B.2 prints beta = 2 alpha, with which B goes to W'/2.

Source: Kunin et al. 2020, ICML.
"""

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.symmetric_alignment import KUNIN_2020
from snn_credit.rules.vocabulary import Message, Rule, Update

AA = Rule(
    name="AA",
    citation=KUNIN_2020 + ", section 5",
    steps=(
        FEEDBACK,
        CHAIN_DELTA,
        Message("proj", of="h", frm="below", via="b"),
    ),
    updates=(CHAIN_LEARN, Update("b", post="h - proj", pre="h", factor="etab")),
    rates={**RATES, "etab": 2e-3},
)
