"""PEPITA's flow: the declared rule's expectation, the steps of the proof, where it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import State, TwoLayer, integrate, normalized_error, only, white_inputs
from snn_credit.theory.pepita import (
    PepitaProblem,
    alignment,
    final_alignment,
    pepita_flow,
    phases,
    scalar_slope,
    slope,
)

PEPITA = RULES["PEPITA"]
#: The variant of the paper's section 3.2, which its appendix E takes: what comes from below is that
#: of the standard pass. The input layer keeps a name of its own for it.
STANDARD = replace(PEPITA, name="PEPITA standard", updates=(replace(PEPITA.updates[0], pre="h1"),))


def draw(seed: int = 0) -> tuple[np.ndarray, np.ndarray, State]:
    rng = np.random.default_rng(seed)
    target, f = rng.uniform(-1, 1, (3, 8)), rng.uniform(-0.2, 0.2, (8, 3))
    return target, f, State(rng.uniform(-0.8, 0.8, (6, 8)), rng.uniform(-0.3, 0.3, (3, 6)))


@pytest.mark.parametrize(("rule", "presynaptic"), [(PEPITA, "modulated"), (STANDARD, "standard")])
def test_the_flow_is_the_expectation_of_the_declared_rule(
    rule, presynaptic: Literal["standard", "modulated"]
) -> None:
    target, f, start = draw()
    x = white_inputs(8)
    changes = TwoLayer(rule, start, to_input=f).change(x, x @ target.T, eta=1.0)
    found = pepita_flow(target, f, presynaptic)(start)
    np.testing.assert_allclose(found.a, changes.forward[1]["w"], atol=1e-13)
    np.testing.assert_allclose(found.w, changes.forward[2]["w"], atol=1e-13)
    other = pepita_flow(target, f, "standard" if presynaptic == "modulated" else "modulated")
    assert np.abs(other(start).a - found.a).max() > 0.01


def derivative(quantity, flow, start: State, step: float = 1e-6) -> float:
    move = flow(start)
    ahead, behind = (
        State(start.a + sign * step * move.a, start.w + sign * step * move.w) for sign in (1, -1)
    )
    return (quantity(ahead) - quantity(behind)) / (2 * step)


def test_the_steps_of_the_proof() -> None:
    target, f, start = draw()
    flow = pepita_flow(target, f)
    grows = derivative(lambda s: np.sum(s.a**2), only(flow, "A"), start)
    assert grows == pytest.approx(-2 * slope(target, f, start), rel=1e-6)  # eq 22, without eq 25
    falls = derivative(lambda s: alignment(f, s), only(flow, "W"), start)
    assert falls == pytest.approx(slope(target, f, start), rel=1e-6)  # eq 28
    e = target - start.w @ start.a
    assert slope(target, f, start) == pytest.approx(np.trace(f @ e @ start.a.T @ start.a))
    assert scalar_slope(target, f, start) == pytest.approx(np.trace(f @ e))
    assert alignment(f, start) == pytest.approx(np.trace(f @ start.w @ start.a))


def test_a_number_is_no_matrix() -> None:
    """Eq 25 takes A'A for |A|^2: then both would have the sign of tr(FE), always."""
    differ = 0
    for seed in range(20):
        target, f, start = draw(seed)
        one, _ = phases(target, f, start, growth=1.3, wait=200, second=1, samples=3)
        assert one.stopped
        assert np.sum(one[-1].a ** 2) == pytest.approx(1.3 * np.sum(start.a**2), rel=1e-6)
        assert slope(target, f, one[-1]) < 0
        differ += scalar_slope(target, f, one[-1]) > 0
    assert 3 < differ < 17


def test_in_phase_2_it_falls_in_all_of_20_nets() -> None:
    for seed in range(20):
        net = PepitaProblem.draw(np.random.default_rng(seed), (30, 20, 10), 0.05)
        one, two = phases(net.target, net.f, net.start, growth=1.3, wait=200, second=20, samples=3)
        assert one.stopped
        assert slope(net.target, net.f, two[0]) < 0
        assert alignment(net.f, two[-1]) < alignment(net.f, two[0])


def test_the_product_anti_aligns() -> None:
    ended = 0
    for seed in range(10):
        target, f, start = draw(seed)
        _, two = phases(target, f, start, growth=1.3, wait=200, second=20, samples=3)
        assert alignment(f, two[-1]) < alignment(f, two[0])
        # The input x - F e, which is the flow of -F, aligns what x + F e anti-aligns.
        for sign in (1, -1):
            if final_alignment(target, sign * f) > -0.02:
                continue  # three outputs are few: T F may have no such eigenvalue, or hardly
            flow = pepita_flow(target, sign * f)
            end = integrate(flow, start, [0.0, 200.0], rtol=1e-7, atol=1e-9)[-1]
            assert sign * alignment(f, end) < 0
            ended += 1
    assert ended > 12


def test_where_it_ends() -> None:
    target = np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.5]])
    f = 0.3 * np.array([[1.0, 0.2], [0.3, -1.0], [0.0, 0.0]])
    values = np.linalg.eigvals(target @ f)
    assert values.max() > 0.25
    assert values.min() < -0.5
    assert final_alignment(target, f) == pytest.approx(values.min())
    rng = np.random.default_rng(0)
    start = State(rng.normal(size=(4, 3)), 0.1 * rng.normal(size=(2, 4)))
    for presynaptic in ("standard", "modulated"):
        flow = pepita_flow(target, f, presynaptic)
        end = integrate(flow, start, [0.0, 200.0], rtol=1e-8, atol=1e-10)[-1]
        assert alignment(f, end) == pytest.approx(values.min(), rel=1e-4)
        assert normalized_error(target, end) > 0.05
    # without a positive eigenvalue all is learned
    turned = f @ np.diag([-1.0, 1.0])
    assert np.linalg.eigvals(target @ turned).real.max() < 0
    end = integrate(pepita_flow(target, turned), start, [0.0, 200.0], rtol=1e-8, atol=1e-10)[-1]
    assert normalized_error(target, end) < 1e-8


def test_draws() -> None:
    drawn = PepitaProblem.draw(np.random.default_rng(0), (60, 40, 20), 0.05)
    for found, most in (
        (drawn.target, 1.0), (drawn.f, 0.05 * 0.1**0.5),
        (drawn.start.a, 0.1**0.5), (drawn.start.w, 0.15**0.5),
    ):  # fmt: skip
        assert 0.95 * most < np.abs(found).max() <= most
    assert (drawn.target.shape, drawn.f.shape) == ((20, 60), (60, 20))


def test_what_does_not_fit() -> None:
    target, f, start = draw()
    with pytest.raises(InputError, match=r"^f: expected \(n_i, n_o\) \(8, 3\) \(got \(3, 8\)\)$"):
        pepita_flow(target, f.T)
    with pytest.raises(InputError, match=r"^presynaptic: one of standard, modulated \(got 'x'\)$"):
        pepita_flow(target, f, "x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"^sizes: three of at least 1 \(got \(3, 2\)\)$"):
        PepitaProblem.draw(np.random.default_rng(0), (3, 2), 0.1)
    with pytest.raises(InputError, match=r"^growth: above 1 \(got 1\)$"):
        phases(target, f, start, growth=1.0, wait=1, second=1)
