"""Least squares against the declared rule, biases against other ways to compute them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net, apply
from snn_credit.rules.node_perturbation_ridge import GAMMA, NP_RIDGE
from snn_credit.theory.perturbation import (
    bias_squared,
    estimate,
    estimate_direct,
    expectation,
    least_squares,
    products,
    sampling_error,
)
from snn_credit.theory.static import Activation, Observations, StaticNet, observe

WIDENING, NARROWING = (12, 3, 4, 5), (12, 7, 5, 3)


def draw(sizes: tuple[int, ...], activation: Activation = "identity") -> StaticNet:
    return StaticNet.draw(np.random.default_rng(0), sizes, 60, activation, activation)


def test_the_declared_rule_ends_where_least_squares_does() -> None:
    """`NP feedback ridge` shown batches of a net at rest, with the b below the top held."""
    net, rng, c, batch = draw((12, 7, 5, 3), "tanh"), np.random.default_rng(1), 0.05, 20
    top = len(net.w)
    feedback = [None, *(rng.normal(size=w.shape) for w in net.w[1:])]
    forward = {at + 1: {"w": w} for at, w in enumerate(net.w)}
    for at in range(2, top + 1):
        shape = net.w[at - 1].shape
        forward[at] |= {"b": feedback[at - 1], "s": np.zeros(shape)}
    own = {at: {"v": np.zeros((len(net.w[at - 1]),) * 2)} for at in range(2, top + 1)}
    plain = Net([{}] * (top + 1), forward, own=own, shared={"sig": c, "eta": 0.0})
    told, seen = Interpreter(NP_RIDGE), None
    for _ in range(40):
        at = rng.integers(len(net.x), size=batch)
        xi = [rng.standard_normal((batch, len(w))) for w in net.w[:-1]]
        quiet, loss = net.forward(at)
        _, loud = net.forward(at, [c * part for part in xi])
        noise = [*(c * part for part in xi), np.zeros((batch, len(net.w[-1])))]
        plain.layers = [{"h": net.x[at]}] + [
            {"h": h, "df": 1 - h**2, "noise": n} for h, n in zip(quiet, noise, strict=True)
        ]
        plain.layers[-1]["err"] = quiet[-1] - net.y[at]
        plain.shared["dL"] = (loud - loss)[:, None]
        apply(plain, told.step(plain))
        counts, total = np.bincount(at, minlength=60), [np.zeros((60, len(w))) for w in net.w[:-1]]
        for into, part in zip(total, xi, strict=True):
            np.add.at(into, at, (loud - loss)[:, None] * part / c)
        more = Observations(counts.astype(float), tuple(total))
        seen = more if seen is None else seen + more
    assert seen is not None
    errors = net.errors(feedback)
    for at in range(2, top + 1):
        e, total = errors[at - 1], seen.total[at - 2]
        assert e is not None
        s, v = plain.forward[at]["s"], plain.own[at]["v"]
        # the rule adds batch means, so its ridge weighs as a batch does
        found = least_squares(e, seen.counts, total, GAMMA * batch)
        np.testing.assert_allclose(np.linalg.solve(v + GAMMA * np.eye(len(v)), s), found)
        np.testing.assert_allclose(
            np.linalg.solve(v, s), least_squares(e, seen.counts, total), rtol=1e-6, atol=1e-9
        )
        near = [least_squares(e, seen.counts, total, gamma) for gamma in (1e-3, 1e-6, 1e-9)]
        apart = [np.abs(each - np.linalg.solve(v, s)).max() for each in near]
        assert apart[0] > apart[1] > apart[2]
    told.run_hosts(plain)
    top_b = plain.forward[top]["b"]
    expected = least_squares(net.output_error(), seen.counts, seen.total[-1], GAMMA * batch)
    np.testing.assert_allclose(top_b, expected)


def test_exact_observations_give_w_and_the_products_in_a_linear_net_at_any_c() -> None:
    net = draw(WIDENING)
    for c in (0.01, 1.0, 10.0):
        for b, w in zip(estimate(net, expectation(net, c))[1:], net.w[1:], strict=True):
            assert b is not None
            np.testing.assert_allclose(b, w, atol=1e-10)
        found = estimate_direct(net, expectation(net, c))
        np.testing.assert_allclose(found[0], net.w[2] @ net.w[1], atol=1e-10)
        np.testing.assert_allclose(found[1], net.w[2], atol=1e-10)


def test_without_a3_b_is_the_projection_of_w_and_sends_the_same_error() -> None:
    net = draw(NARROWING)
    b = estimate(net, expectation(net, 0.1))[1]
    w, above = net.w[1], net.errors(net.w)[1]
    assert b is not None
    assert above is not None
    assert np.linalg.matrix_rank(above) == 3 < len(w) == 5
    spanned = np.linalg.svd(above)[2][:3]
    np.testing.assert_allclose(b, spanned.T @ spanned @ w, atol=1e-10)
    assert np.linalg.norm(b - w) > 0.3 * np.linalg.norm(w)
    np.testing.assert_allclose(above @ b, above @ w, atol=1e-10)


def test_the_bias_of_tanh_is_that_of_eq_2_itself() -> None:
    """Against a quadrature over the noise of two hidden units, which makes no use of Stein."""
    net, c = draw((12, 2, 3), "tanh"), 0.4
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    total, (_, quiet) = np.zeros((60, 2)), net.forward()
    for (x, p), (y, q) in product(zip(nodes, weights, strict=True), repeat=2):
        xi = np.tile([x, y], (60, 1))
        change = net.forward(noise=[c * xi])[1] - quiet
        total += p * q / (2 * np.pi) * change[:, None] * xi / c
    np.testing.assert_allclose(expectation(net, c).total[0], total, atol=1e-10)
    assert np.abs(total - net.gradients()[0]).max() > 0.01


def test_the_bias_of_skewed_noise_is_that_of_all_its_outcomes() -> None:
    net, c = draw((12, 2, 2, 3)), 0.4
    total, (_, quiet) = [np.zeros((60, 2)), np.zeros((60, 2))], net.forward()
    for outcome in product(((2.0, 0.2), (-0.5, 0.8)), repeat=4):
        values, chance = np.array([v for v, _ in outcome]), np.prod([p for _, p in outcome])
        xi = [np.tile(part, (60, 1)) for part in (values[:2], values[2:])]
        change = net.forward(noise=[c * part for part in xi])[1] - quiet
        for into, part in zip(total, xi, strict=True):
            into += chance * change[:, None] * part / c
    for found, expected in zip(expectation(net, c, "skewed").total, total, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("activation", "exponent"), [("tanh", 2.0), ("identity", 1.0)])
def test_the_bias_grows_as_c_squared_or_as_c_where_noise_is_skewed(
    activation: Activation, exponent: float
) -> None:
    net = draw((12, 3, 5), activation)
    noise = "gaussian" if activation == "tanh" else "skewed"
    sizes = []
    for c in (0.002, 0.004):
        b = estimate(net, expectation(net, c, noise))[1]
        assert b is not None
        sizes.append(np.linalg.norm(b - net.w[1]))
    assert np.log2(sizes[1] / sizes[0]) == pytest.approx(exponent, abs=1e-3)


def test_a_linear_output_alone_takes_the_bias_of_one_hidden_layer_away() -> None:
    kinds: tuple[tuple[Activation, bool], ...] = (("identity", False), ("tanh", True))
    for output, biased in kinds:
        net = StaticNet.draw(np.random.default_rng(0), (12, 3, 5), 60, "tanh", output)
        seen = observe(net, np.random.default_rng(1), 600_000, 1.0)
        apart = seen.total[0] / seen.counts[:, None] - net.gradients()[0]
        share = np.sqrt(np.mean(apart**2) / np.mean(net.gradients()[0] ** 2))
        assert (share > 0.3) == biased
        assert (share < 0.2) != biased
        exact = np.abs(expectation(net, 1.0).total[0] - net.gradients()[0]).max()
        assert (exact > 0.01) == biased


def test_the_sampling_error_is_what_runs_show() -> None:
    net, presentations = draw(WIDENING), 3_000
    rng, runs = np.random.default_rng(2), []
    for _ in range(200):
        found = estimate_direct(net, observe(net, rng, presentations, 0.001))
        runs.append([np.sum((b - w) ** 2) for b, w in zip(found, products(net.w), strict=True)])
    measured = np.sqrt(presentations * np.mean(runs, axis=0))
    np.testing.assert_allclose(measured, sampling_error(net), rtol=0.08)


def test_products_of_three() -> None:
    net = draw((6, 2, 3, 4, 5))
    _, b, c, d = net.w
    for found, expected in zip(products(net.w), (d @ c @ b, d @ c, d), strict=True):
        np.testing.assert_allclose(found, expected)


def test_bias_squared_by_hand_and_on_noise() -> None:
    a, b, c = np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]]), np.array([[1.0, 1.0]])
    # <a,b> = 0, <a,c> = 1, <b,c> = 2; without a: 2, without b: 1, without c: 0
    found, error = bias_squared([a, b, c])
    assert found == pytest.approx(1.0)
    assert error == pytest.approx(np.sqrt(2 / 3 * 2))
    rng = np.random.default_rng(0)
    none, some = (
        [bias_squared(list(at + rng.normal(size=(20, 4, 4)))) for _ in range(200)]
        for at in (0.0, 0.5)
    )
    assert np.mean([found for found, _ in none]) == pytest.approx(0.0, abs=0.06)
    assert np.mean([found for found, _ in some]) == pytest.approx(4.0, abs=0.2)
    spread = np.std([found for found, _ in some])
    assert np.mean([error for _, error in some]) == pytest.approx(spread, rel=0.2)


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"^apart: three or more \(got 2\)$"):
        bias_squared([np.zeros(2), np.zeros(2)])
    expected = r"^net: linear, or of one hidden layer with Gaussian noise \(got 2 hidden, tanh"
    with pytest.raises(InputError, match=expected):
        expectation(draw(NARROWING, "tanh"), 0.1)
    with pytest.raises(InputError, match=r"skewed noise\)$"):
        expectation(draw((12, 3, 5), "tanh"), 0.1, "skewed")
