"""Histograms after onsets, tuning and decoding: what neurons say of the class shown."""

from __future__ import annotations

import numpy as np
import pytest
from made_spikes import spikes_of_counts

from snn_credit.analysis import Stimuli, decoding, peri_stimulus, tuning
from snn_credit.errors import InputError
from snn_credit.recording import Run

CLASSES, SHOWN, LENGTH = 4, 40, 20.0


def population(seed: int = 0, gain: float = 6.0) -> dict:
    """Eight neurons, of which 2 c and 2 c + 1 prefer class c, in the second half of 20 ms."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(CLASSES), SHOWN)
    prefers = np.repeat(np.arange(CLASSES), 2)
    mean = np.full((len(labels), 2, 8), 1.0)
    mean[:, 1] += gain * (labels[:, None] == prefers)
    counts = rng.poisson(mean).reshape(2 * len(labels), 8)
    onsets = LENGTH * np.arange(len(labels))
    return {
        "source": spikes_of_counts(counts, LENGTH / 2),
        "size": 9,
        "stop_ms": LENGTH * len(labels),
        "stimuli": Stimuli(onsets, onsets + LENGTH, labels),
    }


def shuffled(made: dict) -> dict:
    stimuli = made["stimuli"]
    labels = np.random.default_rng(7).permutation(stimuli.labels)
    return {**made, "stimuli": Stimuli(stimuli.onset_ms, stimuli.offset_ms, labels)}


def test_the_histogram_rises_when_neurons_respond() -> None:
    found = peri_stimulus(**population(), bin_ms=10.0)
    assert found.start_ms.tolist() == [0.0, 10.0]
    assert found.presentations.tolist() == [CLASSES * SHOWN]
    # Counts of 8 Poisson neurons, over 9 with the silent one: 8 and 8 + 2*6 spikes in 10 ms.
    expected = np.array([8.0, 20.0]) / 9 / 0.01
    error = np.sqrt([8.0, 20.0]) / 9 / 0.01 / np.sqrt(CLASSES * SHOWN)
    assert (np.abs(found.rate_hz[0] - expected) < 4 * error).all()
    np.testing.assert_allclose(found.sem_hz[0], error, rtol=0.3)


def test_the_histogram_of_a_neuron_by_class() -> None:
    found = peri_stimulus(**population(), bin_ms=10.0, by_class=True, neurons=[2])
    assert found.classes is not None
    assert found.classes.tolist() == [0, 1, 2, 3]
    assert found.presentations.tolist() == [SHOWN] * CLASSES
    assert found.rate_hz[:, 1].argmax() == 1
    assert found.rate_hz[1, 1] > 3 * np.delete(found.rate_hz[:, 1], 1).max()


def test_before_the_onset() -> None:
    made = {
        "source": ([8.0, 9.5, 12.0, 33.0], [0] * 4),
        "stop_ms": 60.0,
        "stimuli": Stimuli(np.array([2.0, 10.0, 30.0]), np.array([5.0, 15.0, 35.0]), np.zeros(3)),
    }
    found = peri_stimulus(**made, bin_ms=2.0, from_ms=-2.0, until_ms=4.0)
    # The first onset is as good as the others: 0 ms is recorded.
    assert found.start_ms.tolist() == [-2.0, 0.0, 2.0]
    np.testing.assert_allclose(found.rate_hz[0], np.array([2, 0, 2]) / 3 / 0.002)
    early = peri_stimulus(**made, bin_ms=1.0, from_ms=-3.0, until_ms=1.0)
    assert early.presentations.tolist() == [2]


def test_one_presentation_has_no_error(gapped: Run) -> None:
    found = peri_stimulus(gapped, 5.0, population="hidden1", window="early", by_class=True)
    assert np.isnan(found.sem_hz).all()
    np.testing.assert_allclose(found.rate_hz, np.array([[3, 0], [0, 1]]) / 3 / 0.005)


def test_bins_longer_than_a_presentation(gapped: Run) -> None:
    with pytest.raises(InputError, match=r"bin_ms: expected > 0 and at most 10 \(got 11\)"):
        peri_stimulus(gapped, 11.0, population="hidden1")


def test_tuned_neurons() -> None:
    found = tuning(**population())
    assert found.preferred.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, -1]
    # (2 + 6) against 2 spikes in 20 ms.
    np.testing.assert_allclose(found.selectivity[:8], 6 / 10, atol=0.1)
    assert np.isnan(found.selectivity[8])
    assert (found.chance[:8] < 0.3).all()
    np.testing.assert_allclose(found.rate_hz[0, 0], 8 / 0.02, rtol=0.2)
    np.testing.assert_allclose(found.sem_hz[0, 0], np.sqrt(8 / SHOWN) / 0.02, rtol=0.4)
    assert found.preferred[found.order].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, -1]
    untuned = tuning(**shuffled(population()))
    assert np.nanmean(untuned.selectivity) < 0.3


def test_tuning_of_one_neuron_for_certain(gapped: Run) -> None:
    found = tuning(gapped, population="hidden1")
    assert found.neurons.tolist() == [2, 3, 5]
    np.testing.assert_allclose(found.rate_hz, [[150, 0, 100], [50, 0, 50]])
    assert found.preferred.tolist() == [0, -1, 0]
    np.testing.assert_allclose(found.selectivity, [0.5, np.nan, 1 / 3])


def test_one_class_is_no_tuning() -> None:
    stimuli = Stimuli(np.array([0.0, 5.0]), np.array([5.0, 10.0]), np.array([1, 1]))
    with pytest.raises(InputError, match=r"stimuli: expected two classes or more \(got 1\)"):
        tuning(([1.0], [0]), stimuli=stimuli, stop_ms=10.0)
    with pytest.raises(InputError, match=r"stimuli: expected two classes or more \(got 1\)"):
        decoding(([1.0], [0]), 5.0, stimuli=stimuli, stop_ms=10.0)


def test_decoding_when_and_only_when_neurons_respond() -> None:
    found = decoding(**population(), bin_ms=10.0)
    assert (found.presentations, found.folds, found.chance_percent) == (160, 5, 25.0)
    # Binomial: 160 presentations at chance.
    error = 100 * np.sqrt(0.25 * 0.75 / 160)
    assert found.bin_percent[0] == pytest.approx(25.0, abs=4 * error)
    assert found.bin_percent[1] > 90.0
    assert found.cumulative_percent[0] == found.bin_percent[0]
    assert found.cumulative_percent[1] > 80.0


def test_shuffled_labels_are_not_decoded() -> None:
    found = decoding(**shuffled(population()), bin_ms=10.0)
    error = 100 * np.sqrt(0.25 * 0.75 / 160)
    np.testing.assert_allclose(found.bin_percent, 25.0, atol=4 * error)
    np.testing.assert_allclose(found.cumulative_percent, 25.0, atol=4 * error)


def test_a_silent_population_is_at_chance() -> None:
    made = {**population(), "source": ([], [])}
    assert decoding(**made, bin_ms=20.0).bin_percent.tolist() == [25.0]


def test_a_decoder_of_one_s_own() -> None:
    from sklearn.naive_bayes import GaussianNB

    assert decoding(**population(), bin_ms=10.0, decoder=GaussianNB()).bin_percent[1] > 90.0


@pytest.mark.parametrize("folds", [1, 3])
def test_too_few_presentations(gapped: Run, folds: int) -> None:
    message = r"folds: expected from 2 to 2, .* \(got .\); record more presentations"
    with pytest.raises(InputError, match=message):
        decoding(gapped, 5.0, population="output", folds=folds)
