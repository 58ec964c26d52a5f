"""Weight mirror (WM): feedback weights learn from the response of the layer above to noise.

In a window of its own each layer emits noise, the layer above responds, and a Hebbian change with
decay makes the feedback weights proportional to the forward weights:

    dB = etab xi_l y_{l+1}' - lamb B                   Akrout et al. 2019; Kunin et al. 2020, 3.2
    y_{l+1} = W_{l+1} xi_l,  so that E[xi y'] = var(xi) W'
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
xi     noise   what a neuron emits in the window 'mirror'                 (batch, n)
y      hn      the response to the lower layer's noise                    (batch, n)
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
lamb   lamb    decay of B                                                 number
====== ======= ========================================================== ================

Defaults: etab and the noise (uniform in +-0.05) are the authors'; lamb is etab times the noise's
variance, with which B settles on W' itself (the stable line of Kunin's eq 1).

Deviation: the response is taken before the activation function. Kunin's P_amp is the same change
with the activities h in place of noise and response.

Source: Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019, NeurIPS 32.
"""

from dataclasses import replace

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.vocabulary import Message, Phase, Rule, Update

NOISE_VARIANCE = 0.05**2 / 3  # of the uniform distribution in +-0.05

WM = Rule(
    name="WM",
    citation="Akrout et al. 2019, NeurIPS 32",
    steps=(FEEDBACK, CHAIN_DELTA, Message("hn", of="noise", frm="below", via="w")),
    updates=(
        replace(CHAIN_LEARN, phase="standard"),
        Update("b", post="hn", pre="noise", factor="etab", leak="lamb*b", phase="mirror"),
    ),
    phases=(Phase("standard"), Phase("mirror")),
    rates={**RATES, "etab": 0.01, "lamb": 0.01 * NOISE_VARIANCE},
    needs=("noise",),
)
