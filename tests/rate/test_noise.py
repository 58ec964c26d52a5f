"""Noise on activity: what it does to a chain, and that rules learn from what was really there."""

import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.rate import Noise, convert, present
from snn_credit.rate.losses import squared_error

C = 0.3


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(5, 6), nn.Tanh(), nn.Dropout(0.3), Noise(C), nn.Linear(6, 4), Noise(C),
        nn.Linear(4, 3), nn.ReLU(),
    ).double()  # fmt: skip


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.rand(7, 5).double(), torch.rand(7, 3).double()


def taught(module, batch, seed=2):
    torch.manual_seed(seed)
    module.zero_grad()
    module.train()
    present(module, *batch, squared_error)
    return {name: p.grad.clone() for name, p in module.named_parameters()}


def test_noise_is_there_in_training_only():
    noise, h = Noise(C), torch.zeros(20_000)
    assert noise(h).std() == pytest.approx(C, rel=0.02)
    assert noise(h).mean() == pytest.approx(0, abs=0.01)
    assert torch.equal(noise.eval()(h), h)
    assert Noise(0.0)(h) is h


@pytest.mark.parametrize("rule", ["BP", "FA chain"])
def test_a_chain_is_taught_as_torch_would(rule, batch):
    module = convert(net(), rule)
    if rule == "FA chain":
        for layer, at in ((2, "4"), (3, "6")):
            module.synapses.get_buffer(f"b_{layer}").copy_(module.get_parameter(f"{at}.weight"))
    expected = taught(net(), batch)
    found = taught(module, batch)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient)
    quiet, loud = net().eval(), taught(module, batch, seed=3)
    assert torch.equal(module.eval()(batch[0]), quiet(batch[0]))
    assert not torch.allclose(loud["6.weight"], found["6.weight"])


def test_an_interpreted_rule_learns_from_the_noisy_activity(batch):
    """Matched: its B changes as its W does, by what the layer below did with its noise."""
    x, target = batch
    chain = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), Noise(C), nn.Linear(6, 3)).double()
    module = convert(chain, "matched")
    for seed in (5, 6):  # the program draws at each step
        found = taught(module, batch, seed)
        torch.manual_seed(seed)
        with torch.no_grad():
            h = torch.tanh(chain[0](x))
            noisy = h + C * torch.randn_like(h)
            err = (chain[3](noisy) - target) / len(x)
            delta = err @ module.synapses.b_2 * (1 - h * h)
        torch.testing.assert_close(found["3.weight"], err.T @ noisy)
        torch.testing.assert_close(found["synapses.b_2"], err.T @ noisy)
        torch.testing.assert_close(found["0.weight"], delta.T @ x)


def test_a_perturbation_is_apart_from_the_noise(batch):
    """Both runs of node perturbation have the same noise: without a perturbation nothing differs.

    So the estimate stays finite, and near the gradient, where sig is far below the noise.
    """
    x, target = (part.repeat(4000, 1) for part in batch)
    module = convert(nn.Sequential(nn.Linear(5, 6), nn.Tanh(), Noise(C), nn.Linear(6, 3)).double(),
                     "NP", rates={"sig": 1e-4})  # fmt: skip
    found = taught(module, (x, target))
    exact = convert(nn.Sequential(*(module.get_submodule(str(k)) for k in range(4))), "BP")
    gradient = taught(exact, (x, target))
    error = (found["0.weight"] - gradient["0.weight"]).norm() / gradient["0.weight"].norm()
    assert error < 0.1


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((Noise(C), nn.Linear(5, 3)), r"straight behind a layer's activation \(got Noise '0'\)"),
        ((nn.Linear(5, 3), Noise(C), nn.Tanh()), r"behind the activation \(got Tanh '2' after it"),
        ((nn.Linear(5, 3), Noise(C), Noise(C)), r"straight behind .* \(got Noise '2'\)"),
        ((nn.Linear(5, 3), nn.Flatten(), Noise(C)), r"straight behind .* \(got Noise '2'\)"),
    ],
)
def test_noise_elsewhere_is_refused(layers, message):
    with pytest.raises(InputError, match=message):
        convert(nn.Sequential(*layers), "matched")


@pytest.mark.parametrize("c", [-0.1, float("nan")])
def test_a_size_that_cannot_be(c):
    with pytest.raises(InputError, match=r"Noise\.c: a finite number of at least 0 \(got"):
        Noise(c)
