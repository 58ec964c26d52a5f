"""Feedback alignment (FA): the error descends through fixed random weights.

Two forms are in the literature, and they differ where a network has several hidden layers.

`FA`, Lillicrap et al. 2016 (eq 1; Methods of Figs 3, 4; eqs 6, 8). The message carries delta as it
is; the slope f' enters only where a synapse changes, so no derivative travels between neurons:

    delta_L = err
    delta_l = B_{l+1} delta_{l+1}
    dW_l    = -eta (delta_l o f'(u_l)) h_{l-1}' - lam W_l

`FA_CHAIN`, as in Moskovitz et al. 2018 (eq 3), Lansdell et al. 2020 (2.1), Kunin et al. 2020 and
Dellaferrera & Kreiman 2022. It is BP with B in place of W', slopes included:

    delta_L = err o f'(u_L)
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l)
    dW_l    = -eta delta_l h_{l-1}' - lam W_l

`SPARSE_FA`: Lillicrap et al. 2016, Results on Fig 3: half of the elements of B do not exist. (They
removed half of W's too: those synapses are missing from the network, whatever the rule.)

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
mask   mask    1 where there is a feedback synapse, 0 where there is none (n_post, n_pre)
B d    fb      what a neuron receives of the layer above                  (batch, n)
delta  delta   the modulator                                              (batch, n)
err    err     dLoss/dh of the output (the paper's e has the other sign)  (batch, n_L)
f'     df      slope of the activation                                    (batch, n)
eta    eta     learning rate                                              number
lam    lam     weight decay per step (the paper's alpha, gamma)           number
====== ======= ========================================================== ================

Spiking form (Lillicrap et al. 2016, eqs 5-8), in every time step and with each presynaptic spike:

    U_l <- (1 - tau) U_l + tau B_{l+1} delta_{l+1},  delta_l = phi(U_l),  phi = 2 sigmoid - 1
    dW_l = -eta (delta_l o p_l (1 - p_l)) s_{l-1}',  delta_L = phi(low pass of s_L - target)

It departs from the static form in that delta is a squashed low pass; the chain's is that times f'.

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276.
"""

from snn_credit.rules.vocabulary import Local, Message, Rule, Update

LILLICRAP_2016 = "Lillicrap et al. 2016, Nat Commun 7, 13276"
RATES = {"eta": 1e-3, "lam": 0.0}

DELTA = Local("delta", hidden="fb", output="err")
LEARN = Update("w", post="delta*df", pre="h", factor="-eta", leak="lam*w")

# The chain's parts, which the rules that learn their b share.
FEEDBACK = Message("fb", of="delta", frm="above", via="b")
CHAIN_DELTA = Local("delta", hidden="fb*df", output="err*df")
CHAIN_LEARN = Update("w", post="delta", pre="h", factor="-eta", leak="lam*w")

FA = Rule(
    name="FA", citation=LILLICRAP_2016, steps=(FEEDBACK, DELTA), updates=(LEARN,), rates=RATES
)

SPARSE_FA = Rule(
    name="sparse FA",
    citation=LILLICRAP_2016,
    steps=(Message("fb", of="delta", frm="above", via="b*mask"), DELTA),
    updates=(LEARN,),
    rates=RATES,
)

FA_CHAIN = Rule(
    name="FA chain",
    citation="Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488, eq 3",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    rates=RATES,
)
