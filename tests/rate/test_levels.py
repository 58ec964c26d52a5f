"""Errors of equal size reach every layer."""

import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert
from snn_credit.rate.levels import level_feedback
from snn_credit.rate.losses import squared_error
from snn_credit.rate.modulators import modulators

SIZES = (20, 150, 300, 100, 10)


def sizes_of_modulators(stack):
    torch.manual_seed(0)
    x, y = torch.randn(200, 20), torch.randn(200, 10)
    own, _ = modulators(stack, x, y, squared_error)
    error = (stack.eval()(x) - y).square().mean().sqrt().item()
    return [float((layer**2).mean() ** 0.5) / error for layer in own]


@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_errors_of_equal_size_reach_every_layer(gain):
    stack = convert(perceptron(SIZES, hidden="tanh", output="linear"), "FA", b_scale=0.01)
    before = sizes_of_modulators(stack)
    assert max(before) < 0.05
    assert max(before) > 5 * min(before)
    level_feedback(stack, gain)
    assert sizes_of_modulators(stack) == pytest.approx([gain] * 3, rel=0.25)


def test_directions_stay_and_feedback_that_learns_is_scaled_too():
    for rule in ("FA", "KP", "DFA"):
        stack = convert(perceptron((20, 30, 40, 10)), rule, b_scale=0.3)
        before = {name: b.clone() for name, b in stack.synapses.state_dict().items()}
        level_feedback(stack)
        for name, b in stack.synapses.state_dict().items():
            assert float((b * before[name]).sum()) == pytest.approx(
                float(b.norm() * before[name].norm()), rel=1e-5
            )
            assert float(b.square().mean()) == pytest.approx(1 / len(b), rel=1e-5)


def test_feedback_from_the_output_has_the_gain():
    stack = convert(perceptron((20, 30, 40, 10)), "DenseFA", b_scale=0.3)
    level_feedback(stack, 3.0)
    found = {name: float(b.square().mean() * len(b)) for name, b in stack.synapses.named_buffers()}
    assert found == pytest.approx({"b_1_2": 1, "b_1_3": 9, "b_2_3": 9}, rel=1e-5)


def test_what_cannot_be():
    with pytest.raises(InputError, match=r"^gain: a finite number above 0 \(got 0\.0\)$"):
        level_feedback(convert(perceptron((4, 3, 2)), "FA"), 0.0)
    with pytest.raises(InputError, match=r"^module: a chain .* \(got Linear\)$"):
        level_feedback(nn.Linear(2, 2))
    with pytest.raises(InputError, match=r"matrices other than 0 \(got none\)$"):
        level_feedback(convert(perceptron((4, 3, 2)), "BP"))
    with pytest.raises(InputError, match=r"matrices other than 0 \(got b_2\)$"):
        level_feedback(convert(perceptron((4, 3, 2)), "FA", b_scale=0.0))
