"""Backpropagation with one feature of feedback alignment at a time: two controls.

Moskovitz et al. 2018, section 5.3, ask what it is in feedback alignment that costs performance: a
signal at an angle to the gradient, or forward weights that are drawn to a random matrix.

`BP_NOISE`: each neuron learns from its error signal plus noise of the same variance,

    delta_l = (W_{l+1}' delta_{l+1}) o f'(u_l)
    s_l     = delta_l o (1 + xi_l)
    dW_l    = -eta s_l h_{l-1}' - lam W_l

so that s is at about 45 degrees to delta in every layer. Deviations: the paper says only that the
variance was about that of the gradients; here it is that of each neuron's own signal, which needs
no statistics of the layer. delta goes down without the noise: with it, the angle would grow from
layer to layer, and the paper's stays at 45 degrees.

`BP_ALIGNMENT`: a penalty lambda sum_l |W_l - V_l|^2 beside the loss (eq 9),

    dW_l = -eta delta_l h_{l-1}' - 2 eta lambda (W_l - V_l) - lam W_l

with fixed random V, of which the paper does not say how it was drawn: here V_l has the first values
of W_l in another order, so the same distribution and no correlation.

======== ======= ========================================================== ================
symbol   name    meaning                                                    shape
======== ======= ========================================================== ================
W        w       forward weights                                            (n_post, n_pre)
V        v       what they are drawn to; it carries nothing                 (n_post, n_pre)
delta    delta   dLoss/du                                                   (batch, n)
s        signal  what a neuron learns from                                  (batch, n)
xi       noise   normal, of standard deviation sig, so that noise/sig is xi (batch, n)
lambda   lama    strength of the penalty                                    number
======== ======= ========================================================== ================

Spiking form: as for BP, with xi = (s - p)/sqrt(p (1 - p)); V is made when the simulation begins.

Source: Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488.
"""

from dataclasses import replace
from typing import Any

from snn_credit.rules.expressions import library_of
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, RATES
from snn_credit.rules.sign_concordant_feedback import MOSKOVITZ_2018
from snn_credit.rules.vocabulary import Host, Local, Message, Rule, Update

FEEDBACK = Message("fb", of="delta", frm="above", via="w")


def reordered(w: Any) -> Any:
    """Return the matrix's values in another order, always the same for a matrix of that size."""
    import numpy as np

    flat = w.reshape(-1)
    order: Any = np.random.default_rng(len(flat)).permutation(len(flat))
    library = library_of(w)
    if library is not np:
        order = library.as_tensor(order, device=w.device)
    return flat[order].reshape(w.shape)


BP_NOISE = Rule(
    name="BP + noise",
    citation=MOSKOVITZ_2018 + ", section 5.3",
    steps=(
        FEEDBACK,
        CHAIN_DELTA,
        Local("signal", hidden="delta*(1 + noise/sig)", output="delta*(1 + noise/sig)"),
    ),
    updates=(replace(CHAIN_LEARN, post="signal"),),
    rates={**RATES, "sig": 1.0},
    needs=("noise",),
)

BP_ALIGNMENT = Rule(
    name="BP + alignment",
    citation=MOSKOVITZ_2018 + ", eq 9",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(
        CHAIN_LEARN,
        Update("w", post="0", pre="0", factor="0", leak="2*eta*lama*(w - v)"),
    ),
    host=(Host("v", fn=reordered, reads=("w",), every="start"),),
    rates={**RATES, "lama": 1e-3},
)
