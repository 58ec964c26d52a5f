import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert, evaluate, fit
from snn_credit.recording import open_run
from snn_credit.rules import Local, Message, Rule, Update

SIZES = (64, 40, 40, 20)
SETTINGS = {"images": 600 * 20, "batch": 10, "lr": 1.0}

# A rule of this file alone: FA whose error keeps only its sign.
SIGN_FA = Rule(
    name="sign FA",
    citation="this test",
    steps=(
        Message("fb", of="delta", frm="above", via="b"),
        Local("delta", hidden="sign(fb)", output="err"),
    ),
    updates=(Update("w", post="delta*df", pre="h", factor="-rho"),),
    rates={"rho": 0.3},
)


def made(rule="FA", sizes=SIZES, *, w_scale=0.5, b_scale=0.5, seed=0, **more):
    return convert(perceptron(sizes, w_scale=w_scale, seed=seed), rule, b_scale=b_scale, **more)


def weights(module):
    return [
        part.weight.detach().clone() for part in module.modules() if isinstance(part, nn.Linear)
    ]


def test_bp_and_fa_learn_well_above_shallow(few_digits):
    error = {
        rule: fit(made(rule), few_digits, **SETTINGS).test_error for rule in ("BP", "FA", "Shallow")
    }
    assert error["BP"] < 12
    assert error["FA"] < 12
    assert error["Shallow"] > 10 + max(error["BP"], error["FA"])


def test_without_feedback_fa_is_as_poor_as_shallow(few_digits):
    assert fit(made("FA", b_scale=0.0), few_digits, **SETTINGS).test_error > 20


def test_a_rule_defined_here_trains_at_its_own_rates(few_digits):
    assert fit(made(SIGN_FA), few_digits, **SETTINGS).test_error < 20
    still = made(SIGN_FA, rates={"rho": 0.0})
    fit(still, few_digits, **{**SETTINGS, "images": 10})
    for ours, first in zip(weights(still), weights(made(SIGN_FA)), strict=True):
        assert torch.equal(ours, first)


@pytest.mark.parametrize("rule", ["KP", "SA"])
def test_rules_whose_feedback_learns_align_it(few_digits, rule):
    module = made(rule, rates={"lam": 1e-3} if rule == "KP" else {"etab": 1e-2})
    top = weights(module)[-1]
    before = float((module.synapses.b_3.detach() * top).sum())
    fit(module, few_digits, **{**SETTINGS, "lr": 0.5})
    top = weights(module)[-1]
    b = module.synapses.b_3.detach()
    assert float((b * top).sum() / (b.norm() * top.norm())) > max(0.6, before)


def test_the_curve_is_evaluated_when_asked(few_digits):
    seen = []

    class Tell:
        def start(self, total, unit, what):
            seen.append((total, unit, what))

        def update(self, done, **numbers):
            seen.append((done, numbers["error_percent"]))

        def stop(self):
            seen.append("stop")

    module = made("FA")
    history = fit(
        module, few_digits, images=95, batch=10, evaluate_every=40, progress=Tell(), what="this",
        watch=lambda module: {"norm": weights(module)[0].norm()},
    )  # fmt: skip
    assert history.images_seen.tolist() == [0, 40, 80, 95]
    assert seen[0] == (95, "images", "this")
    assert seen[-1] == "stop"
    assert [done for done, _ in seen[1:-1]] == [*range(10, 100, 10), 95]
    assert history.train_error.shape == history.validation_error.shape == (4,)
    assert history.test_error == evaluate(module, few_digits.test_x, few_digits.test_y, 10)
    assert history.validation_error[-1] == evaluate(
        module, few_digits.validation_x, few_digits.validation_y, 10
    )
    assert history.watched["norm"][0] == pytest.approx(float(weights(made("FA"))[0].norm()))
    assert history.watched["norm"][-1] == pytest.approx(float(weights(module)[0].norm()))


def test_evaluation_counts_wrong_guesses(few_digits):
    module = made("BP", (64, 10), w_scale=0.0)
    with torch.no_grad():
        module.get_submodule("0").bias[3] = 1.0
    assert evaluate(module, few_digits.test_x[:4], np.array([3, 3, 3, 4]), 10) == 25


def test_the_label_may_be_among_the_best_guesses(few_digits):
    module = made("BP", (64, 4), w_scale=0.0)
    with torch.no_grad():
        module.get_submodule("0").bias.copy_(torch.tensor([0.3, 0.1, 0.4, 0.2]))
    x, y = few_digits.test_x[:4], np.array([2, 0, 3, 1])
    assert [evaluate(module, x, y, 4, top) for top in (1, 2, 3, 4)] == [75, 50, 25, 0]
    for top in (0, 5):
        with pytest.raises(InputError, match=rf"top: from 1 to 4, the classes \(got {top}\)"):
            evaluate(module, x, y, 4, top)


