"""Each primitive's change of B against autograd of its loss, and what sums of them do."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.rules.constraints import constrained
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.locality import whole_matrix
from snn_credit.rules.primitives import PRIMITIVES, aligned, weights_of

LOCAL = ("decay", "amp", "null", "angle")
#: Table 1 and D.3, of one example: x below, y above, delta above, B (n_below, n_above).
LOSSES = {
    "decay": lambda B, W, x, y, delta: (B * B).sum() / 2,
    "amp": lambda B, W, x, y, delta: -torch.trace(x[:, None].T @ B @ y[:, None]),
    "null": lambda B, W, x, y, delta: (B @ y).square().sum() / 2,
    "angle": lambda B, W, x, y, delta: torch.trace(x[:, None].T @ B @ delta[:, None]),
    "sparse": lambda B, W, x, y, delta: (x @ B).square().sum() / 2,
    "self": lambda B, W, x, y, delta: -torch.trace(B @ W),
}


def gradient(net, delta, at, weights):
    """The gradient by B of the mean over the examples of a weighted sum of primitives."""
    B = torch.tensor(net.forward[at]["b"].T, requires_grad=True)
    W = torch.tensor(net.forward[at]["w"])
    below, above = (torch.tensor(net.layers[layer]["h"]) for layer in (at - 1, at))
    examples = list(zip(below, above, torch.tensor(delta[at]), strict=True))
    total = sum(
        weight * LOSSES[name](B, W, *example)
        for name, weight in weights.items()
        for example in examples
    )
    return torch.autograd.grad(total / len(examples), B)[0].numpy().T


ONES = [{name: 1.0} for name in PRIMITIVES]
PAIRS = [dict.fromkeys(pair, 0.5) for pair in itertools.combinations(PRIMITIVES, 2)]
ALL = dict(zip(PRIMITIVES, (0.3, 1.5, 0.7, 0.4, 2.0, 0.6), strict=True))


@pytest.mark.parametrize("weights", [*ONES, *PAIRS, ALL], ids=" ".join)
def test_change_descends_the_sum(net, chain, assert_learns, weights):
    rule = aligned("ours", "none", etab=0.3, **weights)
    delta = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    changes = Interpreter(rule).step(net)
    assert_learns(net, changes, delta, rule.rates["eta"])
    assert "b" not in changes.forward[1]
    for at in (2, 3):
        expected = -0.3 * gradient(net, delta, at, weights)
        np.testing.assert_allclose(changes.forward[at]["b"], expected, rtol=1e-10, atol=1e-14)


def test_symmetric_alignment_descends_half_the_squared_difference(net):
    for at in (2, 3):
        w, b = net.forward[at]["w"], net.forward[at]["b"]
        change = Interpreter(RULES["SA"]).step(net).forward[at]["b"]
        np.testing.assert_allclose(change, -RULES["SA"].rates["etab"] * (b - w), rtol=1e-12)


def test_activation_alignment_descends_half_the_squared_difference_of_activities(net):
    # with x_{l+1} = W x_l and alpha = beta (section 5)
    for at in (2, 3):
        net.layers[at]["h"] = net.layers[at - 1]["h"] @ net.forward[at]["w"].T
    change = Interpreter(RULES["AA"]).step(net).forward[3]["b"]
    x = torch.tensor(net.layers[2]["h"])
    b = torch.tensor(net.forward[3]["b"], requires_grad=True)
    apart = x @ torch.tensor(net.forward[3]["w"]).T - x @ b.T
    loss = apart.square().sum(1).mean() / 2
    expected = -RULES["AA"].rates["etab"] * torch.autograd.grad(loss, b)[0]
    np.testing.assert_allclose(change, expected, rtol=1e-10, atol=1e-15)


def test_information_alignment_descends_an_autoencoder(net):
    # with x_{l+1} = W x_l and alpha = gamma: |x - B W x|^2 / 2 + beta |B|^2 / 2 (section 4)
    for at in (2, 3):
        net.layers[at]["h"] = net.layers[at - 1]["h"] @ net.forward[at]["w"].T
    change = Interpreter(RULES["IA"]).step(net).forward[3]["b"]
    x = torch.tensor(net.layers[2]["h"])
    b = torch.tensor(net.forward[3]["b"], requires_grad=True)
    back = x @ torch.tensor(net.forward[3]["w"]).T @ b
    loss = (x - back).square().sum(1).mean() / 2 + b.square().sum() / 2
    expected = -RULES["IA"].rates["etab"] * torch.autograd.grad(loss, b)[0]
    np.testing.assert_allclose(change, expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("weights", [*ONES, *PAIRS], ids=" ".join)
def test_locality_follows_from_the_primitives(weights):
    rule = aligned("ours", "none", **weights)
    assert rule.is_local == (set(weights) <= set(LOCAL))
    assert whole_matrix(rule) == ()


@pytest.mark.parametrize("weights", [*ONES, *PAIRS, ALL], ids=" ".join)
def test_weights_are_read_back(weights):
    rule = aligned("ours", "none", etab=0.1, **weights)
    found = weights_of(constrained(rule, "constant norm"))
    assert found == ({"decay": 0.0, **weights} if "self" in weights else weights)


def test_rules_that_are_no_sum_of_primitives():
    assert [name for name, rule in RULES.items() if weights_of(rule) is not None] == [
        *("SA", "WM on activity", "IA", "AA"),
    ]
    ours = aligned("ours", "none", amp=1.0)
    learn, mirror = ours.updates
    changed = dataclasses.replace(
        ours, updates=(learn, dataclasses.replace(mirror, factor="2*etab"))
    )
    assert weights_of(changed) is None


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, r"aligned: a weight of one of decay, amp, .* \(got none\)"),
        ({"amps": 1.0}, r"aligned: .*amp.* \(got 'amps'\)"),
        ({"amp": -1.0}, r"amp: a finite weight >= 0 \(got -1.0\)"),
        ({"null": float("nan")}, r"null: a finite weight >= 0 \(got nan\)"),
    ],
)
def test_mistakes(weights, message):
    with pytest.raises(InputError, match=message):
        aligned("ours", "none", **weights)
