"""`convert`: what a converted module is to the rest of torch, and what it refuses."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from rate_nets import Residual, Wrapped
from torch import nn
from torch.nn import functional

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import LocallyConnected2d, Stack, convert, learnable, present
from snn_credit.rate.losses import cross_entropy, squared_error
from snn_credit.rate.passing import descending
from snn_credit.rules import RULES, Phase, Rule, Update
from snn_credit.rules.pepita import PEPITA_RANDOM, PEPITA_SECOND_ERROR


def convnet(dropout=0.0):
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding="same", padding_mode="reflect"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Sequential(
            nn.Conv2d(6, 8, 3, stride=2, groups=2, padding=1), nn.MaxPool2d(2), nn.Tanh()
        ),
        nn.Flatten(), nn.Linear(8 * 2 * 2, 12), nn.LeakyReLU(0.2), nn.Dropout(dropout),
        nn.Linear(12, 4),
    )  # fmt: skip


WINDOWED = Rule(
    name="windowed",
    citation="this test",
    updates=(Update("w", post="noise*err", pre="h", factor="-eta/sig", on="output"),),
    phases=(Phase("first"), Phase("second", drive="2*x")),
    rates={"eta": 0.1, "sig": 1.0},
    needs=("noise",),
)


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.randn(5, 3, 16, 16), torch.tensor([0, 1, 2, 3, 1])


def gradients(module, x, y, loss=cross_entropy):
    module.zero_grad()
    present(module, x, y, loss)
    return {name: p.grad for name, p in module.named_parameters()}


def assert_same(ours, theirs, atol=1e-6):
    for name, gradient in theirs.items():
        assert gradient.abs().max() > 1e-5, name
        assert torch.allclose(ours[name], gradient, rtol=1e-4, atol=atol), name


def test_bp_is_autograds_gradient(batch):
    net = convnet()
    assert_same(gradients(convert(net, "BP"), *batch), gradients(net, *batch))


def test_feedback_equal_to_w_is_bp(batch):
    net = convnet()
    module = convert(net, "FA chain")
    fa = gradients(module, *batch)
    exact = gradients(net, *batch)
    assert not torch.allclose(fa["0.weight"], exact["0.weight"], atol=1e-4)
    for layer, stage in enumerate(module._stages, start=1):
        if layer > 1:
            getattr(module.synapses, f"b_{layer}").copy_(stage.layer.weight)
    assert_same(gradients(module, *batch), exact)


def test_dropout_silences_the_same_neurons_for_the_rule(batch):
    net = convnet(dropout=0.5)
    torch.manual_seed(4)
    exact = gradients(net, *batch)
    torch.manual_seed(4)
    assert_same(gradients(convert(net, "BP"), *batch), exact)


def test_layers_alone_learn_as_the_declaration_says(batch):
    """The fast form, through autograd, and the interpreted declaration: to 1e-6."""
    for rule in ("FA chain", "uSF Init", "uSF SN", "BP"):
        net = convnet()
        chain = convert(net, rule, seed=3)
        layers = convert(Wrapped(net), rule, seed=3)
        assert isinstance(chain, Stack)
        ours, fast = gradients(layers, *batch), gradients(chain, *batch)
        presentation = chain.present(batch[0])
        output = presentation.output.detach().requires_grad_()
        (err,) = torch.autograd.grad(cross_entropy(output, batch[1]).mean(), output)
        with torch.no_grad():
            interpreted = chain.credit(presentation, err)
        assert_same(fast, interpreted)
        assert_same({k.removeprefix("inner."): v for k, v in ours.items()}, interpreted)


def test_any_module_learns_by_what_descends(batch):
    net = Residual()
    module = convert(net, "FA chain")
    assert isinstance(module, Residual)
    fa, exact = gradients(module, *batch), gradients(net, *batch)
    assert_same({"out.weight": fa["out.weight"]}, {"out.weight": exact["out.weight"]})
    assert not torch.allclose(fa["first.weight"], exact["first.weight"], atol=1e-4)
    for part in module.modules():
        if "feedback_b" in part._buffers:
            part.feedback_b.copy_(part.weight)
    assert_same(gradients(module, *batch), exact)


def test_linear_layers_take_any_number_of_leading_dimensions():
    torch.manual_seed(0)
    x, y = torch.randn(4, 3, 2, 5), torch.randn(4, 3, 2, 6)
    net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 6))
    exact = gradients(net, x, y, squared_error)
    assert_same(gradients(convert(net, "BP"), x, y, squared_error), exact)
    assert_same(
        {k.removeprefix("inner."): v
         for k, v in gradients(convert(Wrapped(net), "BP"), x, y, squared_error).items()},
        exact,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["zeros", "circular", "replicate", "reflect"])
@pytest.mark.parametrize("padding", [1, "same", (2, 1)])
def test_padding_modes(mode, padding):
    torch.manual_seed(0)
    x, y = torch.randn(3, 2, 7, 6), torch.tensor([0, 1, 2])
    net = nn.Sequential(
        nn.Conv2d(2, 3, 2, padding=padding, padding_mode=mode), nn.Tanh(),
        nn.Conv2d(3, 3, (3, 2), padding=padding, padding_mode=mode), nn.Tanh(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3),
    ).double()  # fmt: skip
    x = x.double()
    assert_same(gradients(convert(net, "BP"), x, y), gradients(net, x, y), atol=1e-12)


def pooled(dropout=0.0):
    """An output layer that is averaged over its positions."""
    return nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.Tanh(), nn.Dropout(dropout), nn.Conv2d(5, 4, 1),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


def test_an_output_layer_may_be_pooled(batch):
    net = pooled()
    module = convert(net, "BP")
    assert isinstance(module, Stack)
    assert_same(gradients(module, *batch), gradients(net, *batch))
    assert torch.equal(module.eval()(batch[0]), net(batch[0]))


def test_a_pooled_output_is_disturbed_and_corrected_too(batch):
    """Node perturbation and PEPITA, with two passes, against the same chain and its own pool."""
    x, y = batch

    def averaged(output, target):
        return cross_entropy(output.mean((2, 3)), target)

    for rule in ("NP", "PEPITA", "DFA"):
        whole = convert(pooled(), rule, shape=x.shape[1:])
        bare = convert(pooled()[:5], rule, shape=x.shape[1:])
        bare.load_state_dict(whole.state_dict())
        found = []
        for module, loss in ((whole, cross_entropy), (bare, averaged)):
            torch.manual_seed(3)
            found.append(gradients(module, x, y, loss))
        assert_same(*found)


def test_one_dimensional_convolutions():
    torch.manual_seed(0)
    x, y = torch.randn(3, 2, 9), torch.tensor([0, 1, 2])
    net = nn.Sequential(
        nn.Conv1d(2, 4, 3, stride=2), nn.ReLU(), nn.Conv1d(4, 4, 2, groups=2), nn.ReLU(),
        nn.MaxPool1d(3), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip
    assert_same(gradients(convert(net, "BP"), x, y), gradients(net, x, y))


def test_local_connections_are_convolutions_whose_kernels_differ():
    torch.manual_seed(0)
    local, conv = LocallyConnected2d(2, 3, 3, (6, 5)), nn.Conv2d(2, 3, 3)
    with torch.no_grad():
        local.weight.copy_(conv.weight.reshape(3, 1, 18).expand_as(local.weight))
        local.bias.copy_(conv.bias[:, None].expand_as(local.bias))
    x, y = torch.randn(4, 2, 6, 5), torch.tensor([0, 1, 1, 0])
    assert torch.allclose(local(x), conv(x), atol=1e-6)
    net = nn.Sequential(local, nn.Tanh(), nn.Flatten(), nn.Linear(36, 2))
    assert_same(gradients(convert(net, "BP"), x, y), gradients(net, x, y))


@pytest.mark.parametrize("name", learnable())
def test_every_rule_trains_a_chain_and_leaves_evaluation_alone(name, batch):
    x, y = batch
    if name in ("pseudobackprop", "NP feedback ridge", "IA", "AA"):
        x = x.flatten(1)[:, :20]
        net = perceptron((20, 9, 7, 4), hidden="tanh", output="linear")
    else:
        net = convnet()
    module = convert(net, name, shape=tuple(x.shape[1:]))
    module.eval()
    assert torch.equal(module(x), net.eval()(x))
    module.train()
    optimiser = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9)
    for _ in range(2):
        optimiser.zero_grad()
        mean, output = present(module, x, y, cross_entropy)
        optimiser.step()
    assert math.isfinite(mean)
    assert output.shape == (5, 4)
    taught = {n for n, p in module.named_parameters() if p.grad is not None}
    for n, p in module.named_parameters():
        assert p.grad is None or (p.grad.shape == p.shape and p.grad.isfinite().all()), n
    if name != "Shallow":
        assert taught == {n for n, _ in module.named_parameters()}


@pytest.mark.parametrize("rule", ["FA", "DFA", "PEPITA", "KP"])
def test_state_dicts_go_round(rule, batch):
    x, y = batch
    first, other = (convert(convnet(), rule, shape=x.shape[1:], seed=s) for s in (1, 2))
    assert not torch.equal(first(x), other(x))
    other.load_state_dict(first.state_dict())
    ours, theirs = gradients(first, x, y), gradients(other, x, y)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    again = pickle.loads(pickle.dumps(first))
    theirs = gradients(again, x, y)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert set(convnet().state_dict()) <= set(first.state_dict())


@pytest.mark.parametrize("net", [perceptron((6, 5, 4)), Wrapped(perceptron((6, 5, 4)))])
def test_what_learns_by_a_rule_already_is_refused(net):
    learning = convert(net, "FA chain", b_scale=0.5)
    with pytest.raises(InputError, match=r"^module: .* by no rule yet; .*\(got .* by FA chain\)$"):
        convert(learning, "BP")


def test_the_original_stays_as_it_is(batch):
    net = convnet()
    before = copy.deepcopy(net.state_dict())
    module = convert(net, "uSF SN", constraints=["constant norm"])
    gradients(module, *batch)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])


def test_gradients_add_up_over_passes(batch):
    x, y = batch
    module = convert(convnet(), "FA")
    once = gradients(module, x, y)
    once = {name: value.clone() for name, value in once.items()}
    present(module, x, y, cross_entropy)
    for name, p in module.named_parameters():
        assert torch.allclose(p.grad, 2 * once[name], atol=1e-6)


@pytest.mark.parametrize("rule", ["FA chain", "FA", "by layers"])
def test_autocast_leaves_the_update_as_it_is(rule, batch):
    x, y = batch
    net = convnet()
    module = convert(Wrapped(net), "FA chain") if rule == "by layers" else convert(net, rule)
    expected = gradients(module, x, y)
    module.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        functional.cross_entropy(module(x), y).backward()
    for name, p in module.named_parameters():
        assert p.grad.dtype == torch.float32
        assert torch.allclose(p.grad, expected[name], rtol=0.05, atol=5e-3), name


@pytest.mark.parametrize("rule", ["FA chain", "uSF SN"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_compiled_modules_learn_alike(rule, wrapped, batch):
    net = nn.Sequential(nn.Conv2d(3, 2, 3, stride=3), nn.Tanh(), nn.Flatten(), nn.Linear(50, 4))
    module = convert(Wrapped(net) if wrapped else net, rule)
    expected = gradients(module, *batch)
    module.zero_grad()
    present(torch.compile(module, backend="aot_eager"), *batch, cross_entropy)
    for name, p in module.named_parameters():
        assert torch.allclose(p.grad, expected[name], atol=1e-6), name


def test_frozen_parameters_get_no_gradient(batch):
    module = convert(convnet(), "FA")
    module.get_submodule("0").weight.requires_grad_(False)
    assert gradients(module, *batch)["0.weight"] is None
    assert gradients(module, *batch)["0.bias"] is not None


def test_direct_feedback_does_not_grow_with_the_image():
    """The first layer's modulator adds up over positions to about the same at any size."""
    norms = []
    for side in (8, 32):
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
            nn.Linear(32, 10),
        )  # fmt: skip
        x, y = torch.randn(64, 3, side, side), torch.randint(10, (64,))
        module = convert(net, "DFA", shape=(3, side, side))
        norms.append(gradients(module, x, y)["0.weight"].norm().item())
    assert 0.5 < norms[1] / norms[0] < 2


