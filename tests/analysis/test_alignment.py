"""Angles with known answers, never folded at 90 degrees."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.analysis import angle, angle_over_run, angles_per_neuron
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
