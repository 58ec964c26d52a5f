import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.rules.constraints import JUST, constrained
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import apply


@pytest.mark.parametrize("name", ["BP", "FA"])
def test_norm_stays(net, name):
    interpreter = Interpreter(constrained(RULES[name], "constant norm"))
    interpreter.run_hosts(net, "start")
    before = {at: net.forward[at]["w"].copy() for at in (1, 2, 3)}
    net.shared["eta"] = 0.5
    apply(net, interpreter.step(net))
    direction = {at: net.forward[at]["w"] / np.linalg.norm(net.forward[at]["w"]) for at in before}
    interpreter.run_hosts(net)
    for at, old in before.items():
        expected = direction[at] * np.sqrt((old**2).sum())
        np.testing.assert_allclose(net.forward[at]["w"], expected, rtol=1e-12)
        assert np.abs(net.forward[at]["w"] - old).max() > 1e-3


def test_signs_stay(net):
    interpreter = Interpreter(constrained(RULES["BP"], "frozen signs"))
    net.forward[1]["w"][0, 0] = 0.0
    interpreter.run_hosts(net, "start")
    before = net.forward[2]["w"].copy()
    net.forward[2]["w"] *= np.where(np.arange(before.size).reshape(before.shape) % 2, -1, 0.5)
    interpreter.run_hosts(net)
    for place in np.ndindex(before.shape):
        crossed = np.arange(before.size).reshape(before.shape)[place] % 2
        expected = np.sign(before[place]) * JUST if crossed else before[place] * 0.5
        assert net.forward[2]["w"][place] == pytest.approx(expected)
    assert net.forward[1]["w"][0, 0] == 0


@pytest.mark.parametrize("name", ["BP", "sparse FA"])
def test_missing_synapses_stay_missing(make_net, name):
    net = make_net((8, 9, 10, 7))
    random = np.random.default_rng(4)
    for variables in net.forward.values():
        variables["w"] *= random.random(variables["w"].shape) < 0.5
    missing = {at: variables["w"] == 0 for at, variables in net.forward.items()}
    assert all(0 < where.mean() < 1 for where in missing.values())
    interpreter = Interpreter(constrained(RULES[name], "missing synapses"))
    interpreter.run_hosts(net, "start")
    before = {at: variables["w"].copy() for at, variables in net.forward.items()}
    net.shared["eta"] = 0.5
    apply(net, interpreter.step(net))
    changed = {at: net.forward[at]["w"].copy() for at in before}
    # Without the constraint the rule would make synapses where there are none.
    assert all((changed[at][missing[at]] != 0).any() for at in before)
    interpreter.run_hosts(net)
    for at, where in missing.items():
        np.testing.assert_array_equal(net.forward[at]["w"], np.where(where, 0, changed[at]))
        assert (net.forward[at]["w"] != before[at])[~where].any()


def test_unknown_constraint():
    with pytest.raises(InputError, match=r"constraint: one of constant norm.* \(got 'constnorm'\)"):
        constrained(RULES["BP"], "constnorm")
