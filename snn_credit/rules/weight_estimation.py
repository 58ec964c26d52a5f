"""Weight estimation (WE): a neuron's own randomness tells its synapses how strong others are.

Whatever a neuron does by chance, and nobody else does, is an experiment: what follows it above is
caused by it. With z a probe, which has no mean, is independent of all that reaches the neuron, and
has a product of 1 with the neuron's activity on average,

    z_l = xi_l / var(xi_l),  E[z_l h_l'] = I,  so that  E[du_{l+1} z_l'] = W_{l+1}

and a running mean of that product, one number a synapse, estimates W without reading it:

    WE      dB    = etab (du_{l+1} z_l' - B_{l+1})         the mirror's form, Akrout et al. 2019
    WE SA   dC    = etaw (du_{l+1} z_l' - C_{l+1})         C estimates W,
            dB    = -etab (beta B_{l+1} - alpha C_{l+1})   and B aligns with C: Kunin et al. 2020
    delta_l = (B_{l+1} delta_{l+1}) o f'(u_l),  dW_l = -eta delta_l h_{l-1}' - lam W_l

Both learn in ordinary activity. `in_mirror` moves the estimate to a window of its own.

====== ======= ========================================================== ================
symbol name    meaning                                                    shape
====== ======= ========================================================== ================
xi     noise   what is a neuron's own in its activity                     (batch, n)
       sig     its standard deviation                                     number, or (n,)
z      probe   xi / var(xi)                                               (batch, n)
du     du      deviation of the potential above from its mean             (batch, n)
B      b       feedback weights, stored transposed, beside their w        (n_post, n_pre)
C      west    estimate of W                                              (n_post, n_pre)
alpha  c_self  weight of 'self'                                           number
beta   c_decay weight of 'decay'                                          number
====== ======= ========================================================== ================

Spiking form: (a) of a neuron that spikes with probability p, xi = s - p and var(xi) = p(1 - p).
(b) A deterministic neuron with a threshold has no such noise, but whether its potential v came to
lie just above the threshold or just below is as good as chance: regression discontinuity design.
There z is the weight that a piecewise linear fit gives to a moment (`snn_credit.models.lif`), and
xi is that, with var(xi) = 1. Rate form: xi is drawn, and du is what comes of it above, W xi, as in
the mirror of `snn_credit.rules.weight_mirror`, but in the window in which W learns.

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
from snn_credit.rules.vocabulary import Local, Phase, Rule, Update

PROBE = Local("probe", hidden="noise/sig**2", output=None)
CITATION = "Lansdell & Kording 2019, bioRxiv 253351; Guerguiev et al. 2019, arXiv 1910.01689"

WE = Rule(
    name="WE",
    citation=CITATION,
    steps=(FEEDBACK, CHAIN_DELTA, PROBE),
    updates=(
        CHAIN_LEARN,
        Update("b", post="du", pre="probe", factor="etab", leak="etab*b"),
    ),
    rates={**RATES, "etab": 5e-4, "sig": 0.05},
    needs=("noise", "du"),
)

WE_SA = Rule(
    name="WE SA",
    citation=f"{CITATION}; {KUNIN_2020}, Fig 4b",
    steps=(FEEDBACK, CHAIN_DELTA, PROBE),
    updates=(
        CHAIN_LEARN,
        Update("west", post="du", pre="probe", factor="etaw", leak="etaw*west"),
        Update("b", post="0", pre="0", factor="0", leak="etab*(c_decay*b - c_self*west)"),
    ),
    rates={**RATES, "etab": 2e-3, "etaw": 5e-4, "c_self": 1.0, "c_decay": 1.0, "sig": 0.05},
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
