"""Modulators of two rules on one network, against the chain rule written out."""

from dataclasses import replace

import numpy as np
import pytest
import rate_by_hand as hand
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert
from snn_credit.rate.losses import cross_entropy, squared_error
from snn_credit.rate.modulators import modulator_angles, modulators
from snn_credit.rules import RULES, Phase

SIZES = (6, 9, 7, 4)


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(5)
    x = torch.randn(8, SIZES[0], generator=random, dtype=torch.float64)
    return x, torch.randn(8, SIZES[-1], generator=random, dtype=torch.float64)


def net(rule, sizes=SIZES, hidden="tanh", output="linear", **more):
    seed = more.setdefault("seed", 0)
    module = perceptron(sizes, hidden=hidden, output=output, seed=seed, dtype=torch.float64)
    return convert(module, rule, **more)


def aligned(stack):
    """Make B = W'."""
    for layer, part in enumerate((p for p in stack.children() if isinstance(p, nn.Linear)), 1):
        if layer > 1:
            getattr(stack.synapses, f"b_{layer}").copy_(part.weight.detach())
    return stack


@pytest.mark.parametrize("rule", ["FA", "FA chain"])
@pytest.mark.parametrize("own_slope", [False, True])
def test_they_are_those_of_the_chain_rule_written_out(batch, rule, own_slope):
    stack = net(rule, hidden="logistic", output="logistic", b_scale=0.7)
    x, y = batch
    found_fa, found_bp = modulators(stack, x, y, squared_error, own_slope=own_slope)
    linears = [part for part in stack.children() if isinstance(part, nn.Linear)]
    w = [None, *(part.weight.detach().numpy() for part in linears)]
    b = [None, None, *(getattr(stack.synapses, f"b_{at}").numpy() for at in (2, 3))]
    for example, (inputs, wanted) in enumerate(zip(x.numpy(), y.numpy(), strict=True)):
        h = [inputs]
        for at in (1, 2, 3):
            h.append(hand.logistic(w[at] @ h[-1]))
        error, slope = h[3] - wanted, [each * (1 - each) for each in h]
        bp2 = w[3].T @ (error * slope[3])
        bp1 = w[2].T @ (bp2 * slope[2])
        if rule == "FA":
            fa2 = b[3].T @ error
            fa1 = b[2].T @ fa2
        else:
            fa2 = b[3].T @ (error * slope[3])
            fa1 = b[2].T @ (fa2 * slope[2])
        for found, told in ((found_fa, (fa1, fa2)), (found_bp, (bp1, bp2))):
            for at in (1, 2):
                expected = told[at - 1] * (slope[at] if own_slope else 1)
                np.testing.assert_allclose(found[at - 1][example], expected, rtol=1e-10)


def test_with_its_own_slope_bp_is_the_gradient(batch):
    x, y = batch
    stack, plain = net("FA"), perceptron(SIZES, hidden="tanh", output="linear", dtype=torch.float64)
    u1 = plain[0](x).detach().requires_grad_()
    squared_error(plain[1:](u1), y).sum().backward()
    _, bp = modulators(stack, x, y, squared_error, own_slope=True)
    np.testing.assert_allclose(bp[0], u1.grad, rtol=1e-10)


def test_a_rule_agrees_with_itself(batch):
    assert modulator_angles(net("BP"), *batch, squared_error) == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("over", ["examples", "batch", "neurons"])
def test_with_the_transpose_as_feedback_the_chain_is_bp(batch, over):
    stack = aligned(net("FA chain", b_scale=0.5))
    found = modulator_angles(stack, *batch, squared_error, own_slope=True, over=over)
    assert found == pytest.approx([0, 0], abs=1e-5)
    for at in (2, 3):
        getattr(stack.synapses, f"b_{at}").neg_()
    opposed = modulator_angles(stack, *batch, squared_error, over=over)
    # Two matrices of the other sign bring the first layer the right one: nothing is folded.
    assert opposed == pytest.approx([0, 180], abs=1e-5)


def test_with_the_transpose_fa_is_bp_below_a_linear_output(batch):
    found = modulator_angles(aligned(net("FA", b_scale=0.5)), *batch, squared_error)
    # The layer below misses one slope of the chain.
    assert found[1] == pytest.approx(0, abs=1e-5)
    assert 1 < found[0] < 60


