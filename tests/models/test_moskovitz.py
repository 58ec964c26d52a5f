"""The networks of Tables 2 and 3: layer by layer, and from which values they start."""

import numpy as np
import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models import moskovitz
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import Stack, convert, present
from snn_credit.rate.losses import cross_entropy


def outputs(net, side, channels=3):
    """Shapes of the layers' activity, after pools, without the batch."""
    found = []
    x = torch.zeros(1, channels * side * side)
    with torch.no_grad():
        for part in net.eval():
            x = part(x)
            if isinstance(part, nn.ReLU | nn.Linear):
                found.append(tuple(x.shape[1:]))
    return found, tuple(x.shape[1:])


def test_mnist():
    layers, last = outputs(moskovitz.mnist(), 28, 1)
    assert layers == [(32, 14, 14), (64, 7, 7), (1024,), (1024,), (10,)]
    assert last == (10,)


def test_cifar1_sees_the_middle():
    net = moskovitz.cifar1()
    layers, last = outputs(net, 32)
    assert layers == [(64, 12, 12), (64, 6, 6), (384,), (384,), (192,), (192,), (10,)]
    assert last == (10,)
    image = torch.rand(2, 3, 32, 32)
    other = torch.rand(2, 3, 32, 32)
    other[:, :, 4:28, 4:28] = image[:, :, 4:28, 4:28]
    assert torch.equal(net(image.flatten(1)), net(other.flatten(1)))
    other[:, :, 4, 4] += 1
    assert not torch.equal(net(image.flatten(1)), net(other.flatten(1)))


def test_cifar2():
    layers, last = outputs(moskovitz.cifar2(), 32)
    expected = [(96, 32, 32)] * 2 + [(96, 16, 16)] + [(192, 16, 16)] * 2 + [(192, 8, 8)] * 3
    assert layers == [*expected, (10, 8, 8)]
    assert last == (10,)


def test_imagenet1():
    layers, last = outputs(moskovitz.imagenet1(maps=4, dense=6, classes=5), 299)
    assert layers == [(4, 75, 75), (4, 19, 19), *[(6,)] * 4, (5,)]
    assert last == (5,)
    full = moskovitz.imagenet1()
    shapes = [tuple(p.weight.shape) for p in full if isinstance(p, nn.Conv2d | nn.Linear)]
    assert shapes[:3] == [(192, 3, 9, 9), (192, 192, 5, 5), (512, 192 * 19 * 19)]
    assert shapes[3:] == [(512, 512), (1000, 512)]


def test_imagenet2():
    layers, last = outputs(moskovitz.imagenet2((2, 3, 4), 5), 299)
    sides = (75, 38, 13, 7, 7, 4, 4, 4, 4)
    maps = (2, 2, 2, 3, 3, 3, 4, 4, 5)
    assert layers == [(n, side, side) for n, side in zip(maps, sides, strict=True)]
    assert last == (5,)
    convs = [p for p in moskovitz.imagenet2() if isinstance(p, nn.Conv2d)]
    assert [p.out_channels for p in convs] == [*[192] * 3, *[256] * 3, 512, 512, 1000]
    assert [p.kernel_size[0] for p in convs] == [9, 3, 3, 5, 3, 3, 3, 1, 1]
    assert [p.stride[0] for p in convs] == [4, 2, 3, 2, 1, 2, 1, 1, 1]


def test_dropout_is_where_the_paper_has_it():
    net = moskovitz.cifar2((4, 5), dropout=(0.2, 0.5))
    found = [(at, part.p) for at, part in enumerate(net) if isinstance(part, nn.Dropout)]
    assert [p for _, p in found] == [0.2, 0.5, 0.5]
    before = [sum(isinstance(part, nn.Conv2d) for part in net[:at]) for at, _ in found]
    assert before == [0, 3, 6]
    assert not any(isinstance(part, nn.Dropout) for part in moskovitz.cifar2(dropout=(0, 0)))
    dropped = [at for at, part in enumerate(moskovitz.mnist()) if isinstance(part, nn.Dropout)]
    assert dropped == [len(moskovitz.mnist()) - 2]


