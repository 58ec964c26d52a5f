"""Two processes train as one does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from run_in_team import SETTINGS, images, resumed
from torch import nn

from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert, fit, present
from snn_credit.rate.distributed import Team, untaught
from snn_credit.rate.losses import cross_entropy
from snn_credit.recording import open_run

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "helpers" / "run_in_team.py"
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def run(*words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    seen = []

    def stop(module):
        seen.append(module)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return {"process": 0.0}

    with pytest.raises(KeyboardInterrupt):
        fit(
            resumed(), images(), path=folder / "one.stopped", watch=stop,
            constrain={10: "frozen signs"}, **SETTINGS,
        )  # fmt: skip
    shutil.copy(folder / "one.stopped", folder / "two.stopped")
    run(str(SCRIPT), str(folder / "one.npz"))
    run(*TORCHRUN, str(SCRIPT), str(folder / "two.npz"))
    return folder, np.load(folder / "one.npz"), np.load(folder / "two.npz")


def test_two_processes_give_what_one_does(found):
    _, one, two = found
    assert (one["size"], two["size"]) == (1, 2)
    assert set(one) == set(two)
    for key in one:
        if key.endswith(("error", "watched")) or key == "size":
            continue
        np.testing.assert_allclose(two[key], one[key], rtol=0, atol=1e-5, err_msg=key)
    names = ("BP", "DFA conv", "KP", "Shallow", "sign concordant", "symmetric", "alignment")
    names += ("resumed", "single")
    for name in names:
        np.testing.assert_array_equal(two[f"{name}: error"], one[f"{name}: error"])


def test_what_a_rule_leaves_alone_does_not_decay(found):
    _, _, two = found
    first = perceptron((64, 20, 15, 10), hidden="tanh", output="linear").state_dict()
    for key, value in first.items():
        same = np.array_equal(two[f"Shallow: {key}"], value.numpy())
        assert same == (not key.startswith("4")), key


def test_process_0_alone_evaluates_and_writes(found):
    folder, _, two = found
    assert not two["BP: watched"].any()
    for name in ("one", "two"):
        recorded = open_run(folder / f"{name}.h5")
        assert recorded.complete
        seen = recorded.metrics("learning")["images_seen"]
        assert seen.tolist() == [0, 75, 131, 131]
    assert sorted(path.name for path in folder.glob("*.h5")) == ["one.h5", "two.h5"]


def test_what_a_rule_leaves_alone_is_found():
    net = perceptron((4, 3, 2), hidden="tanh", output="linear")
    x, y = torch.ones(2, 4), torch.tensor([0, 1])

    def names(module):
        state = torch.get_rng_state()
        left = untaught(lambda copy: present(copy, x, y, cross_entropy), module)
        assert torch.equal(torch.get_rng_state(), state)
        return {name for name, p in module.named_parameters() if any(p is q for q in left)}

    assert names(convert(net, "Shallow")) == {"0.weight", "0.bias"}
    assert names(convert(net, "BP + noise")) == set()
    module = convert(net, "BP")
    assert isinstance(module.get_submodule("2"), nn.Linear)
    module.get_submodule("0").weight.requires_grad_(False)
    assert names(module) == set()  # frozen by its owner: none of ours to thaw
    assert all(p.grad is None for p in module.parameters())


def test_a_team_of_one_is_no_team():
    team, net = Team(torch.device("cpu")), nn.Linear(1, 1)
    assert team.leads
    assert team.size == 1
    assert team.wrap(net) is net
    chosen = np.arange(5)
    assert team.part(chosen).tolist() == [0, 1, 2, 3, 4]
    assert team.mean(torch.tensor(2.0)) == 2.0
    assert team.told(lambda: "this") == "this"