def test_rules_that_descend_are_read_off_their_declarations():
    assert {name for name in RULES if descending(RULES[name])} == {
        *("BP", "FA chain", "uSF Init", "uSF SN", "pseudobackprop")
    }
    assert descending(RULES["BP"]) == "w"


@pytest.mark.parametrize(
    ("module", "rule", "message"),
    [
        (
            nn.Sequential(nn.Linear(3, 2), nn.LSTM(2, 2)),
            "FA",
            r"got LSTM '1'\); other modules .*FA",
        ),
        (Residual(), "DFA", r"an nn.Sequential \(got Residual\); .* learn by: BP, .*not by DFA"),
        (Wrapped(nn.Embedding(3, 2)), "BP", r"layers only \(got Embedding 'inner'\)"),
        (nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), "DFA", r"synapses before .*ReLU '0' first"),
        (nn.Sequential(nn.Linear(2, 2), nn.Flatten()), "DRTP", r"whose targets .* \(got Flatten"),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Tanh()), "DFA", r"one activation .*Tanh '2'"),
        (nn.Sequential(*[nn.Linear(2, 2)] * 2), "DFA", r"each layer once \('1' is '0' again\)"),
        (nn.Sequential(nn.Flatten()), "DFA", r"at least one layer with synapses \(got none\)"),
        (convnet(), "DFA", r"shape: that of one stimulus, .*\(got None\)"),
        (convnet(), "pseudobackprop", r"rule: not pseudobackprop .*: W: a matrix .*got"),
        (convnet(), WINDOWED, r"rule: one that learns on the rate path: BP, .* \(got windowed"),
        (convnet(), "F A", r"rule: one of .*FA.* \(got 'F A'\)"),
    ],
)
def test_what_cannot_be_converted_is_refused(module, rule, message):
    with pytest.raises(InputError, match=message) as caught:
        convert(module, rule)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"b_scale": -1.0}, r"b_scale: a number >= 0 \(got -1.0\)"),
        ({"kept": 1.5}, r"kept: a fraction from 0 to 1 \(got 1.5\)"),
        ({"seed": -1}, r"seed: an integer >= 0 \(got -1\)"),
        ({"rates": {"sig": 1.0}}, r"sig: a rate of FA, which has: eta, lam \(got 1.0\)"),
        ({"rates": {"eta": math.inf}}, r"eta: a finite number \(got inf\)"),
        ({"constraints": ["constant nrm"]}, r"constraint: one of constant norm"),
    ],
)
def test_bad_numbers_are_refused(more, message):
    with pytest.raises(InputError, match=message):
        convert(convnet(), "FA", **more)


