"""Uniform sign-concordant feedback (uSF): the feedback weights share the signs of the forward ones.

    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l)          Moskovitz et al. 2018, eq 3
    uSF Init   B_t = |B_0| o sign(W_t)                 eq 4
    uSF SN     B_t = |W_t|_2 sign(W_t) / |sign(W_t)|_2 eq 5 (strict normalisation)

with the Euclidean norm of the whole matrix in eq 5. Their E/I variant is uSF Init under the
constraint 'frozen signs' (`snn_credit.rules.constraints`).

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
W      w       forward weights                                            (n_post, n_pre)
B      b       feedback weights, stored transposed; only |b| matters here (n_post, n_pre)
delta  delta   the modulator                                              (batch, n)
f'     df      slope of the activation                                    (batch, n)
====== ======= ========================================================== ================

Both read the forward weights' signs, which is weight transport of one bit a synapse.

Spiking form: as for FA's chain. Init's signs follow W's in every step, each in its own synapse; the
norms of SN, which are of whole matrices, are taken anew between chunks of the simulation.

Source: Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488; Liao, Leibo & Poggio 2016.
"""

from typing import Any

from snn_credit.rules.expressions import library_of
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.vocabulary import Host, Message, Rule

MOSKOVITZ_2018 = "Moskovitz, Litwin-Kumar & Abbott 2018, arXiv 1812.06488"


def strict_normalisation(b: Any, w: Any) -> Any:
    """Return eq 5's feedback for one matrix of forward weights; ``b`` only says it exists."""
    library = library_of(w)
    signs = library.sign(w)
    return signs * (library.linalg.norm(w) / library.linalg.norm(signs))


USF_INIT = Rule(
    name="uSF Init",
    citation=MOSKOVITZ_2018 + ", eq 4",
    steps=(Message("fb", of="delta", frm="above", via="abs(b)*sign(w)"), CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    rates=RATES,
)

USF_SN = Rule(
    name="uSF SN",
    citation=MOSKOVITZ_2018 + ", eq 5",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(CHAIN_LEARN,),
    host=(Host("b", fn=strict_normalisation, reads=("b", "w")),),
    rates=RATES,
)
