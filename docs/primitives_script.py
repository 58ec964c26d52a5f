"""A rule of one's own as a sum of primitives, beside its relatives, on digits."""

from snn_credit.analysis import angle, norm_ratio
from snn_credit.data import load
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import Alignment, convert, feedback_pairs, fit
from snn_credit.rules.primitives import aligned

MINE = aligned("amp + null", "an example", amp=1.0, null=1.0)
print(f"{MINE.name} is local: {MINE.is_local}")

net = perceptron((64, 60, 30, 10), hidden="relu", output="linear")
for rule in ("FA chain", MINE, "IA", "AA", "SA"):
    learner = convert(net, rule)
    own = Alignment(optimiser="Adam", lr=0.01) if rule != "FA chain" else None
    history = fit(
        learner,
        load("digits"),
        images=20_000,
        loss="cross entropy",
        lr=0.02,
        momentum=0.9,
        alignment=own,
    )
    found = [
        f"{angle(w, b):3.0f} degrees, |B| = {norm_ratio(b, w):.2f} |W|"
        for w, b in feedback_pairs(learner).values()
    ]
    name = rule if isinstance(rule, str) else rule.name
    print(f"{name:10s} test error {history.test_error:4.1f} %   " + ";   ".join(found))
