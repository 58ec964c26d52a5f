"""Counts, bytes and fits of the benchmark, on networks small enough to count by hand."""

import numpy as np
import pytest
from bandwidth import PROCESSOR, Bandwidth, best
from cost import Fit, Net, bytes_moved, fit
from sweep import nets
from task import IMAGES, images_and_labels, input_activity

from snn_credit.errors import InputError


def test_counts_of_a_small_network() -> None:
    net = Net.parse("4-6-10")
    assert net.sizes == (4, 6, 10)
    assert str(net) == "4-6-10"
    assert net.neurons == 20
    assert net.plastic == 4 * 6 + 6 * 10
    assert net.feedback == 10 * 6  # from the output to the hidden layer; none reach the input
    assert net.synapses == 144


def test_counts_at_full_size() -> None:
    net = Net.parse("784-1500-1500-1500-1000")
    assert (net.plastic, net.feedback) == (7_176_000, 6_000_000)


@pytest.mark.parametrize("text", ["", "100", "784-", "784--10", "784-x-10", "784-0-10", "784-15"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match=rf"^sizes: two or more .* multiple of 10.*got '{text}'\)"):
        Net.parse(text)


def test_bytes_against_a_hand_count() -> None:
    # Two of four inputs and two of six hidden neurons spike: 2*6 + 2*10 = 32 weights are active.
    moved = bytes_moved(Net.parse("4-6-10"), [2 / 4, 2 / 6])
    assert moved.read == pytest.approx(4 * (32 + 60))  # and all 60 of B
    assert moved.rewritten == pytest.approx(4 * 32 * 2)  # read and written
    assert moved.total == pytest.approx(624)
    # 368 bytes at 1 GB/s and 256 bytes at 2 GB/s
    floor = moved.floor_ms(Bandwidth(PROCESSOR, 1, read_gb_s=1.0, rewrite_gb_s=2.0))
    assert floor == pytest.approx((368 + 128) * 1e-6)


def test_bytes_want_one_activity_a_layer() -> None:
    with pytest.raises(ValueError, match="shorter"):
        bytes_moved(Net.parse("4-6-10"), [0.5])


def test_a_fit_finds_the_coefficients_of_made_times() -> None:
    made = nets((50, 100, 300), (1, 3))
    ms = [0.002 + 3e-6 * net.neurons + 0.25e-6 * net.synapses for net in made]
    found = fit(made, ms)
    assert found.step_us[0] == pytest.approx(2.0)
    assert found.neuron_ns[0] == pytest.approx(3.0)
    assert found.synapse_ns[0] == pytest.approx(0.25)
    assert found.residual < 1e-9
    assert [found.ms(net) for net in made] == pytest.approx(ms)


def test_a_fit_says_how_far_it_is_off() -> None:
    made = nets((50, 100, 200, 400, 800), (1, 2, 3))
    exact = Fit((20.0, 0.0), (5.0, 0.0), (0.5, 0.0), 0.0, 0.0)
    noise = np.random.default_rng(0).normal(0, 0.05, len(made))
    found = fit(made, [exact.ms(net) * (1 + e) for net, e in zip(made, noise, strict=True)])
    assert 0.02 < found.residual < 0.08
    assert found.residual < found.worst < 0.2
    for value, true in (
        (found.step_us, 20.0),
        (found.neuron_ns, 5.0),
        (found.synapse_ns, 0.5),
    ):
        assert abs(value[0] - true) < 4 * value[1]


def test_fits_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"^fit: at least 4 networks \(got 3\)"):
        fit([Net((10, 10, 10))] * 3, [1.0] * 3)
    with pytest.raises(InputError, match=r"^fit: networks of different widths or depths"):
        fit([Net((10, 10, 10))] * 5, [1.0] * 5)
    with pytest.raises(InputError, match=r"^fit: times above 0 \(got 0\.0 ms\)"):
        fit(nets((10, 20), (1, 2)), [1.0, 2.0, 0.0, 1.0])


def test_a_sweep_is_all_widths_at_all_depths() -> None:
    made = [str(net) for net in nets((10, 20), (1, 2))]
    assert made == ["10-10-10", "20-20-20", "10-10-10-10", "20-20-20-20"]


@pytest.mark.parametrize(
    ("widths", "depths", "message"),
    [
        ((15, 20), (1, 2), r"^widths: positive multiples of 10 \(got 15\)"),
        ((10, 20), (0, 1), r"^depths: at least one hidden layer \(got 0\)"),
        ((10, 20, 30), (1,), r"^widths, depths: at least 4 networks together \(got 3 x 1\)"),
    ],
)
def test_sweeps_that_cannot_be(
    widths: tuple[int, ...], depths: tuple[int, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        nets(widths, depths)


def test_the_best_of_several_bandwidths() -> None:
    found = [Bandwidth("a", 1, 5, 9), Bandwidth("a", 2, 8, 8), Bandwidth("a", 1, 6, 7)]
    assert best(found) == [Bandwidth("a", 1, 6, 9), Bandwidth("a", 2, 8, 8)]


def test_inputs_spike_as_often_as_their_images_say() -> None:
    images, labels = images_and_labels(784, IMAGES)
    assert images.shape == (IMAGES, 784)
    assert set(labels) == set(range(10))
    drawn = np.random.default_rng(1).random(images.shape) < np.clip(images, 0, 0.95)
    assert input_activity(784) == pytest.approx(drawn.mean(), rel=0.02)
