"""What rules do on average, by simulation, against what theory says that they do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snn_credit.models import pepita_spiking
from snn_credit.models.lillicrap_spiking import FORWARD, network
from snn_credit.models.neurons import (
    critic,
    graded_error,
    injected_noise,
    spiking_error,
    spiking_feedback,
)
from snn_credit.rules import RULES
from snn_credit.rules.node_perturbation_feedback import NP_FEEDBACK_WEIGHTED
from snn_credit.rules.pepita import PEPITA_MINUS
from snn_credit.spiking import Circuit, Simulation, Step, Stream
from snn_credit.spiking.probe import mean_update
from snn_credit.theory.mean_field import gradient, rates

SIZES, STIMULI = (6, 5, 4), 4
CLASSES = np.arange(STIMULI) % 2
#: The targets of the output neurons, of which each class has half.
TARGETS = np.repeat(np.eye(2)[CLASSES], SIZES[-1] // 2, axis=1)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """In degrees, 0 to 180."""
    return float(np.degrees(np.arccos((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))))


def stimuli() -> np.ndarray:
    return np.random.default_rng(0).random((STIMULI, SIZES[0]))


def repeated(times: int, steps: int) -> Stream:
    rows = np.tile(np.arange(STIMULI), times)
    return Stream.of(rows, CLASSES[rows], steps)


def averaged(circuit: Circuit, stream: Stream) -> tuple[dict[str, np.ndarray], Simulation]:
    """The mean update of a circuit as it is at first."""
    tables = {"stimulus": stimuli(), "target": np.eye(2)}
    first = Simulation(
        circuit, tables, stream[:2], device="runtime", dtype="float64", chunk_steps=50
    )
    return mean_update(first, stream), first


def weights(simulation: Simulation) -> list[np.ndarray]:
    owners = [p.name for p in simulation.circuit.projections if "w" in p.initial]
    return [simulation.matrix(name) for name in owners]


def node_perturbation(**settings: Any) -> tuple[float, float]:
    """Angle of NP's mean update of the first layer to minus the gradient, and its relative size."""
    given = {"error": graded_error(), "critic": critic(baseline_ms=8), **settings}
    circuit = network(SIZES, "NP", classes=2, w_scale=1.0, rates={"eta": 1.0}, **given)
    stream = repeated(1500, 20)
    found, first = averaged(circuit, stream)
    w = weights(first)
    biases = [np.zeros(len(each)) for each in w]
    slope = gradient(w, biases, np.clip(stimuli(), 0, 0.95), TARGETS)[0]
    change = found["input_to_hidden1"] / stream.total_steps
    return angle(change, -slope), float(np.linalg.norm(change) / np.linalg.norm(slope))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="at once"),
        pytest.param(
            {"critic": critic(baseline_ms=8, delay_ms=2), "eligibility_ms": 3.0}, id="late"
        ),
        pytest.param({"forward": injected_noise(0.5)}, id="injected noise"),
    ],
)
def test_node_perturbation_descends_the_mean_field_gradient(settings: dict[str, Any]) -> None:
    turned, size = node_perturbation(**settings)
    assert turned < 20
    assert 0.2 < size < 1.5


UNRELATED = replace(
    graded_error(),
    equations=graded_error().equations.replace("cost = 0.5*err**2 : 1", "cost : 1"),
    steps=(*graded_error().steps, Step("start", "cost = 0.1*randn()")),
)


def test_node_perturbation_needs_a_loss_that_follows_its_noise() -> None:
    turned, size = node_perturbation(error=UNRELATED)
    assert turned > 45
    assert size < 0.2
    # A loss of some steps ago knows nothing of this step's noise, where no trace waits for it.
    turned, size = node_perturbation(critic=critic(baseline_ms=8, delay_ms=4))
    assert turned > 45
    assert size < 0.2