def test_a_rule_that_must_be_told_says_so(batch):
    x, _ = batch
    convert(convnet(), "BP + noise")(x)  # draws its noise itself
    for rule, reads in (("DRTP", "ystar"), ("NP", "dL, noise")):
        module = convert(convnet(), rule, shape=x.shape[1:])
        with pytest.raises(InputError, match=rf"{rule}: reads {reads}: .*present, .*got neither"):
            module(x)


def test_an_error_of_a_later_window_asks_for_the_loss(batch):
    x, y = batch
    module = convert(convnet(), PEPITA_SECOND_ERROR, shape=x.shape[1:])
    with pytest.raises(InputError, match=r"reads err of a later window: .*\(got neither\)"):
        module(x)
    with pytest.raises(InputError, match=r"error_of: a function of the output.*\(got None\)"):
        module.credit(module.present(x), torch.ones(5, 4))
    gradients(module, x, y)  # told the loss
    convert(convnet(), "PEPITA", shape=x.shape[1:])(x)  # reads the first window's alone


def test_neurons_are_given_what_the_path_does_not_know(batch):
    x, y = batch
    made = {"r": lambda h: 0.01 * torch.ones_like(h)}
    module = convert(convnet(), PEPITA_RANDOM, shape=x.shape[1:], given=made)
    layers = module.present(x).net.layers
    assert [layer["r"].shape for layer in layers[1:]] == [layer["h"].shape for layer in layers[1:]]
    assert gradients(module, x, y)["0.weight"].any()
    made["r"] = torch.zeros_like
    module = convert(convnet(), PEPITA_RANDOM, shape=x.shape[1:], given=made)
    assert not gradients(module, x, y)["0.weight"].any()


