"""The experiments of Dellaferrera & Kreiman 2022: what they train, what they say, what they refuse.

Their networks are small here; that the rules are right is tested elsewhere.
"""

import re
from dataclasses import replace
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments import TABLE, pepita_training
from snn_credit.experiments.pepita_dynamics import END, MIRRORED, START
from snn_credit.experiments.pepita_training import (
    COLUMNS,
    TEST,
    Learner,
    early,
    load,
    load_if_there,
    train,
)
from snn_credit.harness import Context
from snn_credit.progress import Silent
from snn_credit.rate import History
from snn_credit.recording import open_run
from snn_credit.rules.pepita import PEPITA_MINUS

NAMES = [name for name in TABLE if name.startswith("pepita-") and name != "pepita-theory"]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the smoke preset of each; return folder and table."""
    found = {}
    for name in NAMES:
        experiment = import_module(TABLE[name]).EXPERIMENT
        out = tmp_path_factory.mktemp(name)
        found[name] = out, experiment.run(experiment.presets["smoke"], Context(out, seed=1))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_smoke(name: str, tables: dict[str, Any]) -> None:
    out, table = tables[name]
    experiment = import_module(TABLE[name]).EXPERIMENT
    assert experiment.id == name
    assert set(experiment.presets) == {"smoke", "laptop", "paper"}
    assert list(out.glob("*.png"))
    for file in out.glob("*.h5"):
        assert open_run(file).complete
        assert open_run(file).experiment == name
    values = [value for row in table.values() for value in row.values() if value is not None]
    assert values
    assert all(map(isfinite, values))
    assert set(experiment.paper_numbers) <= set(table)
    smaller = {"(MNIST|CIFAR10)(?=,)": "digits", "slowness [A-Z0-9]+": "slowness digits"}
    assert unnamed(experiment, table, smaller) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_long_run_says_what_it_costs(name: str) -> None:
    experiment = import_module(TABLE[name]).EXPERIMENT
    assert experiment.cost(experiment.presets["smoke"]) is None
    said = experiment.cost(experiment.presets["paper"])
    assert re.fullmatch(r"\d+ trainings?: about \d+ (minutes|hours) a seed on one core; .*", said)


def test_every_column_of_the_paper_is_there() -> None:
    experiment = import_module(TABLE["pepita-table1"]).EXPERIMENT
    headings = set(next(iter(experiment.paper_numbers.values())))
    assert headings == {
        f"{kind} {data}, {TEST}"
        for kind in ("FC", "conv")
        for data in ("MNIST", "CIFAR10", "CIFAR100")
    }
    assert experiment.paper_numbers["PEPITA"][f"conv CIFAR10, {TEST}"] == 56.33


def test_settings_are_those_of_appendix_a() -> None:
    mnist, cifar = COLUMNS["FC", "mnist"], COLUMNS["FC", "cifar10"]
    assert mnist.lr == {"BP": 0.1, "FA": 0.1, "DRTP": 0.01, "PEPITA": 0.1}
    assert (mnist.batch, mnist.drops) == (64, (0.6,))
    assert cifar.lr == {"BP": 0.01, "FA": 0.001, "DRTP": 0.001, "PEPITA": 0.01}
    conv = COLUMNS["conv", "cifar100"]
    assert conv.lr == {"BP": 0.01, "FA": 0.01, "DRTP": 0.01, "PEPITA": 0.1}
    assert (conv.batch, conv.drops) == (100, (0.1, 0.3, 0.5))


def test_the_learning_rate_falls_where_the_paper_says() -> None:
    assert early(60) == ()
    assert early(100) == (0.6,)
    data = load("digits", 100)
    rates = []

    def watch(module: Any) -> dict[str, float]:
        return {"norm": float(module.get_parameter("3.weight").detach().norm())}

    for drops in ((), (0.5,)):
        history = Learner("BP", 4, hidden=8, drops=drops).train(data, 0, watch=watch)
        rates.append(history.watched["norm"])
    np.testing.assert_array_equal(rates[0][:3], rates[1][:3])
    assert rates[0][3] != rates[1][3]


def test_without_held_out_images_all_train_and_the_curve_is_that_of_the_test_images() -> None:
    held, whole = load("digits"), load("digits", held_out=False)
    assert len(whole.train_y) == len(held.train_y) + len(held.validation_y)
    np.testing.assert_array_equal(whole.validation_x, whole.test_x)
    assert len(load("digits", 50, 20).validation_y) == 20


def pepita(data: Any, **changes: Any) -> History:
    from snn_credit.experiments.pepita_dynamics import weights

    learner = Learner("PEPITA", 10, hidden=20, drops=(), **changes)
    return learner.train(data, 2, learner.network(data, 2).double(), watch=weights)


def test_with_x_minus_f_e_the_run_is_the_same_mirrored() -> None:
    """An identity: the angle to F' is 180 less that of the other, at every moment."""
    data = load("digits", 400)
    plain, mirrored = pepita(data), pepita(data, variant=PEPITA_MINUS, mirrored=True)
    angles = plain.watched["angle"]
    assert angles[-1] > angles[0] + 1
    np.testing.assert_allclose(mirrored.watched["angle"], 180 - angles, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(mirrored.validation_error, plain.validation_error)
    other = pepita(data, variant=PEPITA_MINUS)
    assert other.watched["angle"][-1] < other.watched["angle"][0] - 1  # it aligns, as they say


def test_dynamics_measures_the_identity(tables: dict[str, Any]) -> None:
    _, table = tables["pepita-dynamics"]
    for column in (START, END):
        assert table["PEPITA"][column] + table[MIRRORED][column] == pytest.approx(180, abs=0.01)


def test_f_0_leaves_the_hidden_layer(tables: dict[str, Any]) -> None:
    out, _ = tables["pepita-controls"]
    data = load("digits", 200)
    first = Learner("PEPITA", 1, hidden=30).network(data, 1).get_parameter("0.weight").detach()
    for file, same in (("f0.h5", True), ("pepita.h5", False), ("rp_k1.h5", False)):
        point = open_run(out / file).checkpoint
        assert point is not None
        assert np.array_equal(point.arrays["module.0.weight"], first.numpy()) is same, file


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_data_that_are_not_there_are_left_out_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    notes = Notes()
    assert load_if_there("cifar100", Context(tmp_path, progress=notes)) is None
    assert len(notes.notes) == 1
    assert notes.notes[0].startswith("CIFAR100 is left out: cifar100: expected ")
    assert "\n" not in notes.notes[0]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("pepita-table1", {"columns": ("FC cifar100",)}, r"columns: one at least whose data are"),
        ("pepita-slowness", {"datasets": ("cifar100",)}, r"datasets: one at least that is there"),
    ],
)
def test_without_any_data_nothing_is_made_up(
    name: str, settings: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pepita_training, "load", _missing)
    experiment = import_module(TABLE[name]).EXPERIMENT
    config = replace(experiment.presets["smoke"], **settings)
    with pytest.raises(InputError, match=message):
        experiment.run(config, Context(tmp_path))


