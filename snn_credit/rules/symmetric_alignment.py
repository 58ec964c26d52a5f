"""Symmetric alignment (SA): each feedback weight is drawn to its forward weight.

    R_SA = sum_l alpha P_self + beta P_decay,  P_self = -tr(B W),  P_decay = |B|^2 / 2
    dB   = -etab (beta B - alpha W')                   Kunin et al. 2020, section 5, Table 1
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
W      w       forward weights                                            (n_post, n_pre)
alpha  alpha   weight of 'self'                                           number
beta   beta    weight of 'decay'                                          number
etab   etab    rate of B                                                  number
====== ======= ========================================================== ================

Defaults: alpha = beta, so that B goes to W', as in section 5 and in the authors' code (self 2e-3,
decay 1e-3 without the factor 1/2). Appendix B.2 prints beta = 2 alpha, which goes to W'/2.
B reads W: this is weight transport, spread over time.

Source: Kunin et al. 2020, ICML.
"""

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.vocabulary import Rule, Update

KUNIN_2020 = "Kunin et al. 2020, ICML"

SA = Rule(
    name="SA",
    citation=KUNIN_2020 + ", section 5",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(
        CHAIN_LEARN,
        Update("b", post="0", pre="0", factor="0", leak="etab*(beta*b - alpha*w)"),
    ),
    rates={**RATES, "etab": 2e-3, "alpha": 1.0, "beta": 1.0},
)
