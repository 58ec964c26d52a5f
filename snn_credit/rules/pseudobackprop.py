"""Pseudobackprop (PBP): backpropagation with W's pseudoinverse in place of its transpose.

    delta_l = (W_{l+1}^+ delta_{l+1}) o f'(u_l)        Lillicrap et al. 2016, Supplementary Note 14,
    dW_l    = -eta delta_l h_{l-1}' - lam W_l          eqs 55, 57

Gauss-Newton for the hidden units, which FA comes to resemble (Note 13, Theorem 2).

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
W      w       forward weights                                            (n_post, n_pre)
W^+    b       their Moore-Penrose pseudoinverse, stored transposed       (n_post, n_pre)
====== ======= ========================================================== ================

Spiking form: as for FA, with B made anew between chunks of the simulation.

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276.
"""

from typing import Any

from snn_credit.errors import InputError
from snn_credit.rules.expressions import library_of
from snn_credit.rules.feedback_alignment import (
    CHAIN_DELTA,
    CHAIN_LEARN,
    FEEDBACK,
    LILLICRAP_2016,
    RATES,
)
from snn_credit.rules.vocabulary import Host, Rule


def transposed_pseudoinverse(b: Any, w: Any) -> Any:
    """Return (W^+)' for one matrix of forward weights; ``b`` only says that it is wanted.

    Singular values below the largest times eps times the larger dimension count as zero. numpy's
    own 1e-15 would take the rounding of a W of lower rank for a part of it.
    """
    if w.ndim != 2:
        raise InputError(f"W: a matrix (n_post, n_pre), which has a pseudoinverse (got {w.shape})")
    library = library_of(w)
    rtol = max(w.shape) * float(library.finfo(w.dtype).eps)
    return library.linalg.pinv(w, rtol=rtol).T


PSEUDOBACKPROP = Rule(
    name="pseudobackprop",
    citation=LILLICRAP_2016 + ", Supplementary Note 14",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    host=(Host("b", fn=transposed_pseudoinverse, reads=("b", "w")),),
    rates=RATES,
)
