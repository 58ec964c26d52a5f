"""Weight estimation (WE): a neuron's own randomness tells its synapses how strong others are.

Whatever a neuron does by chance, and no other does, is an experiment: what follows it above is
caused by it. Its noise xi has no mean, is independent of all that reaches the neuron, and is a part
of its activity; so

    E[du_{l+1,i} xi_{l,j}] = w_ij E[xi_{l,j}^2]

and the regression of the potential above on the noise below, synapse by synapse, estimates W
without reading it:

    WE      dB_ij = etab (du_{l+1,i} - B_ij xi_{l,j}) xi_{l,j}   the mirror's: Akrout et al. 2019
    WE SA   dC_ij = etaw (du_{l+1,i} - C_ij xi_{l,j}) xi_{l,j}   C estimates W,
            dB    = -etab (beta B_{l+1} - alpha C_{l+1})         B aligns with C: Kunin et al. 2020
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

Both learn in ordinary activity. `in_mirror` moves the estimate to a window of its own.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
xi     noise   what is a neuron's own in its activity                     (batch, n)
du     du      deviation of the potential above from its mean             (batch, n)
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
C      west    estimate of W                                              (n_post, n_pre)
alpha  c_self  weight of 'self'                                           number
beta   c_decay weight of 'decay'                                          number
====== ======= ========================================================== ================

Spiking form: (a) of a neuron that spikes with probability p, xi = s - p. (b) A neuron with a
threshold that is not crossed by chance has no such noise, but whether its potential came to lie
just above the threshold or just below is as good as chance: regression discontinuity design. There
xi is the weight that a piecewise linear fit gives to the moment, k/E[k^2]
(`snn_credit.models.lif`). Rate form: xi is drawn, of standard deviation ``sig``, and du is what
comes of it above, W xi, as in `snn_credit.rules.weight_mirror`, but in the window in which W
learns.

Departures: Lansdell & Kording and Guerguiev et al. fit the lines of each pair of neurons by
gradient descent, four numbers a synapse; here the presynaptic neuron keeps the moments of its own
potential that the same fit needs. They take the effect on the reward, or on a later window's
spikes; here it is that on the potential above in the same step.

Source: Lansdell & Kording 2019, bioRxiv 253351; Guerguiev, Kording & Richards 2019,
arXiv 1910.01689; Kunin et al. 2020, ICML, Fig 4b; Akrout et al. 2019, NeurIPS 32.
"""

from dataclasses import replace

from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK, RATES
from snn_credit.rules.primitives import KUNIN_2020
from snn_credit.rules.vocabulary import Phase, Rule, Update

CITATION = "Lansdell & Kording 2019, bioRxiv 253351; Guerguiev et al. 2019, arXiv 1910.01689"

WE = Rule(
    name="WE",
    citation=CITATION,
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(
        CHAIN_LEARN,
        Update("b", "du", "noise", factor="etab", leak="etab*b", leak_pre="noise**2"),
    ),
    rates={**RATES, "etab": 4e-4, "sig": 1.0},
    needs=("noise", "du"),
)

WE_SA = Rule(
    name="WE SA",
    citation=f"{CITATION}; {KUNIN_2020}, Fig 4b",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(
        CHAIN_LEARN,
        Update("west", "du", "noise", factor="etaw", leak="etaw*west", leak_pre="noise**2"),
        Update("b", post="0", pre="0", factor="0", leak="etab*(c_decay*b - c_self*west)"),
    ),
    rates={**RATES, "etab": 2e-3, "etaw": 4e-4, "c_self": 1.0, "c_decay": 1.0, "sig": 1.0},
    needs=("noise", "du"),
)


def in_mirror(rule: Rule, drive: str = "0*x") -> Rule:
    """Return a rule that estimates weights in the window 'mirror' and learns in the one before.

    ``drive`` is what the input is given there: by default nothing, and the network is left to what
    its neurons do by themselves.
    """
    return replace(
        rule,
        name=f"{rule.name} in mirror",
        updates=tuple(
            replace(update, phase="standard" if update.of == "w" else "mirror")
            for update in rule.updates
        ),
        phases=(Phase("standard"), Phase("mirror", drive=drive)),
    )
