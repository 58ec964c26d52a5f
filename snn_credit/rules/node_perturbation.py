"""Node perturbation (NP): each neuron tries noise, and one number says what came of it.

    lambda^_l = (L~ - L) xi_l / sig^2                        Lansdell et al. 2020, eq 2
    dW_l      = -eta (lambda^_l o f'(u_l)) h_{l-1}' - lam W_l

The output layer is given its error, as in Lillicrap et al. 2016, Methods of Fig 2: delta_L = err.

======== ====== ========================================================== ================
symbol   name   meaning                                                    shape
======== ====== ========================================================== ================
xi       noise  perturbation that was added to h (the paper's c_h xi)      (batch, n)
L~ - L   dL     loss with the noise minus loss without, of each example    (batch, 1)
sig      sig    the noise's standard deviation (the paper's c_h)           number
lambda^  delta  estimate of dLoss/dh                                       (batch, n)
======== ====== ========================================================== ================

``h``, ``df`` and ``err`` are those of the run without noise (Lansdell et al. 2020, 2.2).

Spiking form: xi = s - p, whose variance p (1 - p) is f', so dW = -eta dL (s - p)_l s_{l-1}' at each
presynaptic spike (or noise that is injected). There is no second run: a critic tells L less its
running mean. If that is late, what it multiplies waits in a trace: e <- g e + (s - p)_l s_{l-1}'.

Source: Fiete & Seung 2006, PRL 97, 048104; Lansdell, Prakash & Kording 2020, ICLR.
"""

from snn_credit.rules.feedback_alignment import LEARN
from snn_credit.rules.vocabulary import Local, Rule

LANSDELL_2020 = "Lansdell, Prakash & Kording 2020, ICLR"
# eta: Lansdell et al. 2020, C.1, as is sig.
NP_RATES = {"eta": 4e-4, "lam": 0.0, "sig": 0.01}

NP = Rule(
    name="NP",
    citation="Fiete & Seung 2006, PRL 97, 048104; " + LANSDELL_2020 + ", eq 2",
    steps=(Local("delta", hidden="dL*noise/sig**2", output="err"),),
    updates=(LEARN,),
    rates=NP_RATES,
    needs=("noise", "dL"),
)
