"""Activation alignment (AA): the feedback weights, used upwards, are made to give the activity.

    R_AA = sum_l alpha P_amp + beta P_sparse                        Kunin et al. 2020, section 5
    P_amp = -tr(h_l' B h_{l+1}),  P_sparse = |h_l' B|^2 / 2         (Table 1)
    dB = etab h_l (alpha h_{l+1} - beta B' h_l)'

====== ======== ========================================================== ================
symbol name     meaning                                                    shape
====== ======== ========================================================== ================
B      b        feedback weights, stored transposed, beside their w        (n_post, n_pre)
B' h   proj     the lower layer's activity, sent up through B              (batch, n)
       apart    alpha h - beta proj                                        (batch, n)
alpha  c_amp    weight of 'amp'                                            number
beta   c_sparse weight of 'sparse'                                         number
etab   etab     rate of B                                                  number
====== ======== ========================================================== ================

With alpha = beta and h_{l+1} = W h_l it is the gradient of |W h - B' h|^2 / 2, times alpha.

No synapse reads a W, but B carries messages both ways: the rule is not local.
alpha = beta as in section 5 and in the authors' code (amp 2e-3, sparse 1e-3 without the factor
1/2); appendix B.2 prints beta = 2 alpha, with which B goes to W'/2.

Spiking form: h are spikes; the sum of b over the spikes below reaches the layer above in the step.

Source: Kunin et al. 2020, ICML.
"""

from snn_credit.rules.primitives import KUNIN_2020, aligned

AA = aligned("AA", KUNIN_2020 + ", section 5", etab=2e-3, amp=1.0, sparse=1.0)
