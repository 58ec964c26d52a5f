"""The net that learns by declared rules, against sums written out and a numeric gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import pinv

from snn_credit.errors import InputError
from snn_credit.rules import RULES
from snn_credit.theory import State, TwoLayer, white_inputs


@pytest.fixture
def parts() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        "a": rng.normal(size=(4, 5)), "w": rng.normal(size=(3, 4)), "b": rng.normal(size=(4, 3)),
        "x": rng.normal(size=(6, 5)), "y": rng.normal(size=(6, 3)),
    }  # fmt: skip


def make(parts: dict[str, np.ndarray], rule: str = "FA", **options: Any) -> TwoLayer:
    return TwoLayer(RULES[rule], State(parts["a"], parts["w"]), parts["b"], **options)


def test_modulators_are_those_of_the_paper(parts: dict[str, np.ndarray]) -> None:
    x, y, w = parts["x"], parts["y"], parts["w"]
    e = y - x @ parts["a"].T @ w.T
    net = make(parts)
    through = {"FA": parts["b"], "BP": w.T, "pseudobackprop": pinv(w)}
    for rule, matrix in through.items():
        found = net.under(RULES[rule]).modulator(x, y)
        np.testing.assert_allclose(found, e @ matrix.T, rtol=1e-9)


def test_bp_descends_the_error(parts: dict[str, np.ndarray]) -> None:
    x, y = parts["x"], parts["y"]
    net = make(parts, "BP", activation="tanh", bias=True)
    net.net.bias[1][:] = [0.1, -0.2, 0.3, 0.0]

    def loss() -> float:
        return float(np.sum((net.output(x) - y) ** 2) / (2 * len(x)))

    changes = net.change(x, y, eta=1.0)
    for where, change in (
        (net.net.forward[1]["w"], changes.forward[1]["w"]),
        (net.net.forward[2]["w"], changes.forward[2]["w"]),
        (net.net.bias[1], changes.bias[1]),
        (net.net.bias[2], changes.bias[2]),
    ):
        for index in np.ndindex(where.shape):
            before = where[index]
            values = []
            for step in (1e-6, -1e-6):
                where[index] = before + step
                values.append(loss())
            where[index] = before
            assert change[index] == pytest.approx(-(values[0] - values[1]) / 2e-6, abs=1e-7)


def test_fa_differs_from_it_in_the_hidden_layer_alone(parts: dict[str, np.ndarray]) -> None:
    x, y = parts["x"], parts["y"]
    fa, bp = (make(parts, rule, activation="tanh").change(x, y) for rule in ("FA", "BP"))
    np.testing.assert_allclose(fa.forward[2]["w"], bp.forward[2]["w"])
    assert np.abs(fa.forward[1]["w"] - bp.forward[1]["w"]).max() > 1e-5


def test_nets_under_several_rules_share_their_weights(parts: dict[str, np.ndarray]) -> None:
    fa = make(parts, bias=True)
    pbp = fa.under(RULES["pseudobackprop"])
    pbp.learn(parts["x"], parts["y"], eta=0.1)
    assert fa.state.a is pbp.state.a
    assert np.abs(fa.state.a - parts["a"]).max() > 0
    assert np.abs(fa.net.bias[1]).max() > 0
    np.testing.assert_array_equal(fa.output(parts["x"]), pbp.output(parts["x"]))
    # pseudobackprop writes to its b, and B stays what it was
    np.testing.assert_array_equal(fa.net.forward[2]["b"], parts["b"].T)
    assert np.abs(pbp.net.forward[2]["b"] - parts["b"].T).max() > 0.1


def test_a_copy_has_weights_of_its_own(parts: dict[str, np.ndarray]) -> None:
    fa = make(parts, activation="tanh", bias=True)
    fa.learn(parts["x"], parts["y"], eta=0.1)
    bp = fa.copy(RULES["BP"])
    assert bp.rule is RULES["BP"]
    np.testing.assert_array_equal(bp.output(parts["x"]), fa.output(parts["x"]))
    before = fa.output(parts["x"])
    bp.learn(parts["x"], parts["y"], eta=0.1)
    np.testing.assert_array_equal(fa.output(parts["x"]), before)
    assert np.abs(bp.output(parts["x"]) - before).max() > 0.01


def test_the_start_is_copied(parts: dict[str, np.ndarray]) -> None:
    before = parts["a"].copy()
    make(parts).learn(parts["x"], parts["y"], eta=0.1)
    np.testing.assert_array_equal(parts["a"], before)


def test_white_inputs_are_white() -> None:
    x = white_inputs(7)
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(7), atol=1e-15)


def test_what_does_not_fit(parts: dict[str, np.ndarray]) -> None:
    fa, a, w = RULES["FA"], parts["a"], parts["w"]
    with pytest.raises(InputError, match=r"^start: A .* \(got \(4, 5\) and \(4, 3\)\)$"):
        TwoLayer(fa, State(a, w.T))
    with pytest.raises(InputError, match=r"^b: expected \(n_h, n_o\) \(4, 3\) \(got \(3, 4\)\)$"):
        TwoLayer(fa, State(a, w), parts["b"].T)
    message = r"^to_input: expected \(n_i, n_o\) \(5, 3\) \(got \(3, 5\)\)$"
    with pytest.raises(InputError, match=message):
        TwoLayer(fa, State(a, w), to_input=np.zeros((3, 5)))
    with pytest.raises(InputError, match=r"^activation: one of linear, tanh \(got 'relu'\)$"):
        make(parts, activation="relu")
