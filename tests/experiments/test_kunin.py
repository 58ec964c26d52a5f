"""Every experiment of Kunin et al. 2020 at smoke size, and what its numbers have to satisfy."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from named_claims import unnamed

from snn_credit.data.made_images import made_images
from snn_credit.errors import InputError
from snn_credit.experiments import kunin_methods, kunin_noise, kunin_resnet, kunin_search, load
from snn_credit.experiments import kunin_training as training
from snn_credit.experiments.kunin_methods import CONTROL, METHODS, SMALL, Method
from snn_credit.experiments.kunin_training import FAILED, TOP1, TOP5
from snn_credit.harness import Context
from snn_credit.models.resnet import cifar_resnet
from snn_credit.recording import open_run

ROOT = Path(__file__).resolve().parents[2]
WAYS = {
    "networks": ("ResNet-18", "ResNet-50v2"),
    "sides": (28, 35),
    "methods": ("BP", "SA", "IA"),
    "validation_images": 6,
    "train_images": None,
    "test_images": None,
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def smoke(name, out, **changes):
    experiment = load(f"kunin-{name}")
    config = replace(experiment.preset("smoke"), **changes)
    return experiment, config, experiment.run(config, Context(out, seed=1))


def test_every_rule_trains_every_network(tmp_path):
    experiment, config, rows = smoke("resnet", tmp_path)
    assert set(rows) == set(kunin_methods.ALL)
    assert unnamed(experiment, rows, {"ResNet-(14|18)(v2)?": "ResNet-8"}) == []
    for row in rows.values():
        assert set(row) == {f"{name}: {TOP1}" for name in ("ResNet-8", "ResNet-8v2")}
        assert all(0 <= value <= 100 for value in row.values())
    paths = list(tmp_path.glob("*.h5"))
    assert len(paths) == 2 * len(rows)
    assert all(open_run(path).complete for path in paths)
    experiment.draw(config, [rows, rows], Context(tmp_path))
    assert (tmp_path / "transfer.png").exists()


def test_nothing_is_trained_twice_when_a_run_goes_on(tmp_path, monkeypatch):
    experiment, config, first = smoke("resnet", tmp_path, methods=("BP", "IA"))
    monkeypatch.setattr("snn_credit.rate.fit", None)
    assert experiment.run(config, Context(tmp_path, seed=1, resume=True)) == first


def test_what_is_not_finite_early_counts_as_chance_and_says_so(tmp_path, monkeypatch):
    wild = replace(SMALL["WM"], primitives={"amp": 1e6, "decay": 1e6})
    monkeypatch.setattr(training, "SMALL", {**SMALL, "WM": wild})
    _, _, rows = smoke("resnet", tmp_path, methods=("BP", "WM"), networks=("ResNet-8",))
    assert rows["WM"][f"ResNet-8: {TOP1}"] == 10
    assert 1 <= rows["WM"][f"ResNet-8: {FAILED}"] <= 5
    assert f"ResNet-8: {FAILED}" not in rows["BP"]
    late = training.Outcome({"test_error": [10.0]}, torch.nn.Identity(), failed=1001)
    assert late.accuracy(10) is None
    assert replace(late, failed=1000).accuracy(1000, "top5", 5) == 0.5
    assert replace(late, failed=None).accuracy(10) == 90


def test_other_refusals_are_no_failures(tmp_path, monkeypatch):
    wrong = replace(SMALL["SA"], optimiser="Adan")
    monkeypatch.setattr(training, "SMALL", {**SMALL, "SA": wrong})
    with pytest.raises(InputError, match=r"optimiser: .*Adam.* \(got 'Adan'\)"):
        smoke("resnet", tmp_path, methods=("SA",), networks=("ResNet-8",))


def test_imagenet_networks_on_folders_of_images(tmp_path):
    _, _, rows = smoke("resnet", tmp_path, **WAYS)
    for row in rows.values():
        for name in WAYS["networks"]:
            assert 0 <= row[f"{name}: {TOP1}"] <= 100
            assert row[f"{name}: {TOP5}"] == 100  # of three classes


def test_imagenet_in_two_processes(tmp_path):
    """Each normalises its own part of a batch, so the numbers are not those of one process."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "snn_credit", "run", "kunin-resnet", "--preset", "smoke", "--seed", "2"),
        *("--out", str(tmp_path / "two"), "--set", "networks=ResNet-18", "--set", "sides=28,35"),
        *("--set", "methods=BP,SA,IA", "--set", "validation_images=6"),
        *("--set", "train_images=none", "--set", "test_images=none"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "two" / "result.json").read_text())["measured"]
    for name in ("BP", "SA", "IA"):
        assert 0 <= found[name][f"ResNet-18: {TOP1}"] <= 100


