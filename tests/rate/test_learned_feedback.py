"""What rules that learn their B change in it, against the same written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import rate_by_hand as hand
import torch
from rate_nets import convolutions, dense

from snn_credit.rate import convert, present
from snn_credit.rate.losses import squared_error

SIG, ETAB = 0.3, 0.7
RATES = {
    "SA": {"c_self": 2.0, "c_decay": 3.0},
    "AA": {"c_amp": 2.0, "c_sparse": 3.0},
    "IA": {"c_amp": 2.0, "c_decay": 0.5, "c_null": 3.0},
    "WM on activity": {"c_amp": 2.0, "c_decay": 0.5},
    "WM": {"c_amp": 2.0, "c_decay": 0.5, "sig": SIG},
    "NP feedback": {"sig": SIG},
    "SG": {},
}
RULES = (*RATES, "KP", "matched")
DIRECT = ("NP feedback DFA", "SG DFA")


@pytest.fixture(params=[(dense, 4, None), (convolutions, 24, (24,))], ids=["dense", "convolutions"])
def case(request, chain_of):
    make, features, shape = request.param
    torch.manual_seed(3)
    net = make().double()
    x = torch.rand(5, features, dtype=torch.float64)
    chain, shapes = chain_of(net, x)
    return net, x, torch.tensor([0, 1, 1, 0, 1]), shape, chain, shapes


def learn(net, rule, x, y, shape, rates):
    module = convert(net, rule, b_scale=0.7, shape=shape, rates=rates, seed=5)
    torch.manual_seed(11)
    present(module, x, y, squared_error)
    return module


def draw(shapes, layers):
    """The noise that a module draws after this seed, a layer's neurons in one row."""
    torch.manual_seed(11)
    return {
        layer: SIG * torch.randn(5, *shapes[layer], dtype=torch.float64).flatten(1).numpy()
        for layer in layers
    }


def forms(rule, rates, chain, h, target, B, noise, i):
    """For each layer from 2 on: post and pre of one example's change, as the papers write it."""
    told = hand.descend(chain, h, target, B)
    exact = hand.descend(chain, h, target, chain.W)
    found = {}
    for at in range(2, chain.top + 1):
        below, above, b = h[at - 1], h[at], B[at]
        if rule == "AA":
            found[at] = 2.0 * above - 3.0 * b @ below, below
        elif rule == "IA":
            found[at] = above, 2.0 * below - 3.0 * b.T @ above
        elif rule == "WM on activity":
            found[at] = 2.0 * above, below
        elif rule == "WM":
            xi = noise[at - 1][i]
            found[at] = 2.0 * chain.W[at] @ xi, xi / SIG**2
        elif rule == "NP feedback":
            noisy = chain.forward(h[0], {k: v[i] for k, v in noise.items()})
            change = (np.sum((noisy[-1] - target) ** 2) - np.sum((h[-1] - target) ** 2)) / 2
            found[at] = told[at], change * noise[at - 1][i] / SIG**2 - b.T @ told[at]
        elif rule == "SG":
            found[at] = told[at], chain.W[at].T @ exact[at] - b.T @ told[at]
        elif rule in ("KP", "matched"):
            found[at] = -told[at], below
        else:
            found[at] = np.zeros(len(above)), below
    return found


