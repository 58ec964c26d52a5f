"""Every function of analysis draws what it returns, into Axes of one's own or into new ones."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from snn_credit import analysis
from snn_credit.analysis import Result, Spikes, Stimuli, spikes_of

FUNCTIONS: dict[str, Callable[..., Result]] = {
    "mean_rate": analysis.mean_rate,
    "binned_rate": lambda s, **k: analysis.binned_rate(s, 20.0, **k),
    "binned_rate of each": lambda s, **k: analysis.binned_rate(s, 20.0, per_neuron=True, **k),
    "smooth_rate": lambda s, **k: analysis.smooth_rate(s, "flat", 9.0, dt_ms=1.0, **k),
    "peri_stimulus": lambda s, **k: analysis.peri_stimulus(s, 5.0, by_class=True, **k),
    "interval_histogram": analysis.interval_histogram,
    "cv": analysis.cv,
    "cv2": analysis.cv2,
    "lv": analysis.lv,
    "fano_factor": analysis.fano_factor,
    "count_correlations": analysis.count_correlations,
    "cross_correlogram": lambda s, **k: analysis.cross_correlogram(
        spikes_of(s, stop_ms=200.0), (0, 1), **k
    ),
    "spike_time_tiling": lambda s, **k: analysis.spike_time_tiling(
        spikes_of(s, stop_ms=200.0), units=4, **k
    ),
    "dimensionality": analysis.dimensionality,
    "tuning": analysis.tuning,
    "decoding": lambda s, **k: analysis.decoding(s, 20.0, folds=2, **k),
}


@pytest.fixture(scope="module")
def spikes() -> Spikes:
    """Six neurons in two stretches of 200 ms with a gap; the last one is silent."""
    from dataclasses import replace

    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(0, 900, 1500).astype(float))
    onsets = np.concatenate([np.arange(0.0, 200.0, 20.0), np.arange(500.0, 700.0, 20.0)])
    stimuli = Stimuli(onsets, onsets + 20.0, np.tile([0, 1], 10))
    whole = spikes_of((times, rng.integers(0, 5, 1500)), size=6, stimuli=stimuli)
    return replace(whole, stretches=((0.0, 200.0), (500.0, 700.0)))


@pytest.mark.filterwarnings("ignore:.*copy.*argument in Quantity")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_result_draws_itself(spikes: Spikes, name: str) -> None:
    mine = Figure().add_subplot()
    found = FUNCTIONS[name](spikes, ax=mine)
    assert mine.has_data()
    ax = found.draw()
    assert ax is not mine
    assert ax.get_xlabel() == mine.get_xlabel() != ""
    assert ax.get_ylabel() == mine.get_ylabel() != ""
    assert found.draw(mine) is mine
    assert isinstance(ax.figure, Figure)
    ax.figure.savefig(io.BytesIO(), dpi=40)


def test_time_that_was_not_recorded_is_not_drawn(spikes: Spikes) -> None:
    ax = analysis.binned_rate(spikes, 20.0).draw()
    assert (ax.get_xlim(), ax.get_xlabel()) == ((0.0, 400.0), "time recorded (ms)")
    values, edges, _ = ax.patches[1].get_data()  # pyright: ignore[reportAttributeAccessIssue]
    assert (edges[0], edges[-1], len(values)) == (200.0, 400.0, 10)
    later = analysis.binned_rate(spikes, 20.0, start_ms=500.0).draw()
    assert (later.get_xlim(), later.get_xlabel()) == ((500.0, 700.0), "time (ms)")


@pytest.mark.parametrize("name", ["mean_rate", "interval_histogram", "lv", "fano_factor", "tuning"])
def test_silence_can_be_drawn(name: str) -> None:
    onsets = np.arange(0.0, 80.0, 20.0)
    stimuli = Stimuli(onsets, onsets + 20.0, np.array([0, 1, 0, 1]))
    found = FUNCTIONS[name](([], []), size=3, stop_ms=80.0, stimuli=stimuli)
    figure = found.draw().figure
    assert isinstance(figure, Figure)
    figure.savefig(io.BytesIO(), dpi=40)


def test_a_flat_histogram_does_not_touch_the_frame() -> None:
    onsets = np.arange(0.0, 80.0, 20.0)
    stimuli = Stimuli(onsets, onsets + 20.0, np.array([0, 1, 0, 1]))
    nearly = (np.delete(np.arange(80.0), 3), [0] * 79)
    found = analysis.peri_stimulus(nearly, 5.0, stop_ms=80.0, stimuli=stimuli)
    assert found.draw().get_ylim()[1] > 1.05 * found.rate_hz.max()


def test_late_times_do_not_run_into_each_other() -> None:
    late = {"size": 1, "start_ms": 418300.0, "stop_ms": 418450.0}
    ax = analysis.binned_rate(([], []), 1.0, **late).draw()
    assert len([tick for tick in ax.get_xticks() if 418300 <= tick <= 418450]) <= 5


@pytest.mark.filterwarnings("ignore:.*copy.*argument in Quantity")
def test_a_matrix_names_the_neurons_that_were_chosen() -> None:
    rng = np.random.default_rng(0)
    pair = (rng.uniform(0.0, 100.0, 900), rng.integers(0, 90, 900))
    for units in (4, 25):
        found = analysis.spike_time_tiling(pair, units=units, stop_ms=100.0)
        named = [label.get_text() for label in found.draw().get_xticklabels()]
        assert named == [str(neuron) for neuron in found.neurons[:: 1 if units == 4 else 3]]
