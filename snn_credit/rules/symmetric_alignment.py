"""Symmetric alignment (SA): each feedback weight is drawn to its forward weight.

    R_SA = sum_l alpha P_self + beta P_decay,  P_self = -tr(B W),  P_decay = |B|^2 / 2
    dB   = -etab (beta B - alpha W')                   Kunin et al. 2020, section 5, Table 1

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
W      w       forward weights                                            (n_post, n_pre)
alpha  c_self  weight of 'self'                                           number
beta   c_decay weight of 'decay'                                          number
etab   etab    rate of B                                                  number
====== ======= ========================================================== ================

With alpha = beta it is the gradient of |B - W'|^2 / 2, times alpha.

Defaults: alpha = beta, so that B goes to W', as in section 5 and in the authors' code (self 2e-3,
decay 1e-3 without the factor 1/2). Appendix B.2 prints beta = 2 alpha, which goes to W'/2.
B reads W: this is weight transport, spread over time.

Spiking form: as for FA's chain; each synapse draws its b to its w in every step.

Source: Kunin et al. 2020, ICML.
"""

from snn_credit.rules.primitives import KUNIN_2020, aligned

SA = aligned("SA", KUNIN_2020 + ", section 5", etab=2e-3, self=1.0, decay=1.0)
