"""Feedback that learns in modules of any form: layers by themselves against the declaration."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from rate_nets import Residual, Twice, Wrapped
from torch import nn

from snn_credit.errors import InputError
from snn_credit.rate import Operations, convert, feedback_pairs, present
from snn_credit.rate.losses import cross_entropy
from snn_credit.rate.pairs import Pair, learns_alone
from snn_credit.rate.wiring import wiring_of
from snn_credit.rules import RULES, Local, Message, Phase, Rule, Update
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FEEDBACK
from snn_credit.rules.primitives import PRIMITIVES, aligned

ALONE = ("KP", "matched", "SA", "WM on activity", "IA", "AA")
SUM = {"decay": 0.3, "amp": 1.5, "null": 0.7, "angle": 0.4, "sparse": 2.0, "self": 0.6}


def dense():
    return nn.Sequential(nn.Linear(6, 5, bias=False), nn.Linear(5, 4, bias=False))


def convolutions():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, bias=False),
        nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2, dilation=(1, 2), bias=False),
        nn.Flatten(),
    )


def framed():
    """Convolutions around whose input an edge is laid first."""
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same", bias=False),
        nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular", bias=False),
        nn.Flatten(),
    )


NETS = {
    "dense": (dense, (6,)),
    "convolutions": (convolutions, (2, 5, 6)),
    "edges": (framed, (2, 4, 5)),
}


@pytest.fixture(params=NETS)
def case(request):
    make, shape = NETS[request.param]
    torch.manual_seed(0)
    net = make().double()
    x = torch.randn(7, *shape, dtype=torch.float64)
    n = net(x).shape[1]
    return net, x, torch.randint(n, (7,)), shape


def gradients(module, x, y):
    module.train()
    module.zero_grad()
    torch.manual_seed(5)
    present(module, x, y, cross_entropy)
    return {name: p.grad for name, p in module.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("rule", [*ALONE, aligned("all six", "none", etab=0.3, **SUM)], ids=str)
def test_linear_layers_by_themselves_are_the_interpreted_chain(case, rule):
    # With h = W x, what a layer sees of its neighbours is what the chain's neurons do.
    net, x, y, shape = case
    chain = gradients(convert(net, rule, shape=shape, seed=3), x, y)
    layers = gradients(convert(Wrapped(net), rule, seed=3), x, y)
    assert {name.removeprefix("inner.") for name in layers} == {
        name.replace("synapses.b_2", "1.feedback_b") for name in chain
    }
    for name, gradient in chain.items():
        ours = layers["inner." + name.replace("synapses.b_2", "1.feedback_b")]
        assert torch.allclose(ours, gradient, rtol=0, atol=1e-13), name
        assert gradient.abs().max() > 1e-9


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_without_operations_the_regulariser_has_the_declared_gradient(case, primitive):
    net, x, y, _ = case
    rule = aligned("one", "none", etab=0.3, **{primitive: 0.8})
    closed = gradients(convert(Wrapped(net), rule, seed=3), x, y)
    by_autograd = gradients(convert(net, rule, operations=Operations(), seed=3), x, y)
    ours = closed["inner.1.feedback_b"]
    assert torch.allclose(ours, by_autograd["1.feedback_b"], rtol=0, atol=1e-13)
    assert ours.abs().max() > 1e-9


def test_weight_mirror_correlates_noise_with_the_response_to_it():
    torch.manual_seed(0)
    layer = nn.Linear(3, 2).double()
    pair = Pair(RULES["WM"], {**RULES["WM"].rates, "sig": 0.5, "etab": 1.0})
    w, b = layer.weight.detach(), torch.randn(2, 3, dtype=torch.float64)
    x = torch.zeros(200_000, 3, dtype=torch.float64)
    found = pair.gradients(wiring_of(layer, x.shape), {"w": w, "b": b}, x, None, x[:, :2], None)
    assert torch.allclose(found["b"], b - w, atol=0.02)  # dB = W' - B in the mean


def test_biases_are_no_part_of_what_a_layer_sees():
    torch.manual_seed(0)
    net = Wrapped(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).double())
    x, y = torch.randn(5, 3, dtype=torch.float64), torch.randint(2, (5,))
    module = convert(net, "AA", seed=1)
    inner = module.get_submodule("inner")
    b, w = inner[1].feedback_b, inner[1].weight
    h = inner[0](x)
    expected = -2e-3 * (h @ (w - b).T).T @ h / 5
    found = gradients(module, x, y)["inner.1.feedback_b"]
    assert torch.allclose(found, expected, atol=1e-13)


def after_layers(inplace):
    torch.manual_seed(0)
    return Wrapped(
        nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.ReLU(inplace), nn.Conv2d(3, 4, 3), nn.ReLU(inplace),
            nn.Flatten(), nn.Linear(16, 3), nn.Sigmoid(),
        ).double()
    )  # fmt: skip


@pytest.mark.parametrize("more", [{}, {"operations": Operations(fo_bias=True)}], ids=len)
@pytest.mark.parametrize("rule", ["SA", "AA", "IA"])
def test_what_follows_a_layer_may_change_its_sums_in_place(rule, more):
    x, y = torch.randn(5, 2, 6, 6).double(), torch.randint(3, (5,))
    apart, inplace = (
        gradients(convert(after_layers(i), rule, **more), x, y) for i in (False, True)
    )
    for name, gradient in apart.items():
        assert torch.allclose(inplace[name], gradient, rtol=0, atol=1e-13), name


def by_hand(operations, weights, w, bias, b, x, rng):
    """R of one dense layer, in numpy, example by example where the batch does not enter."""
    if operations.noise is not None:
        x = operations.noise * rng

    def centred(v):
        return v - v.mean(1, keepdims=True)

    def unit(v):
        v = centred(v)
        return v / np.sqrt((v**2).sum(1, keepdims=True))

    if operations.bi_fwmc:
        x = centred(x)
    if operations.bi_fwl2n:
        x = unit(x)
    f = x @ w.T + (bias if operations.fo_bias else 0)
    f = np.maximum(f, 0) if operations.fo_relu else f
    r = f @ b
    own = x - x.mean(0) if operations.bi_bwmc else x
    p = own @ b.T + (bias if operations.bo_bias else 0)
    p = np.maximum(p, 0) if operations.bo_relu else p
    if operations.fo_fwmc:
        f, r = centred(f), centred(r)
    if operations.fo_fwl2n:
        f, r = unit(f), unit(r)
    if operations.fo_bwmc:
        f, r = f - f.mean(0), r - r.mean(0)
    if operations.bo_fwmc:
        p = centred(p)
    if operations.bo_fwl2n:
        p = unit(p)
    n = len(x)
    return (
        -weights["amp"] * (f * p).sum() / n
        + weights["sparse"] * (p**2).sum() / 2 / n
        + weights["null"] * (r**2).sum() / 2 / n
        + weights["decay"] * (b**2).sum() / 2
    )


FLAGS = [name for name in Operations.__dataclass_fields__ if name != "noise"]


@pytest.mark.parametrize("flags", [*[(f,) for f in FLAGS], tuple(FLAGS[:5]), tuple(FLAGS[5:])])
@pytest.mark.parametrize("noise", [None, 0.7])
def test_operations_by_hand(flags, noise):
    random = np.random.default_rng(1)
    operations = Operations(noise=noise, **dict.fromkeys(flags, True))
    weights = {"amp": 1.2, "sparse": 0.7, "null": 0.4, "decay": 0.3}
    w, b = random.normal(size=(2, 9, 5))
    bias, x = random.normal(size=9), random.normal(size=(6, 5))
    layer = nn.Linear(5, 9)

    def ours(b):
        torch.manual_seed(2)
        tensors = [torch.from_numpy(each) for each in (w, bias, b, x, np.zeros((6, 9)))]
        return operations.regulariser(weights, wiring_of(layer, (6, 5)), *tensors)

    torch.manual_seed(2)
    rng = torch.randn(6, 5, dtype=torch.float64).numpy()
    assert float(ours(b)) == pytest.approx(by_hand(operations, weights, w, bias, b, x, rng))
    torch.manual_seed(2)
    tensors = [torch.from_numpy(each) for each in (w, bias, b, x, np.zeros((6, 9)))]
    slope = operations.gradient(weights, wiring_of(layer, (6, 5)), *tensors).numpy()
    for place in np.ndindex(b.shape):
        step = np.zeros_like(b)
        step[place] = 1e-6
        numerical = float(ours(b + step) - ours(b - step)) / 2e-6
        assert slope[place] == pytest.approx(numerical, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("rule", ["KP", "SA", "WM", "IA", "AA"])
def test_modules_that_are_no_chain(rule):
    torch.manual_seed(0)
    x, y = torch.randn(8, 3, 6, 6), torch.randint(4, (8,))
    module = convert(Residual(), rule, seed=1)
    assert not hasattr(module.first, "feedback_b")
    assert set(feedback_pairs(module)) == {"second", "out"}
    assert module.second.feedback_b.shape == module.second.weight.shape
    found = gradients(module, x, y)
    assert set(found) == {name for name, _ in module.named_parameters()}
    with torch.no_grad():
        for layer in (module.second, module.out):
            layer.feedback_b.copy_(layer.weight)
    found, plain = gradients(module, x, y), Residual()
    plain.load_state_dict(module.state_dict(), strict=False)
    exact = gradients(plain, x, y)
    for name, gradient in exact.items():  # with B = W' it is backpropagation
        assert torch.allclose(found[name], gradient, atol=1e-6), name
    if rule == "SA":
        assert not found["second.feedback_b"].any()


@pytest.mark.parametrize("constraints", [[], ["frozen signs"], ["constant norm"]], ids=str)
@pytest.mark.parametrize("rule", ["FA chain", "SA", "AA", "KP"])
def test_a_layer_that_is_passed_through_twice(rule, constraints):
    torch.manual_seed(0)
    x, y = torch.randn(6, 4).double(), torch.randint(3, (6,))
    plain = Twice().double()
    module = convert(plain, rule, constraints=constraints, seed=1)
    with torch.no_grad():
        for layer in (module.again, module.out):
            layer.feedback_b.copy_(layer.weight)
        if constraints == ["constant norm"]:  # which takes this back, up to rounding
            module.again.weight.mul_(1.5)
    found, exact = gradients(module, x, y), gradients(plain, x, y)
    for name, gradient in exact.items():
        assert torch.allclose(found[name], gradient, rtol=0, atol=1e-12), name


@pytest.mark.parametrize("rule", ["FA chain", "SA", "AA", "IA"])
def test_a_normalisation_that_learns_below_the_first_layer(rule):
    torch.manual_seed(0)
    x, y = torch.randn(6, 4).double(), torch.randint(3, (6,))
    plain = Wrapped(nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)))
    module = convert(plain.double(), rule, seed=1)
    assert set(feedback_pairs(module)) == {"inner.1", "inner.3"}
    with torch.no_grad():
        for at in ("1", "3"):
            layer = module.get_submodule(f"inner.{at}")
            layer.feedback_b.copy_(layer.weight)
    found, exact = gradients(module, x, y), gradients(plain, x, y)
    assert rule == "FA chain" or "inner.1.feedback_b" in found
    for name, gradient in exact.items():
        assert torch.allclose(found[name], gradient, rtol=0, atol=1e-12), name


@pytest.mark.parametrize("frozen", [("0",), ("0", "1")], ids=str)
@pytest.mark.parametrize("rule", ["KP", "SA", "AA"])
def test_feedback_learns_though_w_is_frozen(rule, frozen):
    # as in a chain: what Lansdell et al. 2020 do in Fig 4, with any rule
    net, x, y = dense(), torch.randn(6, 6), torch.randint(4, (6,))
    chain, layers = (convert(each, rule, seed=3) for each in (net, Wrapped(net)))
    for at in frozen:
        chain.get_submodule(at).weight.requires_grad_(False)
        layers.get_submodule(f"inner.{at}").weight.requires_grad_(False)
    expected, found = gradients(chain, x, y), gradients(layers, x, y)
    assert len(found) == len(expected) == 3 - len(frozen)
    ours, theirs = found["inner.1.feedback_b"], expected["synapses.b_2"]
    assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("rule", ["KP", "SA", "AA"])
def test_frozen_feedback_stays(rule):
    module = convert(Residual(), rule, seed=1)
    module.second.feedback_b.requires_grad_(False)
    found = gradients(module, torch.randn(8, 3, 6, 6), torch.randint(4, (8,)))
    assert "out.feedback_b" in found
    assert "second.feedback_b" not in found
    assert "first.weight" in found


class Backwards(nn.Module):
    """Its layers run in another order than they are registered in."""

    def __init__(self):
        super().__init__()
        self.out, self.first = nn.Linear(5, 3), nn.Linear(4, 5)

    def forward(self, x):
        return self.out(torch.tanh(self.first(x)))


@pytest.mark.parametrize("rule", ["FA chain", "SA"])
def test_a_gradient_below_a_layer_without_feedback_is_refused(rule):
    x, y = torch.randn(6, 4), torch.randint(3, (6,))
    message = r"module: layers registered in the order .* below LearningLinear\(.*\)"
    with pytest.raises(InputError, match=message):
        gradients(convert(Backwards(), rule), x, y)
    net = Wrapped(nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3)))
    with pytest.raises(InputError, match=r"a stimulus without gradient"):
        gradients(convert(net, rule), x.requires_grad_(), y)


def test_each_passage_and_each_backward_pass_teaches():
    x, y = torch.randn(6, 4).double(), torch.randint(3, (6,))
    module = convert(Twice().double(), "SA", rates={"etab": 1.0}, seed=1)
    found = gradients(module, x, y)
    for layer, times in ((module.again, 2), (module.out, 1)):
        name = "again" if times == 2 else "out"
        apart = layer.feedback_b - layer.weight
        assert torch.allclose(found[f"{name}.feedback_b"], times * apart, atol=1e-12)
    cross_entropy(module(x), y).mean().div(2).backward()
    assert torch.allclose(module.out.feedback_b.grad, 2 * apart, atol=1e-12)


def test_symmetric_alignment_comes_to_w():
    module = convert(Residual(), "SA", rates={"etab": 1.0}, seed=1)
    optimiser = torch.optim.SGD([module.second.feedback_b], lr=0.5)
    x, y = torch.randn(8, 3, 6, 6), torch.randint(4, (8,))
    apart = (module.second.feedback_b - module.second.weight).detach().clone()
    for _ in range(3):
        gradients(module, x, y)
        optimiser.step()
    left = module.second.feedback_b - module.second.weight
    assert torch.allclose(left, apart / 8, atol=1e-6)


def test_a_module_that_learns_is_copied_and_stored(tmp_path):
    x, y = torch.randn(8, 3, 6, 6), torch.randint(4, (8,))
    module = convert(Residual(), "IA", seed=1)
    other = convert(Residual(), "IA", seed=2)
    other.load_state_dict(module.state_dict())
    for twin in (other, copy.deepcopy(module)):
        ours, theirs = gradients(module, x, y), gradients(twin, x, y)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("rule", ["KP", "SA", "AA"])
def test_mixed_precision(rule):
    x, y = torch.randn(8, 3, 6, 6), torch.randint(4, (8,))
    module = convert(Residual(), rule, rates={} if rule == "KP" else {"etab": 1.0}, seed=1)
    exact = gradients(module, x, y)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = gradients(module, x, y)
    for name, gradient in exact.items():
        assert mixed[name].dtype == torch.float32
        assert (mixed[name] - gradient).norm() < 0.1 * gradient.norm() + 1e-3, name


NOT_ALONE = ("SG", "NP feedback", "NP feedback ridge", "SG DFA", "NP feedback DFA")
SLOPED = Rule(
    name="sloped",
    citation="this test",
    steps=(FEEDBACK, CHAIN_DELTA),
    updates=(CHAIN_LEARN, Update("b", post="df", pre="h", factor="eta")),
    rates={"eta": 1.0, "lam": 0.0},
)
BORDER = Rule(
    name="border",
    citation="this test",
    steps=(FEEDBACK, CHAIN_DELTA, Local("mark", hidden="h", output="2*h")),
    updates=(CHAIN_LEARN, Update("b", post="mark", pre="h", factor="eta")),
    rates={"eta": 1.0, "lam": 0.0},
)
TWICE = Rule(
    name="twice",
    citation="this test",
    steps=(
        FEEDBACK,
        CHAIN_DELTA,
        Message("up", of="h", frm="below", via="w"),
        Message("upper", of="up", frm="above", via="b"),
    ),
    updates=(CHAIN_LEARN, Update("b", post="h", pre="upper", factor="eta")),
    rates={"eta": 1.0, "lam": 0.0},
)


KP = RULES["KP"]
MIRROR = KP.updates[1]
TOP = replace(KP, updates=(CHAIN_LEARN, replace(MIRROR, on="output")))
WINDOWS = replace(KP, phases=(Phase("one"), Phase("two")))
RENAMED = Rule(
    name="renamed",
    citation="this test",
    steps=(
        Message("fb", of="mod", frm="above", via="b"),
        Local("mod", hidden="fb*df", output="err*df"),
        Local("delta", hidden="2*h", output="2*h"),
    ),
    updates=(replace(CHAIN_LEARN, post="mod"), Update("b", post="delta", pre="h", factor="eta")),
    rates=KP.rates,
)
NOISY = replace(
    KP,
    steps=(*KP.steps, Local("noise", hidden="2*h", output="2*h")),
    updates=(CHAIN_LEARN, Update("b", post="h", pre="noise", factor="eta*sig")),
    rates={**KP.rates, "sig": 0.1},
)


@pytest.mark.parametrize("rule", [TOP, WINDOWS, RENAMED, NOISY])
def test_a_rule_that_a_layer_would_read_otherwise_is_left_to_chains(rule):
    assert not learns_alone(rule)
    with pytest.raises(InputError, match=r"other modules learn by: BP, .*"):
        convert(Residual(), rule)


def test_which_rules_a_layer_can_learn_by_itself():
    assert all(learns_alone(RULES[name]) for name in (*ALONE, "WM", "FA chain"))
    assert not any(learns_alone(RULES[name]) for name in NOT_ALONE)
    assert not any(map(learns_alone, (SLOPED, BORDER, TWICE)))


@pytest.mark.parametrize(
    ("module", "rule", "more", "message"),
    [
        (Residual(), "SG", {}, r"other modules learn by: BP, .*SA.*, not by SG"),
        (Residual(), "SA", {"rates": {"lam": 1.0}}, r"rates: neither eta nor lam .* \(got lam\)"),
        (Residual(), "KP", {"operations": Operations()}, r"operations: .*aligned.* \(got KP\)"),
        (dense(), "WM", {"rates": {"sig": 0.0}}, r"rates: .*sig\*\*2' is .* \(got sig = 0.0\)"),
        (dense(), "WM", {"operations": Operations()}, r"operations: .* \(got WM\)"),
        (
            Wrapped(nn.Linear(2, 2)),
            "SA",
            {},
            r"two layers .* SA changes the feedback .* \(got one\)",
        ),
        (nn.Sequential(nn.Linear(2, 2)), "KP", {}, r"two layers .* KP changes .* \(got one\)"),
    ],
)
def test_what_is_refused(module, rule, more, message):
    with pytest.raises(InputError, match=message):
        convert(module, rule, **more)


def test_operations_are_no_mapping():
    with pytest.raises(InputError, match=r"operations: Operations, or None \(got dict\)"):
        convert(dense(), "SA", operations={"noise": 0.5})


def test_the_error_is_told_of_activity_and_of_no_noise():
    torch.manual_seed(0)
    layer, x, delta = (
        nn.Linear(3, 4).double(),
        torch.randn(5, 3).double(),
        torch.randn(5, 4).double(),
    )
    b, wiring, w = torch.randn(4, 3).double(), wiring_of(layer, x.shape), layer.weight.detach()
    plain, noisy = (
        operations.gradient({"angle": 2.0}, wiring, w, None, b, x, delta)
        for operations in (Operations(), Operations(noise=0.7, fo_relu=True, bi_fwl2n=True))
    )
    assert torch.allclose(plain, 2.0 * delta.T @ x / 5)
    assert torch.equal(plain, noisy)


def test_noise_is_a_number_above_nought():
    with pytest.raises(InputError, match=r"noise: a number above 0, or None \(got 0\)"):
        Operations(noise=0)
