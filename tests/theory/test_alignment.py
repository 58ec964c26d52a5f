"""Scalar flows of alignment: eigenvalues, declared rules, integrators, which minima attract."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import State, TwoLayer, scalar
from snn_credit.theory.alignment import (
    BASIS,
    Alignment,
    Learner,
    align,
    eigenvalues,
    eigenvalues_at_minimum,
    flow_matrix,
    follow,
    learning_jacobian,
    learning_velocity,
    printed_skew_eigenvalue,
)
from snn_credit.theory.jacobian import numeric_jacobian

RULES_OF_B: tuple[Alignment, ...] = get_args(Alignment)
LEARNERS: tuple[Learner, ...] = get_args(Learner)
X, DECAY, ALPHA, BETA = 1.3, 0.7, 0.9, 1.6


@pytest.mark.parametrize("rule", RULES_OF_B)
def test_eigenvalues_are_those_of_the_printed_matrix(rule: Alignment) -> None:
    matrix, (symmetric, skew) = flow_matrix(rule, X, DECAY), eigenvalues(rule, X, DECAY)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), sorted([symmetric, skew]), atol=1e-12)
    np.testing.assert_allclose(matrix @ BASIS, BASIS * [symmetric, skew], atol=1e-12)
    expected = {"SA": (0, 2), "AA": (0, 2 * X**2), "WM": (DECAY - X**2, DECAY + X**2)}[rule]
    assert (symmetric, skew) == pytest.approx(expected)
    wrong = {"SA": 2.0, "AA": 2.0, "WM": 1.0}[rule]
    assert skew / printed_skew_eigenvalue(rule, X, DECAY) == pytest.approx(wrong)


@pytest.mark.parametrize("rule", RULES_OF_B)
def test_the_second_row_is_the_declared_rule(rule: Alignment) -> None:
    w, b = 0.6, -1.1
    # the hidden layer's activity is x: first weight x, input 1
    net = TwoLayer(RULES[rule], State(np.full((1, 1), X), np.full((1, 1), w)), np.full((1, 1), b))
    net.net.layers[1]["noise"] = np.full((1, 1), X)
    rates = {"SA": {}, "AA": {}, "WM": {"sig": 1.0, "c_decay": DECAY}}[rule]
    one = np.ones((1, 1))
    change = net.change(one, one, etab=1.0, eta=0.0, **rates)
    expected = -flow_matrix(rule, X, DECAY) @ [w, b]
    assert change.forward[2]["b"][0, 0] == pytest.approx(expected[1])


@pytest.mark.parametrize("rule", RULES_OF_B)
def test_the_closed_form_is_what_the_integrator_finds(rule: Alignment) -> None:
    starts, times = np.random.default_rng(0).normal(size=(2, 5)), np.linspace(0, 2, 6)
    matrix = flow_matrix(rule, X, DECAY)
    path = follow(lambda s: -matrix @ s, starts, times)
    w, b = align(rule, starts[0], starts[1], times, X, DECAY)
    np.testing.assert_allclose(w, path[:, 0], atol=1e-8)
    np.testing.assert_allclose(b, path[:, 1], atol=1e-8)
    np.testing.assert_allclose([w[0], b[0]], starts)


@pytest.mark.parametrize(("decay", "sign"), [(0.5, 1), (1.0, 0), (1.5, -1)])
def test_weight_mirror_diverges_stays_or_collapses(decay: float, sign: int) -> None:
    w, b = align("WM", [0.3], [0.9], [0.0, 6.0], 1.0, decay)
    assert np.sign(np.round(w[1] + b[1] - 1.2, 9)) == sign
    assert abs(w[1, 0] - b[1, 0]) < 0.6 * np.exp(-6 * (decay + 1)) + 1e-12


@pytest.mark.parametrize("rule", LEARNERS)
def test_velocities_are_those_of_the_declared_rules(rule: Learner) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 7, 1))
    alpha, beta = float(np.mean(x * y)), float(np.mean(x**2))
    w1, w2, b = 0.7, -0.4, 1.2
    theta = [w1, w2] if rule == "BP" else [w1, w2, b]
    start = State(np.full((1, 1), w1), np.full((1, 1), w2))
    net = TwoLayer(RULES[rule], start, np.full((1, 1), b))
    rates = {"etab": 1.0} if rule == "SA" else {}
    changes = net.change(x, y, eta=1.0, **rates).forward
    found = [changes[1]["w"][0, 0], changes[2]["w"][0, 0]]
    if rule != "BP":
        found.append(changes[2]["b"][0, 0] if rule == "SA" else 0.0)
    np.testing.assert_allclose(learning_velocity(rule, theta, alpha, beta), found, atol=1e-12)


@pytest.mark.parametrize("rule", LEARNERS)
def test_the_jacobian_is_the_derivative_and_has_the_table_s_eigenvalues(rule: Learner) -> None:
    rng = np.random.default_rng(2)
    for w1 in (*rng.normal(size=5), 0.2, -0.2):
        anywhere = rng.normal(size=2 if rule == "BP" else 3)
        b = rng.normal() if rule == "FA" else ALPHA / BETA / w1
        minimum = np.array([w1, ALPHA / BETA / w1, b])[: len(anywhere)]
        for theta in (anywhere, minimum):
            numeric = numeric_jacobian(lambda t: learning_velocity(rule, t, ALPHA, BETA), theta)
            found = learning_jacobian(rule, theta, ALPHA, BETA)
            np.testing.assert_allclose(found, numeric, atol=1e-8)
        values = np.linalg.eigvals(learning_jacobian(rule, minimum, ALPHA, BETA))
        # a double 0 that lacks an eigenvector comes out of rounding as about 1e-8
        np.testing.assert_allclose(
            np.sort(values.real), np.sort(eigenvalues_at_minimum(rule, minimum, BETA)), atol=1e-6
        )


def test_feedback_alignment_s_flow_is_that_of_note_11() -> None:
    target = ALPHA / BETA
    for w1, w2, b in np.random.default_rng(3).normal(size=(5, 3)):
        b = abs(b)
        found = learning_velocity("FA", [w1, w2, b], ALPHA, BETA)
        np.testing.assert_allclose(
            found[:2], BETA * np.array(scalar.velocity(w1, w2, target, b)), atol=1e-12
        )
        block = learning_jacobian("FA", [w1, w2, b], ALPHA, BETA)[:2, :2]
        np.testing.assert_allclose(block, BETA * scalar.jacobian(w1, w2, target, b), atol=1e-12)
        first = eigenvalues_at_minimum("FA", [w1, target / w1, b], BETA)[0]
        assert (first < 0) == scalar.is_stable(w1, target, b)


def test_what_fa_leaves_bp_and_sa_come_back_to() -> None:
    """A minimum with w1^2 + b w2 < 0, pushed off it a little."""
    minimum = np.array([-0.4, ALPHA / BETA / -0.4, 1.0])
    assert eigenvalues_at_minimum("FA", minimum, BETA)[0] > 0

    def end(rule: Learner, start: np.ndarray) -> np.ndarray:
        def velocity(theta: np.ndarray) -> np.ndarray:
            return learning_velocity(rule, theta, ALPHA, BETA)

        return follow(velocity, start, [0.0, 40.0])[-1, :, 0]

    for push in (-0.01, 0.01):
        start = (minimum + push * np.eye(3)[0])[:, None]
        fa, sa, bp = (end(rule, start[: 2 if rule == "BP" else 3]) for rule in ("FA", "SA", "BP"))
        assert np.linalg.norm(fa - minimum) > 0.3
        assert eigenvalues_at_minimum("FA", fa, BETA)[0] < 0
        for there in (fa, sa, bp):
            assert there[0] * there[1] == pytest.approx(ALPHA / BETA, rel=1e-6)
        for there in (sa, bp):
            assert np.linalg.norm(there[:2] - minimum[:2]) < 0.1


def test_the_other_resting_points() -> None:
    points: dict[Learner, list[float]] = {"BP": [0, 0], "SA": [0, 0, 0], "FA": [0, 1.7, 0]}
    for rule, theta in points.items():
        np.testing.assert_array_equal(learning_velocity(rule, theta, ALPHA, BETA), 0.0)
    bp = np.linalg.eigvals(learning_jacobian("BP", [0, 0], ALPHA, BETA))
    np.testing.assert_allclose(np.sort(bp), [-ALPHA, ALPHA])
    sa = np.linalg.eigvals(learning_jacobian("SA", [0, 0, 0], ALPHA, BETA))
    np.testing.assert_allclose(sa**3 + sa**2, ALPHA**2, atol=1e-9)
    assert sa.real.max() > 0
    matrix = learning_jacobian("FA", [0, 1.7, 0], ALPHA, BETA)
    np.testing.assert_array_equal(np.linalg.matrix_power(matrix, 3), 0)


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"^rule: one of SA, AA, WM \(got 'KP'\)$"):
        flow_matrix("KP", 1.0)  # type: ignore[arg-type]
    for unknown in (
        lambda: learning_velocity("AA", [0, 0, 0], 1, 1),  # type: ignore[arg-type]
        lambda: learning_jacobian("AA", [0, 0, 0], 1, 1),  # type: ignore[arg-type]
        lambda: eigenvalues_at_minimum("AA", [0, 0, 0], 1),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match=r"^rule: one of BP, FA, SA"):
            unknown()
