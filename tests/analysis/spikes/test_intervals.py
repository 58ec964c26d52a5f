"""Intervals of clocks, Poisson and gamma processes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from made_spikes import gamma_trains, pooled

from snn_credit.analysis import cv, cv2, interval_histogram, lv
from snn_credit.errors import InputError
from snn_credit.recording import Run

N, RATE, DURATION = 50, 50.0, 20_000.0


@pytest.mark.parametrize("order", [1, 4])
def test_the_cv_of_a_gamma_process(order: int) -> None:
    trains = gamma_trains(np.random.default_rng(order), N, RATE, DURATION, order)
    found = cv(pooled(trains), stop_ms=DURATION)
    assert found.intervals.tolist() == [len(train) - 1 for train in trains]
    # The delta method: of the CV of m intervals the variance is (1/k + 1/k^2)/2m.
    error = np.sqrt((1 / order + 1 / order**2) / (2 * found.intervals.sum()))
    assert found.mean == pytest.approx(order**-0.5, abs=4 * error)


@pytest.mark.parametrize(("measure", "spread"), [(cv2, 1 / 3), (lv, 4 / 5)])
def test_neighbours_of_a_poisson_process(measure, spread: float) -> None:
    trains = gamma_trains(np.random.default_rng(0), N, RATE, DURATION)
    found = measure(pooled(trains), stop_ms=DURATION)
    # u = I/(I+I') is uniform, and each pair shares an interval with two others.
    error = np.sqrt(3 * spread / found.intervals.sum())
    assert found.mean == pytest.approx(1.0, abs=4 * error)


def test_the_cv_of_two_intervals_is_too_low_and_lv_is_not() -> None:
    rng, n = np.random.default_rng(0), 4000
    times = np.cumsum(rng.exponential(5.0, (n, 3)), axis=1).ravel()
    pair = (times, np.repeat(np.arange(n), 3))
    # |I - I'| / (I + I') is uniform: mean 1/2, variance 1/12; its square times 3: 1 and 4/5.
    assert cv(pair).mean == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / n))
    assert lv(pair).mean == pytest.approx(1.0, abs=4 * np.sqrt(4 / 5 / n))


@pytest.mark.parametrize("measure", [cv, cv2, lv])
def test_a_clock(measure) -> None:
    found = measure((np.arange(0.0, 100.0, 5.0), np.zeros(20, dtype=int)))
    np.testing.assert_allclose(found.value, [0.0], atol=1e-12)


@pytest.mark.parametrize(("measure", "name"), [(cv, "cv"), (cv2, "cv2"), (lv, "lv")])
def test_the_same_as_elephant_s(measure, name: str) -> None:
    from elephant import statistics

    trains = gamma_trains(np.random.default_rng(3), 8, 20.0, 2000.0, 2)
    expected = [getattr(statistics, name)(statistics.isi(train)) for train in trains]
    np.testing.assert_allclose(measure(pooled(trains)).value, expected)


@pytest.mark.parametrize("measure", [cv, cv2, lv])
def test_neurons_with_too_few_intervals_have_none(measure) -> None:
    found = measure(([1.0, 2.0, 3.0, 1.0, 4.0, 2.0], [0, 0, 0, 1, 1, 2]), size=4)
    assert np.isnan(found.value).tolist() == [False, True, True, True]
    assert found.intervals.tolist() == [2, 1, 0, 0]
    assert found.mean == pytest.approx(0.0)
    assert np.isnan(measure(([], []), size=2, stop_ms=9.0).mean)


def test_three_spikes_at_once_have_no_measure_of_neighbours() -> None:
    pair = ([5.0, 5.0, 5.0, 9.0], [0] * 4)
    assert np.isnan(cv2(pair).value[0])
    assert np.isnan(lv(pair).value[0])


def test_no_interval_spans_a_gap(gapped: Run) -> None:
    found = cv(gapped, population="hidden1")
    assert found.intervals.tolist() == [2, 0, 1]
    np.testing.assert_allclose(found.value[0], np.std([4, 15]) / 9.5)
    histogram = interval_histogram(gapped, population="hidden1", max_ms=20.0)
    assert np.flatnonzero(histogram.count).tolist() == [4, 15, 16]
    assert histogram.mean_ms == pytest.approx(35 / 3)


def test_pairs_of_neighbours_do_not_span_a_gap_either() -> None:
    # Two clocks of 2 and of 4 ms, the second after a gap: neighbours are alike, intervals not.
    from dataclasses import replace

    from snn_credit.analysis.spikes import spikes_of

    times = np.concatenate([np.arange(0, 20, 2), np.arange(100, 120, 4)]).astype(float)
    whole = spikes_of((times, np.zeros(len(times), dtype=int)))
    cut = replace(whole, stretches=((0.0, 20.0), (100.0, 120.0)))
    np.testing.assert_allclose([cv2(cut).value[0], lv(cut).value[0]], 0.0, atol=1e-12)
    assert cv(cut).value[0] > 0.3
    assert cv2(whole).value[0] > 0.1


def test_the_histogram_counts_each_interval() -> None:
    pair = ([0.0, 1.0, 3.0, 4.0, 40.0], [0] * 5)
    found = interval_histogram(pair, bin_ms=1.0, max_ms=5.0)
    assert found.edge_ms.tolist() == [0.0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert found.count.tolist() == [0, 2, 1, 0, 0, 0]
    assert (found.longer, found.mean_ms) == (1, 10.0)


def test_a_histogram_of_nothing() -> None:
    found = interval_histogram(([], []), size=2, stop_ms=10.0)
    assert found.count.sum() == 0
    assert np.isnan(found.mean_ms)


def test_a_histogram_without_a_bin() -> None:
    with pytest.raises(InputError, match=r"bin_ms: expected > 0 and at most max_ms, 5 \(got 6\)"):
        interval_histogram(([1.0], [0]), bin_ms=6.0, max_ms=5.0)


@pytest.mark.parametrize(("measure", "name"), [(cv, "cv"), (cv2, "cv2"), (lv, "lv")])
def test_without_elephant(monkeypatch: pytest.MonkeyPatch, measure, name: str) -> None:
    monkeypatch.setitem(sys.modules, "elephant", None)
    monkeypatch.delitem(sys.modules, "elephant.statistics", raising=False)
    message = rf"{name}: elephant is needed, pip install 'snn-credit\[analysis\]' \(got none\)"
    with pytest.raises(InputError, match=message):
        measure(([1.0], [0]))