def test_what_no_neuron_needs_is_not_given():
    with pytest.raises(InputError, match=r"given: names that FA needs: none \(got 'r'\)"):
        convert(convnet(), "FA", given={"r": torch.zeros_like})


def test_rates_of_a_module_that_is_no_chain_are_refused():
    with pytest.raises(InputError, match=r"rates: neither eta nor lam .* \(got eta\)"):
        convert(Residual(), "FA chain", rates={"eta": 0.1})


def test_rates_of_its_own_reach_a_rule_that_descends(batch):
    net = convnet()
    once = gradients(convert(net, "BP"), *batch)
    decaying = gradients(convert(net, "BP", rates={"eta": 2.0, "lam": 0.5}), *batch)
    for name, p in net.named_parameters():
        assert torch.allclose(decaying[name], 2 * once[name] + 0.5 * p, atol=1e-5), name


def test_a_stimulus_that_wants_a_gradient_is_refused(batch):
    x, _ = batch
    with pytest.raises(InputError, match="x: a stimulus without gradient"):
        convert(convnet(), "FA")(x.requires_grad_())


def test_feedback_has_the_spread_of_w_unless_one_is_given():
    net = nn.Sequential(nn.Linear(300, 200), nn.ReLU(), nn.Linear(200, 100))
    b = convert(net, "FA").synapses.b_2
    assert np.isclose(b.std(), net[2].weight.detach().std(), rtol=0.02)
    assert convert(net, "FA", b_scale=0.3).synapses.b_2.abs().max() <= 0.3
