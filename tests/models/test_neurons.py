"""What neurons of Brian equations can be given: their names, their numbers, what they refuse."""

from __future__ import annotations

from dataclasses import replace

import brian2 as b2
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import ERROR, FEEDBACK, FORWARD, network
from snn_credit.models.neurons import (
    critic,
    equipped,
    graded_error,
    injected_noise,
    spiking_error,
    spiking_feedback,
)
from snn_credit.spiking import Circuit, Neuron, Population, Simulation, Stream

ORDER = ("start", "send", "n_integrate", "n_spike", "keep", "end")


def population(name: str, neuron: Neuron, size: int, **initial) -> Population:
    own = {"integrate": "n_integrate", "spike": "n_spike"}
    integrate = "n_integrate" if "/dt" in neuron.equations else None
    return Population(
        name,
        size,
        neuron.equations.replace("(linked)", ""),
        integrate=integrate,
        spike="n_spike" if neuron.threshold else None,
        threshold=neuron.threshold,
        steps=tuple(replace(step, slot=own.get(step.slot, step.slot)) for step in neuron.steps),
        constants={"tau_m": -b2.ms / np.log(0.3)},
        initial=initial,
    )


def simulate(neuron: Neuron, steps, uniforms=None, size=1, dtype="float64", **initial):
    """One population, a chunk for each step; yields the state after each step."""
    columns = {"target": 2} if "target_at" in str(neuron.steps) else {}
    circuit = Circuit("one", 1 * b2.ms, ORDER, (population("n", neuron, size, **initial),), (),
                      columns=columns)  # fmt: skip
    stream = Stream.of(np.zeros(len(steps), int), 0, steps)
    made = Simulation(circuit, {"target": np.eye(2)}, stream, device="runtime", dtype=dtype,
                      chunk_steps=1, uniforms=uniforms)  # fmt: skip
    for _ in made.run():
        yield made.state


def test_equipped_gives_what_is_asked_and_follows() -> None:
    assert equipped(FORWARD, []) is FORWARD
    assert equipped(FORWARD, ["noise"]).declares("sig")
    assert not equipped(FORWARD, ["noise"]).declares("du")
    assert equipped(FORWARD, ["du"]).declares("du")
    assert equipped(FORWARD, ["rate"]).declares("rate")
    graded = Neuron("V : 1")
    assert not equipped(graded, ["noise", "rate"]).declares("noise")
    assert not equipped(graded, ["noise", "rate"]).declares("rate")
    own = injected_noise()
    assert equipped(own, ["noise", "sig"]) is own
    twice = equipped(equipped(FORWARD, ["du", "rate"]), ["du", "rate"])
    assert twice == equipped(FORWARD, ["du", "rate"])


def test_noise_is_the_spike_less_its_probability() -> None:
    neuron = equipped(FORWARD, ["noise", "du", "rate"], mean_ms=4.0, rate_ms=3.0)
    u = np.random.default_rng(0).random((6, 3))
    V, V0, rate, bias = np.zeros(3), np.zeros(3), np.zeros(3), np.array([0.5, -1.0, 2.0])
    states = simulate(
        neuron, [6], lambda name, at, shape: u[at : at + shape[0]], size=3, bias=bias.copy()
    )
    for step, state in enumerate(states):
        V = 0.3 * V + 0.7 * bias
        s = (u[step] < 1 / (1 + np.exp(-V))).astype(float)
        rate = rate + (1 - np.exp(-1 / 3)) * (s - rate)
        V0 = V0 + (1 - np.exp(-1 / 4)) * (V - V0)
        np.testing.assert_array_equal(state["n.h"], s)
        np.testing.assert_allclose(state["n.rate"], rate, rtol=1e-12)
        np.testing.assert_allclose(state["n.V0"], V0, rtol=1e-12)


def told(neuron: Neuron, losses, fresh_at=()):
    """What a critic says of given losses, which begin anew at some steps."""
    lengths = np.diff([0, *fresh_at, len(losses)])
    circuit = Circuit("critic", 1 * b2.ms, ORDER, (population("n", neuron, 1),), ())
    made = Simulation(
        circuit, {}, Stream.of(np.zeros(len(lengths), int), 0, lengths), device="dense",
        dtype="float64", chunk_steps=1,
    )  # fmt: skip
    said, run = [], made.run()
    for loss in losses:
        made.state["n.loss"] = np.array([loss])
        next(run)
        said.append(float(made.state["n.dL"][0]))
    return np.array(said)


LOSSES = np.array([1.0, 3.0, 2.0, 2.0, 0.0, 5.0, 1.0, 4.0])


def surprises(losses, fresh_at=(), baseline_ms=10.0):
    found, mean = [], 0.0
    for at, loss in enumerate(losses):
        mean = loss if at == 0 or at in fresh_at else mean
        found.append(loss - mean)
        mean += (1 - np.exp(-1 / baseline_ms)) * (loss - mean)
    return np.array(found)


