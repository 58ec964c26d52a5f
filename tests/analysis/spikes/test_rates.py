"""Rates whose answers are known, and those of Brian's own monitor."""

from __future__ import annotations

import brian2 as b2
import numpy as np
import pytest
from brian_device import active

from snn_credit.analysis import Stimuli, binned_rate, mean_rate, peri_stimulus, smooth_rate
from snn_credit.errors import InputError
from snn_credit.recording import Run

REGULAR = (np.arange(0.0, 1000.0, 20.0), np.zeros(50, dtype=int))  # 50 Hz


def test_a_regular_train_has_its_rate() -> None:
    found = binned_rate(REGULAR, 100.0, size=2, stop_ms=1000.0, per_neuron=True)
    assert found.start_ms.tolist() == [100.0 * k for k in range(10)]
    np.testing.assert_allclose(found.rate_hz, [[50.0] * 10, [0.0] * 10])
    whole = binned_rate(REGULAR, 100.0, size=2, stop_ms=1000.0)
    np.testing.assert_allclose(whole.rate_hz, [25.0] * 10)
    rates = mean_rate(REGULAR, size=2, stop_ms=1000.0)
    np.testing.assert_allclose(rates.rate_hz, [50.0, 0.0])
    assert rates.mean_hz == pytest.approx(25.0)


def test_bins_hold_their_start_and_not_their_end() -> None:
    found = binned_rate(([0.0, 0.3, 0.6, 0.9], [0] * 4), 0.3, stop_ms=0.9)
    np.testing.assert_allclose(found.rate_hz, [1000 / 0.3] * 3)


@pytest.mark.parametrize("bin_ms", [0.1, 1.0])
def test_no_bin_is_lost_to_rounding_late_in_a_run(bin_ms: float) -> None:
    for first in range(9_000_000, 9_000_100):  # steps of 0.1 ms, a quarter of an hour on
        start_ms, stop_ms = (step * 0.0001 * 1000.0 for step in (first, first + 500))
        found = binned_rate(([], []), bin_ms, size=1, start_ms=start_ms, stop_ms=stop_ms)
        assert len(found.rate_hz) == round(50.0 / bin_ms)
        stimuli = Stimuli(np.array([start_ms]), np.array([stop_ms]), np.array([0]))
        histogram = peri_stimulus(([], []), bin_ms, size=1, stop_ms=stop_ms, stimuli=stimuli)
        assert histogram.rate_hz.shape == (1, round(50.0 / bin_ms))


def test_spikes_outside_the_stretch_do_not_count() -> None:
    pair = ([4.0, 5.0, 9.9, 10.0], [0] * 4)
    assert mean_rate(pair, start_ms=5.0, stop_ms=10.0).mean_hz == pytest.approx(400.0)
    np.testing.assert_allclose(binned_rate(pair, 5.0, start_ms=5.0, stop_ms=10.0).rate_hz, [400.0])


def test_time_that_was_not_recorded_does_not_count(gapped: Run) -> None:
    rates = mean_rate(gapped, population="hidden1")
    np.testing.assert_allclose(rates.rate_hz, [100.0, 0.0, 75.0])  # 4 and 3 spikes in 40 ms
    bins = binned_rate(gapped, 15.0, population="hidden1")
    assert bins.start_ms.tolist() == [0.0, 100.0]
    np.testing.assert_allclose(bins.rate_hz, np.array([3, 2]) / 3 / 0.015)


