"""Information alignment (IA): a weight mirror that is kept in bounds by its own reconstruction.

    R_IA = sum_l alpha P_amp + beta P_decay + gamma P_null          Kunin et al. 2020, section 4
    P_amp = -tr(h_l' B h_{l+1}),  P_decay = |B|^2 / 2,  P_null = |B h_{l+1}|^2 / 2     (Table 1)
    dB = etab ((alpha h_l - gamma B h_{l+1}) h_{l+1}' - beta B)
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
B h    rec     reconstruction of a layer from the one above               (batch, n)
       mis     alpha h - gamma rec                                        (batch, n)
====== ======= ========================================================== ================

Defaults: alpha = beta = gamma, with etab the weight of all three. The authors' code has amp 2e-3,
null 1e-3 and decay 1e-3, the last two without the factor 1/2.

Source: Kunin et al. 2020, ICML.
"""

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.symmetric_alignment import KUNIN_2020
from snn_credit.rules.vocabulary import Local, Message, Rule, Update

IA = Rule(
    name="IA",
    citation=KUNIN_2020 + ", section 4",
    steps=(
        FEEDBACK,
        CHAIN_DELTA,
        Message("rec", of="h", frm="above", via="b"),
        Local("mis", hidden="alpha*h - gamma*rec", output=None),
    ),
    updates=(CHAIN_LEARN, Update("b", post="h", pre="mis", factor="etab", leak="etab*beta*b")),
    rates={**RATES, "etab": 2e-3, "alpha": 1.0, "beta": 1.0, "gamma": 1.0},
)
