"""The normalised squared error against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.analysis import nse
from snn_credit.errors import InputError

TARGET = np.array([[0.0, 11.0], [2.0, 11.0], [4.0, 14.0]])


def test_by_hand() -> None:
    # Means (2, 12): spread 4 + 0 + 4 and 1 + 1 + 4. Errors 1 and 0.25.
    output = TARGET + np.array([[1.0, 0.0], [0.0, 0.0], [0.0, -0.5]])
    assert nse(output, TARGET) == pytest.approx(1.25 / 14)


def test_the_mean_is_one_and_the_target_zero() -> None:
    assert nse(np.broadcast_to(TARGET.mean(axis=0), TARGET.shape), TARGET) == pytest.approx(1.0)
    assert nse(TARGET, TARGET) == 0.0
    assert nse(np.zeros_like(TARGET), TARGET) > 1.0


def test_the_unit_of_the_targets_does_not_matter() -> None:
    output, target = np.random.default_rng(0).normal(size=(2, 50, 3))
    assert nse(5 * output + 2, 5 * target + 2) == pytest.approx(nse(output, target))


def test_a_linear_readout_of_part_of_the_input_leaves_the_rest() -> None:
    # 20 of 30 white dimensions explain two thirds of T x: a third is the floor of 20 random units.
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(20_000, 30)), rng.uniform(-1, 1, (10, 30))
    seen = np.where(np.arange(30) < 20, x, 0.0)
    assert nse(seen @ t.T, x @ t.T) == pytest.approx(
        np.sum(t[:, 20:] ** 2) / np.sum(t**2), rel=0.03
    )


@pytest.mark.parametrize(
    ("output", "target", "message"),
    [
        (np.zeros((3, 1)), TARGET, r"output: expected .* target's \(3, 2\) \(got \(3, 1\)\)"),
        (np.zeros(3), np.zeros(3), r"output: expected \(n, n_out\) like .* \(got \(3,\)\)"),
        (np.ones((3, 2)), np.ones((3, 2)), r"target: expected examples that differ \(got 3 that"),
        (np.ones((0, 2)), np.ones((0, 2)), r"target: expected examples that differ \(got 0 that"),
    ],
)
def test_refuses(output: np.ndarray, target: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        nse(output, target)
