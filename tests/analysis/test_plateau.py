"""The slowness of curves whose slowness is known."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.analysis import plateau
from snn_credit.errors import InputError

EPOCHS = np.arange(1.0, 101.0)


def curve(top: float, slowness: float) -> np.ndarray:
    return top * EPOCHS / (slowness + EPOCHS)


@pytest.mark.parametrize(
    ("top", "slowness"), [(98.6, 0.026), (52.6, 0.785), (27.0, 4.243), (1, 30)]
)
def test_finds_the_parameters_of_an_exact_curve(top: float, slowness: float) -> None:
    found = plateau(EPOCHS, curve(top, slowness))
    assert found.max_accuracy == pytest.approx(top, rel=1e-4)
    assert found.slowness == pytest.approx(slowness, rel=1e-3)
    np.testing.assert_allclose(found(EPOCHS), curve(top, slowness), rtol=1e-4)
    assert found(found.slowness) == pytest.approx(found.max_accuracy / 2)


def test_is_the_least_squares_fit() -> None:
    accuracy = curve(50, 0.8) + np.random.default_rng(0).normal(0, 1, len(EPOCHS))
    found = plateau(EPOCHS, accuracy, until=100)

    def squares(top: float, slowness: float) -> float:
        return float(np.sum((curve(top, slowness) - accuracy) ** 2))

    best = squares(found.max_accuracy, found.slowness)
    for top in (-0.1, 0.0, 0.1):
        for slowness in (-0.02, 0.0, 0.02):
            assert squares(found.max_accuracy + top, found.slowness + slowness) >= best - 1e-6
    assert found.slowness == pytest.approx(0.8, abs=0.1)


def test_a_point_at_epoch_0_changes_nothing() -> None:
    accuracy = curve(50, 0.8) + np.random.default_rng(0).normal(0, 1, len(EPOCHS))
    plain = plateau(EPOCHS, accuracy)
    for chance in (0.0, 10.0, 40.0):
        assert plateau([0, *EPOCHS], [chance, *accuracy]) == plain


def test_what_comes_after_the_last_epoch_does_not_count() -> None:
    accuracy = curve(50, 2.0)
    accuracy[60:] += 5.0
    assert plateau(EPOCHS, accuracy).slowness == pytest.approx(2.0, rel=1e-3)
    assert plateau(EPOCHS, accuracy, until=100).slowness > 2.2


def test_epochs_without_a_measurement_are_left_out() -> None:
    accuracy = curve(50, 2.0)
    accuracy[3::7] = np.nan
    assert plateau(EPOCHS, accuracy).slowness == pytest.approx(2.0, rel=1e-3)


def test_a_curve_that_does_not_rise_has_slowness_0() -> None:
    assert plateau(EPOCHS, np.full(100, 10.0)).slowness == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(
    ("epochs", "accuracy", "message"),
    [
        ([1, 2, 3], [1, 2], r"accuracy: expected one for each of \(3,\) epochs \(got \(2,\)\)"),
        ([0, 1, 61], [10, 20, 30], r"epochs: expected two or more .* until 60 \(got 1\)"),
        ([1, 2], [np.nan, 3], r"epochs: expected two or more measured after 0 .*\(got 1\)"),
        ([2, 2], [1, 3], r"epochs: expected two or more measured after 0 .*\(got 2\)"),
    ],
)
def test_refuses(epochs: list[float], accuracy: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plateau(epochs, accuracy)
