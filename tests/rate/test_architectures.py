"""What holds for every chain and rule: architectures and rules drawn at random."""

import copy
import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snn_credit.rate import convert, learnable, present
from snn_credit.rate.losses import cross_entropy

CLASSES, BATCH, SIDE = 3, 4, 6
# What their matrices are for, a convolution's kernels have not.
OF_MATRICES = ("NP feedback ridge", "pseudobackprop")
FUNCTIONS = st.sampled_from([nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, lambda: nn.LeakyReLU(0.1)])


@st.composite
def convolutions(draw):
    """Draw layers for images, which end with them flattened, and their number of outputs."""
    layers, channels, side = [], 2, SIDE
    for _ in range(draw(st.integers(0, 2))):
        kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        groups, mode = draw(st.sampled_from([1, 2])), draw(st.sampled_from(["zeros", "circular"]))
        maps, padding = 2 * draw(st.integers(1, 2)), draw(st.integers(0, 1))
        side = (side + 2 * padding - kernel) // stride + 1
        conv = nn.Conv2d(
            channels, maps, kernel, stride, padding, groups=groups, padding_mode=mode,
            bias=draw(st.booleans()),
        )  # fmt: skip
        layers += [conv, draw(FUNCTIONS)()]
        channels = maps
        if side > 2 and draw(st.booleans()):
            layers.append(draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))(2))
            side //= 2
        if side < 3:
            break
    return layers, channels * side * side


@st.composite
def chains(draw):
    """Draw a chain for stimuli (batch, 2 * SIDE * SIDE)."""
    torch.manual_seed(draw(st.integers(0, 1000)))
    layers, size = draw(convolutions())
    if layers:
        layers = [nn.Unflatten(1, (2, SIDE, SIDE)), *layers, nn.Flatten()]
    for width in draw(st.lists(st.integers(1, 9), max_size=3)):
        layers += [nn.Linear(size, width, bias=draw(st.booleans())), draw(FUNCTIONS)()]
        if draw(st.booleans()):
            layers.append(nn.Dropout(0.2))
        size = width
    return nn.Sequential(*layers, nn.Linear(size, CLASSES, bias=draw(st.booleans()))).double()


@st.composite
def pairs(draw):
    """Draw a chain and a rule that teaches it."""
    net = draw(chains())
    shared = any(isinstance(part, nn.Conv2d) for part in net)
    return net, draw(st.sampled_from([r for r in learnable() if not (shared and r in OF_MATRICES)]))


def made(net, rule, seed=0):
    return convert(net, rule, shape=(2 * SIDE * SIDE,), seed=seed)


def batch():
    torch.manual_seed(2)
    return torch.rand(BATCH, 2 * SIDE * SIDE, dtype=torch.float64), torch.arange(BATCH) % CLASSES


def taught(module, seed=4):
    torch.manual_seed(seed)
    module.zero_grad()
    present(module, *batch(), cross_entropy)
    return {name: p.grad for name, p in module.named_parameters()}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(pairs())
def test_every_parameter_gets_a_finite_change_of_its_shape(pair):
    net, rule = pair
    before = copy.deepcopy(net.state_dict())
    module = made(net, rule)
    found = taught(module)
    for name, p in module.named_parameters():
        owned = not name.startswith("synapses")
        # Of the layers below, Shallow teaches none, by declaration.
        if rule == "Shallow" and not name.startswith(str(len(net) - 1)):
            assert found[name] is None
        elif owned or found[name] is not None:
            assert found[name].shape == p.shape, name
            assert found[name].isfinite().all(), name
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in before.items())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(pairs())
def test_a_state_dict_carries_all_that_learning_depends_on(pair):
    module, twin = made(*pair, seed=1), made(*pair, seed=2)
    taught(module)
    torch.optim.SGD(module.parameters(), lr=0.1).step()
    twin.load_state_dict(module.state_dict())
    expected = taught(module)
    for name, gradient in taught(twin).items():
        assert (gradient is None) == (expected[name] is None), name
        assert gradient is None or torch.equal(gradient, expected[name]), name


@settings(max_examples=40, deadline=None, derandomize=True)
@given(pairs())
def test_evaluation_is_the_originals_and_changes_nothing(pair):
    net, rule = pair
    module = made(net, rule).eval()
    before = copy.deepcopy(module.state_dict())
    x, _ = batch()
    assert torch.equal(module(x), net.eval()(x))
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in before.items())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(chains())
def test_feedback_of_w_is_backpropagation(net):
    module, by_autograd = made(net, "FA chain"), copy.deepcopy(net)
    for layer, stage in enumerate(module._stages, start=1):
        if layer > 1:
            getattr(module.synapses, f"b_{layer}").copy_(stage.layer.weight.detach())
    found = taught(module)
    torch.manual_seed(4)
    cross_entropy(by_autograd(batch()[0]), batch()[1]).mean().backward()
    for name, p in by_autograd.named_parameters():
        size = max(1e-9, float(p.grad.abs().max()))
        assert math.isfinite(size)
        assert torch.allclose(found[name], p.grad, rtol=1e-8, atol=1e-10 * size), name
