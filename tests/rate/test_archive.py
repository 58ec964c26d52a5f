"""A training that is over, kept in a file and read again."""

import numpy as np
import torch

from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert, fit
from snn_credit.rate.archive import keep, kept
from snn_credit.recording import RunFile, open_run


def net(seed=0):
    return convert(perceptron((64, 8, 10), seed=seed), "FA", seed=seed)


def test_what_is_kept_comes_back(few_digits, tmp_path):
    path = tmp_path / "run.h5"
    history = fit(
        net(), few_digits, images=300, evaluate_every=100,
        watch=lambda module: {"norm": float(module.get_parameter("0.weight").norm())},
    )  # fmt: skip
    for _ in range(2):  # the second replaces the first
        keep(path, history, experiment="mine", config={"a": 1}, seed=4, sizes=(64, 10))
    assert open_run(path).experiment == "mine"
    assert open_run(path).provenance["config"] == {"a": 1}
    other = net(seed=1)
    found = kept(path, other)
    assert found is not None
    for column in ("images_seen", "train_error", "validation_error"):
        np.testing.assert_array_equal(getattr(found, column), getattr(history, column))
    np.testing.assert_array_equal(found.watched["norm"], history.watched["norm"])
    assert set(found.watched) == {"norm"}
    assert found.test_error == history.test_error
    x = torch.from_numpy(few_digits.test_x)
    assert torch.equal(found.module(x), history.module(x))
    assert torch.equal(other.synapses.b_2, history.module.synapses.b_2)


def test_nothing_is_kept_where_nothing_came_to_its_end(tmp_path):
    path = tmp_path / "run.h5"
    assert kept(path, net()) is None
    RunFile.create(
        path, experiment="mine", config={}, seed=0, device="torch cpu", populations={}
    ).close()
    assert kept(path, net()) is None
