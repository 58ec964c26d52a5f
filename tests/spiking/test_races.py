"""What a GPU would get wrong is refused; no rule does it."""

import pytest

from snn_credit.errors import InputError
from snn_credit.models import neurons, pepita_spiking
from snn_credit.models.lillicrap_spiking import Anatomy, network
from snn_credit.rules import RULES
from snn_credit.spiking import Circuit, Pathway, Population, Projection, Step
from snn_credit.spiking.devices import standalone
from snn_credit.spiking.devices.build import Shape
from snn_credit.spiking.devices.races import check_races


def circuit(step="", pathway="I_post += w", size=3, slot="end", more=()) -> Circuit:
    cells = Population(
        "cells", size, "I : 1\nv : 1\nloss : 1 (shared)  # summed\ngain : 1 (constant, shared)",
        spike="start", threshold="rand() < 0.5",
        steps=(Step("end", "v = 0"), *((Step(slot, step),) if step else ()), *more),
    )  # fmt: skip
    synapses = Projection(
        "synapses", "cells", "cells", "w : 1", (Pathway("forward", "end", pathway),)
    )
    return Circuit("test", 0.001, ("start", "end"), (cells,), (synapses,))


# These need a neuron that brings more than the model's own does.
NEEDY = {name for name, rule in RULES.items() if rule.needs or rule.phases}


@pytest.mark.parametrize("rule", sorted(set(RULES) - NEEDY))
def test_no_rule_races(rule: str) -> None:
    check_races(network((8, 6, 6, 4), rule, classes=2, rates={"eta": 0.1, "lam": 1e-3}))


@pytest.mark.parametrize(
    "step",
    [
        "loss += 1",
        "loss = loss*0.9",
        "v = loss\nloss = 1",
        "gain = loss\nloss = 1  # too late",
    ],
)
def test_a_shared_variable_read_before_it_is_set(step: str) -> None:
    message = r"^population cells: on a GPU, shared variables .* \(got loss in '.*loss.*'\)$"
    with pytest.raises(InputError, match=message):
        check_races(circuit(step))
    check_races(circuit(step, size=1))


def test_statements_of_one_slot_count_together() -> None:
    both = circuit("v = loss", more=(Step("end", "loss = 1"),))
    with pytest.raises(InputError, match=r"^population cells: .* \(got loss in 'v = loss'\)$"):
        check_races(both)
    check_races(circuit("v = loss", slot="start", more=(Step("end", "loss = 1"),)))


@pytest.mark.parametrize("step", ["loss = 1\nv = loss", "v += loss", "loss = gain", "v = v + 1"])
def test_what_does_not_race(step: str) -> None:
    check_races(circuit(step))


@pytest.mark.parametrize(
    "code", ["v_post = w", "v_pre = 0", "v_post += w*v_post", "v_post += w\nw = v_post"]
)
def test_a_pathway_that_does_not_add(code: str) -> None:
    message = r"^projection synapses\.forward: on a GPU, neurons changed by .* \(got '.*v_.*'\)$"
    with pytest.raises(InputError, match=message):
        check_races(circuit(pathway=code))


def test_random_numbers_in_a_pathway() -> None:
    message = r"^projection synapses\.forward: .* random .* \(got 'I_post \+= w\*rand\(\)'\)$"
    with pytest.raises(InputError, match=message):
        check_races(circuit(pathway="I_post += w*rand()"))


@pytest.mark.parametrize("code", ["w = 2*w", "w += v_post", "I_post -= w", "v_pre += w*I_post"])
def test_what_a_pathway_may_do(code: str) -> None:
    check_races(circuit(pathway=code))


def test_only_a_gpu_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    def build(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("SNN_CREDIT_CACHE", str(tmp_path))
    monkeypatch.setattr(standalone, "_build_into", build)
    bad, shape = circuit("loss += 1"), Shape(steps=1, rows=1)
    with pytest.raises(InputError, match=r"^population cells: on a GPU"):
        standalone.open_standalone(bad, shape, "cuda_standalone")
    with pytest.raises(KeyboardInterrupt):
        standalone.open_standalone(bad, shape, "cpp_standalone")


@pytest.mark.parametrize("name", RULES)
def test_no_rule_races_whatever_its_axons(name: str) -> None:
    late = 0.0 if name.startswith("WE") else (0, 3)  # which refuses axons that delay
    everything = Anatomy(density=0.5, delay_ms=late, reliability=0.9, inhibitory=0.2)
    kept = any(phase.keep for phase in RULES[name].phases)
    model = pepita_spiking.network if kept else network
    check_races(model((6, 5, 4, 10), name, anatomy=everything))


def test_no_critic_trace_or_spiking_feedback_races() -> None:
    critic = neurons.critic(delay_ms=2, tau_ms=3)
    for name in ("NP", "NP feedback", "NP feedback DFA"):
        check_races(network((6, 5, 4, 10), name, critic=critic, eligibility_ms=4))
    error, feedback = neurons.spiking_error(0.2), neurons.spiking_feedback(0.2)
    check_races(network((6, 5, 10), "FA", error=error, feedback=feedback))
