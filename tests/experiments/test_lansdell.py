"""Every experiment of Lansdell et al. 2020 at smoke size, and what its numbers have to satisfy."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments import (
    lansdell_autoencoder,
    lansdell_cifar,
    lansdell_training,
    load,
)
from snn_credit.experiments.lansdell_training import column
from snn_credit.harness import Context
from snn_credit.recording import open_run


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def smoke(name, out, **changes):
    experiment = load(f"lansdell-{name}")
    return experiment, experiment.run(
        replace(experiment.preset("smoke"), **changes), Context(out, seed=1)
    )


def pictures(folder):
    return {path.name for path in folder.glob("*.png")}


def test_b_comes_to_a_fixed_w(tmp_path):
    """Longer than smoke: near W in the last layer, and near the gradient in both."""
    experiment, rows = smoke("fixed-w", tmp_path, iterations=4000, together=10)
    assert list(rows) == ["c = 0.01", "N = 6", "c = 0.01, linear outputs"]
    assert unnamed(experiment, rows) == []
    for row in rows.values():
        assert set(row) == {
            column(m, layer) for m in lansdell_training.MEASURES for layer in (1, 2)
        }
    row = rows["c = 0.01"]
    assert row[column("error", 2)] < 20
    assert row[column("error", 1)] > row[column("error", 2)]
    assert row[column("signs", 2)] > 90
    for layer in (1, 2):
        assert row[column("angle", layer)] < 20
    assert pictures(tmp_path) == {"noise.png", "width.png"}


def test_w_stays_and_b_starts_from_nothing(monkeypatch):
    from snn_credit.data import load as load_data
    from snn_credit.experiments import lansdell_fixed_w
    from snn_credit.models.lansdell import classifier

    config = replace(load("lansdell-fixed-w").preset("smoke"), iterations=3, looks=3)
    data = load_data("digits").subset(300, 60, 60)
    seen, whole = [], lansdell_training.look

    def look(data, images):
        def also(module):
            own = module.named_parameters()
            seen.append([p.detach().clone() for name, p in own if "synapses" not in name])
            return whole(data, images)(module)

        return also

    monkeypatch.setattr(lansdell_training, "look", look)
    course = lansdell_fixed_w._learn(config, Context(None, seed=1), data, (12, 8), 0.01)
    start = list(classifier((12, 8), features=64, output="logistic", seed=1).parameters())
    for weights in seen:
        assert all(torch.equal(a, b) for a, b in zip(weights, start, strict=True))
    errors = course.seen["error_2"]
    assert errors[0] == pytest.approx(100)
    assert not np.isclose(errors[1:], errors[0]).any()


def test_feedback_learns_while_w_does(tmp_path):
    """Longer than smoke: node perturbation is nearer to the gradient than FA, in both layers."""
    experiment, rows = smoke("mnist", tmp_path, iterations=2000, lr=1e-3, lr_b=1e-3)
    assert list(rows) == ["BP", "FA", "NP, c = 0.01"]
    assert unnamed(experiment, rows) == []
    assert set(rows["BP"]) == {"test error %", "validation error %"}
    for layer in (1, 2):
        assert rows["NP, c = 0.01"][column("angle", layer)] < rows["FA"][column("angle", layer)]
    assert rows["NP, c = 0.01"][column("error", 2)] < rows["FA"][column("error", 2)]
    assert pictures(tmp_path) == {"fig2.png"}


def test_b_alone_learns_in_the_warm_up():
    from snn_credit.data import load as load_data
    from snn_credit.experiments import lansdell_mnist

    config = replace(load("lansdell-mnist").preset("smoke"), warm=50, lr=2e-3)
    data = load_data("digits").subset(300, 60, 60)
    seen = lansdell_mnist._learn(config, Context(None), data, "NP, c = 0.01", 0.01)
    start, warm, end = seen.train_error
    assert start == warm != end
    assert len(set(seen.watched["error_2"])) == 3
    fa = lansdell_mnist._learn(config, Context(None), data, "FA", None)
    assert fa.train_error[0] != fa.train_error[1]


@pytest.fixture(scope="module")
def autoencoders(tmp_path_factory):
    out = tmp_path_factory.mktemp("autoencoder")
    return out, smoke("autoencoder", out, iterations=1000)


def test_all_eleven_cells_and_the_control(autoencoders):
    out, (experiment, rows) = autoencoders
    assert list(rows) == [lansdell_autoencoder.MEAN, *experiment.paper_numbers]
    assert unnamed(experiment, rows) == []
    assert len(experiment.paper_numbers) == 11
    test, chosen = lansdell_autoencoder.TEST, lansdell_autoencoder.CHOSEN
    for row in rows.values():
        assert row[test] <= row[chosen] < np.inf
    learned = {name: row[test] for name, row in rows.items()}
    assert max(learned, key=learned.get).startswith("FA")
    assert learned["BP (Adam)"] < learned["FA"]
    assert pictures(out) == {"loss.png", "latent1.png", "latent2.png", "images.png"}


def test_published_classes_are_smaller_and_start_elsewhere(monkeypatch):
    from snn_credit.data import load as load_data
    from snn_credit.models import lansdell

    made, whole = {}, lansdell.autoencoder

    def autoencoder(hidden, **rest):
        made[name] = hidden, rest["published"], rest["noise"]
        return whole(hidden, **rest)

    monkeypatch.setattr(lansdell, "autoencoder", autoencoder)
    config = replace(load("lansdell-autoencoder").preset("smoke"), published=True, iterations=1)
    data = load_data("digits").subset(20, 10, 10)
    for name in lansdell_autoencoder.METHODS:
        lansdell_autoencoder._learn(config, Context(None), data, name)
    assert made["NP"] == made["SG"] == made["matched"] == ((50, 2, 50), True, 0)
    assert made["matched, noise"] == ((50, 2, 50), True, 0.02)
    assert made["BP (SGD)"] == made["DAE"] == ((20, 2, 20), False, 0)
    assert made["FA, noise"] == ((20, 2, 20), False, 0.02)


def test_a_loss_is_that_of_32_images():
    images = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], np.float32)
    found = lansdell_autoencoder._loss(images, np.zeros(3, np.float32))
    assert found == pytest.approx(32 * (5 + 3) / 2 / 2)


def test_noisy_inputs_have_clean_targets():
    from snn_credit.rate.regression import in_random_order

    x = np.zeros((5000, 4), np.float32)
    noisy, clean = lansdell_training.noisy(in_random_order(x, x, 0), 0.3, seed=1)(5000)
    assert noisy.std() == pytest.approx(0.3, rel=0.03)
    assert noisy.dtype == np.float32
    assert not clean.any()


def test_every_rule_of_the_tables_trains(tmp_path):
    experiment, rows = smoke("cifar", tmp_path)
    assert list(rows) == list(experiment.paper_numbers)
    assert unnamed(experiment, rows, {"CIFAR-10": "made images"}) == []
    for row in rows.values():
        assert set(row) == {lansdell_cifar.column("made")}
        assert 0 <= row[lansdell_cifar.column("made")] <= 100
    assert pictures(tmp_path) == {"made.png"}
    assert len(list(tmp_path.glob("*.h5"))) == len(rows)
    assert all(open_run(path).complete for path in tmp_path.glob("*.h5"))


def test_cifar_is_not_trained_twice_when_a_run_goes_on(tmp_path, monkeypatch):
    experiment, first = smoke("cifar", tmp_path, methods=("BP", "NP"))
    config = replace(experiment.preset("smoke"), methods=("BP", "NP"))
    monkeypatch.setattr("snn_credit.rate.fit", None)
    assert experiment.run(config, Context(tmp_path, seed=1, resume=True)) == first


def test_cifar100_is_left_out_where_it_is_not(tmp_path, monkeypatch):
    class Ear:
        heard = ()

        def note(self, text):
            self.heard = (*self.heard, text)

    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ear, config = Ear(), load("lansdell-cifar").preset("paper")
    assert lansdell_cifar._data(config, "cifar100", Context(tmp_path, progress=ear)) is None
    assert "cifar100: expected" in ear.heard[0]
    with pytest.raises(InputError, match="cifar10: expected"):
        lansdell_cifar._data(config, "cifar10", Context(tmp_path))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("fixed-w", {"levels": (0.1, 0.0)}, r"levels: a finite number above 0 \(got 0\.1, 0\.0\)"),
        ("fixed-w", {"hidden": (50, 0)}, r"hidden: at least 1 \(got 50, 0\)"),
        ("mnist", {"warm": -1}, r"warm: from 0 to below the 100 iterations \(got -1\)"),
        ("mnist", {"lr_b": 0.0}, r"lr_b: a finite number above 0 \(got 0\.0\)"),
        ("autoencoder", {"methods": ("NP", "Np")}, r"methods: one of .*NP.* \(got 'Np'\)"),
        ("autoencoder", {"decay": -1.0}, r"decay: a finite number of at least 0 \(got -1\.0\)"),
        ("autoencoder", {"lr_fa": 0.0}, r"lr_fa: a finite number above 0 \(got 0\.0\)"),
        ("cifar", {"data": ("cifar",)}, r"data: one of cifar10, .* \(got 'cifar'\)"),
        ("cifar", {"methods": ("KP",)}, r"methods: one of BP, .* \(got 'KP'\)"),
        ("cifar", {"dropout": 1.0}, r"dropout: a fraction from 0 to below 1 \(got 1\.0\)"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, change, message):
    with pytest.raises(InputError, match=message):
        replace(load(f"lansdell-{name}").preset("smoke"), **change)


@pytest.mark.parametrize("name", ["fixed-w", "mnist", "autoencoder", "cifar"])
def test_long_presets_say_what_they_cost(name):
    experiment = load(f"lansdell-{name}")
    assert experiment.cost(experiment.preset("smoke")) is None
    assert "a seed on one core" in experiment.cost(experiment.preset("paper"))
