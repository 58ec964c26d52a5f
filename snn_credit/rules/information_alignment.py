"""Information alignment (IA): a weight mirror that is kept in bounds by its own reconstruction.

    R_IA = sum_l alpha P_amp + beta P_decay + gamma P_null          Kunin et al. 2020, section 4
    P_amp = -tr(h_l' B h_{l+1}),  P_decay = |B|^2 / 2,  P_null = |B h_{l+1}|^2 / 2     (Table 1)
    dB = etab ((alpha h_l - gamma B h_{l+1}) h_{l+1}' - beta B)

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
B h    rec     reconstruction of a layer from the one above               (batch, n)
       mis     alpha h - gamma rec                                        (batch, n)
alpha  c_amp   weight of 'amp'                                            number
beta   c_decay weight of 'decay'                                          number
gamma  c_null  weight of 'null'                                           number
etab   etab    rate of B                                                  number
====== ======= ========================================================== ================

Defaults: alpha = beta = gamma, with etab the weight of all three. The authors' code has amp 2e-3,
null 1e-3 and decay 1e-3, the last two without the factor 1/2.

Spiking form: h are spikes, so that B changes with the spikes of the layers at its two ends; the
reconstruction is the sum of b over the spikes above, through feedback neurons.

Source: Kunin et al. 2020, ICML.
"""

from snn_credit.rules.primitives import KUNIN_2020, aligned

IA = aligned("IA", KUNIN_2020 + ", section 4", etab=2e-3, amp=1.0, decay=1.0, null=1.0)
