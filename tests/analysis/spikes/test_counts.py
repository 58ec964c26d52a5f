"""Fano factors, correlations and dimensionality whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import quantities as pq
from made_spikes import gamma_trains, pooled, spikes_of_counts
from scipy.linalg import hadamard

from snn_credit.analysis import Stimuli, count_correlations, dimensionality, fano_factor
from snn_credit.errors import InputError
from snn_credit.recording import Run

BIN = 10.0


def shown(labels: list[int] | np.ndarray) -> Stimuli:
    """Stimuli of 10 ms each."""
    onsets = BIN * np.arange(len(labels))
    return Stimuli(onsets, onsets + BIN, np.asarray(labels))


def of(counts: np.ndarray, labels: list[int] | np.ndarray | None = None) -> dict:
    """The source of counts (k, n), and what to say of it."""
    where = {"size": counts.shape[1], "stop_ms": BIN * len(counts)}
    if labels is not None:
        where["stimuli"] = shown(labels)
    return {"source": spikes_of_counts(counts, BIN), **where}


def test_the_fano_factor_of_a_poisson_process() -> None:
    trains = gamma_trains(np.random.default_rng(1), 50, 60.0, 20_000.0)
    found = fano_factor(pooled(trains), bin_ms=100.0, stop_ms=20_000.0)
    assert found.value.shape == (1, 50)
    # Of k counts with mean m: var(F) = 2/(k - 1) + 1/(k m).
    error = np.sqrt((2 / 199 + 1 / (200 * 6)) / 50)
    assert found.mean == pytest.approx(1.0, abs=4 * error)


def test_the_fano_factor_of_presentations_leaves_out_what_the_class_does() -> None:
    counts = np.array([[1, 4], [9, 4], [3, 4], [11, 4]])
    found = fano_factor(**of(counts, [0, 1, 0, 1]))
    assert found.classes is not None
    assert found.classes.tolist() == [0, 1]
    np.testing.assert_allclose(found.value, [[2 / 2, 0], [2 / 10, 0]])
    np.testing.assert_allclose(found.per_neuron, [0.6, 0.0])
    assert fano_factor(**of(counts), bin_ms=BIN).per_neuron[0] > 3


def test_the_fano_factor_of_elephant() -> None:
    from elephant.statistics import fanofactor

    counts = np.random.default_rng(0).poisson(3.0, (12, 4))
    times, nodes = spikes_of_counts(counts, BIN)
    expected = [
        fanofactor([times[(nodes == n) & (times // BIN == k)] for k in range(12)]) for n in range(4)
    ]
    np.testing.assert_allclose(fano_factor(**of(counts), bin_ms=BIN, ddof=0).value[0], expected)


def test_silent_neurons_have_no_fano_factor() -> None:
    found = fano_factor(**of(np.array([[0, 1], [0, 3]]), [0, 0]))
    assert np.isnan(found.per_neuron).tolist() == [True, False]
    assert found.mean == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("labels", "settings", "message"),
    [
        (None, {}, r"stimuli: expected some that were shown while neurons was recorded.*got none"),
        ([0, 1], {}, r"stimuli: expected a class that was shown more than 1 times \(got none\)"),
        (None, {"bin_ms": 20.0}, r"bin_ms: expected more than 1 bins \(got 1\)"),
        ([0, 0], {"until_ms": 0.0}, r"until_ms: expected more than 0 \(got 0\)"),
        ([0, 0], {"until_ms": 11.0}, r"from_ms, until_ms: expected stretches .* do not overlap"),
        ([0, 0], {"from_ms": -30.0, "until_ms": -20.0}, r"about an onset that was recorded"),
    ],
)
def test_fano_factors_refused(labels, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fano_factor(**of(np.array([[1], [2]]), labels), **settings)


def test_two_binomial_trains_with_a_known_correlation() -> None:
    rng, k, rho = np.random.default_rng(2), 20_000, 0.3
    common, own = rng.random(k) < 0.2, rng.random((k, 2)) < 0.2
    copies = rng.random((k, 2)) < np.sqrt(rho)
    counts = np.where(copies, common[:, None], own).astype(int)
    found = count_correlations(**of(counts), bin_ms=BIN)
    # Of binary numbers the variance is more than the (1 - rho^2)^2/k of Gaussian ones: measured.
    assert found.matrix[0, 1] == pytest.approx(rho, abs=4 * binary_error(rho, 0.2, k))
    assert found.pairs.tolist() == [found.matrix[0, 1]]
    assert found.samples == k


def binary_error(rho: float, p: float, k: int) -> float:
    """Standard deviation of the correlation of k pairs of such binary numbers, by simulation."""
    rng = np.random.default_rng(5)
    joint = p * p + rho * p * (1 - p)
    both = rng.multinomial(k, [joint, p - joint, p - joint, 1 - 2 * p + joint], size=2000) / k
    first, second = both[:, 0] + both[:, 1], both[:, 0] + both[:, 2]
    spread = np.sqrt(first * (1 - first) * second * (1 - second))
    return float(np.std((both[:, 0] - first * second) / spread))


def test_the_correlations_of_elephant() -> None:
    from elephant.conversion import BinnedSpikeTrain
    from elephant.spike_train_correlation import correlation_coefficient
    from neo import SpikeTrain

    counts = np.random.default_rng(3).poisson(1.0, (40, 5))
    times, nodes = spikes_of_counts(counts, BIN)
    trains = [SpikeTrain(times[nodes == n], units="ms", t_stop=400.0) for n in range(5)]
    binned = BinnedSpikeTrain(trains, bin_size=BIN * pq.ms)
    found = count_correlations(**of(counts), bin_ms=BIN)
    np.testing.assert_allclose(found.matrix, correlation_coefficient(binned), atol=1e-12)


def test_signal_and_noise_apart() -> None:
    # Neurons prefer opposite classes, and share what changes between presentations of a class.
    labels = np.tile([0, 1], 50)
    noise = np.random.default_rng(0).integers(0, 5, 100)
    counts = np.stack([10 * labels + noise, 10 * (1 - labels) + noise, np.full(100, 3)], axis=1)
    signal, noisy, total = (
        count_correlations(**of(counts, labels), kind=kind) for kind in ("signal", "noise", "total")
    )
    assert signal.matrix[0, 1] == pytest.approx(-1.0)
    assert noisy.matrix[0, 1] == pytest.approx(1.0)
    assert -1.0 < total.matrix[0, 1] < -0.5
    assert (signal.samples, noisy.samples, total.samples) == (2, 100, 100)
    for found in (signal, noisy, total):
        assert np.isnan(found.matrix[2]).all()
        assert len(found.pairs) == 1


def test_noise_of_a_neuron_that_varies_in_one_class_only() -> None:
    # The first neuron fires for class 0 alone, and there it shares all that the second one does.
    labels = np.repeat([0, 1, 2, 3], 25)
    noise = np.random.default_rng(0).integers(0, 5, 100)
    counts = np.stack([np.where(labels == 0, noise, 0), noise, 4 - noise], axis=1)
    found = count_correlations(**of(counts, labels), kind="noise")
    np.testing.assert_allclose(found.matrix, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], atol=1e-12)
    apart = np.stack([np.where(labels == 0, noise, 0), np.where(labels == 1, noise, 0)], axis=1)
    assert np.isnan(count_correlations(**of(apart, labels), kind="noise").matrix[0, 1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "x"}, r"kind: expected total, signal or noise \(got 'x'\)"),
        ({"kind": "noise", "bin_ms": 5.0}, r"bin_ms: expected None with noise correlations"),
        ({"kind": "signal"}, r"signal correlations: expected two classes or more \(got 1\)"),
        ({"bin_ms": 30.0}, r"total correlations: expected two bins or more \(got 1\)"),
    ],
)
def test_correlations_refused(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        count_correlations(**of(np.array([[1, 2]] * 3), [4, 4, 4]), **settings)


def test_noise_needs_presentations_of_the_same_class() -> None:
    with pytest.raises(InputError, match=r"two presentations of the same class or more \(got 0\)"):
        count_correlations(**of(np.array([[1], [2]]), [0, 1]), kind="noise")


@pytest.mark.parametrize("dimensions", [1, 3, 7])
def test_a_population_of_known_dimensionality(dimensions: int) -> None:
    # Columns of a Hadamard matrix are uncorrelated to the last digit; each drives four neurons.
    counts = np.repeat(1 + hadamard(32)[:, 1 : dimensions + 1], 4, axis=1)
    found = dimensionality(**of(counts), bin_ms=BIN)
    assert found.participation_ratio == pytest.approx(dimensions)
    assert found.explained[dimensions - 1] == pytest.approx(1.0)
    np.testing.assert_allclose(found.eigenvalues[:dimensions], 4 * 32 / 31)
    np.testing.assert_allclose(found.eigenvalues[dimensions:], 0.0, atol=1e-9)


def test_the_dimensions_of_classes_are_free_of_noise() -> None:
    labels = np.tile([0, 1], 200)
    rng = np.random.default_rng(0)
    counts = 8 * labels[:, None] + rng.poisson(2.0, (400, 20))
    assert dimensionality(**of(counts, labels), of="classes").participation_ratio < 1.001
    assert dimensionality(**of(counts, labels)).participation_ratio > 1.01
    noise = rng.poisson(2.0, (400, 20))
    # Independent neurons have as many as there are, less what 400 samples let one see: n/(1 + n/k).
    found = dimensionality(**of(noise), bin_ms=BIN).participation_ratio
    assert found == pytest.approx(20 / (1 + 20 / 400), rel=0.03)


def test_few_samples_have_few_dimensions() -> None:
    counts = np.random.default_rng(0).poisson(3.0, (4, 30))
    found = dimensionality(**of(counts), bin_ms=BIN)
    covariance = np.cov(counts, rowvar=False)
    expected = np.trace(covariance) ** 2 / np.trace(covariance @ covariance)
    assert found.participation_ratio == pytest.approx(expected)
    np.testing.assert_allclose(found.eigenvalues[3:], 0.0, atol=1e-9)
    assert found.draw().get_title() == f"participation ratio {expected:.3g} of at most 3"


@pytest.mark.parametrize("function", [count_correlations, dimensionality, fano_factor])
@pytest.mark.parametrize(
    ("settings", "got"), [({"from_ms": 1.0}, "1 and None"), ({"until_ms": 5.0}, "0 and 5")]
)
def test_bins_do_not_regard_presentations(function, settings: dict, got: str) -> None:
    made = of(np.array([[1, 2]] * 4), [0, 1, 0, 1])
    with pytest.raises(InputError, match=rf"from_ms, until_ms: .* with bin_ms, .* \(got {got}\)"):
        function(**made, bin_ms=BIN, **settings)


def test_dimensionality_refused(gapped: Run) -> None:
    with pytest.raises(InputError, match=r"of: expected presentations or classes \(got 'x'\)"):
        dimensionality(gapped, population="output", of="x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"bin_ms: expected None with the means of classes"):
        dimensionality(gapped, population="output", bin_ms=5.0, of="classes")
    with pytest.raises(InputError, match=r"dimensionality: expected two bins or more \(got 1\)"):
        dimensionality(gapped, population="output", bin_ms=20.0, window="late")
    one = dimensionality(**of(np.array([[2], [2]])), bin_ms=BIN)
    assert np.isnan(one.participation_ratio)