def _missing(name: str, **_: Any) -> None:
    raise InputError(f"{name}: expected files (got none)")


class Stop(Silent):
    """Stops in the second training."""

    trainings = 0

    def start(self, total: int, unit: str, what: str) -> None:
        self.trainings += 1
        if self.trainings == 2:
            raise KeyboardInterrupt


def test_a_run_goes_on_with_the_trainings_that_are_left(
    tmp_path: Path, tables: dict[str, Any]
) -> None:
    experiment = import_module(TABLE["pepita-whitened"]).EXPERIMENT
    config = experiment.presets["smoke"]
    with pytest.raises(KeyboardInterrupt):
        experiment.run(config, Context(tmp_path, seed=1, progress=Stop()))
    (first,) = tmp_path.glob("*.h5")
    before = first.stat().st_mtime_ns
    table = experiment.run(config, Context(tmp_path, seed=1, resume=True))
    assert first.stat().st_mtime_ns == before
    assert table == tables["pepita-whitened"][1]


def test_a_training_is_not_taken_from_an_old_run(tmp_path: Path) -> None:
    data = load("digits", 100)
    config = import_module(TABLE["pepita-weights"]).EXPERIMENT.presets["smoke"]
    learner, context = Learner("BP", 1, hidden=8), Context(tmp_path, seed=1)
    for _ in range(2):
        train(learner, data, "BP", config, context, "mine")
        path = tmp_path / "bp.h5"
        assert path.exists()
        before = path.stat().st_ino, path.stat().st_mtime_ns
    train(learner, data, "BP", config, replace(context, resume=True), "mine")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("pepita-table1", {"columns": ("FC mnst",)}, r"columns: .*FC mnist.* \(got 'FC mnst'\)"),
        ("pepita-table1", {"epochs": 0}, r"epochs: at least 1 \(got 0\)"),
        ("pepita-table1", {"rules": ("BP", "FAA")}, r"rules: of BP, FA, .* \(got BP, FAA\)"),
        ("pepita-table1", {"drops": (1.5,)}, r"drops: fractions of the run \(got 1.5\)"),
        ("pepita-slowness", {"epochs": (3, 3)}, r"epochs: one for each of 1 datasets \(got 2\)"),
        ("pepita-slowness", {"epochs": (1,)}, r"epochs: at least 2 \(got 1\)"),
        ("pepita-slowness", {"images": (-1,)}, r"images: at least 0, which is all \(got -1\)"),
        ("pepita-slowness", {"datasets": ("cifar",)}, r"datasets: of mnist, .* \(got cifar\)"),
        ("pepita-slowness", {"hidden": 0}, r"hidden: at least 1 \(got 0\)"),
        ("pepita-controls", {"k": (0.0,)}, r"k: a number above 0 \(got 0.0\)"),
        ("pepita-controls", {"lr": 0.0}, r"lr: a number above 0 \(got 0.0\)"),
        ("pepita-controls", {"epochs": 0}, r"epochs: at least 1 \(got 0\)"),
        ("pepita-dynamics", {"hidden": 0}, r"hidden: at least 1 \(got 0\)"),
        ("pepita-weights", {"dropout": (1.0,)}, r"dropout: a fraction .* \(got 1.0\)"),
        ("pepita-weights", {"images": 0}, r"images: at least 1 \(got 0\)"),
        ("pepita-whitened", {"epsilon": 0.0}, r"epsilon: a number above 0 \(got 0.0\)"),
        ("pepita-whitened", {"epochs": 0}, r"epochs: at least 1 \(got 0\)"),
        ("pepita-tsne", {"shown": 30}, r"shown: more than t-SNE's perplexity of 30 \(got 30\)"),
        ("pepita-tsne", {"neighbours": 0}, r"neighbours: at least 1 \(got 0\)"),
    ],
)
def test_a_setting_that_cannot_be(name: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(import_module(TABLE[name]).EXPERIMENT.presets["smoke"], **change)
