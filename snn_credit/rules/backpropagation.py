"""Backpropagation (BP): the error descends through the transposed forward weights.

    delta_L = err o f'(u_L)
    delta_l = (W_{l+1}' delta_{l+1}) o f'(u_l)         Lillicrap et al. 2016, Methods; Moskovitz
    dW_l    = -eta delta_l h_{l-1}' - lam W_l          et al. 2018, eq 2

====== =============== ======================================= ==================
symbol name            meaning                                 shape
====== =============== ======================================= ==================
W      w               forward weights                         (n_post, n_pre)
err    err             dLoss/dh of the output                  (batch, n_L)
f'     df              slope of the activation                 (batch, n)
delta  delta           dLoss/du                                (batch, n)
eta    eta             learning rate                           number
lam    lam             weight decay per step                   number
====== =============== ======================================= ==================

It is the control: it needs weight transport, and says so (`Rule.weight_transport`).

Spiking form: h is 1 in the step in which a neuron spikes and f' = p (1 - p) of that step. delta
comes down within the step and is integrated by a feedback neuron for each hidden one (Lillicrap
et al. 2016, eq 6); W changes with each presynaptic spike. It is a control: weights are transported.

Source: Rumelhart, Hinton & Williams 1986, Nature 323, 533.
"""

from snn_credit.rules.vocabulary import Local, Message, Rule, Update

BP = Rule(
    name="BP",
    citation="Rumelhart, Hinton & Williams 1986, Nature 323, 533",
    steps=(
        Message("fb", of="delta", frm="above", via="w"),
        Local("delta", hidden="fb*df", output="err*df"),
    ),
    updates=(Update("w", post="delta", pre="h", factor="-eta", leak="lam*w"),),
    rates={"eta": 1e-3, "lam": 0.0},
)
