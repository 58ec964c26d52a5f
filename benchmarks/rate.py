"""How fast rules train rate-coded networks, beside backpropagation by torch's own layers.

    python benchmarks/rate.py                       # a table
    python benchmarks/rate.py --json FILE --markdown FILE
    python benchmarks/rate.py --device cuda       # on an NVIDIA GPU

A step is a batch of 64 (ResNet-18: 16, on a GPU 256): forward pass, loss, the rule's changes, SGD
with momentum. A rule learns through autograd (``loss.backward()`` and torch's optimiser), by the
engine that `snn_credit.rate.fit` takes for chains, or, as in a module that is no chain, by layers
that are exchanged one by one. Every contender takes its turn in each round, on one thread; the
median over rounds of the ratio to the round's plain backpropagation counts, so a busy machine slows
all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn

from snn_credit.models.perceptron import perceptron
from snn_credit.models.resnet import imagenet_resnet
from snn_credit.rate import LOSSES, convert, present
from snn_credit.rate.engine import Engine
from snn_credit.recording.provenance import provenance

LOSS = LOSSES["cross entropy"]
RULES = ("BP", "FA", "FA chain", "DFA", "uSF Init", "DRTP", "PEPITA")
#: Those that learn their feedback.
ALIGNED = ("KP", "WM", "IA", "SA", "AA")
TAUGHT = ("SG", "NP feedback", "NP feedback DFA")


def fully_connected() -> tuple[nn.Sequential, tuple[int, ...]]:
    """Return 784-1000-10, and the shape of a stimulus."""
    return perceptron((784, 1000, 10), hidden="relu", output="linear"), (784,)


def lenet() -> tuple[nn.Sequential, tuple[int, ...]]:
    """Return LeNet for CIFAR-10, and the shape of a stimulus."""
    net = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 64, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    return net, (3, 32, 32)


def resnet() -> tuple[nn.Sequential, tuple[int, ...]]:
    """Return ResNet-18 for images of 64 x 64, and the shape of a stimulus."""
    return imagenet_resnet("ResNet-18", side=64), (3 * 64 * 64,)


NETS = {"784-1000-10": fully_connected, "LeNet, CIFAR-10": lenet, "ResNet-18, 64 x 64": resnet}
#: Rules that learn in each of them as a chain.
CHAINS = {
    "784-1000-10": (*RULES, *ALIGNED, *TAUGHT),
    "LeNet, CIFAR-10": (*RULES, *ALIGNED),
    "ResNet-18, 64 x 64": (),
}
BATCHES = {
    "cpu": {"784-1000-10": 64, "LeNet, CIFAR-10": 64, "ResNet-18, 64 x 64": 16},
    "cuda": {"784-1000-10": 64, "LeNet, CIFAR-10": 64, "ResNet-18, 64 x 64": 256},
}
EPOCH = 50_000  # images of one of CIFAR-10, for the time that it would take


class _Held(nn.Module):
    """Hides that a module is a chain, so that its layers learn one by one, through autograd."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def stepper(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], None]:
    """Return a function that trains a module for a step, through autograd."""
    optimiser = _sgd(module)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        present(module, x, y, LOSS)
        optimiser.step()

    return step


def engine_stepper(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], None]:
    """Return a function that trains a chain for a step, by the engine."""
    engine = Engine.of(module, _sgd(module))
    assert engine is not None

    def step() -> None:
        engine.present(x, y, LOSS)
        engine.step()

    return step


def algorithm_1(net: nn.Sequential, x: Tensor, y: Tensor) -> Callable[[], None]:
    """Return a step of PEPITA as it is printed: two whole forward passes, SGD on the changes."""
    hidden, output = (part for part in net if isinstance(part, nn.Linear))
    feedback = torch.empty(output.out_features, hidden.in_features, device=x.device)
    feedback.uniform_(-0.05, 0.05)
    optimiser, targets = _sgd(net), nn.functional.one_hot(y, output.out_features)

    @torch.no_grad()
    def step() -> None:
        h = torch.relu(hidden(x))
        e = torch.softmax(output(h), 1) - targets
        x_err = x + e @ feedback
        h_err = torch.relu(hidden(x_err))
        hidden.weight.grad = (h - h_err).T @ x_err / len(x)
        hidden.bias.grad = (h - h_err).mean(0)
        output.weight.grad = e.T @ h_err / len(x)
        output.bias.grad = e.mean(0)
        optimiser.step()

    return step


def _sgd(module: nn.Module) -> torch.optim.SGD:
    return torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)


def contenders_of(name: str, device: str) -> dict[str, Callable[[], None]]:
    """Return what takes its turn on one of `NETS`, plain torch first."""
    torch.manual_seed(0)
    net, shape = NETS[name]()
    net.to(device)
    batch = BATCHES[device][name]
    x, y = torch.rand(batch, *shape, device=device), torch.randint(10, (batch,), device=device)
    found = {"plain torch": stepper(net, x, y)}
    for rule in CHAINS[name]:
        found[rule] = stepper(convert(net, rule, shape=shape), x, y)
        found[f"{rule}, engine"] = engine_stepper(convert(net, rule, shape=shape), x, y)
    if name == "784-1000-10":
        found["PEPITA, Algorithm 1 written out"] = algorithm_1(deepcopy(net), x, y)
    for rule in ("BP", "FA chain", "uSF Init", *ALIGNED):
        found[f"{rule}, by layers"] = stepper(convert(_Held(net), rule), x, y)
    return found


def measure(rounds: int, steps: int, device: str) -> list[dict[str, float | str]]:
    """Time every contender on every network."""
    torch.set_num_threads(1)
    rows: list[dict[str, float | str]] = []
    for name in NETS:
        many = bool(CHAINS[name]) or device == "cuda"
        turns = (rounds, steps) if many else (max(3, rounds // 3), max(1, steps // 10))
        batch = BATCHES[device][name]
        for row in _timed(contenders_of(name, device), *turns, device):
            seconds = float(row["ms a step"]) / 1000 * EPOCH / batch
            rows.append({"network": name, "batch": batch, **row, "s an epoch": seconds})
    return rows


def _clock(device: str) -> float:
    """Return seconds: of this process, or, of a GPU, once it has done all that it was told."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def _timed(
    contenders: dict[str, Callable[[], None]], rounds: int, steps: int, device: str
) -> list[dict[str, float | str]]:
    for step in contenders.values():
        step()
    times: dict[str, list[float]] = {label: [] for label in contenders}
    for number in range(rounds):
        order = list(contenders)
        for label in order[number % len(order) :] + order[: number % len(order)]:
            start = _clock(device)
            for _ in range(steps):
                contenders[label]()
            times[label].append((_clock(device) - start) / steps)
    plain = times["plain torch"]
    return [
        {
            "contender": label,
            "ms a step": 1000 * statistics.median(each),
            "x plain": statistics.median(p / t for p, t in zip(plain, each, strict=True)),
        }
        for label, each in times.items()
    ]


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    rows = measure(given.rounds, given.steps, given.device)
    lines = ["| network | contender | ms a step | × plain |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {row['network']} | {row['contender']} | {row['ms a step']:.2f} | {row['x plain']:.2f} |"
        for row in rows
    ]
    print("\n".join(lines))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")
    if given.json:
        given.json.write_text(json.dumps({"rows": rows, "provenance": provenance()}, indent=1))


if __name__ == "__main__":
    main()
