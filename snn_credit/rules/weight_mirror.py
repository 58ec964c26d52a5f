"""Weight mirror (WM): feedback weights learn from the response of the layer above to noise.

`WM`: in a window of its own each layer emits noise, the layer above responds, and a Hebbian change
with decay makes the feedback weights proportional to the forward weights:

    dB = etab (alpha xi_l y_{l+1}' / var(xi) - beta B)              Akrout et al. 2019
    y_{l+1} = W_{l+1} xi_l,  so that E[xi y'] = var(xi) W'

`WM_ACTIVITY`: the same change with the layers' own activities in place of noise and response,

    R_WM = sum_l alpha P_amp + beta P_decay                         Kunin et al. 2020, 3.2
    dB   = etab (alpha h_l h_{l+1}' - beta B)

which is unstable, since nothing ties the size of h to beta: B diverges or collapses as the mean of
h^2 is above or below beta/alpha (section 4). Given `snn_credit.rate.Operations` with noise of
standard deviation sig it is Kunin's weight mirror, stable where alpha sig^2 = beta.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
xi     noise   what a neuron emits in the window 'mirror'                 (batch, n)
y      hn      the response to the lower layer's noise                    (batch, n)
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
       sig     standard deviation of the noise                            number
       probe   xi / var(xi)                                               (batch, n)
alpha  c_amp   weight of 'amp'                                            number
beta   c_decay weight of 'decay', lambda_WM / etab                        number
====== ======= ========================================================== ================

Defaults: the noise's size is the authors' (uniform in +-0.05), and with alpha = beta B settles on
W' itself (the stable line of Kunin's eq 1).

Deviations: the response is taken before the activation function; where the path draws the noise it
is normal; and it is divided by its variance, so that etab is a rate per step whatever its size.

Spiking form: xi is s - p, and hn the sum of w over it, which only carries what is by chance. In
`snn_credit.rules.weight_estimation` the potential itself is read, which carries everything.

Source: Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019, NeurIPS 32; Kunin et al. 2020, ICML.
"""

from dataclasses import replace
from math import sqrt

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.primitives import KUNIN_2020, aligned
from snn_credit.rules.vocabulary import Local, Message, Phase, Rule, Update

WM = Rule(
    name="WM",
    citation="Akrout et al. 2019, NeurIPS 32",
    steps=(
        FEEDBACK,
        CHAIN_DELTA,
        Message("hn", of="noise", frm="below", via="w"),
        Local("probe", hidden="noise/sig**2", output=None),
    ),
    updates=(
        replace(CHAIN_LEARN, phase="standard"),
        Update(
            "b",
            post="hn",
            pre="probe",
            factor="etab*c_amp",
            leak="etab*c_decay*b",
            phase="mirror",
        ),
    ),
    phases=(Phase("standard"), Phase("mirror")),
    rates={**RATES, "etab": 0.01, "c_amp": 1.0, "c_decay": 1.0, "sig": 0.05 / sqrt(3)},
    needs=("noise",),
)

WM_ACTIVITY = aligned("WM on activity", KUNIN_2020 + ", section 3.2", etab=2e-3, amp=1.0, decay=1.0)