@pytest.mark.parametrize("rule", RULES)
def test_the_change_of_b_is_that_written_by_hand(case, rule):
    net, x, y, shape, chain, shapes = case
    given = RATES.get(rule, {})
    rates = {**given, "etab": ETAB} if rule in RATES else {}
    module = learn(net, rule, x, y, shape, rates)
    b = {at: module.synapses.get_parameter(f"b_{at}") for at in range(2, chain.top + 1)}
    values = {at: each.detach().numpy().ravel() for at, each in b.items()}
    B = {at: hand.matrix(chain.T[at], each) for at, each in values.items()}
    drawn = range(1, chain.top + (rule == "WM"))
    noise = draw(shapes, drawn) if rule in ("WM", "NP feedback") else None
    inputs, targets = x.numpy(), np.eye(2)[y.numpy()]
    each = [
        forms(rule, rates, chain, chain.forward(a), t, B, noise, i)
        for i, (a, t) in enumerate(zip(inputs, targets, strict=True))
    ]
    for at in range(2, chain.top + 1):
        full = sum(np.outer(*example[at]) for example in each) / len(each)
        change = np.einsum("kij,ij->k", chain.T[at], full)
        if rule == "SA":
            change = 2.0 * chain.w[at] - 3.0 * values[at]
        elif "c_decay" in given:
            change = change - given["c_decay"] * values[at]
        change = (ETAB if rule in RATES else 1.0) * change
        assert np.abs(change).max() > 1e-6
        gradient = b[at].grad
        assert gradient is not None
        np.testing.assert_allclose(-gradient.numpy().ravel(), change, rtol=0, atol=1e-12)
    assert not hasattr(module.synapses, "b_1")


@pytest.mark.parametrize("rule", DIRECT)
def test_the_change_of_direct_feedback_is_that_written_by_hand(case, rule):
    net, x, y, shape, chain, shapes = case
    perturbed = rule == "NP feedback DFA"
    rates = {"etab": ETAB, **({"sig": SIG} if perturbed else {})}
    module = learn(net, rule, x, y, shape, rates)
    top = chain.top
    b = {at: module.synapses.get_parameter(f"b_{at}_{top}") for at in range(1, top)}
    noise = draw(shapes, range(1, top)) if perturbed else {}
    changes = {at: np.zeros(tuple(each.shape)) for at, each in b.items()}
    for i, (a, target) in enumerate(zip(x.numpy(), np.eye(2)[y.numpy()], strict=True)):
        h = chain.forward(a)
        exact = hand.descend(chain, h, target, chain.W)
        noisy = chain.forward(a, {k: v[i] for k, v in noise.items()}) if perturbed else h
        change = (np.sum((noisy[-1] - target) ** 2) - np.sum((h[-1] - target) ** 2)) / 2
        for at, each in b.items():
            wanted = chain.W[at + 1].T @ exact[at + 1]
            if perturbed:
                wanted = change * noise[at][i] / SIG**2
            mis = wanted - each.detach().numpy().T @ exact[top]
            changes[at] += ETAB * np.outer(exact[top], mis) / 5
    for at, each in b.items():
        assert each.grad is not None
        assert np.abs(changes[at]).max() > 1e-6
        np.testing.assert_allclose(-each.grad.numpy(), changes[at], rtol=0, atol=1e-12)


def test_ridge_regression_is_that_of_all_examples(case):
    net, x, y, shape, *_ = case
    for rule, pairs in (("NP feedback ridge", False), ("NP feedback ridge DFA", True)):
        module = convert(net, rule, b_scale=0.7, shape=shape, rates={"sig": SIG}, seed=5)
        if not pairs and shape is not None:
            continue  # a convolution has no such solution in the shape of its kernel
        s = [n for n, _ in module.synapses.named_parameters() if n.startswith("s_")]
        optimiser = torch.optim.SGD(module.parameters(), lr=1.0)
        with torch.no_grad():
            before = [p.clone() for p in net.parameters()]
        for _ in range(3):
            optimiser.zero_grad()
            present(module, x, y, squared_error)
            for part in module.modules():
                for p in part._parameters.values():
                    if p is not None and part is not module.synapses:
                        p.grad = None
            optimiser.step()
            module.settle()
        assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
        for name in s:
            where = name.removeprefix("s_")
            above = where.split("_")[-1]
            V = module.synapses.get_parameter(f"own_v_{above}").detach()
            S = module.synapses.get_parameter(name).detach()
            b = module.synapses.get_buffer(f"b_{where}")
            assert torch.allclose((V + 0.1 * torch.eye(len(V))) @ b, S, atol=1e-12)
            assert S.abs().max() > 0
