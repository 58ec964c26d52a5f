"""Constraints that begin while a network learns."""

import pytest
import torch
from rate_nets import Wrapped
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import Stack, constrain, convert, fit
from snn_credit.rules.constraints import JUST

SETTINGS = {"batch": 10, "lr": 0.05, "loss": "cross entropy", "optimiser": "Adam"}


def made(rule="uSF Init", wrapped=False, **more):
    net = perceptron((64, 30, 20, 10), hidden="tanh", output="linear")
    module = convert(Wrapped(net) if wrapped else net, rule, **more)
    assert isinstance(module, Stack) != wrapped
    return module


def weights(module):
    return [p.weight.detach().clone() for p in module.modules() if isinstance(p, nn.Linear)]


@pytest.mark.parametrize("wrapped", [False, True])
def test_signs_are_those_of_when_it_began(few_digits, wrapped):
    seen = []
    module = made(wrapped=wrapped)

    def watch(module):
        seen.append(weights(module))
        return {}

    fit(
        module, few_digits, images=300, evaluate_every=100, watch=watch,
        constrain={100: "frozen signs"}, **SETTINGS,
    )  # fmt: skip
    start, begun, middle, end = seen
    for layer in range(3):
        assert (start[layer].sign() != begun[layer].sign()).any()
        assert torch.equal(begun[layer].sign(), middle[layer].sign())
        assert torch.equal(begun[layer].sign(), end[layer].sign())
        assert not torch.equal(middle[layer], end[layer])
        assert end[layer].abs().min() >= 0.99 * JUST


@pytest.mark.parametrize("wrapped", [False, True])
def test_before_it_begins_nothing_is_changed_by_it(few_digits, wrapped):
    plain, later = made(wrapped=wrapped), made(wrapped=wrapped)
    fit(plain, few_digits, images=100, **SETTINGS)
    fit(later, few_digits, images=100, constrain={100: "frozen signs"}, **SETTINGS)
    for a, b in zip(weights(plain), weights(later), strict=True):
        assert torch.equal(a, b)


def test_a_constraint_from_the_start_is_that_of_convert(few_digits):
    a, b = made("BP", constraints=["constant norm"]), made("BP")
    fit(a, few_digits, images=100, **SETTINGS)
    fit(b, few_digits, images=100, constrain={0: "constant norm"}, **SETTINGS)
    for ours, theirs in zip(weights(a), weights(b), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_earlier_constraint_keeps_its_own_start(few_digits, wrapped):
    module = made(constraints=["constant norm"], wrapped=wrapped)
    norms = [w.norm() for w in weights(module)]
    fit(module, few_digits, images=100, **SETTINGS)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.Linear):
                part.weight.mul_(3.0)  # were norms noted anew, they would be these
    constrain(module, "frozen signs")
    fit(module, few_digits, images=20, **SETTINGS)
    for w, norm in zip(weights(module), norms, strict=True):
        assert w.norm().item() == pytest.approx(norm.item(), rel=1e-4)


def test_feedback_of_the_rule_survives(few_digits):
    module = made("uSF SN")
    fit(module, few_digits, images=100, constrain={50: "frozen signs"}, **SETTINGS)
    w, b = weights(module)[1], module.synapses.b_2
    assert torch.equal(w.sign(), b.sign())
    assert b.norm().item() == pytest.approx(w.norm().item(), rel=1e-5)


@pytest.mark.parametrize("stop_at", [2, 3, 4])
def test_a_stopped_run_goes_on_under_its_constraint(few_digits, tmp_path, stop_at):
    """Stopped before, when, and after it begins, in the middle of an interval."""
    settings = {**SETTINGS, "images": 90, "evaluate_every": 30, "constrain": {55: "frozen signs"}}
    whole = made()
    fit(whole, few_digits, **settings)
    count, path = [0], tmp_path / "run.h5"

    def stop(module):
        count[0] += 1
        if count[0] == stop_at:
            raise KeyboardInterrupt
        return {}

    with pytest.raises(KeyboardInterrupt):
        fit(made(), few_digits, path=path, watch=stop, **settings)
    module = made()
    fit(module, few_digits, path=path, resume=True, **settings)
    for a, b in zip(weights(module), weights(whole), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"constrain": {0: "frozen sign"}}, r"constrain: .*frozen signs\?.* \(got 'frozen sign'\)"),
        ({"constrain": {-1: "frozen signs"}}, r"constrain: from how many .* \(got -1\)"),
    ],
)
def test_what_cannot_begin_is_refused(few_digits, change, message):
    with pytest.raises(InputError, match=message):
        fit(made(), few_digits, images=10, **SETTINGS, **change)


def test_a_module_that_learns_by_no_rule_is_refused(few_digits):
    net = perceptron((64, 10), output="linear")
    message = r"module: one that convert made \(got Sequential\)"
    with pytest.raises(InputError, match=message):
        fit(net, few_digits, images=10, constrain={5: "frozen signs"}, **SETTINGS)
    with pytest.raises(InputError, match=r"constraint: one of frozen .* \(got 'frozen sign'\)"):
        constrain(made(), "frozen sign")
