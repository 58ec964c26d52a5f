"""Decay within a chunk: what float32 can hold runs, what it cannot is refused before a build."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.rules import Local, Message, Phase, Rule, Update
from snn_credit.spiking import Simulation, Stream
from snn_credit.spiking.plasticity.decay import check_decay

STEPS = 200
TABLES = {"stimulus": np.full((1, 4), 0.5), "target": np.eye(2)}
LEARNING = Stream.of(np.zeros(STEPS // 5), 0, 5)


def simulation(rule: Rule | str = "FA", **rates: Any) -> Simulation:
    circuit = network((4, 6, 4), rule, classes=2, rates=rates)
    return Simulation(circuit, TABLES, LEARNING, device="runtime", chunk_steps=STEPS)


def test_the_fastest_decay_that_is_taken_does_not_overflow() -> None:
    # float32 ends at exp(88.7), and 8 of that are kept for the synapses themselves.
    taken = 1 - np.exp(-80.7 / STEPS)
    sim = simulation(eta=0.1, lam=taken)
    (advance,) = sim.run()
    assert advance.chunk.index == 0
    largest = max(np.abs(sim.state[f"{p.name}.w"]).max() for p in sim.circuit.projections[:2])
    assert 0 < largest < 1
    with pytest.raises(InputError, match=r"rates: lam by which w of input_to_hidden1 loses"):
        simulation(eta=0.1, lam=1 - np.exp(-80.8 / STEPS))


def test_what_is_refused_would_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snn_credit.spiking.simulation.check_decay", lambda *_: None)
    sim = simulation(eta=0.1, lam=1 - np.exp(-98 / STEPS))
    with np.errstate(all="ignore"), pytest.raises(InputError, match="finite numbers"):
        list(sim.run())


def test_the_message_names_the_rate_and_the_way_out() -> None:
    message = (
        r"^rates: lam by which w of hidden1_to_output loses at most 0\.33 of itself a step, in "
        r"float32 and chunks \(chunk_steps\) of 200 steps \(got 0\.5\)$"
    )
    with pytest.raises(InputError, match=message):
        simulation(lam=(0.01, 0.5))
    circuit = network((4, 6, 4), classes=2, rates={"lam": (0.01, 0.5)})
    short = {"stream": LEARNING[:20], "chunk_steps": 5000}
    for changes in ({"dtype": "float64"}, {"chunk_steps": 100}, short):
        given = {"stream": LEARNING, "device": "runtime", "chunk_steps": STEPS} | changes
        Simulation(circuit, TABLES, **given)


def test_a_scale_that_stays_is_no_decay() -> None:
    circuit = network((4, 6, 4), classes=2, rates={"lam": 0.9})
    for population in circuit.populations:
        steps = [replace(s, code=re.sub(r"(?m)^s_w = .*", "", s.code)) for s in population.steps]
        circuit = circuit.with_population(replace(population, steps=tuple(steps)))
    check_decay(circuit, 5000, "float32")
    with pytest.raises(InputError, match="lam by which w"):
        check_decay(network((4, 6, 4), classes=2, rates={"lam": 0.9}), 5000, "float32")


def two_windows(leak: str) -> Rule:
    return Rule(
        "windows",
        "this test",
        (
            Update("w", post="delta", pre="h", factor="-eta", phase="first"),
            Update("b", post="0*delta", pre="h", factor="0", leak=leak, phase="first"),
            Update("b", post="0*delta", pre="h", factor="0", leak=leak, phase="second"),
        ),
        (Message("fb", of="delta", frm="above", via="b"), Local("delta", "fb*df", "err")),
        (Phase("first"), Phase("second")),
        rates={"eta": 0.1, "fast": 0.3, "slow": 1.0},
    )


def test_windows_exclude_each_other() -> None:
    both = LEARNING.in_windows((5, 5))

    def check(leak: str, **rates: float) -> None:
        circuit = network((4, 6, 4), two_windows(leak), classes=2, rates=rates)
        Simulation(circuit, TABLES, both, device="runtime", chunk_steps=STEPS)

    check("fast*slow*b")  # 0.3 in each window, and never 0.6
    with pytest.raises(InputError, match=r"rates: fast and slow by which b of .*\(got 0\.36\)$"):
        check("fast*slow*b", slow=1.2)
