"""Train some networks, in however many processes this runs; process 0 writes their weights.

Run it as a script, or with ``-m torch.distributed.run --nproc-per-node 2`` before its name.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from rate_nets import Wrapped
from torch import nn

from snn_credit.data import load
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import Alignment, convert, fit
from snn_credit.rate.distributed import Team

IMAGES = 131  # batches of 25, of which two processes get 13 and 12; the last has 6
SETTINGS = {
    "images": IMAGES, "batch": 25, "loss": "cross entropy", "evaluate_every": 60, "lr": 0.01,
    "optimiser": "Adam", "weight_decay": 0.01,
}  # fmt: skip


def images():
    """What they learn."""
    return load("digits").subset(n_train=100, n_validation=50, n_test=50)


def nets():
    """Name -> a network, and what is special about its training."""
    chain = perceptron((64, 20, 15, 10), hidden="tanh", output="linear")
    conv = nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(36, 10))  # fmt: skip
    for part in conv:
        if isinstance(part, nn.Conv2d | nn.Linear):
            random = torch.Generator().manual_seed(1)
            nn.init.uniform_(part.weight, -0.3, 0.3, generator=random)
            nn.init.zeros_(part.bias)
    yield "BP", convert(chain, "BP"), {}
    yield "DFA conv", convert(conv, "DFA", shape=(64,)), {}
    yield "KP", convert(chain, "KP", rates={"lam": 0.01}), {"optimiser": "SGD", "lr": 0.3}
    yield "Shallow", convert(chain, "Shallow"), {}
    yield "sign concordant", convert(Wrapped(chain), "uSF SN"), {"constrain": {50: "frozen signs"}}
    yield "symmetric", convert(Wrapped(conv), "SA", rates={"etab": 1.0}), {
        "alignment": Alignment(lr=0.1, momentum=0.5, noise=0.01, delay=50), "noise": 0.1,
    }  # fmt: skip
    yield "alignment", convert(chain, "BP + alignment", rates={"lama": 0.1}), {}
    yield "resumed", resumed(), {"constrain": {10: "frozen signs"}, "resume": True}
    # one image a step: the second process has nothing of its own
    yield "single", convert(chain, "FA chain"), {"batch": 1, "images": 12}


def resumed():
    """The module of a run that was stopped."""
    return convert(perceptron((64, 12, 10), hidden="tanh", output="linear"), "uSF Init")


def main(out: Path) -> None:
    torch.set_num_threads(1)
    data, found = images(), {}
    for name, module, more in nets():
        path = {"BP": out.with_suffix(".h5"), "resumed": out.with_suffix(".stopped")}.get(name)
        settings = {**SETTINGS, **more}
        history = fit(module, data, path=path, watch=watched, **settings)
        for key, value in module.state_dict().items():
            found[f"{name}: {key}"] = value.numpy()
        found[f"{name}: error"] = np.array([*history.validation_error, history.test_error])
        found[f"{name}: watched"] = history.watched["process"]
    team = Team(torch.device("cpu"))
    ranks = team.told(lambda: team.rank)
    assert ranks == 0
    if team.leads:
        np.savez(out, size=team.size, **found)


def watched(module):
    return {"process": float(Team(torch.device("cpu")).rank)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
