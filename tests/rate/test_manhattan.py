import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert, fit
from snn_credit.rate.manhattan import Manhattan


def moved(gradients, **settings):
    w = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
    optimiser = Manhattan([w], **settings)
    for gradient in gradients:
        w.grad = torch.tensor(gradient)
        optimiser.step()
    return w.detach().tolist()


def test_every_step_has_the_same_size():
    assert moved([[1e-9, -3e5, 0.0]], lr=0.1) == pytest.approx([0.9, -1.9, 0.5])


def test_signs_add_up_with_momentum():
    # v: 1, then 0.5 + 1, then 0.75 - 1
    found = moved([[2.0, 0, 0], [7.0, 0, 0], [-0.1, 0, 0]], lr=1.0, momentum=0.5)
    assert found == pytest.approx([1 - 1 - 1.5 + 0.25, -2, 0.5])


def test_decay_keeps_its_size():
    found = moved([[0.3, 0.3, 0.0]], lr=0.1, weight_decay=0.5)
    assert found == pytest.approx([1 - 0.1 * 1.5, -2 - 0.1 * (1 - 1), 0.5 - 0.1 * 0.25])


def test_what_has_no_gradient_stays():
    w = nn.Parameter(torch.ones(2))
    Manhattan([w], lr=1.0, weight_decay=0.1).step()
    assert w.tolist() == [1, 1]


def test_any_rule_learns_with_it_even_where_feedback_is_tiny(few_digits):
    """The size of the error does not matter, which is the point; SGD hears nothing of it."""
    errors = {}
    for optimiser, lr in (("Manhattan", 1e-3), ("SGD", 1.0)):
        net = perceptron((64, 40, 40, 10), hidden="tanh", output="linear")
        module = convert(net, "FA chain", b_scale=1e-4)
        before = module.get_submodule("0").weight.detach().clone()
        history = fit(
            module, few_digits, images=600 * 10, batch=20, lr=lr, momentum=0.5,
            optimiser=optimiser, loss="cross entropy",
        )  # fmt: skip
        moved = (module.get_submodule("0").weight.detach() - before).abs().max()
        errors[optimiser] = history.test_error, float(moved)
    assert errors["Manhattan"][0] < 12
    assert errors["Manhattan"][1] > 0.05
    assert errors["SGD"][1] < 1e-4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -1.0}, r"lr: a number >= 0 \(got -1.0\)"),
        ({"momentum": 1.0}, r"momentum: a number from 0 up to, not at, 1 \(got 1.0\)"),
        ({"weight_decay": -0.1}, r"weight_decay: a number >= 0 \(got -0.1\)"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Manhattan([nn.Parameter(torch.ones(1))], **settings)
