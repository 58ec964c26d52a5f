"""Programs do what the interpreted declaration does, and the engine what SGD does."""

import copy
import pickle
from dataclasses import replace

import pytest
import torch
import torch.nn.utils.prune
from torch import nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.optim import SGD

from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import LocallyConnected2d, convert, learnable, present
from snn_credit.rate.credit import begin
from snn_credit.rate.engine import Engine
from snn_credit.rate.losses import LOSSES, cross_entropy, error
from snn_credit.rate.program import MOST_PROGRAMS, Outer, Program
from snn_credit.rate.simplify import simplify
from snn_credit.rules import RULES
from snn_credit.rules.pepita import PEPITA_RANDOM, PEPITA_SECOND_ERROR

NETS = {
    "linear": lambda: perceptron((12, 9, 7, 4), hidden="relu", dropout=0.3, seed=1).double(),
    "conv": lambda: nn.Sequential(
        nn.Unflatten(1, (3, 2, 2)),
        nn.Conv2d(3, 4, 2, padding=1, padding_mode="circular"), nn.ReLU(), nn.MaxPool2d(2, 1),
        nn.Conv2d(4, 4, 2, groups=2), nn.Tanh(), nn.Flatten(), nn.Linear(4, 4),
    ).double(),
    "local": lambda: nn.Sequential(
        nn.Unflatten(1, (3, 2, 2)), LocallyConnected2d(3, 2, 2, (2, 2)), nn.Sigmoid(),
        nn.Flatten(), nn.Linear(2, 6), nn.ELU(), nn.Linear(6, 4),
    ).double(),
}  # fmt: skip


@pytest.fixture
def batch():
    torch.manual_seed(3)
    return torch.rand(6, 12, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 1, 0])


def made(net, rule, **more):
    torch.manual_seed(0)
    return convert(NETS[net](), rule, shape=(12,), **more)


def taught(module, batch, seed=5):
    torch.manual_seed(seed)
    module.zero_grad()
    present(module, *batch, cross_entropy)
    return {name: p.grad for name, p in module.named_parameters() if p.grad is not None}


def by_program(module, batch, seed=5):
    """What a program says, for rules too that `loss.backward` teaches layer by layer."""
    torch.manual_seed(seed)
    module.tell(batch[1], cross_entropy)
    with torch.no_grad():
        output, teach = begin(module, batch[0], module.tensors())
        found = teach(error(cross_entropy, output, batch[1])[1])
    return {
        name: each.matrix() if isinstance(each, Outer) else each
        for name, each in zip(module.names(), found, strict=True)
        if each is not None
    }


def interpreted(module, batch, seed=5):
    """What the declaration says, asked without a program."""
    torch.manual_seed(seed)
    module.settle()
    module.tell(batch[1], cross_entropy)
    with torch.no_grad():
        presentation = module.present(batch[0])
        module.inform(presentation)
        _, err = error(cross_entropy, presentation.output, batch[1])
        return module.credit(presentation, err)


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    assert any(each.abs().max() > 1e-6 for each in theirs.values())
    for name, each in theirs.items():
        assert torch.allclose(ours[name], each, rtol=1e-9, atol=1e-12), name


# These need matrices: for a convolution `convert` refuses them.
OF_MATRICES = ("NP feedback ridge", "pseudobackprop")
PAIRS = [
    (rule, net) for rule in learnable() for net in NETS if net != "conv" or rule not in OF_MATRICES
]


@pytest.mark.parametrize(("rule", "net"), PAIRS)
def test_a_program_is_the_interpreted_declaration(rule, net, batch):
    module = made(net, rule)
    expected = interpreted(module, batch)
    assert_same(by_program(module, batch), expected)
    assert_same(by_program(module, batch), expected)  # what looking on draws is not the run's
    assert_same(taught(module, batch), expected)


