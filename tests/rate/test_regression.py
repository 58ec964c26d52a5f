"""Learning of functions, against the steps written out."""

import numpy as np
import pytest
import torch

from snn_credit.data import tasks
from snn_credit.errors import InputError
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert
from snn_credit.rate.regression import Course, error_on, freeze, in_random_order, learn


def net(rule="FA", sizes=(5, 4, 3), seed=0):
    module = perceptron(sizes, hidden="linear", output="linear", bias=False, w_scale=0.3, seed=seed,
                        dtype=torch.float64)  # fmt: skip
    return convert(module, rule, b_scale=0.5, seed=seed)


def weights(module):
    return [parameter.detach().numpy().copy() for parameter in module.parameters()]


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("batch", [1, 4])
def test_steps_are_those_written_out(momentum, batch):
    module, task = net(), tasks.linear(3, 5, 3)
    w0, w = weights(module)
    b = module.synapses.b_2.numpy()
    v0, v = np.zeros_like(w0), np.zeros_like(w)
    learn(module, task.draw, examples=10, batch=batch, lr=0.05, momentum=momentum)
    again = tasks.linear(3, 5, 3)
    for n in [1] * 10 if batch == 1 else [4, 4, 2]:
        x, y = again.draw(n)
        h = x @ w0.T
        e = h @ w.T - y
        g0, g = (e @ b).T @ x / n, e.T @ h / n
        v0, v = momentum * v0 + g0, momentum * v + g
        w0, w = w0 - 0.05 * v0, w - 0.05 * v
    for found, expected in zip(weights(module), (w0, w), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_adam_is_torchs_on_the_rules_changes():
    module, other, task = net(), net(), tasks.linear(3, 5, 3)
    learn(module, task.draw, examples=12, batch=4, lr=0.05, optimiser="Adam")
    again, adam = tasks.linear(3, 5, 3), torch.optim.Adam(other.parameters(), 0.05)
    for _ in range(3):
        x, y = map(torch.from_numpy, again.draw(4))
        adam.zero_grad()
        (other(x) - y).square().sum(1).div(2).mean().backward()
        adam.step()
    for found, expected in zip(weights(module), weights(other), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_every_example_comes_once_before_any_comes_again():
    x = np.arange(10.0)[:, None]
    draw = in_random_order(x, -x, seed=3)
    parts = [draw(4) for _ in range(5)]
    assert all(np.array_equal(x, -y) for x, y in parts)
    seen = np.concatenate([x for x, _ in parts]).ravel()
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10].tolist() != seen[10:].tolist()


def test_the_seed_is_that_of_noise():
    def learned(seed):
        module = net("NP")
        learn(module, tasks.linear(0, 5, 3).draw, examples=3, lr=0.01, seed=seed)
        return weights(module)[0]

    assert np.array_equal(learned(1), learned(1))
    assert not np.array_equal(learned(1), learned(2))


def test_looks_are_taken_at_the_start_at_the_end_and_between():
    module, task = net(), tasks.linear(0, 5, 3)
    modes = []

    def look(seen):
        modes.append(seen.training)
        return {"norm": float(next(seen.parameters()).detach().norm())}

    course = learn(module, task.draw, examples=11, batch=2, lr=0.01, look=look, every=3)
    assert course.examples.tolist() == [0, 4, 8, 11]
    assert len(course.seen["norm"]) == 4
    assert course.seen["norm"][-1] == pytest.approx(np.linalg.norm(weights(module)[0]))
    assert modes == [False] * 4
    assert learn(module, task.draw, examples=5, lr=0.01).examples.tolist() == [0, 5]


def test_the_error_of_a_function_is_that_of_its_outputs():
    module, task = net(), tasks.linear(0, 5, 3)
    x, y = task.draw(50)
    w0, w = weights(module)
    expected = np.sum((x @ w0.T @ w.T - y) ** 2) / np.sum((y - y.mean(axis=0)) ** 2)
    assert error_on(x, y)(module)["nse"] == pytest.approx(expected)
    course = learn(module, task.draw, examples=400, lr=0.02, look=error_on(x, y))
    assert course.seen["nse"][1] < 0.1 < course.seen["nse"][0]


def test_when_a_number_first_was_low():
    course = Course(np.array([0, 10, 20, 30]), {"nse": np.array([1.0, 0.4, 0.6, 0.1])})
    assert course.first_below("nse", 0.5) == 10
    assert course.first_below("nse", 0.4) == 30
    assert course.first_below("nse", 0.1) is None


def test_frozen_layers_stay_and_the_others_learn():
    module, task = net(), tasks.linear(0, 5, 3)
    for frozen, moves in (("0", (False, True)), ("1", (True, False)), (None, (True, True))):
        freeze(module, *([] if frozen is None else [frozen]))
        before = weights(module)
        learn(module, task.draw, examples=3, lr=0.01)
        changed = [not np.array_equal(a, b) for a, b in zip(before, weights(module), strict=True)]
        assert tuple(changed) == moves


class Ear:
    def __init__(self):
        self.heard = []

    def start(self, total, unit, what):
        self.heard.append((total, unit, what))

    def update(self, done, **numbers):
        self.heard.append((done, numbers))

    def note(self, text): ...

    def stop(self):
        self.heard.append("stop")


def test_progress_is_told():
    ear = Ear()
    learn(net(), tasks.linear(0, 5, 3).draw, examples=2, lr=0.0, look=lambda _: {"nse": 1.0},
          every=1, progress=ear, what="FA")  # fmt: skip
    expected = [(2, "examples", "FA"), *((k, {"nse": 1.0}) for k in range(3)), "stop"]
    assert ear.heard == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"examples": 0}, r"^examples: an integer >= 1 \(got 0\)$"),
        ({"batch": 1.5}, r"^batch: an integer >= 1 \(got 1\.5\)$"),
        ({"every": 0}, r"^every: an integer >= 1 \(got 0\)$"),
        ({"lr": -1.0}, r"^lr: a number >= 0 \(got -1\.0\)$"),
        ({"optimiser": "Adams"}, r"^optimiser: one of SGD, Adam; did .* \(got 'Adams'\)$"),
        ({"momentum": 1.0}, r"^momentum: a number from 0 up to, not at, 1 \(got 1\.0\)$"),
        ({"lr": 1e200}, r"^lr: one that keeps the loss finite \(got (inf|nan) after \d examples\)"),
    ],
)
def test_what_cannot_be(change, message):
    arguments = {"examples": 9, "lr": 0.1, **change}
    with pytest.raises(InputError, match=message):
        learn(net(), tasks.linear(0, 5, 3).draw, **arguments)


def test_a_layer_that_is_not_there():
    with pytest.raises(InputError, match=r"^freeze: layers of 0, 1, synapses \(got '2'\)$"):
        freeze(net(), "2")
