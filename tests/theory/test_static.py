"""A net at rest under noise: its gradients against differences, what is observed against loops."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.theory.static import SKEW, StaticNet, observe

SIZES = (5, 4, 3, 2)


@pytest.fixture
def net() -> StaticNet:
    return StaticNet.draw(np.random.default_rng(0), SIZES, 6, "tanh", "tanh")


def nudges(net: StaticNet, layer: int, unit: int, by: float) -> list[np.ndarray]:
    found = [np.zeros((len(net.x), len(w))) for w in net.w[:-1]]
    found[layer][:, unit] = by
    return found


def test_gradients_are_what_a_nudge_of_h_does_to_the_loss(net: StaticNet) -> None:
    step = 1e-5
    for layer, gradients in enumerate(net.gradients()):
        for unit in range(gradients.shape[1]):
            up, down = (net.forward(noise=nudges(net, layer, unit, by))[1] for by in (step, -step))
            np.testing.assert_allclose(gradients[:, unit], (up - down) / (2 * step), atol=1e-9)


def test_errors_stop_where_feedback_does(net: StaticNet) -> None:
    found = net.errors([None, None, net.w[2]])
    assert found[0] is None
    assert found[1] is not None
    np.testing.assert_array_equal(found[2], net.output_error())


def test_sums_are_those_of_single_presentations(net: StaticNet) -> None:
    seen = observe(net, np.random.default_rng(3), 50, 0.1)
    rng = np.random.default_rng(3)
    counts = rng.multinomial(50, np.full(6, 1 / 6))
    shown = np.repeat(np.arange(6), counts)
    xi = [rng.standard_normal((50, n)) for n in SIZES[1:-1]]
    total = [np.zeros((6, n)) for n in SIZES[1:-1]]
    for k, at in enumerate(shown):
        h = net.x[at]
        for layer, w in enumerate(net.w):
            h = np.tanh(w @ h) + (0.1 * xi[layer][k] if layer < 2 else 0)
        quiet = net.forward()[1][at]
        change = (np.sum((h - net.y[at]) ** 2) / 2 - quiet) / 0.1
        for layer in range(2):
            total[layer][at] += change * xi[layer][k]
    np.testing.assert_array_equal(seen.counts, counts)
    for found, expected in zip(seen.total, total, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_observations_add_up(net: StaticNet) -> None:
    first, second = (observe(net, np.random.default_rng(k), 40, 0.1) for k in (1, 2))
    both = first + second
    assert both.counts.sum() == 80
    np.testing.assert_array_equal(both.total[1], first.total[1] + second.total[1])


def test_means_are_gradients_unless_losses_are_shuffled(net: StaticNet) -> None:
    rng = np.random.default_rng(1)
    told, shuffled = (observe(net, rng, 400_000, 0.01, shuffled=off) for off in (False, True))
    for total, other, gradient in zip(told.total, shuffled.total, net.gradients(), strict=True):
        np.testing.assert_allclose(total / told.counts[:, None], gradient, atol=4e-3)
        np.testing.assert_allclose(other / shuffled.counts[:, None], 0.0, atol=4e-3)
        assert np.abs(gradient).max() > 0.03


def test_the_skewed_noise_has_mean_0_variance_1_and_its_third_moment(net: StaticNet) -> None:
    values, chances = np.array([2.0, -0.5]), np.array([0.2, 0.8])
    np.testing.assert_allclose([values**k @ chances for k in (1, 2, 3)], [0, 1, SKEW])
    # and it is what is drawn: one presentation's sum is a change of loss times one of two values
    seen = observe(net, np.random.default_rng(0), 1, 0.1, "skewed")
    (at,) = np.flatnonzero(seen.counts)
    row = seen.total[0][at]
    ratios = {round(float(abs(row[0] / value)), 6) for value in row}
    assert ratios <= {0.25, 1.0, 4.0}


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"^sizes: three or more, input to output \(got \(3, 2\)"):
        StaticNet.draw(np.random.default_rng(0), (3, 2), 4)
    net = StaticNet.draw(np.random.default_rng(0), (3, 2, 2), 4)
    with pytest.raises(InputError, match=r"^c and presentations: above 0 \(got 0 and 5\)$"):
        observe(net, np.random.default_rng(0), 5, 0.0)
