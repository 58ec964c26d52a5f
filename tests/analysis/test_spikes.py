"""Rates and trains of spikes whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.analysis import binned_rates, mean_rate, spike_trains
from snn_credit.errors import InputError


def test_trains_by_neuron() -> None:
    trains = spike_trains([1.0, 2.0, 2.0, 5.0], [2, 0, 2, 0], 4)
    assert [train.tolist() for train in trains] == [[2.0, 5.0], [], [1.0, 2.0], []]


def test_no_spikes() -> None:
    assert [len(train) for train in spike_trains([], [], 3)] == [0, 0, 0]
    assert mean_rate([], 3, start_ms=0, stop_ms=10) == 0.0


def test_a_regular_train_has_its_rate() -> None:
    times = np.arange(0.0, 1000.0, 20.0)  # 50 Hz
    starts, rates = binned_rates(times, np.zeros(50), 2, start_ms=0.0, stop_ms=1000.0, bin_ms=100.0)
    assert starts.tolist() == [100.0 * k for k in range(10)]
    np.testing.assert_allclose(rates, [[50.0] * 10, [0.0] * 10])
    assert mean_rate(times, 2, start_ms=0.0, stop_ms=1000.0) == pytest.approx(25.0)


def test_bins_hold_their_start_and_not_their_end() -> None:
    _, rates = binned_rates([0.0, 0.3, 0.6, 0.9], [0] * 4, 1, start_ms=0, stop_ms=0.9, bin_ms=0.3)
    np.testing.assert_allclose(rates, [[1000 / 0.3] * 3])


def test_spikes_outside_the_stretch_do_not_count() -> None:
    times = [4.0, 5.0, 9.9, 10.0]
    assert mean_rate(times, 1, start_ms=5.0, stop_ms=10.0) == pytest.approx(400.0)
    _, rates = binned_rates(times, [0] * 4, 1, start_ms=5.0, stop_ms=10.0, bin_ms=5.0)
    np.testing.assert_allclose(rates, [[400.0]])


@pytest.mark.parametrize("bin_ms", [0.0, -1.0, 11.0])
def test_bins_that_do_not_fit(bin_ms: float) -> None:
    with pytest.raises(InputError, match=r"bin_ms: expected > 0 and at most 10, .* \(got"):
        binned_rates([1.0], [0], 1, start_ms=0.0, stop_ms=10.0, bin_ms=bin_ms)


def test_an_empty_stretch() -> None:
    with pytest.raises(InputError, match=r"stop_ms: expected more than 5 \(got 5\)"):
        mean_rate([1.0], 1, start_ms=5.0, stop_ms=5.0)


@pytest.mark.parametrize("node", [-1, 3])
def test_neurons_that_are_not_there(node: int) -> None:
    with pytest.raises(InputError, match=r"node_ids: expected 0 to 2 \(got"):
        spike_trains([1.0], [node], 3)
