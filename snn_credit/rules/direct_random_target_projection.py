"""Direct random target projection (DRTP): hidden layers are told the target, not the error.

    delta_l = (B_l y*) o f'(u_l)         hidden layers
    delta_L = err o f'(u_L)
    dW_l    = -eta delta_l h_{l-1}' - lam W_l

====== ======= ========================================================== ======================
symbol name    meaning                                                    shape
====== ======= ========================================================== ======================
B_l    b       projection of the target on layer l                        (n_L, n_l)
y*     ystar   the target (one-hot)                                       (batch, n_L)
f'     df      slope of the activation                                    (batch, n)
====== ======= ========================================================== ======================

The sign of B is arbitrary: its entries are random and symmetric about 0.

Spiking form: the target neurons' ystar reaches the hidden layers' feedback neurons in every step.

Source: Frenkel, Lefebvre & Bol 2019, arXiv 1909.01311; rate 0.01 as in Dellaferrera & Kreiman
2022, Table 2.
"""

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN
from snn_credit.rules.vocabulary import Message, Rule

DRTP = Rule(
    name="DRTP",
    citation="Frenkel, Lefebvre & Bol 2019, arXiv 1909.01311",
    steps=(Message("fb", of="ystar", frm="output", via="b"), CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    rates={"eta": 0.01, "lam": 0.0},
)