def feedback_taught(rule: Any, **settings: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What B, 0 at first, is taught in a step; the mean of delta (W' delta)'; W."""
    rate = 1e-6
    given = {"error": graded_error(), "critic": critic(baseline_ms=8), **settings}
    circuit = network(
        SIZES, rule, classes=2, w_scale=1.0, b_scale=0.0, rates={"eta": 0.0, "etab": rate}, **given
    )
    stream = repeated(1500, 20)
    tables = {"stimulus": stimuli(), "target": np.eye(2)}
    simulation = Simulation(
        circuit, tables, stream, device="dense", dtype="float64", chunk_steps=20_000
    )
    for _ in simulation.run():
        pass
    w = weights(simulation)
    layers = rates(w, [np.zeros(len(each)) for each in w], np.clip(stimuli(), 0, 0.95))
    delta = (layers[-1] - TARGETS) * layers[-1] * (1 - layers[-1])
    taught = delta @ w[-1]
    if rule is NP_FEEDBACK_WEIGHTED:
        taught = taught * layers[-2] * (1 - layers[-2])
    name = next(p.name for p in circuit.projections if "b" in p.initial)
    found = simulation.matrix(name, "b") / rate / stream.total_steps
    return found, delta.T @ taught / STIMULI, w[-1]


@pytest.mark.parametrize(
    "rule", [RULES["NP feedback DFA"], NP_FEEDBACK_WEIGHTED], ids=lambda rule: rule.name
)
def test_feedback_is_taught_what_perturbations_say(rule: Any) -> None:
    """Lansdell et al. 2020, eq 3, with the mean-field gradient for lambda."""
    found, expected, w = feedback_taught(rule)
    assert angle(found, expected) < 10
    assert 0.5 < np.linalg.norm(found) / np.linalg.norm(expected) < 1.1
    assert angle(found, w) > 20  # it is not W that is copied
    if rule is NP_FEEDBACK_WEIGHTED:
        nothing, _, _ = feedback_taught(rule, error=UNRELATED)
        assert np.linalg.norm(nothing) < 0.2 * np.linalg.norm(found)


def test_errors_in_spikes_teach_what_graded_errors_do() -> None:
    def taught(**neurons: Any) -> dict[str, np.ndarray]:
        given = {"w_scale": 1.0, "b_scale": 1.0, "rates": {"eta": 1.0}, **neurons}
        return averaged(network(SIZES, "FA", classes=2, **given), repeated(1500, 20))[0]

    graded = taught()
    spikes = taught(feedback=spiking_feedback(0.5), error=spiking_error(0.5))
    for name, change in graded.items():
        assert angle(change, spikes[name]) < 12
        size = np.linalg.norm(spikes[name]) / np.linalg.norm(change)
        assert size == pytest.approx(1, abs=0.25)


def z_scores(rule: str = "WE", *, neighbour: bool = False, noise: str | None = None) -> np.ndarray:
    """How far weight estimates that start at W are moved, over the error of that, by synapse.

    W stays as it is, and so, nearly, does the estimate. Chunks are the repeats.
    """
    sizes, chunk, rate = (9, 8, 7, 6), 500, 1e-7
    forward = FORWARD
    if noise is not None:
        forward = replace(
            FORWARD, equations=f"{FORWARD.equations}\nnoise = {noise} : 1\nsig = 1 : 1"
        )
    circuit = network(
        sizes, rule, classes=2, w_scale=1.0, rates={"eta": 0.0, "etab": rate}, forward=forward
    )
    tables = {"stimulus": np.random.default_rng(0).random((5, 9)), "target": np.eye(2)}
    stream = Stream.of(np.arange(2500) % 5, 0, 20)
    if rule == "WM":
        stream = stream.in_windows((1, 19))
    simulation = Simulation(
        circuit, tables, stream, device="dense", dtype="float64", chunk_steps=chunk
    )
    names = [p.name for p in circuit.projections if "b" in p.initial]
    for name in names:
        w = simulation.matrix(name)
        simulation.set_matrix(name, "b", np.roll(w, 1, axis=1) if neighbour else w)

    def estimates() -> np.ndarray:
        return np.concatenate([simulation.matrix(name, "b").ravel() for name in names])

    seen = [estimates()]
    for _ in simulation.run():
        seen.append(estimates())
    moved = np.diff(seen, axis=0) / rate
    assert moved.shape == (100, 8 * 7 + 7 * 6)
    return moved.mean(0) / (moved.std(0, ddof=1) / np.sqrt(len(moved)))


@pytest.mark.parametrize("rule", ["WE", "WM"])
def test_weight_estimates_are_unbiased(rule: str) -> None:
    z = z_scores(rule)
    assert abs(z.mean()) < 0.3
    assert 0.8 < z.std() < 1.25
    assert np.abs(z).max() < 4


def test_the_test_of_bias_sees_bias() -> None:
    assert z_scores(neighbour=True).std() > 20
    # Spikes have a mean, and follow what all neurons of the layer follow.
    assert z_scores(noise="h").std() > 5


PRESENTATIONS, WINDOW, TRACE = 150, 100, 20.0


def pepita(b_scale: float, rule: Any = "PEPITA", sign: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """PEPITA's mean update of the first layer, and what the rates of its windows say of it.

    dW = -eta (r - r_mod) p_mod' in each step, as far as the trace has come to what is new.
    """
    circuit = pepita_spiking.network(
        SIZES, rule, classes=2, w_scale=1.0, b_scale=b_scale, rates={"eta": 1.0}, rate_ms=TRACE
    )
    found, first = averaged(circuit, repeated(PRESENTATIONS, 1).in_windows((WINDOW, WINDOW)))
    w, F = weights(first), first.matrix("input_from_output", "b")
    biases = [np.zeros(len(each)) for each in w]

    def layers(drive: np.ndarray) -> list[np.ndarray]:
        return rates(w, biases, np.clip(0.1 + 0.8 * drive, 0, 1))

    standard = layers(stimuli())
    modulated = layers(stimuli() + sign * (standard[-1] - TARGETS) @ F)
    come = sum(1 - np.exp(-step / TRACE) for step in range(WINDOW))
    change = (standard[1] - modulated[1]).T @ modulated[0]
    return found["input_to_hidden1"], -come * PRESENTATIONS * change


def test_pepita_does_in_time_what_its_rates_say() -> None:
    for rule, sign in (("PEPITA", 1), (PEPITA_MINUS, -1)):
        found, expected = pepita(0.5, rule, sign)
        assert angle(found, expected) < 15
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(expected), rel=0.15)
        _, other = pepita(0.5, rule, -sign)
        assert angle(found, other) > 45
    nothing, _ = pepita(0.0)
    assert np.linalg.norm(nothing) < 0.2 * np.linalg.norm(found)
