"""Shallow learning: only the output layer learns, the hidden layers keep their random weights.

    dW_L = -eta (err o f'(u_L)) h_{L-1}' - lam W_L     Lillicrap et al. 2016, Fig 2a, 'shallow'

The floor under every rule that claims to teach hidden neurons. Symbols are those of BP.

Spiking form: Lillicrap et al. 2016, eqs 7 and 8, in the output layer alone.

Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276.
"""

from snn_credit.rules.vocabulary import Rule, Update

SHALLOW = Rule(
    name="Shallow",
    citation="Lillicrap et al. 2016, Nat Commun 7, 13276",
    updates=(Update("w", post="err*df", pre="h", factor="-eta", leak="lam*w", on="output"),),
    rates={"eta": 1e-3, "lam": 0.0},
)
