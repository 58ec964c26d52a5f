"""Residual networks: sizes against the known ones, where activation stands, and that they learn."""

import numpy as np
import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.resnet import IMAGENET, Residual, cifar_resnet, imagenet_resnet
from snn_credit.rate import convert, present
from snn_credit.rate.losses import cross_entropy


def count(net):
    return sum(p.numel() for p in net.parameters())


def v2_count(units, classes=1000):
    """Weights and biases of a pre-activation network of units of three convolutions."""
    total, below = 3 * 64 * 49, 64
    for stage, number in enumerate(units):
        maps = 64 * 2**stage
        for unit in range(number):
            total += 2 * below + 2 * maps + 2 * maps  # gamma and beta before each convolution
            total += below * maps + 9 * maps**2 + 4 * maps**2
            total += 4 * maps * below if unit == 0 else 0
            below = 4 * maps
    return total + 2 * below + below * classes + classes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ResNet-18", 11_689_512),
        ("ResNet-50", 25_557_032),
        *((name, v2_count(IMAGENET[name][0])) for name in IMAGENET if name.endswith("v2")),
    ],
)
def test_number_of_parameters(name, expected):
    assert count(imagenet_resnet(name)) == expected


def test_depth_is_that_of_the_names():
    for name in IMAGENET:
        layers = imagenet_resnet(name, width=1, classes=2).modules()
        weighted = [part for part in layers if isinstance(part, nn.Conv2d | nn.Linear)]
        by = 3 if name == "ResNet-18" else 4  # 1 x 1 shortcuts are not counted
        assert len(weighted) - by == int(name.removeprefix("ResNet-").removesuffix("v2")), name


