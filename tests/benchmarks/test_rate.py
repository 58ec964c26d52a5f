"""The benchmark of rules beside plain torch, on networks that take no time."""

import rate

from snn_credit.models.perceptron import perceptron
from snn_credit.models.resnet import cifar_resnet


def test_every_contender_is_timed_on_every_network(monkeypatch):
    small = {
        "784-1000-10": lambda: (perceptron((6, 5, 10), hidden="relu", output="linear"), (6,)),
        "ResNet-18, 64 x 64": lambda: (cifar_resnet(8, 2, side=8), (3 * 64,)),
    }
    monkeypatch.setattr(rate, "NETS", small)
    monkeypatch.setattr(rate, "BATCHES", {"cpu": dict.fromkeys(small, 4)})
    rows = rate.measure(rounds=1, steps=1, device="cpu")
    found = {(row["network"], row["contender"]) for row in rows}
    for name in small:
        assert (name, "plain torch") in found
        assert {f"{rule}, by layers" for rule in rate.ALIGNED} <= {c for n, c in found if n == name}
    engines = {f"{rule}, engine" for rule in (*rate.RULES, *rate.ALIGNED, *rate.TAUGHT)}
    assert engines <= {contender for network, contender in found if network == "784-1000-10"}
    assert len(found) == len(rows)
    for row in rows:
        assert row["x plain"] > 0
        assert row["s an epoch"] == row["ms a step"] / 1000 * rate.EPOCH / 4
