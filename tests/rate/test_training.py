import dataclasses

import numpy as np
import pytest
import torch

from snn_credit.errors import InputError
from snn_credit.rate import Dense, evaluate, train
from snn_credit.rate.training import learn
from snn_credit.rules import Local, Message, Rule, Update
from snn_credit.rules.net import Changes

SIZES = (64, 40, 40, 20)
SETTINGS = {"images": 600 * 20, "batch": 10, "w_scale": 0.5, "b_scale": 0.5, "eta": 1.0}

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


def weights(network):
    return [network.net.forward[layer]["w"] for layer in sorted(network.net.forward)]


def test_bp_and_fa_learn_well_above_shallow(few_digits):
    error = {
        rule: train(rule, SIZES, few_digits, **SETTINGS).test_error
        for rule in ("BP", "FA", "Shallow")
    }
    assert error["BP"] < 12
    assert error["FA"] < 12
    assert error["Shallow"] > 10 + max(error["BP"], error["FA"])


def test_without_feedback_fa_is_as_poor_as_shallow(few_digits):
    without = train("FA", SIZES, few_digits, **{**SETTINGS, "b_scale": 0.0}).test_error
    assert without > 20


def test_a_rule_defined_here_trains(few_digits):
    settings = {**SETTINGS, "eta": None}
    history = train(SIGN_FA, SIZES, few_digits, **settings)
    assert history.rule == "sign FA"
    assert history.test_error < 20


def test_rates_of_ones_own_reach_the_rule(few_digits):
    settings = {**SETTINGS, "eta": None, "images": 10}
    still = train(SIGN_FA, SIZES, few_digits, **settings, rates={"rho": 0.0})
    fresh = Dense(SIGN_FA, SIZES, w_scale=0.5, b_scale=0.5)
    for ours, first in zip(weights(still.network), weights(fresh), strict=True):
        assert torch.equal(ours, first)


def test_the_curve_is_evaluated_when_asked(few_digits):
    seen = []
    settings = {**SETTINGS, "images": 95, "evaluate_every": 40}
    history = train(
        "FA",
        SIZES,
        few_digits,
        **settings,
        progress=lambda images, validation_error: seen.append((images, validation_error)),
    )
    assert history.images_seen.tolist() == [0, 40, 80, 95]
    assert [images for images, _ in seen] == [*range(10, 100, 10), 95]
    assert seen[-1][1] == history.validation_error[2]
    assert history.train_error.shape == history.validation_error.shape == (4,)
    trained = history.network
    assert history.test_error == evaluate(trained, few_digits.test_x, few_digits.test_y)
    assert history.validation_error[-1] == evaluate(
        trained, few_digits.validation_x, few_digits.validation_y
    )


def test_evaluation_counts_wrong_guesses(few_digits):
    network = Dense("BP", (64, 10), w_scale=0.0, b_scale=0.0)
    network.net.bias[1][3] = 1.0
    labels = np.array([3, 3, 3, 4])
    assert evaluate(network, few_digits.test_x[:4], labels) == 25


def test_evaluation_is_the_same_in_parts(few_digits):
    network = train("BP", SIZES, few_digits, **{**SETTINGS, "images": 300}).network
    x, y = np.tile(few_digits.test_x, (4, 1)), np.tile(few_digits.test_y, 4)
    assert len(y) > 1000
    assert evaluate(network, x, y) == pytest.approx(
        evaluate(network, few_digits.test_x, few_digits.test_y)
    )


def test_the_same_seed_repeats_a_run(few_digits):
    runs = [
        train("FA", SIZES, few_digits, **{**SETTINGS, "images": 300}, seed=s) for s in (1, 1, 2)
    ]
    for ours, same, other in zip(*(weights(run.network) for run in runs), strict=True):
        assert torch.equal(ours, same)
        assert not torch.equal(ours, other)


def test_every_image_comes_once_before_any_comes_again(few_digits):
    # Inputs that name themselves: one bright pixel each, and a network that only collects them.
    x = np.eye(64, dtype=np.float32)[:50]
    own = dataclasses.replace(few_digits, train_x=x, train_y=few_digits.train_y[:50])
    collect = Rule("collect", "this test", updates=(Update("w", "1 + 0*h", "h", factor="1"),))
    settings = {"batch": 1, "w_scale": 0.0, "b_scale": 0.0}
    once = train(collect, (64, 10), own, images=50, **settings).network.net.forward[1]["w"]
    assert torch.equal(once[0, :50], torch.ones(50))
    half = train(collect, (64, 10), own, images=75, **settings).network.net.forward[1]["w"]
    assert sorted(half[0, :50].tolist()) == [1.0] * 25 + [2.0] * 25
    assert half[0, :50].tolist() != [2.0] * 25 + [1.0] * 25  # in a random order


