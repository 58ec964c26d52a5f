"""Matched: "updates to B match updates to W and weight decay is added" (Lansdell et al. 2020, 4.2).

The paper prints no equation (4.2, C.5, after Rombouts et al. 2015). What its sentence says is

    delta_l  = (B_{l+1} delta_{l+1}) o f'(u_l)
    dW_{l+1} = -eta delta_{l+1} h_l' - lam W_{l+1}
    dB_{l+1} = -eta h_l delta_{l+1}' - lam B_{l+1}

B takes W's update, transposed, and both decay: W - B' shrinks by (1 - lam) a step. That is
Kolen-Pollack's rule (`snn_credit.rules.kolen_pollack`), which is declared there once.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
delta  delta   the modulator                                              (batch, n)
lam    lam     decay of both; must be above 0 for the two to meet         number
====== ======= ========================================================== ================

Spiking form: that of Kolen-Pollack's rule.

Source: Lansdell, Prakash & Kording 2020, ICLR.
"""

from dataclasses import replace

from snn_credit.rules.kolen_pollack import KP
from snn_credit.rules.node_perturbation import LANSDELL_2020

MATCHED = replace(KP, name="matched", citation=LANSDELL_2020 + ", C.5")
