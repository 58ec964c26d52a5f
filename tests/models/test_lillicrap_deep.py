"""The deep networks: sizes as the paper's, fields that see their patch, and what is refused."""

import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_deep import network, plus_minus
from snn_credit.rate import convert, present


def widths(module):
    found, value = [], torch.zeros(1, 784)
    for part in module:
        value = part(value)
        if isinstance(part, nn.Tanh | nn.LeakyReLU | nn.ReLU):
            found.append(value.numel())
    return found


def test_the_sizes_are_the_papers():
    assert widths(network((1, 28, 28), (15, 15, 15), 10)) == [15, 15, 15, 10]
    local = network((1, 28, 28), (20, 20), 10, activation="leaky", maps=6, field=6)
    assert widths(local) == [3174, 20, 20, 10]
    svhn = network((1, 32, 32), (8,), 10, maps=8, field=10)
    assert svhn[1].weight.shape == (8, 23 * 23, 100)


def test_a_neuron_sees_its_patch_alone():
    local = network((1, 28, 28), (5,), 10, maps=6, field=6, seed=1)
    sums = local[1](local[0](torch.eye(784)))  # (pixel, map, row, column)
    seen = (sums[:, 2, 10, 4].reshape(28, 28) != 0).nonzero()
    assert seen.min(0).values.tolist() == [10, 4]
    assert seen.max(0).values.tolist() == [15, 9]
    assert len(seen) == 36


def test_the_leak_is_a_twentieth():
    net = network((1, 2, 2), (3,), 2, activation="leaky")
    assert net[1](torch.tensor([-20.0, 3.0])).tolist() == [-1.0, 3.0]


def test_sums_have_the_variance_of_the_activity_below():
    net = network((1, 28, 28), (400,), 10, seed=2)
    x = torch.randn(300, 784, generator=torch.Generator().manual_seed(0))
    assert float(net[0](x).detach().std()) == pytest.approx(1, abs=0.03)
    assert net[0].bias.abs().max() == 0
    assert torch.tanh(net[2].bias).tolist() == pytest.approx([(0.9 - 9 * 0.9) / 10] * 10)
    other = network((1, 28, 28), (400,), 10, seed=3)
    assert not torch.equal(net[0].weight, other[0].weight)


def test_targets_are_plus_and_minus():
    output = torch.tensor([[0.9, -0.9, -0.9], [0.0, 0.0, 0.0]])
    assert plus_minus(output, torch.tensor([0, 2])).tolist() == pytest.approx([0, 1.5 * 0.81])


def test_it_learns_by_fa_through_the_local_layer():
    net = network((1, 8, 8), (30,), 4, maps=2, field=3, dropout=0.1)
    stack = convert(net, "FA", b_scale=0.5)
    torch.manual_seed(0)
    y = torch.arange(40) % 4
    x = torch.randn(40, 64) * 0.3
    x[torch.arange(40), y * 10] += 2
    optimiser = torch.optim.SGD(stack.parameters(), lr=0.1)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        losses.append(float(present(stack, x, y, plus_minus)[0]))
        assert stack.get_submodule("1").weight.grad.abs().max() > 0
        optimiser.step()
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"activation": "logistic"},
            r"^activation: one of tanh, leaky, relu.* \(got 'logistic'\)$",
        ),
        ({"maps": 2, "field": 0}, r"^field: from 1 to the image's 8 \(got 0\)$"),
        ({"maps": 2, "field": 9}, r"^field: from 1 to the image's 8 \(got 9\)$"),
        ({"dropout": 1.0}, r"^dropout: a fraction from 0 to below 1 \(got 1\.0\)$"),
        ({"hidden": (3, 0)}, r"^hidden: at least 1 neuron a layer \(got \(3, 0\), 4\)$"),
    ],
)
def test_what_cannot_be(change, message):
    with pytest.raises(InputError, match=message):
        network(**{"shape": (1, 8, 9), "hidden": (3,), "classes": 4, **change})
