"""Every rule's update on small nets, against the same written out in numpy, for Linear and Conv."""

import numpy as np
import pytest
import rate_by_hand as hand
import torch
from rate_nets import convolutions, dense
from torch import nn

from snn_credit.rate import convert, present
from snn_credit.rate.losses import squared_error

SIG = 0.3


NETS = {"linear": (dense, 4, None), "convolutions": (convolutions, 24, (24,))}


@pytest.fixture(params=NETS)
def case(request, chain_of):
    make, features, shape = NETS[request.param]
    torch.manual_seed(3)
    net = make().double()
    x, y = torch.rand(5, features, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1])
    return request.param, net, x, y, shape, chain_of


def found(module, x, y):
    torch.manual_seed(11)
    present(module, x, y, squared_error)
    return [part for part in module.modules() if isinstance(part, nn.Linear | nn.Conv2d)]


def buffers(module, chain, name="b"):
    values = {
        layer: getattr(module.synapses, f"{name}_{layer}").numpy().ravel()
        for layer in range(2, chain.top + 1)
    }
    return {layer: (chain.T[layer], values[layer]) for layer in values}


def each(module, chain, rule, x, y, shapes):
    """Deltas and activities of one example as the paper writes the rule."""
    h, top = chain.forward(x), chain.top
    direct = {
        layer: module.synapses.get_buffer(f"b_{layer}_{top}").numpy()
        for layer in range(1, top)
        if hasattr(module.synapses, f"b_{layer}_{top}")
    }
    match rule:
        case "BP":
            return hand.descend(chain, h, y, chain.W), h
        case "FA" | "FA chain":
            B = {layer: hand.matrix(*b) for layer, b in buffers(module, chain).items()}
            return hand.descend(chain, h, y, B, slope_between=rule == "FA chain"), h
        case "sparse FA":
            mask = buffers(module, chain, "mask")
            B = {
                layer: hand.matrix(T, b * mask[layer][1])
                for layer, (T, b) in buffers(module, chain).items()
            }
            return hand.descend(chain, h, y, B, slope_between=False), h
        case "uSF Init":
            B = {
                layer: hand.matrix(T, np.abs(b) * np.sign(chain.w[layer]))
                for layer, (T, b) in buffers(module, chain).items()
            }
            return hand.descend(chain, h, y, B), h
        case "uSF SN":
            B = {
                layer: hand.matrix(
                    chain.T[layer],
                    np.sign(chain.w[layer])
                    * np.linalg.norm(chain.w[layer])
                    / np.sqrt(len(chain.w[layer])),
                )
                for layer in range(2, top + 1)
            }
            return hand.descend(chain, h, y, B), h
        case "DFA":
            return hand.direct(chain, h, y, direct, h[-1] - y), h
        case "DRTP":
            return hand.direct(chain, h, y, direct, y), h
        case "DenseFA":
            B = {
                (here, there): module.synapses.get_buffer(f"b_{here}_{there}").numpy()
                for here in range(1, top)
                for there in range(here + 1, top + 1)
            }
            return hand.dense_fa(chain, h, y, B), h
        case "Shallow":
            exact = hand.descend(chain, h, y, chain.W)
            return {layer: exact[layer] * (layer == top) for layer in exact}, h
        case "PEPITA":
            return hand.pepita(chain, x, y, module.synapses.get_buffer(f"b_0_{top}").numpy())
        case "pseudobackprop":
            B = {layer: np.linalg.pinv(chain.W[layer]).T for layer in range(2, top + 1)}
            return hand.descend(chain, h, y, B), h


RULES = (
    *("BP", "FA", "FA chain", "sparse FA", "uSF Init", "uSF SN", "DFA", "DRTP", "DenseFA"),
    *("Shallow", "PEPITA", "pseudobackprop"),
)