@pytest.mark.parametrize("rule", ["BP", "FA", "DFA", "DRTP", "PEPITA", "uSF SN", "KP"])
def test_rules_that_read_no_second_loss_have_programs(rule, batch):
    module = made("linear", rule)
    by_program(module, batch)
    assert len(module._programs) == 1
    by_program(module, (batch[0][:4], batch[1][:4]))
    by_program(module, batch)
    assert len(module._programs) == 2


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("NP", {}),
        (PEPITA_SECOND_ERROR, {}),
        (PEPITA_RANDOM, {"given": {"r": torch.zeros_like}}),
    ],
)
def test_what_may_differ_from_step_to_step_is_interpreted(rule, more, batch):
    module = made("linear", rule, **more)
    taught(module, batch)
    assert not module._programs


def test_a_program_reads_the_weights_of_the_moment(batch):
    module, other = made("linear", "DFA"), made("linear", "DFA", seed=7)
    taught(module, batch)
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(1.5)
    assert_same(taught(module, batch), interpreted(module, batch))
    module.load_state_dict(other.state_dict())
    assert_same(taught(module, batch), interpreted(other, batch))


def test_a_program_reads_dropout_of_the_moment(batch):
    module = made("linear", "FA")
    taught(module, batch)
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    assert_same(taught(module, batch), interpreted(module, batch))
    torch.manual_seed(1)
    first = taught(module, batch, seed=1)
    assert_same(taught(module, batch, seed=2), first)


def test_a_constraint_that_begins_makes_new_programs(batch):
    module = made("linear", "FA")
    taught(module, batch)
    module.constrain("frozen signs")
    assert not module._programs
    assert_same(taught(module, batch), interpreted(module, batch))


def test_hooks_are_called_at_every_step(batch):
    module, seen = made("conv", "DFA"), []
    taught(module, batch)
    module.get_submodule("1").register_forward_hook(lambda *_: seen.append(1))
    taught(module, batch)
    taught(module, batch)
    assert len(seen) == 2


def test_ever_new_shapes_are_interpreted(batch):
    module = made("linear", "DFA")
    for size in range(1, MOST_PROGRAMS + 3):
        x, y = torch.rand(size, 12, dtype=torch.float64), torch.zeros(size, dtype=torch.int64)
        assert_same(taught(module, (x, y)), interpreted(module, (x, y)))
    assert len(module._programs) == MOST_PROGRAMS
    first = torch.rand(1, 12, dtype=torch.float64)
    assert module.program(first, ()) is not None


def test_copies_and_pickles_leave_programs_behind(batch):
    module = made("linear", "DFA")
    expected = taught(module, batch)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert not twin._programs
        with torch.no_grad():
            next(module.parameters()).add_(1.0)
        assert_same(taught(twin, batch), expected)
        with torch.no_grad():
            next(module.parameters()).sub_(1.0)


@pytest.mark.parametrize(
    ("net", "rule"),
    [*(("linear", rule) for rule in learnable()), ("conv", "DFA"), ("local", "PEPITA")],
)
@pytest.mark.parametrize(
    "settings", [{"weight_decay": 0.1}, {"momentum": 0.9, "weight_decay": 0.1}, {"momentum": 0.9}]
)
def test_the_engine_is_sgd(rule, net, settings, batch):
    theirs, ours = made(net, rule), made(net, rule)
    with_theirs, with_ours = (SGD(m.parameters(), lr=0.1, **settings) for m in (theirs, ours))
    engine = Engine(ours, with_ours)
    for step in range(3):
        torch.manual_seed(step)
        with_theirs.zero_grad()
        expected, _ = present(theirs, *batch, cross_entropy)
        with_theirs.step()
        torch.manual_seed(step)
        mean, _ = engine.present(*batch, cross_entropy)
        engine.step()
        assert torch.allclose(mean, expected)
    before = made(net, rule).state_dict()
    assert any(not torch.equal(p, before[name]) for name, p in ours.state_dict().items())
    for name, value in theirs.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], value, rtol=1e-9, atol=1e-12), name
    for p, q in zip(theirs.parameters(), ours.parameters(), strict=True):
        v, u = (o.state[w].get("momentum_buffer") for o, w in ((with_theirs, p), (with_ours, q)))
        assert (v is None) == (u is None)
        assert v is None or torch.allclose(u, v, rtol=1e-9, atol=1e-12)