@pytest.mark.parametrize("depth", [8, 20])
@pytest.mark.parametrize("version", [1, 2])
def test_cifar_networks_have_their_depth(depth, version):
    net = cifar_resnet(depth, 2, version)
    weighted = [part for part in net.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    assert len(weighted) - 2 == depth


def test_resnet_20_has_the_size_of_the_paper():
    """He et al. 2016a, Table 6: 0.27 million."""
    assert round(count(cifar_resnet(20)) / 1e6, 2) == 0.27


@pytest.mark.parametrize("name", IMAGENET)
def test_shapes_of_an_imagenet_network(name):
    net = imagenet_resnet(name, classes=7, side=64, width=2).eval()
    seen = {}
    for part, module in net.named_children():
        module.register_forward_hook(lambda _, __, out, part=part: seen.update({part: out.shape}))
    assert net(torch.rand(2, 3 * 64 * 64)).shape == (2, 7)
    wide = 2 if name == "ResNet-18" else 8
    assert seen["conv"] == (2, 2, 32, 32)
    for stage, side in enumerate((16, 8, 4, 2)):
        assert seen[f"stage{stage + 1}"] == (2, wide * 2**stage, side, side)


def test_a_border_is_not_seen():
    net = imagenet_resnet("ResNet-18", classes=3, side=40, width=2, border=4).eval()
    inner = imagenet_resnet("ResNet-18", classes=3, side=32, width=2).eval()
    image = torch.rand(2, 3, 40, 40)
    middle = image[:, :, 4:36, 4:36].flatten(1)
    assert torch.equal(net(image.flatten(1)), inner(middle))


@pytest.mark.parametrize("version", [1, 2])
def test_shapes_of_a_cifar_network(version):
    net = cifar_resnet(8, 3, version, classes=5, side=16, channels=2).eval()
    x = torch.rand(2, 2 * 16 * 16)
    for part, module in net.named_children():
        x = module(x)
        if part == "stage3":
            assert x.shape == (2, 12, 4, 4)
    assert x.shape == (2, 5)


@pytest.mark.parametrize("bottleneck", [False, True])
def test_where_the_activation_stands(bottleneck):
    """v1's comes after the sum, so nothing below 0 goes on; v2's before the weights, as it says."""
    x = torch.randn(4, 8, 6, 6)
    maps = 2 if bottleneck else 8
    one, two = (Residual(8, maps, 1, bottleneck, version).eval() for version in (1, 2))
    assert (one(x) >= 0).all()
    assert one.shortcut is None
    assert two.shortcut is None
    for unit in (one, two):
        convolutions = [part for part in unit.branch if isinstance(part, nn.Conv2d)]
        nn.init.zeros_(convolutions[-1].weight)
    assert torch.equal(two(x), x)  # what goes by meets nothing
    torch.testing.assert_close(one(x), x.relu())
    two = Residual(8, maps, 1, bottleneck, 2).eval()
    scale = (1 + two.first[0].eps) ** -0.5
    torch.testing.assert_close(two(x), x + two.branch((x * scale).relu()))


def test_the_shortcut_of_v2_takes_the_activated_input():
    unit = Residual(4, 6, 2, False, 2).eval()
    nn.init.zeros_(unit.branch[-1].weight)
    assert not unit(-torch.rand(1, 4, 8, 8)).any()
    assert unit(torch.rand(1, 4, 8, 8)).any()


def test_the_three_by_three_convolution_has_the_stride():
    unit = Residual(8, 4, 2, True, 1)
    convolutions = [part for part in unit.branch if isinstance(part, nn.Conv2d)]
    assert [part.stride[0] for part in convolutions] == [1, 2, 1]
    assert [part.kernel_size[0] for part in convolutions] == [1, 3, 1]


def test_first_values():
    net = cifar_resnet(8, 32, seed=3)
    layers = [part for part in net.modules() if isinstance(part, nn.Conv2d)]
    for layer in layers[1:]:
        out = layer.out_channels * layer.kernel_size[0] ** 2
        assert layer.weight.std().item() == pytest.approx((2 / out) ** 0.5, rel=0.05)
    dense = net.get_submodule("dense")
    assert dense.weight.abs().max() <= 128**-0.5
    assert not dense.bias.any()
    norms = [part for part in net.modules() if isinstance(part, nn.BatchNorm2d)]
    assert all((part.weight == 1).all() for part in norms)


def test_seeds_and_streams():
    first, again, other = (cifar_resnet(8, 4, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])
    one, two = first["stage1.0.branch.0.weight"], first["stage1.0.branch.3.weight"]
    assert one.shape == two.shape
    assert abs(np.corrcoef(one.flatten(), two.flatten())[0, 1]) < 0.3


@pytest.mark.parametrize("version", [1, 2])
def test_bp_is_what_the_plain_network_learns_by(version):
    net = cifar_resnet(8, 3, version, side=16)
    learning = convert(net, "BP")
    x, y = torch.rand(6, 3 * 16 * 16), torch.arange(6)
    for module in (net, learning):
        present(module, x, y, cross_entropy)
    expected = dict(net.named_parameters())
    for name, p in learning.named_parameters():
        assert p.grad is not None
        torch.testing.assert_close(p.grad, expected[name].grad)


@pytest.mark.parametrize("version", [1, 2])
def test_fa_differs_below_the_last_layer_only(version):
    net = cifar_resnet(8, 3, version, side=16)
    x, y = torch.rand(6, 3 * 16 * 16), torch.arange(6)
    present(net, x, y, cross_entropy)
    chain = convert(net, "FA chain", seed=1)
    present(chain, x, y, cross_entropy)
    grads = {name: p.grad for name, p in net.named_parameters()}
    for name, p in chain.named_parameters():
        assert p.grad is not None
        assert p.grad.isfinite().all()
        assert torch.allclose(p.grad, grads[name], atol=1e-6) == name.startswith("dense"), name


def test_state_comes_back():
    net, other = cifar_resnet(8, 3, 2, seed=1), cifar_resnet(8, 3, 2, seed=2)
    x = torch.rand(4, 3 * 32 * 32)
    net(x)  # in training: running means move
    other.load_state_dict(net.state_dict())
    assert torch.equal(net.eval()(x), other.eval()(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: imagenet_resnet("ResNet-20"), r"name: one of ResNet-18, .* \(got 'ResNet-20'\)"),
        (lambda: imagenet_resnet("ResNet-18", side=0), r"side: a whole number of at least 1 \(got"),
        (lambda: imagenet_resnet("ResNet-18", side=9, border=5), r"border: .* 9 pixels \(got 5\)"),
        (lambda: cifar_resnet(9), r"depth: 6 n \+ 2, such as 8, 14 or 20 \(got 9\)"),
        (lambda: cifar_resnet(2), r"depth: 6 n \+ 2, such as 8, 14 or 20 \(got 2\)"),
        (lambda: cifar_resnet(8, width=1.5), r"width: a whole number of at least 1 \(got 1.5\)"),
        (lambda: cifar_resnet(8, version=3), r"version: 1 or 2 \(got 3\)"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
