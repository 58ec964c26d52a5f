"""Spikes that follow each other at a known lag."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from made_spikes import gamma_trains, pooled

from snn_credit.analysis import cross_correlogram, spike_time_tiling, spikes_of
from snn_credit.errors import InputError
from snn_credit.recording import Run

pytestmark = pytest.mark.filterwarnings("ignore:.*copy.*argument in Quantity")


def test_a_neuron_that_follows_another() -> None:
    leader = np.arange(5.0, 995.0, 10.0)
    found = cross_correlogram(pooled([leader, leader + 3.0]), (0, 1), max_lag_ms=4, stop_ms=1000.0)
    assert found.lag_ms.tolist() == list(range(-4, 5))
    assert found.count.tolist() == [0] * 7 + [99, 0]
    back = cross_correlogram(pooled([leader, leader + 3.0]), (1, 0), max_lag_ms=4, stop_ms=1000.0)
    assert back.count.tolist() == found.count.tolist()[::-1]


def test_independent_neurons_meet_as_often_as_expected() -> None:
    trains = gamma_trains(np.random.default_rng(0), 2, 40.0, 20_000.0)
    steps = [np.unique(np.floor(train)) for train in trains]
    found = cross_correlogram(pooled(steps), (0, 1), max_lag_ms=20.0, stop_ms=20_000.0)
    by_hand = np.subtract.outer(steps[1], steps[0])
    assert found.count[5] == np.count_nonzero(by_hand == found.lag_ms[5])
    total, mean = found.count.sum(), found.expected.sum()
    assert total == pytest.approx(mean, abs=4 * np.sqrt(mean))


def test_no_pair_spans_a_gap(gapped: Run) -> None:
    found = cross_correlogram(gapped, (2, 5), population="hidden1", max_lag_ms=19.0)
    lags = {int(lag): int(n) for lag, n in zip(found.lag_ms, found.count, strict=True) if n}
    assert lags == {-15: 1, 0: 1, 3: 1, 4: 1, 19: 1}


def test_spikes_on_the_borders_of_bins_are_no_reason_to_warn(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    steps = [np.arange(3, 900, 7), np.arange(5, 900, 7)]
    found = cross_correlogram(
        pooled([step * 0.0001 * 1000.0 for step in steps]),
        (0, 1),
        bin_ms=0.1,
        max_lag_ms=1.0,
        stop_ms=100.0,
    )
    by_hand = np.subtract.outer(steps[1], steps[0])
    assert found.count.tolist() == [np.count_nonzero(by_hand == lag) for lag in range(-10, 11)]
    assert not caplog.records
    assert "rounding" not in "".join(capfd.readouterr())


def test_tiling_is_elephant_s() -> None:
    from elephant.spike_train_correlation import spike_time_tiling_coefficient
    from neo import SpikeTrain
    from quantities import ms

    trains = gamma_trains(np.random.default_rng(1), 3, 30.0, 1000.0)
    trains[2] = trains[0].copy()
    found = spike_time_tiling(pooled([*trains, np.zeros(0)]), dt_ms=3.0, size=4, stop_ms=1000.0)
    first, second = (SpikeTrain(train, units="ms", t_stop=1000.0) for train in trains[:2])
    expected = spike_time_tiling_coefficient(first, second, dt=3.0 * ms)
    assert found.matrix[0, 1] == found.matrix[1, 0] == pytest.approx(float(expected))
    assert found.matrix[0, 2] == pytest.approx(1.0)
    assert np.isnan(found.matrix[3]).all()


def test_tiling_of_some_neurons() -> None:
    trains = gamma_trains(np.random.default_rng(1), 20, 30.0, 200.0)
    found = spike_time_tiling(pooled(trains), units=3, seed=1, stop_ms=200.0)
    assert found.matrix.shape == (3, 3)
    assert len(set(found.neurons.tolist())) == 3


def test_refused(gapped: Run) -> None:
    with pytest.raises(InputError, match=r"window: expected one of the 2 stretches"):
        spike_time_tiling(gapped, population="hidden1")
    with pytest.raises(InputError, match=r"pair, bin_ms, max_lag_ms: expected two neurons and"):
        cross_correlogram(gapped, (2, 2), population="hidden1")
    with pytest.raises(InputError, match=r"neurons: expected some of .* recorded .* \(got 4\)"):
        cross_correlogram(gapped, (2, 4), population="hidden1")
    with pytest.raises(InputError, match=r"max_lag_ms: expected less than 20, .* \(got 20\)"):
        cross_correlogram(gapped, (2, 5), population="hidden1", max_lag_ms=20.0)


def test_without_elephant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "elephant", None)
    monkeypatch.delitem(sys.modules, "elephant.spike_train_correlation", raising=False)
    spikes = spikes_of(([1.0, 2.0], [0, 1]))
    with pytest.raises(InputError, match=r"cross_correlogram: elephant is needed, pip install"):
        cross_correlogram(spikes, (0, 1))
    with pytest.raises(InputError, match=r"spike_time_tiling: elephant is needed, pip install"):
        spike_time_tiling(spikes)