def assert_same(layers, chain, deltas, befores):
    weights = chain.gradient(deltas, befores)
    for number, (layer, expected) in enumerate(zip(layers, weights, strict=True), start=1):
        ours = torch.zeros_like(layer.weight) if layer.weight.grad is None else layer.weight.grad
        assert np.allclose(ours.numpy().ravel(), expected, rtol=0, atol=1e-12), number
        if layer.bias is None:
            continue
        total = chain.bias_gradient(deltas)[number - 1].reshape(len(layer.weight), -1).sum(1)
        ours = torch.zeros_like(layer.bias) if layer.bias.grad is None else layer.bias.grad
        assert np.allclose(ours.numpy(), total, rtol=0, atol=1e-12), number


@pytest.mark.parametrize("rule", RULES)
def test_the_update_is_that_written_by_hand(case, rule):
    kind, net, x, y, shape, chain_of = case
    if rule == "pseudobackprop" and kind == "convolutions":
        pytest.skip("a convolution has no pseudoinverse in the shape of its kernel")
    module = convert(net, rule, b_scale=0.7, shape=shape, seed=5)
    chain, shapes = chain_of(net, x)
    layers = found(module, x, y)
    examples = zip(x.numpy(), np.eye(2)[y.numpy()], strict=True)
    pairs = [each(module, chain, rule, a, b, shapes) for a, b in examples]
    deltas, befores = zip(*pairs, strict=True)
    assert_same(layers, chain, deltas, befores)
    assert rule == "Shallow" or all(layer.weight.grad.abs().max() > 1e-7 for layer in layers)


def test_noise_on_the_signal_is_that_written_by_hand(case):
    _, net, x, y, _, chain_of = case
    module = convert(net, "BP + noise", rates={"sig": SIG})
    chain, shapes = chain_of(net, x)
    layers = found(module, x, y)
    torch.manual_seed(11)
    xi = {
        layer: torch.randn(5, *shapes[layer], dtype=torch.float64).flatten(1).numpy()
        for layer in range(1, chain.top + 1)
    }
    befores = [chain.forward(a) for a in x.numpy()]
    clean = [
        hand.descend(chain, h, target, chain.W)
        for h, target in zip(befores, np.eye(2)[y.numpy()], strict=True)
    ]
    noisy = [{at: d * (1 + xi[at][i]) for at, d in delta.items()} for i, delta in enumerate(clean)]
    assert_same(layers, chain, noisy, befores)


def test_the_alignment_penalty_is_part_of_the_loss(case):
    _, net, x, y, _, _ = case
    module = convert(net, "BP + alignment", rates={"lama": 0.2})
    layers = found(module, x, y)
    net.zero_grad()
    loss = squared_error(net(x), y).mean()
    exact = [part for part in net.modules() if isinstance(part, nn.Linear | nn.Conv2d)]
    for number, layer in enumerate(exact, start=1):
        v = module.synapses.get_buffer(f"v_{number}")
        loss = loss + 0.2 * (layer.weight - v).square().sum()
    loss.backward()
    for ours, theirs in zip(layers, exact, strict=True):
        assert torch.allclose(ours.weight.grad, theirs.weight.grad, rtol=0, atol=1e-12)
        assert ours.bias is None or torch.allclose(ours.bias.grad, theirs.bias.grad, atol=1e-12)


def test_node_perturbation_is_that_written_by_hand(case):
    _, net, x, y, _, chain_of = case
    module = convert(net, "NP", rates={"sig": SIG})
    chain, shapes = chain_of(net, x)
    layers = found(module, x, y)
    torch.manual_seed(11)
    noise = {
        layer: SIG * torch.randn(5, *shapes[layer], dtype=torch.float64).flatten(1).numpy()
        for layer in range(1, chain.top)
    }
    target = np.eye(2)[y.numpy()]
    deltas = [
        hand.perturbation(chain, x[i].numpy(), target[i], {k: v[i] for k, v in noise.items()}, SIG)
        for i in range(5)
    ]
    assert_same(layers, chain, deltas, [chain.forward(a) for a in x.numpy()])
