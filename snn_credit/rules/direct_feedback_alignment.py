"""Direct feedback alignment (DFA) and its relatives: feedback that skips layers.

`DFA` (Nokland 2016; Lansdell et al. 2020, Corollary 1): the output's error goes straight to every
hidden layer, through a random matrix for each.

    delta_l = (B_l err) o f'(u_l)

`DENSE_FA` (Moskovitz et al. 2018, section 4): every layer receives delta from all layers above it.

    delta_l = (sum_{m > l} B_{l,m} delta_m) o f'(u_l)

All of them: delta_L = err o f'(u_L) and dW_l = -eta delta_l h_{l-1}' - lam W_l.

====== ======= ========================================================== ======================
symbol name    meaning                                                    shape
====== ======= ========================================================== ======================
B_l    b       feedback from layer m to layer l, synapses of their own    (n_sender, n_receiver)
err    err     dLoss/dh of the output                                     (batch, n_L)
delta  delta   the modulator                                              (batch, n)
f'     df      slope of the activation                                    (batch, n)
====== ======= ========================================================== ======================

Deviation: Nokland projects the derivative of the loss at the output's pre-activation. For softmax
with cross-entropy, where df = 1 by definition, that is ``err``.

Spiking form: as for FA, with one feedback neuron for each hidden neuron, which receives err, or the
delta of all layers above, in the step in which it is made.

Sources: Nokland 2016, NeurIPS 29; Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488.
"""

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, RATES
from snn_credit.rules.vocabulary import Message, Rule

# The output's modulator, which rules that learn this b take (Lansdell et al. 2020, Corollary 1).
FROM_OUTPUT = Message("fb", of="delta", frm="output", via="b")

DFA = Rule(
    name="DFA",
    citation="Nokland 2016, NeurIPS 29, 1037",
    steps=(Message("fb", of="err", frm="output", via="b"), CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    rates=RATES,
)

DENSE_FA = Rule(
    name="DenseFA",
    citation="Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488, section 4",
    steps=(Message("fb", of="delta", frm="all_above", via="b"), CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    rates=RATES,
)
