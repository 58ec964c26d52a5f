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

Variants of the paper, which differ from it in one respect each:

`PEPITA_FIRST_PASS`   dW_l = -eta (h_l - h_l^err) h_{l-1}', dW_L = -eta e h_{L-1}'   section 3.2,
                      appendix E: the presynaptic factor is that of the standard window (so
                      biases, which belong to a factor ``h``, do not learn); a pool between
                      layers passes it on from the neurons that win in the modulated window
`PEPITA_SECOND_ERROR` dW_L = -eta e^err (h_{L-1}^err)', with e^err = h_L^err - target; as in the
                      authors' published code, where Algorithm 1 has e
`PEPITA_MINUS`        h_0^err = x - F e: the weights come to align with F'           section 4.3
`PEPITA_RANDOM`       h_0^err = x + F r: a control, r random and without e           eq 11

======= ======= ========================================================= ================
r       r       random numbers of the output neurons, times the paper's k (batch, n_L)
======= ======= ========================================================= ================

Spiking form (`snn_credit.models.pepita_spiking`): h1 and h of delta are traces of a neuron's
spikes, h1 as the soma has kept it and h as the dendrite has it before the spike of this step; the
presynaptic factor is the spike; e is that of the output's traces. Nothing is reset in between.

Source: Dellaferrera & Kreiman 2022, ICML (eta 0.1: appendix A, MNIST).
"""

from dataclasses import replace

from snn_credit.rules.vocabulary import Local, Message, Phase, Rule, Update

_FEEDBACK = Message("mod", of="e1", frm="output", via="b", to="input")
_DELTA = Local("delta", hidden="h1 - h", output="e1*df")
_LEARN = Update("w", post="delta", pre="h", factor="-eta", leak="lam*w", phase="modulated")
_STANDARD = Phase("standard", keep={"h1": "h", "e1": "err"})
_MODULATED = Phase("modulated", drive="x + mod")

PEPITA = Rule(
    name="PEPITA",
    citation="Dellaferrera & Kreiman 2022, ICML, eqs 1-6",
    steps=(_FEEDBACK, _DELTA),
    updates=(_LEARN,),
    phases=(_STANDARD, _MODULATED),
    rates={"eta": 0.1, "lam": 0.0},
)

PEPITA_FIRST_PASS = replace(PEPITA, name="PEPITA first pass", updates=(replace(_LEARN, pre="h1"),))

PEPITA_SECOND_ERROR = replace(
    PEPITA, name="PEPITA second error", steps=(_FEEDBACK, replace(_DELTA, output="err*df"))
)

PEPITA_MINUS = replace(
    PEPITA, name="PEPITA minus", phases=(_STANDARD, replace(_MODULATED, drive="x - mod"))
)

PEPITA_RANDOM = replace(
    PEPITA, name="PEPITA random", steps=(replace(_FEEDBACK, of="r"), _DELTA), needs=("r",)
)