def test_first_values_have_the_variance_of_the_paper():
    module = moskovitz.preserve_variance(convert(moskovitz.cifar2((40, 80)), "FA chain"), seed=1)
    layers = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
    for number, layer in enumerate(layers[:-1], start=1):
        n_in = layer.in_channels * layer.kernel_size[0] ** 2
        n_out = layer.out_channels * layer.kernel_size[0] ** 2 / layer.stride[0] ** 2
        assert layer.weight.std().item() == pytest.approx(n_in**-0.5, rel=0.08), number
        assert layer.weight.abs().max() < 1.01 * (3 / n_in) ** 0.5  # uniform
        assert not layer.bias.any()
        if number > 1:
            b = getattr(module.synapses, f"b_{number}")
            assert b.std().item() == pytest.approx(n_out**-0.5, rel=0.08), number
            assert abs(np.corrcoef(b.flatten(), layer.weight.detach().flatten())[0, 1]) < 0.05


def test_the_feedback_of_other_modules_too():
    class Wrapped(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(x)

    net = perceptron((5, 200, 300, 4))
    module = moskovitz.preserve_variance(convert(Wrapped(net), "uSF Init"), seed=3)
    chain = moskovitz.preserve_variance(convert(net, "uSF Init"), seed=3)
    second = module.get_submodule("inner.2")
    assert second.feedback_b.std().item() == pytest.approx(300**-0.5, rel=0.03)
    assert torch.equal(second.feedback_b, chain.synapses.b_2)


@pytest.mark.parametrize(
    "rule", ["BP", "BP + noise", "BP + alignment", "FA chain", "uSF Init", "uSF SN", "DenseFA"]
)
def test_every_network_learns_by_every_rule(rule):
    nets = {
        "mnist": (moskovitz.mnist((3, 4), 5), 784),
        "cifar1": (moskovitz.cifar1((3, 4), (6, 5)), 3072),
        "cifar2": (moskovitz.cifar2((3, 4)), 3072),
        "imagenet1": (moskovitz.imagenet1(3, 4, 10, side=20), 1200),
        "imagenet2": (moskovitz.imagenet2((3, 4, 5), 10, side=20), 1200),
    }
    torch.manual_seed(0)
    for name, (net, features) in nets.items():
        module = convert(net, rule, shape=(features,))
        assert isinstance(module, Stack)
        moskovitz.preserve_variance(module)
        loss, output = present(module, torch.rand(4, features), torch.arange(4), cross_entropy)
        assert output.shape == (4, 10)
        assert loss.isfinite()
        for at, parameter in module.named_parameters():
            assert parameter.grad is not None, (name, at)
            assert parameter.grad.isfinite().all()


def test_seeds():
    first, same, other = (moskovitz.cifar1((2, 3), (4, 5), seed=s) for s in (1, 1, 2))
    for a, b, c in zip(first.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not a.any() or not torch.equal(a, c)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: moskovitz.mnist((32,)), r"maps: 2 whole numbers of at least 1 \(got \(32,\)\)"),
        (lambda: moskovitz.mnist(dense=0), r"dense: 1 whole numbers .* \(got \(0,\)\)"),
        (lambda: moskovitz.mnist(dropout=1.0), r"dropout: a fraction .* \(got 1.0\)"),
        (lambda: moskovitz.cifar2(dropout=(0.5,)), r"dropout: two fractions, .* \(got 1\)"),
        (lambda: moskovitz.imagenet1(side=4), r"side: 11 pixels or more \(got 4\)"),
        (lambda: moskovitz.incoming(nn.ReLU()), r"layer: a Linear or Conv2d layer \(got ReLU\)"),
    ],
)
def test_what_cannot_be_made_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
