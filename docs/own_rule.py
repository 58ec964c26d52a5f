"""A rule of one's own: feedback alignment through synapses that have a sign and no strength."""

from snn_credit.rules import Local, Message, Rule, Update

SIGN_FA = Rule(
    name="sign FA",
    citation="an example",
    steps=(
        Message("fb", of="delta", frm="above", via="0.5*sign(b)"),
        Local("delta", hidden="fb", output="err"),
    ),
    updates=(Update("w", post="delta*df", pre="h", factor="-eta", leak="lam*w"),),
    rates={"eta": 0.1, "lam": 0.0},
)
