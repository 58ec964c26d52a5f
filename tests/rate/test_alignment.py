"""How feedback weights are trained beside W: at rates of their own, with delays, with noise."""

import shutil

import pytest
import torch
from rate_nets import Wrapped
from torch import nn
from torch.optim import SGD

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import Alignment, Operations, convert, feedback_pairs, fit
from snn_credit.rate.aligner import check_feedback, feedback_parameters, is_hebbian
from snn_credit.rate.checkpoint import pack, unpack
from snn_credit.rules import RULES
from snn_credit.rules.primitives import aligned

SETTINGS = {"images": 600, "batch": 20, "loss": "cross entropy", "lr": 0.05}


def made(rule="SA", *, held=False, **more):
    net = perceptron((64, 20, 15, 10), hidden="tanh", output="linear", seed=0)
    return convert(Wrapped(net) if held else net, rule, seed=0, **more)


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def apart(module):
    return [float((b - w).norm() / w.norm()) for w, b in feedback_pairs(module).values()]


@pytest.mark.parametrize("held", [False, True], ids=["chain", "layers"])
def test_feedback_has_names_and_shapes(held):
    module = made(held=held)
    prefix = "inner." if held else ""
    pairs = feedback_pairs(module)
    assert set(pairs) == {f"{prefix}2", f"{prefix}4"}
    assert all(w.shape == b.shape for w, b in pairs.values())
    assert len(feedback_parameters(module)) == 2
    assert feedback_pairs(made("BP", held=held)) == {}
    assert feedback_parameters(made("FA chain", held=held)) == []


@pytest.mark.parametrize("held", [False, True], ids=["chain", "layers"])
@pytest.mark.parametrize("rule", ["SA", "AA"])
def test_feedback_learns_at_a_rate_of_its_own(few_digits, rule, held):
    still, quick = (made(rule, held=held, rates={"etab": 1.0}) for _ in range(2))
    fit(still, few_digits, **SETTINGS, alignment=Alignment(lr=0.0))
    fit(quick, few_digits, **SETTINGS, alignment=Alignment(lr=0.3))
    # activities have a few strong directions, in which alone AA is as quick
    less = {"SA": 0.1, "AA": 0.9}[rule]
    assert all(b < less * a for a, b in zip(apart(still), apart(quick), strict=True))


def test_one_optimiser_with_groups_is_the_same(few_digits):
    ours, theirs = made(rates={"etab": 0.2}), made(rates={"etab": 0.2})
    fit(ours, few_digits, **SETTINGS, alignment=Alignment(lr=0.5, momentum=0.5))

    def both(parameters):
        back = {id(p) for p in feedback_parameters(theirs)}
        groups = [
            {"params": [p for p in parameters if id(p) not in back], "lr": 0.05},
            {"params": [p for p in theirs.parameters() if id(p) in back], "momentum": 0.5},
        ]
        return SGD(groups, lr=0.5)

    fit(theirs, few_digits, **{**SETTINGS, "optimiser": both})
    for name, value in ours.state_dict().items():
        assert torch.allclose(value, theirs.state_dict()[name], atol=1e-6), name


@pytest.mark.parametrize("held", [False, True], ids=["chain", "layers"])
def test_until_the_delay_is_over_b_alone_learns(few_digits, held):
    module = made(held=held, rates={"etab": 1.0})
    first = state(module)
    looked = []

    def look(module):
        looked.append(state(module))
        return {}

    fit(
        module, few_digits, **SETTINGS, alignment=Alignment(lr=0.1, delay=200), watch=look,
        evaluate_every=200,
    )  # fmt: skip
    for name, value in looked[1].items():  # after 200 images
        forward = "feedback" not in name and "synapses" not in name
        assert torch.equal(value, first[name]) == forward, name
    assert not any(torch.equal(value, first[name]) for name, value in looked[2].items())


def test_alternation_lets_b_see_what_w_has_become(few_digits):
    # with rate 1, symmetric alignment makes b what W is at that moment
    for alternate in (False, True):
        module = made(rates={"etab": 1.0})
        settings = {**SETTINGS, "images": 20}
        first = {name: w.clone() for name, (w, _) in feedback_pairs(module).items()}
        fit(module, few_digits, **settings, alignment=Alignment(lr=1.0, alternate=alternate))
        for name, (w, b) in feedback_pairs(module).items():
            expected = w if alternate else first[name]
            assert torch.allclose(b, expected, atol=1e-6)
            assert not torch.allclose(w, first[name], atol=1e-6)


