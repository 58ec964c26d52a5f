"""Every experiment of Moskovitz et al. 2018 at smoke size, and what its numbers have to satisfy."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from named_claims import unnamed
from torch import nn

from snn_credit.errors import InputError
from snn_credit.experiments import load, moskovitz_cifar1, moskovitz_gradients, moskovitz_training
from snn_credit.harness import Context
from snn_credit.recording import open_run

ROOT = Path(__file__).resolve().parents[2]
TEST = moskovitz_training.TEST


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def smoke(name, out, **changes):
    experiment = load(f"moskovitz-{name}")
    return experiment, experiment.run(
        replace(experiment.preset("smoke"), **changes), Context(out, seed=1)
    )


@pytest.mark.parametrize("name", ["mnist", "cifar1", "cifar2"])
def test_every_method_of_the_table_trains(name, tmp_path):
    experiment, rows = smoke(name, tmp_path)
    assert set(experiment.paper_numbers) <= set(rows)
    assert unnamed(experiment, rows) == []
    for row in rows.values():
        assert 0 <= row[TEST] <= 100
    assert (tmp_path / "learning.png").exists()
    for path in tmp_path.glob("*.h5"):
        assert open_run(path).complete
    assert len(list(tmp_path.glob("*.h5"))) == len(rows)


def test_nothing_is_trained_twice_when_a_run_goes_on(tmp_path, monkeypatch):
    _, first = smoke("mnist", tmp_path, methods=("BP", "FA"))
    experiment = load("moskovitz-mnist")
    config = replace(experiment.preset("smoke"), methods=("BP", "FA"))
    monkeypatch.setattr("snn_credit.rate.fit", None)
    assert experiment.run(config, Context(tmp_path, seed=1, resume=True)) == first


def test_a_learning_rate_that_is_too_large_leaves_a_gap(tmp_path):
    _, rows = smoke("cifar2", tmp_path, methods=("BP",), printed_lr=1e30)
    assert rows["BP, lr as printed"][TEST] is None
    assert rows["BP"][TEST] is not None


def test_e_i_freezes_signs_after_its_fraction(tmp_path):
    config = replace(
        load("moskovitz-mnist").preset("smoke"),
        epochs=4,
        batch=20,
        lr=0.05,
        freeze_after=0.5,
        evaluations=4,
    )
    data = moskovitz_training.dataset(config, (1, 28, 28))
    seen = []

    def watch(module):
        weights = [p for p in module.modules() if isinstance(p, nn.Conv2d | nn.Linear)]
        seen.append([part.weight.detach().sign().clone() for part in weights])
        return {}

    from snn_credit.models.moskovitz import mnist

    method = moskovitz_training.METHODS["uSF Init E/I"]
    net = mnist(config.maps, config.dense, seed=0)
    moskovitz_training.train(config, Context(tmp_path), data, net, "E/I", method, watch=watch)
    for layer in range(4):
        assert any(not torch.equal(seen[0][k], seen[2][k]) for k in range(4))
        assert torch.equal(seen[2][layer], seen[4][layer])


def test_windows_of_cifar_lie_where_the_network_looks():
    random = np.random.default_rng(0)
    x = torch.arange(3 * 32 * 32, dtype=torch.float32)[None].repeat(50, 1) + 1
    moved = moskovitz_cifar1.window(x, random).reshape(50, 3, 32, 32)
    assert not moved[:, :, :4].any()
    assert not moved[:, :, :, 28:].any()
    corners = moved[:, 0, 4, 4] - 1
    assert set((corners % 32).tolist()) <= set(range(9))
    assert set((corners // 32).tolist()) <= set(range(9))
    assert len(set(corners.tolist())) > 20


def test_gradients(tmp_path):
    """Wider than smoke, so that theory holds: B of 1/n_out keeps its size, others do not."""
    experiment, rows = smoke("gradients", tmp_path, maps=(12, 16))
    columns = [f"{moskovitz_gradients.FURTHEST}, at the {when}" for when in ("start", "end")]
    assert rows["FA"][columns[0]] < 2
    assert unnamed(experiment, rows) == []
    for name in ("FA, B in ±0.5", "FA, B in ±0.05"):
        assert rows[name][columns[0]] > 20
        assert columns[1] not in rows[name]
    first = f"{moskovitz_gradients.FIRST}, at the start"
    assert rows["FA, B in ±0.5"][first] > 20
    assert rows["FA, B in ±0.05"][first] < 0.05
    for part in (moskovitz_gradients.LOWER, moskovitz_gradients.UPPER):
        for when in ("start", "end"):
            assert rows["BP + noise"][f"{part}, at the {when}"] == pytest.approx(45, abs=5)
        assert rows["uSF Init"][f"{part}, at the start"] < rows["FA"][f"{part}, at the start"]
    # V knows nothing of W at first
    upper = f"{moskovitz_gradients.LOWER}, at the start"
    assert rows["BP + alignment"][upper] == pytest.approx(90, abs=10)
    assert {path.name for path in tmp_path.glob("*.png")} == {"ratios.png", "angles.png"}


def test_alignment_brings_the_signal_through_v_to_bps(tmp_path):
    from snn_credit.models.moskovitz import cifar2
    from snn_credit.rate import convert

    config = load("moskovitz-gradients").preset("smoke")
    data = moskovitz_training.dataset(config, (3, 32, 32))
    look = moskovitz_gradients._look((data.validation_x, data.validation_y))
    module = convert(cifar2((6, 8), (0, 0)), "BP + alignment")
    before = look(module)
    with torch.no_grad():
        for number, part in enumerate(p for p in module.modules() if isinstance(p, nn.Conv2d)):
            part.weight.copy_(getattr(module.synapses, f"v_{number + 1}"))
    after = look(module)
    for layer in range(1, 9):
        assert before[f"angle_{layer}"] > 60
        assert after[f"angle_{layer}"] < 0.1
        assert after[f"ratio_{layer}"] == pytest.approx(
            (10 * 64 / module.present(torch.zeros(1, 3072)).net.layers[layer]["h"].numel()) ** 0.5
        )


def test_signs(tmp_path):
    from snn_credit.experiments.moskovitz_signs import AWAY, EVER, FLIPS, NEVER

    experiment, rows = smoke("signs", tmp_path, epochs=4, lr=0.03)
    assert list(rows) == ["frozen after 0%", "frozen after 5%", "frozen after 25%", NEVER]
    assert unnamed(experiment, rows) == []
    for column in (EVER, AWAY, FLIPS):
        assert rows["frozen after 0%"][column] == 0
        assert rows[NEVER][column] > 0
    assert rows[NEVER][EVER] >= rows[NEVER][AWAY]
    assert rows["frozen after 25%"][FLIPS] == 0
    assert rows[NEVER][EVER] > rows["frozen after 25%"][EVER] > 0
    assert (tmp_path / "signs.png").exists()


def test_imagenet_in_two_processes(tmp_path):
    words = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    command = ("-m", "snn_credit", "run", "moskovitz-imagenet", "--preset", "smoke", "--seed", "2",
               "--set", "methods=BP,uSF SN",
               "--out", str(tmp_path / "two"))  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *words, *command], env=environment, capture_output=True, text=True,
        timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("written:") == 1  # the second process prints nothing
    found = json.loads((tmp_path / "two" / "result.json").read_text())["measured"]
    trained = {name for name, row in found.items() if set(row.values()) != {None}}
    assert trained == {"BP", "uSF SN"}
    _, alone = smoke_at(tmp_path, ("BP", "uSF SN"))
    for name, row in alone.items():
        for column, value in row.items():
            assert found[name][column] == pytest.approx(value, abs=1e-6), (name, column)


def smoke_at(folder, methods):
    experiment = load("moskovitz-imagenet")
    out = folder / "one"
    out.mkdir()
    config = replace(experiment.preset("smoke"), methods=methods)
    return experiment, experiment.run(config, Context(out, seed=2))


def test_imagenet_alone(tmp_path):
    experiment, rows = smoke("imagenet", tmp_path)
    assert set(rows) == set(experiment.paper_numbers)
    assert unnamed(experiment, rows, {"^network": "made images, network"}) == []
    assert "made images, network 1, top-1 test error %" not in rows["BP, constant norm"]
    for row in rows.values():
        assert row["made images, network 2, top-5 test error %"] == 0  # of three classes
    assert (tmp_path / "imagenet.png").exists()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("mnist", {"methods": ("BP", "FAA")}, r"methods: one of .*FA.* \(got 'FAA'\)"),
        ("mnist", {"epochs": 0}, r"epochs: at least 1 \(got 0\)"),
        ("cifar1", {"lr": -1.0}, r"lr: a finite number of at least 0 \(got -1.0\)"),
        ("cifar2", {"freeze_after": 1.5}, r"freeze_after: a fraction from 0 to 1 \(got 1.5\)"),
        ("signs", {"fractions": (0.1, 2.0)}, r"fractions: fractions from 0 to 1 \(got 0.1, 2.0\)"),
        ("gradients", {"probe_images": 1}, r"probe_images: at least 2 \(got 1\)"),
        ("imagenet", {"models": (3,)}, r"models: of the networks 1 and 2 \(got 3\)"),
        ("imagenet", {"made": 1}, r"made: at least 2 \(got 1\)"),
        ("imagenet", {"classes": 1}, r"classes: at least 2 \(got 1\)"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, change, message):
    with pytest.raises(InputError, match=message):
        replace(load(f"moskovitz-{name}").preset("smoke"), **change)


@pytest.mark.parametrize("name", ["mnist", "cifar1", "cifar2", "imagenet", "gradients", "signs"])
def test_long_presets_say_what_they_cost(name):
    experiment = load(f"moskovitz-{name}")
    assert experiment.cost(experiment.preset("smoke")) is None
    assert "a seed on one core" in experiment.cost(experiment.preset("paper"))
