"""Angles with known answers, never folded at 90 degrees."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from snn_credit.analysis import angle, angle_over_run, angles_per_neuron, modulator_angle
from snn_credit.errors import InputError
from snn_credit.recording import Run


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 30.0, 90.0, 135.0, 180.0 - 1e-6, 180.0])
def test_a_vector_turned_in_a_plane(degrees: float) -> None:
    turn = np.radians(degrees)
    turned = [2 * np.cos(turn), 2 * np.sin(turn)]
    assert angle([3.0, 0.0], turned) == pytest.approx(degrees, abs=1e-9)


def test_matrices_are_flattened() -> None:
    w = np.random.default_rng(0).normal(size=(4, 3))
    assert angle(w, w) == pytest.approx(0.0, abs=1e-9)
    assert angle(w, -5 * w) == pytest.approx(180.0)
    assert angle(w, np.eye(4)[:, :3]) == pytest.approx(angle(w.ravel(), np.eye(4)[:, :3].ravel()))


def test_random_matrices_are_orthogonal_about() -> None:
    w, b = np.random.default_rng(0).normal(size=(2, 300, 300))
    assert angle(w, b) == pytest.approx(90.0, abs=1.0)


def test_no_direction_no_angle() -> None:
    assert np.isnan(angle([0.0, 0.0], [1.0, 0.0]))


def test_each_neuron_has_its_own() -> None:
    w = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    b = np.array([[2.0, -1.0, 1.0], [0.0, -1.0, 0.0]])
    np.testing.assert_allclose(angles_per_neuron(w, b), [0.0, 180.0, 90.0])
    np.testing.assert_allclose(
        angles_per_neuron(w, b, "post")[1], np.degrees(np.arccos(-1 / 5**0.5))
    )


def test_over_a_run(recorded: Run) -> None:
    times, degrees = angle_over_run(recorded, "hidden3_output")
    assert times.tolist() == [0.0, 1000.0, 2000.0, 3000.0]
    np.testing.assert_allclose(degrees[[0, 3]], [0.0, 180.0], atol=1e-4)
    np.testing.assert_allclose(degrees[[1, 2]], 90.0, atol=3.0)


def test_shapes_that_differ() -> None:
    with pytest.raises(InputError, match=r"b: expected the shape of the other, \(2,\) \(got"):
        angle([1.0, 2.0], [[1.0, 2.0]])
    with pytest.raises(InputError, match=r"w: expected a matrix \(n_post, n_pre\) \(got shape"):
        angles_per_neuron([1.0, 2.0], [1.0, 2.0])


A = np.array([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
TURNED = np.array([[0.0, 2.0], [0.0, 1.0], [1.0, 1.0]])


def test_modulators_of_a_batch() -> None:
    # By example 90 and 0 degrees, and none for the example without a modulator.
    assert modulator_angle(A, TURNED) == pytest.approx(45.0)
    assert modulator_angle(A, TURNED, "batch") == pytest.approx(angle(A, TURNED))
    assert modulator_angle(A, TURNED, "batch") == pytest.approx(
        np.degrees(np.arccos(3 / (10 * 7) ** 0.5))
    )
    by_neuron = [90.0, np.degrees(np.arccos(3 / (3 * 6**0.5)))]
    assert modulator_angle(A, TURNED, "neurons") == pytest.approx(np.mean(by_neuron))
    np.testing.assert_allclose(angles_per_neuron(A, TURNED), by_neuron)


@pytest.mark.parametrize("over", ["examples", "batch", "neurons"])
def test_opposed_modulators_are_not_folded(over: Literal["examples", "batch", "neurons"]) -> None:
    delta = np.random.default_rng(0).normal(size=(20, 30))
    assert modulator_angle(delta, -2 * delta, over) == pytest.approx(180.0)
    assert modulator_angle(delta, 2 * delta, over) == pytest.approx(0.0, abs=1e-6)


def test_only_the_size_of_examples_tells_the_two_means_apart() -> None:
    delta, other = np.random.default_rng(0).normal(size=(2, 200, 50))
    other = delta + np.where(np.arange(200)[:, None] < 100, 0.1, 10.0) * other
    scale = np.where(np.arange(200)[:, None] < 100, 100.0, 1e-2)
    assert modulator_angle(scale * delta, other) == pytest.approx(modulator_angle(delta, other))
    assert modulator_angle(scale * delta, scale * other, "batch") < 10.0
    assert modulator_angle(scale * delta, scale * other) > 35.0


def test_no_modulator_no_angle() -> None:
    assert np.isnan(modulator_angle(0 * A, TURNED))


def test_modulators_refused() -> None:
    with pytest.raises(InputError, match=r"a: expected \(n_examples, n_neurons\) \(got shape"):
        modulator_angle([1.0], [2.0])
    with pytest.raises(InputError, match=r"over: expected examples, batch or neurons \(got 'x'\)"):
        modulator_angle(A, A, "x")  # type: ignore[arg-type]