@pytest.mark.parametrize("edges", ["recorded", "zeros"])
@pytest.mark.parametrize(
    ("kernel", "width_ms"), [("gaussian", 1.3), ("flat", 0.9), ([1.0, 2.0, 5.0], None)]
)
def test_smoothed_as_brian_does(kernel, width_ms: float | None, edges) -> None:
    with active("runtime"):
        group = b2.NeuronGroup(20, "p = 0.02*(1 + sin(t/(5*ms))) : 1", threshold="rand() < p")
        spikes, rate = b2.SpikeMonitor(group), b2.PopulationRateMonitor(group)
        b2.seed(1)
        b2.Network(group, spikes, rate).run(40 * b2.ms)
        width = None if width_ms is None else width_ms * b2.ms
        window = kernel if isinstance(kernel, str) else np.array(kernel)
        theirs = np.asarray(rate.smooth_rate(window, width))
        ours = smooth_rate(spikes, kernel, width_ms, edges=edges)
        each = smooth_rate(spikes, kernel, width_ms, edges=edges, per_neuron=True)
        np.testing.assert_allclose(ours.start_ms, 1000.0 * np.asarray(rate.t_), atol=1e-9)
        plain = np.asarray(rate.rate_)
        coarse = binned_rate(spikes, 0.5).rate_hz
        if hasattr(rate, "binned_rate"):
            _, binned = rate.binned_rate(0.5 * b2.ms)
            np.testing.assert_allclose(coarse, np.asarray(binned))
    np.testing.assert_allclose(coarse, plain.reshape(-1, 5).mean(axis=1))
    np.testing.assert_allclose(each.rate_hz.mean(axis=0), ours.rate_hz)
    whole = slice(None) if edges == "zeros" else slice(26, -26)
    np.testing.assert_allclose(ours.rate_hz[whole], theirs[whole], atol=1e-9)


def test_a_constant_rate_stays_constant_to_the_ends_of_what_was_recorded(gapped: Run) -> None:
    every_step = (np.arange(50.0), np.zeros(50, dtype=int))
    shown = {"dt_ms": 1.0, "start_ms": 10.0, "stop_ms": 40.0}
    flat = smooth_rate(every_step, "gaussian", 4.0, **shown)
    np.testing.assert_allclose(flat.rate_hz, 1000.0)
    zeros = smooth_rate(every_step, "gaussian", 4.0, edges="zeros", **shown)
    assert zeros.rate_hz[0] < 600.0 < 999.0 < zeros.rate_hz[15]
    # Wider than a stretch, and nothing comes from beyond the gap.
    both = smooth_rate(gapped, "flat", 401.0, population="hidden1")
    np.testing.assert_allclose(both.rate_hz[:20], 4 / 3 / 0.02)
    np.testing.assert_allclose(both.rate_hz[20:], 3 / 3 / 0.02)


def test_even_widths_become_odd() -> None:
    one = (np.array([5.0]), np.array([0]))
    found = smooth_rate(one, "flat", 4.0, dt_ms=1.0, edges="zeros", stop_ms=11.0)
    np.testing.assert_allclose(found.rate_hz, [0, 0, 0] + [200.0] * 5 + [0, 0, 0])


@pytest.mark.parametrize("bin_ms", [0.0, -1.0, 11.0, np.nan])
def test_bins_that_do_not_fit(bin_ms: float) -> None:
    message = r"bin_ms: expected > 0 and at most 10, .* \(got"
    with pytest.raises(InputError, match=message):
        binned_rate(([1.0], [0]), bin_ms, stop_ms=10.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"dt_ms: expected the time step, > 0, of neurons \(got None\)"),
        ({"dt_ms": 1.0}, r"width_ms: expected > 0 with a gaussian window \(got None\)"),
        ({"dt_ms": 1.0, "kernel": "x", "width_ms": 1.0}, r"kernel: expected gaussian, flat or an"),
        ({"dt_ms": 1.0, "kernel": [1, 1]}, r"kernel: expected \(k,\) with k odd"),
        (
            {"dt_ms": 1.0, "kernel": [1], "width_ms": 2.0},
            r"width_ms: expected None with an array \(got 2\)",
        ),
        ({"dt_ms": 1.0, "edges": "x"}, r"edges: expected recorded or zeros \(got 'x'\)"),
    ],
)
def test_smoothing_refused(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        smooth_rate(([1.0], [0]), **settings)


def test_a_keyword_that_is_none() -> None:
    with pytest.raises(TypeError, match="popluation"):
        mean_rate(([1.0], [0]), popluation="x")  # pyright: ignore[reportCallIssue]
