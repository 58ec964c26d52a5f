"""Kolen-Pollack (KP): forward and feedback weights change alike and decay alike.

    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l)
    dW      = -eta delta_{l+1} h_l' - lam W            Kunin et al. 2020, D.3
    dB      = -eta h_l delta_{l+1}' - lam B

W - B' shrinks by (1 - lam) a step, so B becomes W' with no synapse knowing another's weight. The
change of B descends P_angle + (lam/eta) P_decay (`snn_credit.rules.primitives`), but eta and lam
are those of W, and must be: that is what makes the two meet.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
delta  delta   the modulator (Kunin's pseudogradient)                     (batch, n)
lam    lam     decay of both; must be above 0 for the two to meet         number
====== ======= ========================================================== ================

Spiking form: as for FA's chain; w and b of a synapse take the same change at each presynaptic
spike, and decay in every step.

Source: Kolen & Pollack 1994, ICNN; Akrout et al. 2019, NeurIPS 32 (decay 1e-3, times eta).
"""

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK
from snn_credit.rules.vocabulary import Rule, Update

KP = Rule(
    name="KP",
    citation="Kolen & Pollack 1994, ICNN; Kunin et al. 2020, ICML, D.3",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(CHAIN_LEARN, Update("b", post="delta", pre="h", factor="-eta", leak="lam*b")),
    rates={"eta": 1e-3, "lam": 1e-6},
)