def test_critic_tells_the_loss_above_its_mean() -> None:
    np.testing.assert_allclose(told(critic(), LOSSES), surprises(LOSSES), rtol=1e-10)
    found = told(critic(baseline_ms=3), LOSSES, fresh_at=(5,))
    np.testing.assert_allclose(found, surprises(LOSSES, (5,), 3), rtol=1e-10)
    assert found[0] == found[5] == 0


@pytest.mark.parametrize("delay", [1, 2, 3])
def test_critic_is_late_by_its_delay(delay: int) -> None:
    found = told(critic(delay_ms=delay), LOSSES)
    expected = np.append(np.zeros(delay), surprises(LOSSES))[: len(LOSSES)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_critic_with_a_time_constant() -> None:
    found, expected, value = told(critic(tau_ms=2, delay_ms=1), LOSSES), [], 0.0
    for surprise in np.append(0.0, surprises(LOSSES))[: len(LOSSES)]:
        value += (1 - np.exp(-1 / 2)) * (surprise - value)
        expected.append(value)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("tonic", [0.1, 0.5])
def test_spiking_feedback_says_phi_on_average(tonic: float) -> None:
    """The threshold, at evenly spaced uniform numbers, is crossed as often as phi asks."""
    size = 20_000
    J = 0.8
    even = (np.arange(size) + 0.5) / size
    state = next(
        iter(
            simulate(
                spiking_feedback(tonic), [1], lambda *_: even[None], size=size, J=J * np.ones(size)
            )
        )
    )
    spikes = state["n.h"]
    phi = (spikes - tonic) / tonic
    assert phi.mean() == pytest.approx(2 / (1 + np.exp(-0.7 * J)) - 1, abs=2 / (tonic * size))


def test_errors_are_output_minus_target() -> None:
    size = 2
    graded = simulate(graded_error(), [1], size=size, p=np.array([0.7, 0.2]), group=np.arange(2))
    state = next(iter(graded))
    np.testing.assert_array_equal(state["n.ystar"], [1, 0])
    spiking = simulate(
        spiking_error(0.25), [1], lambda *_: np.array([[0.3, 0.3]]), size=size,
        y=np.array([0.0, 1.0]), group=np.arange(2),
    )  # fmt: skip
    state = next(iter(spiking))
    np.testing.assert_allclose(state["n.U"], [-0.7, 0.7], rtol=1e-12)
    # 2 tonic sigmoid(U) = 0.166, 0.334
    np.testing.assert_array_equal(state["n.h"], [0, 1])


def test_injected_noise_is_to_first_order_its_effect_on_p() -> None:
    kicks = np.array([[0.01, -0.02]])
    neuron = injected_noise(0.3)

    def numbers(name, start, shape):
        return kicks / 0.3 if name.endswith("randn") else np.full(shape, 0.5)

    state = next(iter(simulate(neuron, [1], numbers, size=2, bias=np.array([1.0, -1.0]))))
    np.testing.assert_allclose(state["n.kick"], kicks[0], rtol=1e-12)
    assert "n.noise" not in state  # it follows, and is not stored
    for name in ("p = 1/(1 + exp(-V - kick))", "noise = df*kick", "sig = clip(df, 1e-9, 1)*0.3"):
        assert name in neuron.equations


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: equipped(FORWARD, ["du"], mean_ms=0), r"mean_ms: a time above 0 \(got 0\)"),
        (lambda: equipped(FORWARD, [], rate_ms=-1), r"rate_ms: a time above 0 \(got -1\)"),
        (lambda: injected_noise(0), r"size: a finite number above 0 \(got 0\)"),
        (lambda: injected_noise(float("nan")), r"size: a finite number above 0 \(got nan\)"),
        (lambda: spiking_feedback(0), r"tonic: a probability above 0 and at most 0.5 \(got 0\)"),
        (lambda: spiking_error(0.6), r"tonic: a probability above 0 and at most 0.5 \(got 0.6\)"),
        (
            lambda: critic(delay_ms=1.5),
            r"delay_ms: a multiple of dt, 1.0 ms, from 0 on \(got 1.5\)",
        ),
        (lambda: critic(delay_ms=-1), r"delay_ms: a multiple of dt.*\(got -1\)"),
        (lambda: critic(tau_ms=-1), r"tau_ms: a time of at least 0 \(got -1\)"),
        (lambda: critic(baseline_ms=0), r"baseline_ms: a time above 0 \(got 0\)"),
    ],
)
def test_what_is_refused(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_what_neurons_declare() -> None:
    assert FORWARD.declares("h")
    assert not FEEDBACK.declares("h")
    assert ERROR.declares("err")
    assert not ERROR.declares("cost")
    assert graded_error().declares("cost")


@pytest.mark.parametrize("name", ["stimulus", "forward", "output", "feedback", "error", "critic"])
def test_equations_alone_are_no_neuron(name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name}: a Neuron \(got str\)$"):
        network((4, 4, 4), "NP", classes=2, **{name: "dV/dt = -V/(10*ms) : 1"})