def test_schedules_are_apart(few_digits):
    module = made(rates={"etab": 1.0})
    rates = []

    class Watched(SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    fit(
        module, few_digits, **{**SETTINGS, "images": 80}, warmup=40, schedule={60: 0.1},
        alignment=Alignment(
            lr=1.0, optimiser=lambda p: Watched(p, 0.5), schedule={40: 0.2}, warmup=60
        ),
    )  # fmt: skip
    assert rates == pytest.approx([0.5 / 3, 1 / 3, 0.1, 0.1])


@pytest.mark.parametrize("which", ["W", "B"])
def test_warm_up_is_linear(few_digits, which):
    rates = []

    class Watched(SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    own = {"optimiser": lambda p: Watched(p, 0.8), "warmup": 80, "schedule": {100: 0.5}}
    settings = {**SETTINGS, "images": 120}
    if which == "W":
        fit(made("BP"), few_digits, **{**settings, **own})
    else:
        fit(made(), few_digits, **settings, alignment=Alignment(**own))
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.4])


@pytest.mark.parametrize("which", ["W", "B"])
def test_noise_on_updates_has_the_size_of_the_rate(few_digits, which):
    quiet, loud = made(), made()
    settings = {**SETTINGS, "images": 20}
    plain = Alignment(lr=0.1)
    fit(quiet, few_digits, **settings, alignment=plain)
    noise = {"noise": 3.0} if which == "W" else {}
    fit(
        loud, few_digits, **settings, **noise,
        alignment=plain if which == "W" else Alignment(lr=0.1, noise=3.0),
    )  # fmt: skip
    for name, value in loud.state_dict().items():
        moved = value - quiet.state_dict()[name]
        shaken = ("synapses" in name) == (which == "B")
        assert bool(moved.any()) == shaken, name
        if moved.numel() > 100 and shaken:
            size = 3.0 * (0.05 if which == "W" else 0.1)
            assert float(moved.std()) == pytest.approx(size, rel=0.2)


@pytest.mark.parametrize("held", [False, True], ids=["chain", "layers"])
def test_a_stopped_run_goes_on_to_the_same_bits(few_digits, tmp_path, held):
    alignment = Alignment(lr=0.01, optimiser="Adam", noise=0.1, delay=100)
    settings = {**SETTINGS, "momentum": 0.9, "alignment": alignment, "evaluate_every": 200}

    def module():
        # the mirror's noise and that of the updates are drawn anew at every step
        return made("WM", held=held)

    whole = module()
    fit(whole, few_digits, **settings, path=tmp_path / "whole.h5")
    looks = []

    def stop(module):
        looks.append(module)
        if len(looks) == 3:
            raise KeyboardInterrupt
        return {}

    stopped = module()
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, few_digits, **settings, path=tmp_path / "run.h5", watch=stop)
    again = module()
    shutil.copy(tmp_path / "run.h5", tmp_path / "copy.h5")
    fit(again, few_digits, **settings, path=tmp_path / "copy.h5", watch=lambda m: {}, resume=True)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (None, Alignment(), r"resume: .* with optimiser, aligner \(got optimiser\)"),
        (Alignment(), None, r"resume: .* with optimiser \(got optimiser, aligner\)"),
    ],
)
def test_a_run_goes_on_with_its_own_optimisers(few_digits, tmp_path, before, after, message):
    def stop(module):
        if looks.append(module) or len(looks) == 2:
            raise KeyboardInterrupt
        return {}

    looks = []
    settings = {**SETTINGS, "evaluate_every": 200, "path": tmp_path / "run.h5", "watch": stop}
    with pytest.raises(KeyboardInterrupt):
        fit(made(), few_digits, **settings, alignment=before)
    with pytest.raises(InputError, match=message):
        fit(made(), few_digits, **settings, alignment=after, resume=True)


def test_a_state_of_nameless_optimisers_is_refused():
    module = nn.Linear(2, 2)
    optimisers = {"optimiser": SGD(module.parameters(), lr=0.1)}
    arrays, plain = pack(module, optimisers)
    with pytest.raises(InputError, match=r"resume: .* \(got optimisers without names\)"):
        unpack(arrays, {"groups": plain["groups"]["optimiser"]}, module, optimisers)


def test_diverging_feedback_is_refused_by_name(few_digits):
    module = made("WM on activity", rates={"etab": 1.0, "c_decay": 0.0})
    with pytest.raises(InputError) as caught:
        fit(module, few_digits, **SETTINGS, alignment=Alignment(lr=1e7))
    message = str(caught.value)
    assert "under WM on activity: a smaller rate" in message
    assert "in layer '4' at step 20" in message
    assert "it is Hebbian" in message
    assert "\n" not in message


def test_diverging_feedback_that_is_not_hebbian_has_no_such_excuse(few_digits):
    with pytest.raises(InputError, match=r"under SA: .* in layer '2' at step \d+\)$"):
        fit(made(rates={"etab": 1.0}), few_digits, **SETTINGS, alignment=Alignment(lr=50.0))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"lr": 1e3}, r"^lr: one that keeps the loss finite \(got (inf|nan) at step \d\)$"),
        ({"alignment": Alignment(lr=1e6)}, r"^lr, alignment.lr: ones that keep the loss finite \("),
    ],
)
def test_where_w_has_diverged_too_nothing_says_whose_fault_it_is(few_digits, more, message):
    net = perceptron((64, 20, 15, 10), hidden="relu", output="linear", seed=0)
    settings = {**SETTINGS, "loss": "squared error", **more}
    with pytest.raises(InputError, match=message):
        fit(convert(net, "SA" if "alignment" in more else "KP"), few_digits, **settings)