def test_large_inputs_are_shown_in_small_parts(few_digits, monkeypatch):
    module, shown = made("BP"), []
    expected = evaluate(module, few_digits.test_x, few_digits.test_y, 10)
    monkeypatch.setattr("snn_credit.rate.evaluation.NUMBERS_AT_ONCE", 64 * 50)
    module.register_forward_pre_hook(lambda _, inputs: shown.append(len(inputs[0])))
    assert evaluate(module, few_digits.test_x, few_digits.test_y, 10) == expected
    assert set(shown) == {50, len(few_digits.test_y) % 50}


def test_the_guess_is_the_class_with_the_largest_sum(few_digits):
    module = made("BP", (64, 6), w_scale=0.0)
    # The single most active neuron belongs to class 2, the largest sum is that of class 1.
    h = torch.tensor([0.5, 0.5, 0.55, 0.55, 0.05, 0.85])
    with torch.no_grad():
        module.get_submodule("0").bias.copy_(torch.logit(h))
    assert evaluate(module, few_digits.test_x[:1], np.array([1]), 3) == 0


def test_evaluation_is_the_same_in_parts(few_digits):
    module = made("BP")
    fit(module, few_digits, **{**SETTINGS, "images": 300})
    x, y = np.tile(few_digits.test_x, (4, 1)), np.tile(few_digits.test_y, 4)
    assert len(y) > 1000
    assert evaluate(module, x, y, 10) == pytest.approx(
        evaluate(module, few_digits.test_x, few_digits.test_y, 10)
    )


def test_the_same_seed_repeats_a_run(few_digits):
    runs = []
    for seed in (1, 1, 2):
        module = made("NP", seed=1)
        fit(module, few_digits, **{**SETTINGS, "lr": 0.01, "images": 300}, seed=seed)
        runs.append(weights(module))
    for ours, same, other in zip(*runs, strict=True):
        assert torch.equal(ours, same)
        assert not torch.equal(ours, other)


def test_every_image_comes_once_before_any_comes_again(few_digits):
    # Inputs that name themselves: one bright pixel each, and a network that only collects them.
    x = np.eye(64, dtype=np.float32)[:50]
    own = dataclasses.replace(few_digits, train_x=x, train_y=few_digits.train_y[:50])
    collect = Rule("collect", "this test", updates=(Update("w", "1 + 0*h", "h", factor="1"),))
    for images, batch in ((50, 1), (50, 7), (75, 1), (75, 20)):
        module = made(collect, (64, 10), w_scale=0.0)
        fit(module, own, images=images, batch=batch)
        # A change is a mean over the batch: the sum is that of one image at a time for batch 1.
        if batch == 1:
            counts = weights(module)[0][0, :50]
            assert sorted(counts.tolist()) == [1.0] * (100 - images) + [2.0] * (images - 50)
    assert counts.tolist() != [1.0] * 25 + [2.0] * 25