def test_windows_lie_where_the_network_looks(monkeypatch):
    windows = kunin_resnet._Windows(seen=8, border=2)
    x = torch.rand(5, 3 * 12 * 12)
    moved = windows(x, np.random.default_rng(0)).reshape(5, 3, 12, 12)
    edge = torch.ones(12, 12, dtype=torch.bool)
    edge[2:10, 2:10] = False
    assert not moved[:, :, edge].any()
    assert moved[:, :, ~edge].min() >= x.min()
    assert moved[:, :, ~edge].std() > 0.1

    def mirror(n, random):
        return np.tile(np.array([[-8 / 12, 0, 0], [0, 8 / 12, 0]], np.float32), (n, 1, 1))

    monkeypatch.setattr("snn_credit.data.augmentation.random_windows", mirror)
    middle = windows(x, None).reshape(5, 3, 12, 12)[:, :, 2:10, 2:10]
    expected = x.reshape(5, 3, 12, 12)[:, :, 2:10, 2:10].flip(3)
    torch.testing.assert_close(middle, expected, atol=1e-5, rtol=0)


def test_images_are_averaged_down():
    data = made_images((3, 32, 32), train=20, test=10, validation=10)
    small = training._averaged(data, 8)
    assert small.image_shape == (3, 8, 8)
    block = data.test_x.reshape(-1, 3, 32, 32)[2, 1, 4:8, 24:28].mean()
    assert small.test_x.reshape(-1, 3, 8, 8)[2, 1, 1, 6] == pytest.approx(block, abs=1e-6)


def test_metaparameters_of_table_5():
    information = METHODS["IA"]
    assert information.primitives["amp"] == pytest.approx(129.1123 * 7.9990)
    assert information.primitives["null"] == 3.1610e-6
    assert information.noise == 0.8176
    assert set(information.operations) == {
        *("fo_bias", "fo_relu", "fo_bwmc", "fo_fwmc", "bo_bias", "bo_fwmc", "bo_fwl2n")
    }
    assert (METHODS["WM"].batch, METHODS["WM"].forward_lr, METHODS["WM"].delay) == (2048, 1.0, 2)
    assert set(METHODS["WM"].operations) < set(METHODS["WM+AD+OPS"].operations)
    searched = [name for name, method in METHODS.items() if method.noise]
    assert searched == ["WM", "WM+AD", "WM+AD+OPS", "IA"]
    assert all(METHODS[name].alternate for name in searched)


def test_the_learning_rates_of_a_training():
    """Drops come after the delay, of both optimisers; the warm-up is that of W."""
    config = replace(load("kunin-resnet").preset("paper"), drops=(1.0, 2.0), epochs=3)
    settings = training._settings(config, METHODS["WM"], 1000, 0.0)
    assert settings["images"] == 5000
    assert list(settings["schedule"]) == [3000, 4000]
    assert settings["alignment"].schedule == settings["schedule"]
    assert settings["alignment"].delay == 2000
    assert settings["warmup"] == 5000
    assert (settings["batch"], settings["lr"], settings["alignment"].lr) == (2048, 1.0, 1.0)
    plain = training._settings(config, METHODS["BP"], 1000, 0.0)
    assert (plain["images"], plain["batch"], plain["lr"]) == (3000, 256, 0.1)
    assert plain["alignment"] is None
    (group,) = plain["optimiser"]([torch.nn.Parameter(torch.ones(1))]).param_groups
    assert (group["nesterov"], group["momentum"], group["weight_decay"]) == (True, 0.9, 1e-4)


def test_noise_goes_where_it_should(tmp_path):
    config = load("kunin-noise").preset("smoke")
    given = {name: training._settings(config, config.method(name), 100, 3.0) for name in
             config.methods}  # fmt: skip
    assert given["BP"]["noise"] == 3.0
    for name in (CONTROL, "SA", "AA", "KP"):
        assert given[name]["noise"] == 0
        assert given[name]["alignment"].noise == 3.0
    assert config.rate("BP") == config.rate("KP") == config.lr
    assert config.rate(CONTROL) == 1


