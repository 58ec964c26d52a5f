"""First weights and biases of fully connected networks."""

import pytest
import torch

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron

SIZES = (200, 300, 100)


def bounds(module):
    return [float(parameter.detach().abs().max()) for parameter in module.parameters()]


def test_weights_and_biases_fill_their_ranges():
    assert bounds(perceptron(SIZES, w_scale=0.2)) == pytest.approx([0.2, 0, 0.2, 0], rel=0.01)
    found = bounds(perceptron(SIZES, w_scale=(0.3, 0.05), bias_scale=0.7))
    assert found == pytest.approx([0.3, 0.7, 0.05, 0.7], rel=0.05)
    assert bounds(perceptron(SIZES)) == pytest.approx([0.03**0.5, 0, 0.02**0.5, 0], rel=0.01)


def test_biases_leave_the_weights_of_a_seed_as_they_are():
    with_biases, without = (perceptron(SIZES, bias_scale=scale, seed=3) for scale in (0.5, 0.0))
    assert torch.equal(with_biases[0].weight, without[0].weight)
    assert torch.equal(with_biases[2].weight, without[2].weight)
    assert with_biases[0].bias.unique().numel() == 300


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w_scale": (0.1,)}, r"^w_scale: one number, or one for each of 2 matrices \(got \(0\.1,"),
        ({"w_scale": (0.1, -1.0)}, r"^w_scale: a number >= 0 \(got -1\.0\)$"),
        ({"w_scale": float("nan")}, r"^w_scale: a number >= 0 \(got nan\)$"),
        ({"bias_scale": -0.5}, r"^bias_scale: a number >= 0 \(got -0\.5\)$"),
        ({"bias_scale": float("inf")}, r"^bias_scale: a number >= 0 \(got inf\)$"),
    ],
)
def test_what_cannot_be(change, message):
    with pytest.raises(InputError, match=message):
        perceptron(SIZES, **change)