def test_the_engine_leaves_frozen_parameters_alone(batch):
    module = made("linear", "BP")
    module.get_submodule("0").weight.requires_grad_(False)
    before = module.get_submodule("0").weight.clone()
    engine = Engine(module, SGD(module.parameters(), lr=0.1, momentum=0.9))
    engine.present(*batch, cross_entropy)
    engine.step()
    assert torch.equal(module.get_submodule("0").weight, before)


def test_the_engine_makes_no_matrix_of_a_product(batch):
    module = made("linear", "PEPITA")
    engine = Engine(module, SGD(module.parameters(), lr=0.1))
    engine.present(*batch, cross_entropy)
    kinds = {
        name: type(gradient)
        for name, gradient in zip(module.names(), engine._gradients, strict=True)
    }
    assert all(kinds[f"{stage.name}.weight"] is Outer for stage in module._stages)


@pytest.mark.parametrize("more", [{"nesterov": True}, {"dampening": 0.1}, {"maximize": True}])
def test_the_engine_suits_plain_sgd_on_chains(more):
    module = made("linear", "FA")
    assert Engine.of(module, SGD(module.parameters(), lr=1.0, momentum=0.9))
    assert not Engine.of(NETS["linear"](), SGD(module.parameters(), lr=1.0))
    assert not Engine.of(module, torch.optim.Adam(module.parameters()))
    momentum = 0.0 if "maximize" in more else 0.9
    assert not Engine.of(module, SGD(module.parameters(), lr=1.0, momentum=momentum, **more))
    with_hook = SGD(module.parameters(), lr=1.0)
    with_hook.register_step_post_hook(lambda *_: None)
    assert not Engine.of(module, with_hook)


def test_the_engine_leaves_hooks_to_autograd():
    for of in ("parameter", "module"):
        module = made("linear", "FA")
        if of == "parameter":
            next(module.parameters()).register_hook(lambda gradient: gradient * 0)
        else:
            module.register_forward_hook(lambda *_: None)
        assert Engine.of(module, SGD(module.parameters(), lr=1.0)) is None


def leaky():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 5), nn.LeakyReLU(0.1), nn.Linear(5, 4), nn.ReLU()).double()


def test_a_program_reads_the_settings_of_the_moment(batch):
    module = convert(leaky(), "DFA")
    before = taught(module, batch)["0.weight"]
    module.get_submodule("1").negative_slope = 0.9
    assert_same(now := taught(module, batch), interpreted(module, batch))
    assert not torch.allclose(now["0.weight"], before)


def test_layers_of_the_users_own_are_run_each_time(batch):
    class Counting(nn.Linear):
        times = 0

        def forward(self, x):
            self.times += 1
            return super().forward(x) * self.times

    net = nn.Sequential(Counting(12, 5), nn.ReLU(), nn.Linear(5, 4)).double()
    module = convert(net, "DFA")
    first, second = (module(batch[0]).detach() for _ in range(2))
    assert not torch.allclose(first, second)


def test_tied_weights_are_left_to_autograd(batch):
    torch.manual_seed(0)
    module = convert(perceptron((12, 6, 6, 6, 4)).double(), "DFA")
    taught(module, batch)
    module.get_submodule("4").weight = module.get_submodule("2").weight
    found, alone = taught(module, batch), interpreted(module, batch)
    assert torch.allclose(found["2.weight"], alone["2.weight"] + alone["4.weight"])
    assert Engine.of(module, SGD(module.parameters(), lr=1.0)) is None


@pytest.mark.parametrize("rule", ["DFA", "FA", "PEPITA"])
def test_what_is_done_to_the_output_is_not_done_to_the_rule(rule, batch):
    module = convert(leaky(), rule)
    (module(batch[0]) * -3).sum().backward()
    expected = {name: p.grad for name, p in module.named_parameters()}
    module.zero_grad()
    module(batch[0]).mul_(-3).sum().backward()
    assert_same({name: p.grad for name, p in module.named_parameters()}, expected)