def test_momentum_adds_up_the_changes(few_digits):
    x, y = torch.from_numpy(few_digits.train_x[:5]), torch.from_numpy(few_digits.train_y[:5])
    network = Dense("FA", SIZES, w_scale=0.5, b_scale=0.5)
    network.net.shared["eta"] = 0.5
    velocity, expected = Changes(), torch.zeros(40, 64)
    for _ in range(3):
        before = network.net.forward[1]["w"].clone()
        network.forward(x)
        network.compare(y)
        expected = 0.9 * expected + network.interpreter.step(network.net).forward[1]["w"]
        learn(network, x, y, velocity, momentum=0.9)
        assert torch.allclose(network.net.forward[1]["w"] - before, expected, atol=1e-6)
    assert expected.abs().max() > 1e-4


def test_decay_acts_once_a_step(few_digits):
    settings = {**SETTINGS, "images": 20, "eta": 0.0, "lam": 0.25}
    decayed = train("FA", SIZES, few_digits, **settings).network
    fresh = Dense("FA", SIZES, w_scale=0.5, b_scale=0.5)
    for ours, first in zip(weights(decayed), weights(fresh), strict=True):
        assert torch.allclose(ours, 0.75**2 * first)


def test_whole_matrix_functions_follow_each_step(few_digits):
    trained = train("uSF SN", SIZES, few_digits, **{**SETTINGS, "images": 100}).network
    synapses = trained.net.forward[2]
    assert torch.equal(torch.sign(synapses["b"]), torch.sign(synapses["w"]))
    assert synapses["b"].norm().item() == pytest.approx(synapses["w"].norm().item(), rel=1e-5)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sizes": (784, 20)}, r"sizes: 64 inputs first, the features of digits \(got 784\)"),
        (
            {"sizes": (64, 25)},
            r"sizes: an output layer that 10 classes share .* \(got 25 neurons\)",
        ),
        ({"images": 0}, r"images: an integer >= 1 \(got 0\)"),
        ({"batch": 2.5}, r"batch: an integer >= 1 \(got 2.5\)"),
        ({"evaluate_every": 0}, r"evaluate_every: an integer >= 1 \(got 0\)"),
        ({"momentum": 1.0}, r"momentum: a number from 0 up to, not at, 1 \(got 1.0\)"),
        ({"eta": float("inf")}, r"eta: a finite number \(got inf\)"),
        ({"rates": {"etab": 1.0}}, r"etab: a rate of FA, which has: eta, lam \(got 1.0\)"),
        ({"rule": SIGN_FA}, r"eta: a rate of sign FA, which has: rho \(got 1.0\)"),
        ({"rule": "PEPITA"}, r"rule: one that learns on the rate path: BP, .* \(got PEPITA, which"),
    ],
)
def test_what_cannot_be_trained_is_refused(few_digits, more, message):
    settings = {**SETTINGS, "rule": "FA", "sizes": SIZES, **more}
    with pytest.raises(InputError, match=message):
        train(settings.pop("rule"), settings.pop("sizes"), few_digits, **settings)


def test_a_loss_that_is_not_finite_says_the_step(few_digits):
    settings = {**SETTINGS, "lam": 1e20}
    with pytest.raises(InputError, match=r"rates: .* the loss finite \(got nan at step [2-9]\)"):
        train("BP", SIZES, few_digits, **settings)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_an_empty_split_is_refused(few_digits, split):
    without = few_digits.subset(**{f"n_{split}": 0})
    with pytest.raises(InputError, match=rf"data: {split} images to evaluate on \(got none\)"):
        train("FA", SIZES, without, **SETTINGS)


def test_evaluating_nothing_is_refused(few_digits):
    network = Dense("FA", SIZES, w_scale=0.5, b_scale=0.5)
    with pytest.raises(InputError, match=r"evaluate: at least one input to guess \(got none\)"):
        evaluate(network, few_digits.test_x[:0], few_digits.test_y[:0])


def test_a_network_of_nan_is_refused(few_digits):
    network = Dense("FA", SIZES, w_scale=0.5, b_scale=0.5)
    network.net.forward[2]["w"][0, 0] = float("nan")
    with pytest.raises(InputError, match=r"evaluate: a network with finite activity \(got nan\)"):
        evaluate(network, few_digits.test_x, few_digits.test_y)
