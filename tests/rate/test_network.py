import numpy as np
import pytest
import torch

from snn_credit.errors import InputError
from snn_credit.rate import Dense, learnable, obstacles
from snn_credit.rules import RULES, get_rule
from snn_credit.rules.constraints import constrained

SIZES = (6, 5, 4, 6)
SCALES = {"w_scale": 0.7, "b_scale": 0.6}


def dense(rule, sizes=SIZES, **more):
    settings = {**SCALES, "classes": 3, "dtype": torch.float64, **more}
    return Dense(rule, sizes, **settings)


def batch(n=7, features=6, classes=3, seed=0):
    random = torch.Generator().manual_seed(seed)
    x = torch.rand((n, features), generator=random, dtype=torch.float64)
    return x, torch.randint(classes, (n,), generator=random)


def changes(network, x, y):
    """Changes with eta = 1 and no decay."""
    network.net.shared |= {name: 1.0 if name == "eta" else 0.0 for name in network.rule.rates}
    network.forward(x)
    network.compare(y)
    return network.interpreter.step(network.net)


def weights(network):
    return [network.net.forward[layer]["w"] for layer in sorted(network.net.forward)]


def assert_same_steps(first, second):
    assert first.forward.keys() == second.forward.keys()
    for layer in first.forward:
        ours, theirs = first.forward[layer]["w"], second.forward[layer]["w"]
        assert ours.abs().max() > 1e-6
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
        assert torch.allclose(first.bias[layer], second.bias[layer], rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_bp_is_autograds_gradient(activation):
    network, (x, y) = dense("BP", activation=activation), batch()
    step = changes(network, x, y)
    parameters = {
        layer: (
            network.net.forward[layer]["w"].clone().requires_grad_(),
            network.net.bias[layer].clone().requires_grad_(),
        )
        for layer in (1, 2, 3)
    }
    h = x
    for layer, (w, bias) in parameters.items():
        u = h @ w.T + bias
        h = torch.tanh(u) if activation == "tanh" and layer < 3 else torch.sigmoid(u)
    target = torch.zeros(7, 6, dtype=torch.float64)
    for row, label in enumerate(y):
        target[row, 2 * label : 2 * label + 2] = 1
    (0.5 * (h - target).square().sum(1).mean()).backward()
    for layer, (w, bias) in parameters.items():
        assert w.grad is not None
        assert bias.grad is not None
        assert torch.allclose(step.forward[layer]["w"], -w.grad, rtol=0, atol=1e-10)
        assert torch.allclose(step.bias[layer], -bias.grad, rtol=0, atol=1e-10)


def test_the_chain_with_b_equal_to_w_is_bp():
    chain, bp, (x, y) = dense("FA chain"), dense("BP"), batch()
    for layer in (2, 3):
        chain.net.forward[layer]["b"] = chain.net.forward[layer]["w"].clone()
    assert_same_steps(changes(chain, x, y), changes(bp, x, y))


def test_the_chain_with_its_own_b_is_not_bp():
    chain, bp, (x, y) = dense("FA chain"), dense("BP"), batch()
    ours, theirs = changes(chain, x, y), changes(bp, x, y)
    assert torch.allclose(ours.forward[3]["w"], theirs.forward[3]["w"])
    assert not torch.allclose(ours.forward[1]["w"], theirs.forward[1]["w"])


def test_fa_is_lillicraps_update_by_hand():
    network, (x, y) = dense("FA"), batch()
    step = changes(network, x, y)
    w, x = [matrix.numpy() for matrix in weights(network)], x.numpy()
    b = {layer: network.net.forward[layer]["b"].numpy() for layer in (2, 3)}
    h = [x]
    for matrix in w:
        h.append(1 / (1 + np.exp(-h[-1] @ matrix.T)))
    delta = {3: h[3] - np.repeat(np.eye(3)[y.numpy()], 2, axis=1)}
    delta[2] = delta[3] @ b[3]
    delta[1] = delta[2] @ b[2]
    for layer in (1, 2, 3):
        gain = delta[layer] * h[layer] * (1 - h[layer])
        assert np.allclose(step.forward[layer]["w"], -gain.T @ h[layer - 1] / 7, rtol=0, atol=1e-12)
        assert np.allclose(step.bias[layer], -gain.mean(0), rtol=0, atol=1e-12)


def test_dfa_sends_the_error_straight_down():
    network, (x, y) = dense("DFA"), batch()
    step = changes(network, x, y)
    layers = network.net.layers
    assert set(network.net.direct) == {(1, 3), (2, 3)}
    assert "b" not in network.net.forward[3]
    delta = (layers[3]["err"] @ network.net.direct[1, 3]["b"]) * layers[1]["df"]
    assert torch.allclose(step.forward[1]["w"], -delta.T @ x / 7, rtol=0, atol=1e-12)


def test_shallow_changes_the_output_alone():
    network, (x, y) = dense("Shallow"), batch()
    step = changes(network, x, y)
    assert set(step.forward) == {3}
    assert set(step.bias) == {3}


def test_absent_feedback_synapses_carry_nothing():
    network, (x, y) = dense("sparse FA", sizes=(6, 50, 40, 6)), batch()
    mask = network.net.forward[3]["mask"]
    assert 0.3 < mask.mean() < 0.7
    before = changes(network, x, y).forward[1]["w"]
    network.net.forward[3]["b"] += 5 * (1 - mask)
    assert torch.equal(changes(network, x, y).forward[1]["w"], before)
    network.net.forward[3]["b"] += 5 * mask
    assert not torch.equal(changes(network, x, y).forward[1]["w"], before)


def test_votes_are_sums_over_each_classs_neurons():
    network = dense("BP", sizes=(2, 6))
    network.net.forward[1]["w"].zero_()
    # The single most active neuron belongs to class 2, the largest sum is that of class 1.
    h = torch.tensor([0.5, 0.5, 0.55, 0.55, 0.05, 0.85], dtype=torch.float64)
    network.net.bias[1] = torch.logit(h)
    votes = network.votes(torch.zeros(1, 2, dtype=torch.float64))
    assert votes[0].tolist() == pytest.approx([1.0, 1.1, 0.9])


def test_the_loss_is_half_the_squared_error_of_an_example():
    network = dense("BP", sizes=(2, 6))
    network.net.forward[1]["w"].zero_()
    network.forward(torch.zeros(4, 2, dtype=torch.float64))
    assert network.compare(torch.tensor([0, 1, 2, 0])).item() == pytest.approx(6 * 0.25 / 2)
    assert network.net.layers[-1]["ystar"][1].tolist() == [0, 0, 1, 1, 0, 0]


def test_first_values_are_of_the_seed_and_the_same_for_every_rule():
    fa, bp, other = dense("FA", seed=3), dense("BP", seed=3), dense("FA", seed=4)
    for ours, theirs, others in zip(weights(fa), weights(bp), weights(other), strict=True):
        assert torch.equal(ours, theirs)
        assert not torch.equal(ours, others)
        assert 0.4 < ours.abs().max() <= 0.7
    assert fa.net.forward[3]["b"].abs().max() <= 0.6
    assert not torch.allclose(fa.net.forward[3]["b"] / 0.6, weights(fa)[2] / 0.7)


def test_rules_without_phases_and_noise_learn_here():
    wanted = {"BP", "Shallow", "FA", "FA chain", "sparse FA", "DFA", "DenseFA", "uSF Init"}
    assert wanted <= set(learnable())
    assert {name for name in RULES if obstacles(RULES[name])} == {
        name for name, rule in RULES.items() if rule.phases or rule.needs
    }


@pytest.mark.parametrize("name", [*learnable(), "constrained"])
def test_every_learnable_rule_takes_steps(name):
    rule = constrained(get_rule("FA"), "constant norm", "frozen signs")
    network, (x, y) = dense(rule if name == "constrained" else name), batch()
    network.forward(x)
    network.compare(y)
    step = network.interpreter.step(network.net)
    assert all(torch.isfinite(w).all() for w in step.forward[3].values())
    assert step.forward[3]["w"].abs().max() > 0


@pytest.mark.parametrize(
    ("rule", "asks"),
    [
        ("PEPITA", "the phases standard, .*"),
        ("NP", "neurons with noise, dL"),
        ("WM", "the phases .* and neurons with noise"),
    ],
)
def test_a_rule_that_asks_for_more_is_refused(rule, asks):
    name = get_rule(rule).name
    message = rf"rule: one that learns on the rate path: BP, .*FA, .* \(got {name}, .*{asks}"
    with pytest.raises(InputError, match=message):
        dense(rule)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sizes": (6,)}, r"sizes: two or more layers of at least 1 neuron \(got \(6,\)\)"),
        ({"sizes": (6, 0, 3)}, r"sizes: two or more layers of at least 1 neuron"),
        ({"sizes": (6, 2.5, 3)}, r"sizes: two or more layers of at least 1 neuron"),
        ({"sizes": (6, 5, 4)}, r"sizes: an output layer that 3 classes share .* \(got 4 neurons\)"),
        ({"classes": 0}, r"sizes: an output layer that 0 classes share"),
        ({"w_scale": -1.0}, r"w_scale: a number >= 0 \(got -1.0\)"),
        ({"b_scale": float("nan")}, r"b_scale: a number >= 0 \(got nan\)"),
        ({"activation": "relu"}, r"activation: one of logistic, tanh \(got 'relu'\)"),
        ({"seed": -1}, r"seed: an integer >= 0 \(got -1\)"),
    ],
)
def test_what_cannot_be_a_network_is_refused(more, message):
    with pytest.raises(InputError, match=message):
        dense("FA", **more)


def test_an_unknown_rule_lists_those_that_are_close():
    with pytest.raises(InputError, match=r"rule: one of .*FA.* \(got 'F A'\)"):
        dense("F A")


def test_functions_of_whole_matrices_are_run_at_the_start():
    constrained_fa = constrained(get_rule("FA"), "constant norm")
    for synapses in dense(constrained_fa).net.forward.values():
        assert torch.allclose(synapses["norm0"], synapses["w"].norm())
    top = dense("uSF SN").net.forward[3]
    assert torch.equal(torch.sign(top["b"]), torch.sign(top["w"]))