def test_before_learning_fa_is_at_right_angles_to_bp():
    x, y = torch.randn(300, 30), torch.randn(300, 10)
    angles = []
    for seed in range(5):
        stack = convert(perceptron((30, 200, 10), hidden="tanh", output="linear", seed=seed), "FA",
                        b_scale=0.5, seed=seed)  # fmt: skip
        angles += modulator_angles(stack, x, y, squared_error)
    assert np.mean(angles) == pytest.approx(90, abs=4)
    assert np.std(angles) > 0


def test_other_rules_make_their_matrices_in_copies(batch):
    stack = net("FA", b_scale=0.5)
    before = stack.synapses.b_3.clone()
    _, pseudo, bp = modulators(stack, *batch, squared_error, ("pseudobackprop", "BP"))
    x, y = batch
    error = (stack(x) - y).detach().numpy()
    inverse = np.linalg.pinv(list(stack.children())[4].weight.detach().numpy())
    np.testing.assert_allclose(pseudo[1], error @ inverse.T, rtol=1e-9)
    assert torch.equal(stack.synapses.b_3, before)
    assert np.abs(pseudo[1] - bp[1]).max() > 0.01


def test_rules_that_ask_for_more_than_the_error(batch):
    torch.manual_seed(3)
    told, bp = modulators(net("NP", rates={"sig": 1e-4}), *batch, squared_error)
    # dL = sum of noise * dLoss/dh over all hidden neurons, so this is positive for each example.
    summed = sum((a * b).sum(axis=1) for a, b in zip(told, bp, strict=True))
    assert (summed > 0).all()


def test_windows_after_the_one_in_which_w_changes_do_not_matter(batch):
    learn = replace(RULES["FA chain"].updates[0], phase="first")
    turns = replace(RULES["FA chain"], updates=(learn,), phases=(Phase("first"), Phase("second")))
    found, plain = (modulators(net(rule), *batch, squared_error)[0] for rule in (turns, "FA chain"))
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_convolution_and_dropout_and_nothing_changes():
    chain = nn.Sequential(
        nn.Unflatten(1, (1, 6, 6)), nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Dropout(0.5), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip
    stack = convert(chain, "FA").train()
    x, y = torch.randn(4, 36), torch.tensor([0, 1, 2, 0])
    before = {name: value.clone() for name, value in stack.state_dict().items()}
    once, again = (modulators(stack, x, y, squared_error) for _ in range(2))
    assert [each.shape for each in once[0]] == [(4, 2 * 4 * 4)]
    np.testing.assert_array_equal(once[0][0], again[0][0])
    assert stack.training
    assert all(torch.equal(value, before[name]) for name, value in stack.state_dict().items())
    assert all(parameter.grad is None for parameter in stack.parameters())


def test_what_cannot_be(batch):
    with pytest.raises(InputError, match=r"module: a chain .* \(got Linear\)"):
        modulators(nn.Linear(6, 4), *batch, squared_error)
    with pytest.raises(InputError, match=r"rule: one that changes the W .* \(got Shallow, 4 layer"):
        modulators(net("FA"), *batch, squared_error, ("Shallow",))
    with pytest.raises(InputError, match=r"rule: one that changes the W .* \(got PEPITA, 4 layers"):
        modulators(net("PEPITA"), *batch, squared_error)
    with pytest.raises(InputError, match=r"FA's 'fb' reads 'b' \(got none\)"):
        modulators(net("BP"), *batch, squared_error, ("FA",))


def test_an_output_layer_may_be_pooled():
    """The modulators of a chain with convolutions are autograd's dLoss/du of every layer."""
    torch.manual_seed(2)
    first, second, third = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 5, 3), nn.Conv2d(5, 3, 1)
    chain = nn.Sequential(first, nn.Tanh(), second, nn.ReLU(), third, nn.ReLU(),
                          nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()  # fmt: skip
    x, y = torch.randn(6, 2, 7, 7, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1, 2])
    own, _ = modulators(convert(chain, "BP"), x, y, cross_entropy, own_slope=True)
    sums = [first(x)]
    for between, layer in ((torch.tanh, second), (torch.relu, third)):
        sums.append(layer(between(sums[-1])))
    loss = cross_entropy(torch.relu(sums[-1]).mean((2, 3)), y).sum()
    for found, exact in zip(own, torch.autograd.grad(loss, sums[:2]), strict=True):
        np.testing.assert_allclose(found, exact.flatten(1).numpy(), rtol=1e-9, atol=1e-15)
