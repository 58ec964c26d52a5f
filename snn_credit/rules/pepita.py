"""PEPITA: present the error to perturb the input, to modulate activity.

Two windows; the second one's input carries the first one's error, and there is no backward pass:

    standard   h_l = f(W_l h_{l-1}),  h_0 = x                  Dellaferrera & Kreiman 2022, eq 1
    modulated  h_l^err = f(W_l h_{l-1}^err),  h_0^err = x + F e                             eq 2
    dW_l = -eta (h_l - h_l^err) (h_{l-1}^err)'                 hidden layers        eqs 3, 4, 6
    dW_L = -eta e (h_{L-1}^err)'                               output                  eqs 5, 6

with e = h_L - target of the standard window. With this sign the product of the forward weights
comes to anti-align with F'.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
F      b       from the output to the input, synapses of their own        (n_L, n_0)
e      e1      ``err`` at the end of the standard window                  (batch, n_L)
h_l    h1      activity at the end of the standard window                 (batch, n)
h^err  h       activity now                                               (batch, n)
F e    mod     what the error adds to the input                           (batch, n_0)
====== ======= ========================================================== ================

Deviation: the output's change has the slope df, as in every rule here; it is 1 in the paper's
networks, which end in softmax with cross-entropy. The paper has no biases and no decay.

Source: Dellaferrera & Kreiman 2022, ICML (eta 0.1: appendix A, MNIST).
"""

from snn_credit.rules.vocabulary import Local, Message, Phase, Rule, Update

PEPITA = Rule(
    name="PEPITA",
    citation="Dellaferrera & Kreiman 2022, ICML, eqs 1-6",
    steps=(
        Message("mod", of="e1", frm="output", via="b", to="input"),
        Local("delta", hidden="h1 - h", output="e1*df"),
    ),
    updates=(Update("w", post="delta", pre="h", factor="-eta", leak="lam*w", phase="modulated"),),
    phases=(
        Phase("standard", keep={"h1": "h", "e1": "err"}),
        Phase("modulated", drive="x + mod"),
    ),
    rates={"eta": 0.1, "lam": 0.0},
)