def test_stimuli_that_have_changed_are_noticed(batch):
    module, x = made("linear", "DFA"), batch[0].clone()
    output = module(x)
    x.zero_()
    with pytest.raises(InputError, match=r"^backward: of stimuli and weights as they were"):
        output.sum().backward()


def test_numbers_may_lie_in_another_order_than_at_first():
    module = convert(NETS["conv"](), "DFA", shape=(12,))
    x = torch.rand(6, 12, dtype=torch.float64)
    y = torch.zeros(6, dtype=torch.int64)
    expected = taught(module, (x, y))
    assert_same(taught(module, (x.T.contiguous().T, y)), expected)


@pytest.mark.parametrize("rule", ["BP", "DFA", "uSF SN"])
def test_two_batches_before_one_backward(rule, batch):
    module = made("linear", rule, constraints=("frozen signs",)).eval().train()
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    (module(batch[0]).sum() + module(batch[0][:3]).sum()).backward()
    assert all(p.grad.isfinite().all() for p in module.parameters() if p.grad is not None)


def test_a_rule_that_asks_for_nothing_is_told_nothing(batch):
    module = made("linear", "BP")
    present(module, *batch, lambda output, target: cross_entropy(output, target))
    pickle.dumps(module)


def test_pruned_layers_are_named(batch):
    module = made("linear", "DFA")
    torch.nn.utils.prune.random_unstructured(module.get_submodule("0"), "weight", 0.5)
    with pytest.raises(InputError, match=r"^module: layers whose weight .* \(not '0'\)$"):
        module(batch[0])


def test_an_empty_batch_is_refused(batch):
    with pytest.raises(InputError, match=r"^x: a batch of one stimulus or more"):
        made("linear", "DFA")(batch[0][:0])


def test_stimuli_are_cast_for_every_rule(batch):
    for rule in ("BP", "FA chain", "DFA"):
        assert made("linear", rule)(batch[0].float()).dtype == torch.float64


def test_a_leak_of_its_own_is_no_backpropagation(batch):
    own = replace(RULES["FA chain"].updates[0], leak="0.5*w")
    rule = replace(RULES["FA chain"], name="leaky", updates=(own,), rates={"eta": 1.0})
    module = made("linear", rule)
    assert_same(taught(module, batch), interpreted(module, batch))


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("loss", LOSSES.values())
def test_the_derivative_of_a_loss_is_autograds(loss, labels, batch):
    output = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    target = batch[1] if labels else torch.rand(6, 4, dtype=torch.float64).softmax(1)
    expected = loss(output, target).mean()
    mean, err = error(loss, output.detach(), target)
    assert torch.allclose(mean, expected)
    assert torch.allclose(err, torch.autograd.grad(expected, output)[0], rtol=1e-10, atol=1e-14)


def test_what_is_done_twice_is_done_once_and_random_numbers_are_drawn_each_time():
    def twice(a, b):
        return [a @ b + 1, (a @ b + 1).relu(), torch.randn_like(a) - torch.randn_like(a)]

    a, b = torch.randn(3, 4), torch.randn(4, 2)
    whole = make_fx(twice)(a, b)
    simplify(whole.graph)
    whole.recompile()
    called = [str(node.target) for node in whole.graph.nodes if node.op == "call_function"]
    assert called.count("aten.mm.default") == called.count("aten.add.Tensor") == 1
    assert called.count("aten.randn_like.default") == 2
    one, two, noise = whole(a, b)
    assert torch.equal(one, a @ b + 1)
    assert torch.equal(two, one.relu())
    assert noise.abs().min() > 0


def test_kolen_pollack_makes_a_convolutions_change_once():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3, 2)
    )
    x = torch.randn(4, 1, 5, 5)
    counts = {}
    for rule in ("FA chain", "KP"):
        module = convert(net, rule)
        program = Program(module, x)
        code = program._credit.__self__.code
        counts[rule] = code.count("convolution_backward")
    assert counts["KP"] == counts["FA chain"] > 0
