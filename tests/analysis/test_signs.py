"""Signs that change in known ways."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.analysis import SignTracker, sign_changes
from snn_credit.errors import InputError


def test_by_hand() -> None:
    snapshots = [[1, 1, -1, -1], [1, -1, -1, -1], [1, 1, -1, 1], [1, 1, -1, 2]]
    found = sign_changes(snapshots)
    assert found.cumulative.tolist() == [0.0, 0.25, 0.5, 0.5]
    assert found.from_start.tolist() == [0.0, 0.25, 0.25, 0.25]
    assert found.flips.tolist() == [0.25, 0.5, 0.0]


def test_zero_keeps_the_sign_that_was() -> None:
    assert sign_changes([[1, 1], [0, 0], [2, -2], [0, 0]]).flips.tolist() == [0.0, 0.5, 0.0]


def test_from_zero_the_first_sign_is_the_start() -> None:
    found = sign_changes([[0, 0], [1, -1], [1, 1]])
    assert found.flips.tolist() == [0.0, 0.5]
    assert found.from_start.tolist() == [0.0, 0.0, 0.5]


def test_signs_drawn_anew_each_time() -> None:
    # Of n independent draws: half differ from any other, and 2^-k have never changed after k.
    found = sign_changes(np.random.default_rng(0).normal(size=(9, 200, 200)))
    np.testing.assert_allclose(found.flips, 0.5, atol=0.01)
    np.testing.assert_allclose(found.from_start[1:], 0.5, atol=0.01)
    np.testing.assert_allclose(found.cumulative, 1 - 0.5 ** np.arange(9), atol=0.01)
    assert found.late_flips() == pytest.approx(np.mean(found.flips[-2:]))


def test_signs_that_settle() -> None:
    rng = np.random.default_rng(0)
    end = rng.normal(size=(50, 50))
    path = [end + rng.normal(size=end.shape) * 0.5**k for k in range(20)]
    found = sign_changes(path)
    assert found.late_flips() < 0.01 < found.flips[0]
    assert np.all(np.diff(found.cumulative) >= 0)
    assert found.cumulative[-1] >= found.from_start[-1]


def test_a_stream_is_followed_without_keeping_it() -> None:
    snapshots = np.random.default_rng(0).normal(size=(5, 3, 4))
    tracker = SignTracker(snapshots[0])
    for weights in snapshots[1:]:
        weights_now = weights.copy()
        tracker.add(weights_now)
        weights_now[:] = 0  # the caller may go on with its array
    expected = sign_changes(w for w in snapshots)
    np.testing.assert_array_equal(tracker.changes.cumulative, expected.cumulative)
    np.testing.assert_array_equal(tracker.changes.flips, expected.flips)


@pytest.mark.parametrize("n", [0, 1])
def test_one_snapshot_is_too_few(n: int) -> None:
    with pytest.raises(InputError, match=rf"snapshots: expected two or more \(got {n}\)"):
        sign_changes(np.ones((n, 3)))


def test_shapes() -> None:
    with pytest.raises(InputError, match=r"weights: expected shape \(3,\) \(got \(2,\)\)"):
        sign_changes([[1, 2, 3], [1, 2]])
    with pytest.raises(InputError, match=r"first: expected weights \(got none\)"):
        SignTracker([])