def test_noise(tmp_path):
    experiment, config, rows = smoke("noise", tmp_path, steps=(0.0, 1.0), methods=("BP", CONTROL))
    quiet, loud = (kunin_noise._column(step, kunin_noise.ANGLE) for step in config.steps)
    assert rows[CONTROL][quiet] < 5  # B is the W' of the step before
    assert rows[CONTROL][loud] > 40
    assert set(rows["BP"]) == {kunin_noise._column(step, TOP1) for step in config.steps}
    assert unnamed(experiment, rows, {"sigma = .*:": "sigma = 1:", "^SA$": CONTROL}) == []
    experiment.draw(config, [rows, rows], Context(tmp_path))
    assert (tmp_path / "noise.png").exists()


def test_weights(tmp_path):
    from snn_credit.analysis import angle
    from snn_credit.experiments.kunin_weights import LARGEST, LEAST, MEAN, MOST

    experiment, _, rows = smoke("weights", tmp_path, methods=("SA", "WM"), evaluations=2)
    assert unnamed(experiment, rows, {"^IA$": "SA"}) == []
    with np.load(tmp_path / "wm.npz") as kept:
        layers = [layer for layer in kept.files if not layer.startswith("third ")]
        pairs = {layer: kept[layer] for layer in layers}
        times = [kept[f"third {number}"] for number in range(len(kept.files) - len(layers))]
    assert layers[-1] == "dense"
    assert len(layers) == 9  # of ten, the first has no feedback
    np.testing.assert_array_equal(times[-1], pairs["stage1.0.branch.3"])
    assert len(times) >= 3
    angles = [angle(w, b) for w, b in pairs.values()]
    ratios = [np.linalg.norm(b) / np.linalg.norm(w) for w, b in pairs.values()]
    assert rows["WM"][MEAN] == pytest.approx(np.mean(angles))
    assert rows["WM"][LARGEST] == pytest.approx(max(angles))
    assert rows["WM"][LEAST] == pytest.approx(min(ratios))
    assert rows["WM"][MOST] == pytest.approx(max(ratios))
    figures = {path.name for path in tmp_path.glob("*.png")}
    assert figures == {"angles.png", "scatter_layers.png", "scatter_times.png"}


def test_search_goes_on_to_a_larger_total(tmp_path):
    experiment, _, first = smoke("search", tmp_path, spaces=("WM+AD", "IA"), trials=(2, 3))
    assert unnamed(experiment, first, {"^WM$": "WM+AD"}) == []
    assert first["IA"][kunin_search.TRIALS] == 3
    assert set(first) == {"BP", "FA", "WM+AD", "IA"} | {
        f"IA, {letter}: {name}" for letter, name in kunin_search.CHOICES.items()
    }
    _, _, more = smoke("search", tmp_path, spaces=("WM+AD", "IA"), trials=(2, 5))
    assert more["WM+AD"] == first["WM+AD"]
    assert more["IA"][kunin_search.TRIALS] == 5
    assert more["IA"][kunin_search.BEST] >= first["IA"][kunin_search.BEST]
    assert (tmp_path / "choices.png").exists()
    with pytest.raises(InputError, match=r"storage: .* with lr = 0.5 \(got one with 1.0 in sqlite"):
        smoke("search", tmp_path, spaces=("IA",), trials=(2,), lr=0.5)