def test_direct_feedback_that_diverges_is_refused_by_name(few_digits):
    module = made("SG DFA", rates={"etab": 1.0})
    with torch.no_grad():
        module.synapses.b_1_3[0, 0] = float("nan")
    with pytest.raises(InputError, match=r"under SG DFA: .* \(got 'synapses.b_1_3' at step 20\)"):
        check_feedback(module, 20)


def test_which_rules_are_hebbian():
    assert [name for name, rule in RULES.items() if is_hebbian(rule)] == ["WM", "WM on activity"]
    assert is_hebbian(aligned("x", "none", amp=1.0))
    assert not is_hebbian(aligned("x", "none", amp=1.0, null=0.5))


def test_mixed_precision_trains(few_digits):
    errors, learned = [], []
    for precision in ("float32", "bfloat16"):
        module = made("AA", held=True, operations=Operations(fo_bias=True, bo_bias=True))
        settings = {**SETTINGS, "images": 3000, "precision": precision}
        alignment = Alignment(lr=0.01, optimiser="Adam")
        errors.append(fit(module, few_digits, **settings, alignment=alignment).test_error)
        assert all(p.dtype == torch.float32 for p in module.parameters())
        learned.append(module.state_dict()["inner.2.feedback_b"])
    assert not torch.allclose(*learned, atol=1e-5)
    assert abs(errors[0] - errors[1]) < 5
    assert max(errors) < 45


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alignment": Alignment(lr=-1.0)}, r"alignment.lr: a number >= 0 \(got -1.0\)"),
        ({"alignment": Alignment(noise=-1.0)}, r"alignment.noise: a number >= 0 \(got -1.0\)"),
        ({"alignment": Alignment(momentum=1.0)}, r"alignment.momentum: .* \(got 1.0\)"),
        ({"alignment": Alignment(warmup=-1)}, r"alignment.warmup: an integer >= 0 \(got -1\)"),
        ({"alignment": Alignment(delay=-1)}, r"alignment.delay: an integer >= 0 \(got -1\)"),
        ({"alignment": Alignment(delay=600)}, r"alignment.delay: fewer than the 600 .* \(got 600"),
        ({"alignment": Alignment(schedule={600: 0.1})}, r"alignment.schedule: .*599 \(got 600\)"),
        ({"alignment": Alignment(optimiser="Adm")}, r"optimiser: .*Adam.* \(got 'Adm'\)"),
        ({"alignment": {"lr": 0.1}}, r"alignment: an Alignment \(got dict\)"),
        ({"noise": -1.0}, r"noise: a number >= 0 \(got -1.0\)"),
        ({"warmup": -1}, r"warmup: an integer >= 0 \(got -1\)"),
        ({"precision": "float16"}, r"precision: .*float32.* \(got 'float16'\)"),
    ],
)
def test_mistakes(few_digits, changes, message):
    with pytest.raises(InputError, match=message):
        fit(made(), few_digits, **{**SETTINGS, **changes})


@pytest.mark.parametrize(
    ("frozen", "message"),
    [("", r"module: W or biases that learns.* \(got none"), ("synapses", r"module: b that learns")],
)
def test_an_optimiser_of_nothing_is_refused(few_digits, frozen, message):
    module = made()
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name.startswith("synapses") != (frozen == "synapses"))
    with pytest.raises(InputError, match=message):
        fit(module, few_digits, **SETTINGS, alignment=Alignment())


@pytest.mark.parametrize("held", [False, True], ids=["chain", "layers"])
def test_feedback_that_is_frozen_on_the_way_stays(few_digits, held):
    module = made(held=held, rates={"etab": 1.0})
    looked = []

    def freeze(module):
        looked.append([b.clone() for _, b in feedback_pairs(module).values()])
        if len(looked) == 2:
            for parameter in feedback_parameters(module):
                parameter.requires_grad_(False)
        return {}

    alignment = Alignment(lr=0.1)
    fit(module, few_digits, **SETTINGS, alignment=alignment, watch=freeze, evaluate_every=200)
    assert not any(map(torch.equal, looked[0], looked[1]))
    assert all(map(torch.equal, looked[1], looked[3]))


def test_alignment_of_nothing_is_refused(few_digits):
    with pytest.raises(InputError, match=r"alignment: settings of feedback .* \(got none\)"):
        fit(made("FA chain"), few_digits, **SETTINGS, alignment=Alignment())
