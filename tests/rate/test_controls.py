"""Every rule has controls that must fail: hidden layers taught of other stimuli's errors, or not.

The output layer learns from its own errors in all of them, so the difference is what the rule's
feedback tells the hidden neurons. (The same feedback with its sign turned would be no control:
forward weights come to align with any B.)
"""

import pytest
import torch
from torch.optim import SGD

from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert, learnable, present
from snn_credit.rate.evaluation import evaluate
from snn_credit.rate.losses import cross_entropy

STEPS, BATCH = 400, 32
# Where 0.2 is no learning rate: a noisy estimate, and a difference of two windows with a small F.
RATES, SCALES = {"NP": 0.01, "PEPITA": 0.05}, {"PEPITA": 0.1}


def error(rule, data, *, own_errors, seed=0):
    """Train 64-12-10 with a rule; return the validation error in %."""
    net = perceptron((64, 12, 10), hidden="tanh", output="linear", seed=seed)
    module = convert(net, rule, b_scale=SCALES.get(rule), seed=seed)
    optimiser = SGD(module.parameters(), lr=RATES.get(rule, 0.2), momentum=0.9)
    hidden = [name for name, _ in module.named_parameters() if name.startswith("0.")]
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    for _ in range(STEPS):
        chosen = torch.randint(len(y), (BATCH,), generator=random)
        optimiser.zero_grad()
        taught = {}
        if not own_errors:
            others = y[chosen[torch.randperm(BATCH, generator=random)]]
            present(module, x[chosen], others, cross_entropy)
            taught = {n: p.grad for n, p in module.named_parameters() if n in hidden}
            optimiser.zero_grad()
        present(module, x[chosen], y[chosen], cross_entropy)
        for name, gradient in taught.items():
            module.get_parameter(name).grad = gradient
        optimiser.step()
    return evaluate(module, data.validation_x, data.validation_y, 10)


@pytest.fixture(scope="module")
def shallow(digits):
    return error("Shallow", digits, own_errors=True)


@pytest.mark.parametrize("rule", [name for name in learnable() if name != "Shallow"])
def test_hidden_neurons_learn_from_their_own_stimuli_alone(rule, digits, shallow):
    learned = error(rule, digits, own_errors=True)
    assert learned < shallow - 3
    assert learned < error(rule, digits, own_errors=False) - 3