def test_a_search_that_is_stopped_goes_on(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [
        *(sys.executable, "-m", "snn_credit", "run", "kunin-search", "--preset", "smoke"),
        *("--seed", "1", "--set", "spaces=WM+AD", "--out", str(tmp_path / "run")),
        *("--set", "trials=24"),
    ]
    first = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and _complete(tmp_path / "run" / "study.db") < 2:
        time.sleep(0.1)
    first.terminate()
    _, errors = first.communicate(timeout=120)
    done = _complete(tmp_path / "run" / "study.db")
    assert 2 <= done < 24, errors[-1000:]
    assert "continue with: snn-credit run kunin-search" in errors
    second = subprocess.run(
        [*command, "--resume"], env=environment, capture_output=True, text=True, timeout=200
    )
    assert second.returncode == 0, second.stderr[-3000:]
    found = json.loads((tmp_path / "run" / "result.json").read_text())["measured"]
    assert found["WM+AD"][kunin_search.TRIALS] == 24


def _complete(path):
    """Trials that a data base holds; 0 where there is none yet."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as base:
        try:
            (count,) = base.execute(
                "SELECT COUNT(*) FROM trials WHERE state = 'COMPLETE'"
            ).fetchone()
        except sqlite3.OperationalError:
            return 0
    return count


def test_two_runs_share_a_storage(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [
        *(sys.executable, "-m", "snn_credit", "run", "kunin-search", "--preset", "smoke"),
        *("--seed", "1", "--set", "spaces=WM+AD", "--set", "trials=6"),
        *("--set", f"storage=sqlite:///{tmp_path / 'study.db'}", "--out"),
    ]
    both = [
        subprocess.Popen([*command, str(tmp_path / out)], env=environment, stderr=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for out in ("one", "two")
    ]  # fmt: skip
    for process in both:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors[-3000:]
    one, two = (
        json.loads((tmp_path / out / "result.json").read_text())["measured"]["WM+AD"]
        for out in ("one", "two")
    )
    assert one == two
    assert one[kunin_search.TRIALS] == 6


def test_a_trial_of_table_5_is_the_rule_of_table_5():
    optuna = pytest.importorskip("optuna")
    config = load("kunin-search").preset("paper")
    rule = METHODS["IA"]
    given = {name: name in rule.operations for name in kunin_search.OPERATIONS}
    amp, decay = rule.primitives["amp"], rule.primitives["decay"]
    trial = optuna.trial.FixedTrial({
        **given, "beta": decay, "alpha / beta": amp / decay, "gamma": rule.primitives["null"],
        "sigma": rule.noise, "eta": rule.lr, "delay": 1, "alternate": True, "batch": 256,
    })  # fmt: skip
    found = kunin_search.suggest(trial, "IA", config)
    assert set(found.operations) == set(rule.operations)
    assert found.primitives == pytest.approx(rule.primitives)
    assert replace(found, operations=(), primitives={}, batch=None) == replace(
        rule, operations=(), primitives={}
    )


def test_means_with_and_without_a_choice():
    def trial(value, **params):
        return type("Trial", (), {"value": value, "params": params})()

    trials = [trial(10.0, a=True, sigma=0.9), trial(30.0, a=True, sigma=0.2),
              trial(50.0, a=False, sigma=0.7)]  # fmt: skip
    assert kunin_search.choice(trials, "a") == {True: (20.0, pytest.approx(10.0)), False: (50.0, 0)}
    assert kunin_search.choice(trials, "sigma > 0.5")[True][0] == 30
    assert kunin_search.choice(trials[:2], "a")[False] == (None, 0.0)


def test_a_rule_learns_as_its_metaparameters_say():
    """One step of B by hand: SGD on P_self and P_decay with a rate of 1 makes it W'."""
    from snn_credit.rate import feedback_pairs, present
    from snn_credit.rate.losses import cross_entropy

    method = Method({"self": 0.5, "decay": 0.25}, optimiser="SGD", lr=1.0)
    module = kunin_methods.learner(method, cifar_resnet(8, 2, side=8), "mine", seed=0)
    before = {name: b.clone() for name, (_, b) in feedback_pairs(module).items()}
    present(module, torch.rand(4, 192), torch.arange(4), cross_entropy)
    for name, (w, b) in feedback_pairs(module).items():
        grad = module.get_submodule(name).feedback_b.grad
        torch.testing.assert_close(grad, 0.25 * before[name] - 0.5 * w)
        assert b is not None


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("resnet", {"methods": ("BP", "SB")}, r"methods: .*SA.* \(got 'SB'\)"),
        ("resnet", {"networks": ("ResNet-9",)}, r"networks: .*ResNet-8.* \(got 'ResNet-9'\)"),
        ("resnet", {"epochs": 0}, r"epochs: at least 1 \(got 0\)"),
        ("resnet", {"side": 12}, r"side: 4, 8, 16 or 32 \(got 12\)"),
        ("resnet", {"drops": (1.0, -2.0)}, r"drops: finite numbers of at least 0 \(got 1.0, -2"),
        ("noise", {"steps": (-1.0,)}, r"steps: finite numbers of at least 0 \(got -1.0\)"),
        ("search", {"spaces": ("WN",)}, r"spaces: .*WM.* \(got 'WN'\)"),
        ("search", {"trials": (1, 2)}, r"trials: a number for each of 4 spaces \(got 2\)"),
        ("search", {"batches": (0,)}, r"batches: at least 1 \(got 0\)"),
        ("weights", {"width": 0}, r"width: at least 1 \(got 0\)"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, change, message):
    with pytest.raises(InputError, match=message):
        replace(load(f"kunin-{name}").preset("smoke"), **change)


@pytest.mark.parametrize("name", ["resnet", "noise", "weights", "search"])
def test_long_presets_say_what_they_cost(name):
    experiment = load(f"kunin-{name}")
    assert experiment.cost(experiment.preset("smoke")) is None
    assert "a seed on one core" in experiment.cost(experiment.preset("paper"))
