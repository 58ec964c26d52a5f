"""What circuits of rules refuse, in one line that names it and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.models import pepita_spiking
from snn_credit.models.lillicrap_spiking import (
    ERROR,
    FEEDBACK,
    FORWARD,
    INPUT,
    Anatomy,
    network,
)
from snn_credit.models.neurons import critic, equipped, graded_error
from snn_credit.rules import RULES, Local, Rule, Update
from snn_credit.spiking import Circuit, Layer, Neuron, Simulation, Stream
from snn_credit.spiking.plasticity import learning_circuit

SIZES = (4, 3, 2)
TAU = {"tau_m": 5 * b2.ms}
#: An integrator with a threshold that nothing crosses by chance.
CERTAIN = Neuron(
    "dV/dt = (I + bias - V)/tau_m : 1\nI : 1\nbias : 1\ndf = 1.0 : 1",
    threshold="V > 1",
    reset="V = 0",
)
#: One that fires by chance and has no potential.
POINT = Neuron("I : 1\nbias : 1\np = clip(I, 0, 1) : 1\ndf = 1.0 : 1", threshold="rand() < p")


def build(rule: Rule | str = "FA", layers: dict[str, Any] | None = None, **given: Any) -> Circuit:
    """A circuit of three layers, with settings of its layers and arguments of its own."""
    neuron = replace(equipped(FORWARD, ["noise"]), constants=TAU)
    stages = [
        replace(layer, **(layers or {}).get(layer.name, {}))
        for layer in (
            Layer("input", 4, INPUT),
            Layer("hidden1", 3, neuron),
            Layer("output", 2, neuron),
        )
    ]
    error = replace(ERROR, constants=TAU, initial={"group": np.arange(2)})
    arguments: dict[str, Any] = {
        "dt": 1 * b2.ms,
        "initial": lambda variable, ends, shape: np.full(shape, 0.5),
        "feedback": replace(FEEDBACK, constants=TAU),
        "error": error,
        "columns": {"stimulus": 4, "target": 2},
    }
    rule = RULES[rule] if isinstance(rule, str) else rule
    return learning_circuit("refused", rule, stages, **(arguments | given))


def net(rule: Rule | str = "FA", **given: Any) -> Circuit:
    return network(SIZES, rule, classes=2, **given)


def shown(circuit: Circuit, stream: Stream) -> Simulation:
    tables = {"stimulus": np.ones((1, 4)), "target": np.eye(2)}
    return Simulation(circuit, tables, stream, device="runtime")


def axons(**given: Any) -> Callable[[], Circuit]:
    return lambda: build(layers={"hidden1": given})


#: What dL multiplies is no factor of a whole term.
ODD = Rule(
    name="odd",
    citation="this test",
    steps=(Local("delta", hidden="tanh(dL)*noise", output="err"),),
    updates=(Update("w", post="delta*df", pre="h", factor="-eta"),),
    rates={"eta": 0.1},
    needs=("noise", "dL"),
)
#: A synapse reads its weight while a trace waits to change it.
READS_W = Rule(
    name="reads w",
    citation="this test",
    steps=(
        RULES["BP"].steps[0],
        Local("delta", hidden="dL*noise + 0*fb", output="err"),
    ),
    updates=(Update("w", post="dL*noise", pre="h", factor="-eta"),),
    rates={"eta": 0.1},
    needs=("noise", "dL"),
)
SHOWN = Stream.of([0], [0], 6)
LATE: dict[str, Any] = {
    "critic": critic(),
    "error": replace(graded_error(), initial={"group": np.arange(2)}),
}

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "delay between steps": (
        lambda: net(anatomy=Anatomy(delay_ms=1.5)),
        r"layer input\.delay: multiples of the time step 1\. ms, such as 2\. ms \(got 1\.5 ms\)",
    ),
    "delay of one axon between steps": (
        axons(delay=np.array([0, 1, 1.4]) * b2.ms),
        r"layer hidden1\.delay: multiples of the time step .*, such as 1\. ms \(got .*1\.4.*\)",
    ),
    "delay below 0": (
        axons(delay=-1 * b2.ms),
        r"layer hidden1\.delay: multiples of the time step .* \(got -1\. ms\)",
    ),
    "delay too long": (
        axons(delay=51 * b2.ms),
        r"layer hidden1\.delay: at most 50 time steps \(got 51\)",
    ),
    "delay without end": (
        axons(delay=np.inf * b2.ms),
        r"layer hidden1\.delay: finite times \(got inf",
    ),
    "delay without a unit": (
        axons(delay=2),
        r"layer hidden1\.delay: a time, such as 2\*ms \(got 2\)",
    ),
    "delay of another unit": (
        axons(delay=2 * b2.mV),
        r"layer hidden1\.delay: a time, such as 2\*ms \(got 2\. \* mvolt\)",
    ),
    "delays for another number of axons": (
        axons(delay=np.arange(4) * b2.ms),
        r"layer hidden1\.delay: one time, or 3 of them \(got \(4,\)\)",
    ),
    "range of delays between steps": (
        lambda: net(anatomy=Anatomy(delay_ms=(0.5, 2))),
        r"delay_ms: the ends of a range, multiples of dt, 1\.0 ms \(got \(0\.5, 2\)\)",
    ),
    "range of delays upside down": (
        lambda: net(anatomy=Anatomy(delay_ms=(3, 1))),
        r"delay_ms: the ends of a range.* \(got \(3, 1\)\)",
    ),
    "range of delays from below 0": (
        lambda: net(anatomy=Anatomy(delay_ms=(-1, 1))),
        r"delay_ms: the ends of a range.* \(got \(-1, 1\)\)",
    ),
    "delay where noise is asked for its effect": (
        lambda: net("WE", anatomy=Anatomy(delay_ms=2)),
        r"layer hidden1\.delay: none, since rule WE asks in the same step what its noise does",
    ),
    "reliability of 0": (
        axons(reliability=0),
        r"layer hidden1\.reliability: a probability above 0 \(got 0\)",
    ),
    "reliability above 1": (
        axons(reliability=1.5),
        r"layer hidden1\.reliability: a probability above 0 \(got 1\.5\)",
    ),
    "reliability of an anatomy": (
        lambda: Anatomy(reliability=float("nan")),
        r"reliability: above 0 and at most 1 \(got nan\)",
    ),
    "density of 0": (
        lambda: Anatomy(density=0),
        r"density: above 0 and at most 1 \(got 0\)",
    ),
    "density above 1": (
        lambda: Anatomy(density=1.5),
        r"density: above 0 and at most 1 \(got 1\.5\)",
    ),
    "density of nearly nothing": (
        lambda: net(anatomy=Anatomy(density=1e-9)),
        r"connected: a synapse at least for input_to_hidden1 \(got none\)",
    ),
    "part that inhibits": (
        lambda: Anatomy(inhibitory=1.1),
        r"inhibitory: None, or from 0 to 1 \(got 1\.1\)",
    ),
    "signs that are none": (
        axons(signs=np.array([1, 0, -1])),
        r"layer hidden1\.signs: 3 numbers, each 1 or -1 \(got \[ 1\.  0\. -1\.\]\)",
    ),
    "signs for another number of neurons": (
        axons(signs=np.array([1, -1])),
        r"layer hidden1\.signs: 3 numbers, each 1 or -1",
    ),
    "weights of the wrong sign": (
        axons(signs=np.array([1, -1, -1])),
        r"projection hidden1_to_output\.w: weights of the sign of their neuron in layer hidden1, "
        r"as abs\(w\)\*signs has \(got 4 of the wrong sign\)",
    ),
    "connected of the wrong shape": (
        lambda: build(connected=lambda ends, shape: np.ones(shape[::-1], bool)),
        r"connected: shape \(3, 4\) for input_to_hidden1 \(got \(4, 3\)\)",
    ),
    "first weights of the wrong shape": (
        lambda: build(initial=lambda variable, ends, shape: np.ones(shape[::-1])),
        r"projection input_to_hidden1\.w: a number or shape \(3, 4\) \(got \(4, 3\)\)",
    ),
    "stream without a rule's windows": (
        lambda: shown(pepita_spiking.network(SIZES, classes=2), SHOWN),
        r"stream\.phase: the windows of rule PEPITA, 0 standard, 1 modulated, while it learns; "
        r"Stream\.in_windows shows each stimulus in all of them \(got 0\)",
    ),
    "stream without a window of the mirror": (
        lambda: shown(net("WM"), SHOWN.in_windows((0, 3))),
        r"stream\.phase: the windows of rule WM, 0 standard, 1 mirror, .* \(got 1\)",
    ),
    "windows that a rule does not have": (
        lambda: shown(net("FA"), SHOWN.in_windows((3, 3))),
        r"stream\.phase: the windows of rule FA, 0 standard, .* \(got 1\)",
    ),
    "no noise": (
        lambda: net("NP", forward=CERTAIN),
        r"layer hidden1: a neuron with 'noise', which rule NP reads; .*equipped gives it to "
        r"neurons with a probability p \(got equations without it\)",
    ),
    "no potential": (
        lambda: net("WE", forward=POINT),
        r"layer output: a neuron with 'du', which rule WE reads; .*equipped gives it to neurons "
        r"with a potential V \(got equations without it\)",
    ),
    "no drive": (
        lambda: net("PEPITA", stimulus=INPUT),
        r"layer input: a neuron with 'drive', which rule PEPITA reads; .*pepita_spiking",
    ),
    "no critic": (
        lambda: build("NP"),
        r"layer hidden1: a neuron with 'dL', which rule NP reads; give the circuit a critic",
    ),
    "a critic that nobody pays": (
        lambda: build("NP", critic=critic()),
        r"critic: an error neuron, or an output neuron, with 'cost' \(got none\)",
    ),
    "a critic that says nothing": (
        lambda: build("NP", critic=Neuron("loss : 1")),
        r"critic: a neuron that gives 'dL' \(got equations without it\)",
    ),
    "a trace without a unit": (
        lambda: build("NP", eligibility=5),
        r"eligibility: a time above 0, such as 5\*ms \(got 5\)",
    ),
    "a trace of no time": (
        lambda: net("NP", eligibility_ms=0),
        r"eligibility: a time above 0, such as 5\*ms \(got 0\. \* second\)",
    ),
    "a trace that waits for nothing": (
        lambda: net("FA", eligibility_ms=5),
        r"eligibility: none, since rule FA reads no dL to wait for \(got 5\. \* msecond\)",
    ),
    "a trace and decay": (
        lambda: net("NP", eligibility_ms=5, rates={"lam": 1e-3}),
        r"rates: no decay of w where it learns by a trace, of rule NP in layer hidden1",
    ),
    "a trace of what is no factor": (
        lambda: build(ODD, eligibility=5 * b2.ms, **LATE),
        r"rule odd: dL as a factor of whole terms, to be remembered for it "
        r"\(got 'tanh\(dL\)\*noise'\)",
    ),
    "a trace where weights are read": (
        lambda: net(READS_W, eligibility_ms=5),
        r"rule reads w: no trace where message_fb of hidden1_to_output reads w between spikes",
    ),
    "a rate that neurons have themselves": (
        lambda: net("NP", rates={"sig": 0.1}),
        r"rates\['sig'\]: none, since the neurons of layer hidden1 have a sig of their own",
    ),
    "tonic input of a half": (
        lambda: pepita_spiking.network(SIZES, classes=2, tonic=0.5),
        r"tonic: a probability from 0 to below 0\.5 \(got 0\.5\)",
    ),
    "a trace of spikes of no time": (
        lambda: pepita_spiking.network(SIZES, classes=2, rate_ms=0),
        r"rate_ms: a time above 0 \(got 0\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert "(got " in str(caught.value)


def test_what_is_near_it_is_not_refused() -> None:
    """The same circuits, put right."""
    build(layers={"hidden1": {"delay": np.array([0, 1, 2]) * b2.ms, "reliability": 0.5}})
    build(layers={"hidden1": {"signs": np.array([1, 1, 1])}})
    build("NP", eligibility=5 * b2.ms, **LATE)
    net("WE", anatomy=Anatomy(reliability=0.5, density=0.9))
    net("NP", eligibility_ms=5)
    net(anatomy=Anatomy(delay_ms=(1, 1)))
    shown(net("WM"), SHOWN.in_windows((3, 3)))
    shown(net("WM"), replace(SHOWN, plastic=np.array([False])))