def test_changes_are_applied_by_torchs_optimiser(few_digits):
    """Momentum and decay as torch has them, once a step."""
    ours, twin = made("FA"), made("FA")
    fit(ours, few_digits, images=30, batch=10, lr=0.5, momentum=0.9, weight_decay=0.01)
    x, y = few_digits.train_x, few_digits.train_y
    order = np.random.default_rng((0, *map(ord, "order"), 0)).permutation(len(y))
    optimiser = torch.optim.SGD(twin.parameters(), lr=0.5, momentum=0.9, weight_decay=0.01)
    for first in (0, 10, 20):
        chosen = order[first : first + 10]
        target = torch.eye(10)[y[chosen]].repeat_interleave(2, 1)
        optimiser.zero_grad()
        output = twin(torch.from_numpy(x[chosen]))
        (0.5 * (output - target).square().sum(1).mean()).backward()
        optimiser.step()
    for a, b in zip(weights(ours), weights(twin), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_the_learning_rate_follows_its_schedule(few_digits):
    module = made("FA")
    fit(module, few_digits, images=20, batch=10)
    after = weights(module)
    module = made("FA")
    fit(module, few_digits, images=60, batch=10, schedule={20: 0.0})
    for a, b in zip(weights(module), after, strict=True):
        assert torch.equal(a, b)


def test_constraints_hold_after_each_step(few_digits):
    module = made("BP", constraints=["constant norm", "frozen signs"])
    before = weights(module)
    fit(module, few_digits, **{**SETTINGS, "images": 300})
    for w, first in zip(weights(module), before, strict=True):
        assert torch.equal(w.sign(), first.sign())
        assert not torch.equal(w, first)
    module = made("uSF SN")
    fit(module, few_digits, **{**SETTINGS, "images": 100})
    w, b = weights(module)[1], module.synapses.b_2
    assert torch.equal(w.sign(), b.sign())
    assert b.norm().item() == pytest.approx(w.norm().item(), rel=1e-5)


def dropping():
    net = perceptron(SIZES, w_scale=0.5, dropout=0.3)
    return convert(net, "FA", b_scale=0.5)


def test_a_stopped_run_goes_on_where_it_was(few_digits, tmp_path):
    settings = {"images": 400, "batch": 10, "lr": 0.5, "momentum": 0.9, "evaluate_every": 100}
    whole = dropping()
    expected = fit(whole, few_digits, path=tmp_path / "whole.h5", **settings)

    class Stop(Exception):
        pass

    def stop(module):
        count[0] += 1
        if count[0] == 3:
            raise Stop
        return {}

    count = [0]
    path = tmp_path / "run.h5"
    with pytest.raises(Stop):
        fit(dropping(), few_digits, path=path, watch=stop, **settings)
    assert len(open_run(path).metrics("learning")["images_seen"]) == 2
    module = dropping()
    history = fit(module, few_digits, path=path, resume=True, **settings)
    assert history.images_seen.tolist() == expected.images_seen.tolist() == [0, 100, 200, 300, 400]
    assert history.validation_error.tolist() == expected.validation_error.tolist()
    for a, b in zip(weights(module), weights(whole), strict=True):
        assert torch.equal(a, b)
    learning = open_run(path).metrics("learning")
    assert learning["test_error"][-1] == expected.test_error
    assert open_run(path).complete
    with pytest.raises(InputError, match=r"a run to go on with \(got a complete one\)"):
        fit(module, few_digits, path=path, resume=True, **settings)


def test_adam_goes_on_too(few_digits, tmp_path):
    settings = {"batch": 10, "lr": 1e-3, "optimiser": "Adam", "evaluate_every": 50}
    whole, module, path = made("DFA"), made("DFA"), tmp_path / "run.h5"
    fit(whole, few_digits, images=150, **settings)

    def stop(module):
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return {}

    count = [0]

    with pytest.raises(KeyboardInterrupt):
        fit(module, few_digits, path=path, watch=stop, images=150, **settings)
    module = made("DFA")
    fit(module, few_digits, path=path, resume=True, images=150, **settings)
    for a, b in zip(weights(module), weights(whole), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"images": 0}, r"images: an integer >= 1 \(got 0\)"),
        ({"batch": 2.5}, r"batch: an integer >= 1 \(got 2.5\)"),
        ({"evaluate_every": 0}, r"evaluate_every: an integer >= 1 \(got 0\)"),
        ({"momentum": 1.0}, r"momentum: a number from 0 up to, not at, 1 \(got 1.0\)"),
        ({"lr": math.inf}, r"lr: a number >= 0 \(got inf\)"),
        ({"seed": -1}, r"seed: an integer >= 0 \(got -1\)"),
        ({"loss": "crossentropy"}, r"loss: .*cross entropy.* \(got 'crossentropy'\)"),
        ({"loss": "cross entropy"}, r"sizes: 10 outputs for cross entropy, .* \(got 20\)"),
        ({"optimiser": "Adan"}, r"optimiser: .*Adam.* \(got 'Adan'\)"),
        ({"epochs": 3}, r"fit: .* \(got 'epochs'\)"),
    ],
)
def test_what_cannot_be_trained_is_refused(few_digits, more, message):
    with pytest.raises(InputError, match=message):
        fit(made(), few_digits, **{**SETTINGS, **more})


def test_a_module_that_does_not_fit_the_data_is_refused(few_digits):
    with pytest.raises(InputError, match=r"module: one for stimuli of 64 features, .*digits"):
        fit(made(sizes=(784, 20)), few_digits, **SETTINGS)
    with pytest.raises(InputError, match=r"sizes: an output layer that 10 classes share .*25"):
        fit(made(sizes=(64, 25)), few_digits, **SETTINGS)
    with pytest.raises(InputError, match=r"images: how many to present \(got none\)"):
        fit(made(), few_digits)


def test_a_loss_that_is_not_finite_says_the_step_and_keeps_the_file(few_digits, tmp_path):
    path = tmp_path / "run.h5"
    module = convert(perceptron((64, 30, 10), hidden="relu", output="linear"), "BP")
    with pytest.raises(InputError, match=r"lr: one that keeps the loss finite \(got .* step [2-9]"):
        fit(module, few_digits, images=300, batch=10, lr=1e20, path=path)
    run = open_run(path)
    assert run.metrics("learning")["images_seen"].tolist() == [0.0]
    assert not run.complete


@pytest.mark.parametrize("split", ["validation", "test"])
def test_an_empty_split_is_refused(few_digits, split):
    without = few_digits.subset(**{f"n_{split}": 0})
    with pytest.raises(InputError, match=rf"data: {split} images to evaluate on \(got none\)"):
        fit(made(), without, **SETTINGS)


def test_evaluating_nothing_is_refused(few_digits):
    with pytest.raises(InputError, match=r"evaluate: at least one input to guess \(got none\)"):
        evaluate(made(), few_digits.test_x[:0], few_digits.test_y[:0], 10)


def test_a_network_of_nan_is_refused(few_digits):
    module = made()
    with torch.no_grad():
        module.get_submodule("2").weight[0, 0] = math.nan
    with pytest.raises(InputError, match=r"evaluate: a network with finite activity \(got nan\)"):
        evaluate(module, few_digits.test_x, few_digits.test_y, 10)
