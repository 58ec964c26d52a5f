"""What a rule and neurons must satisfy to become a circuit, and what each refusal says."""

from dataclasses import replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import FORWARD, network
from snn_credit.rules import RULES, Local, Message, Phase, Rule, Update
from snn_credit.spiking import Circuit, Layer, Neuron, Population, learning_circuit

SIZES = (6, 5, 4, 10)
GRADED = Neuron("h : 1\ndf : 1\nerr : 1\nI : 1\nbias : 1")
INPUT = Neuron("h : 1\nx : 1\ndrive : 1")


def graded(rule: Rule, neuron: Neuron = GRADED, **changes: Any) -> Circuit:
    layers = [Layer("input", 3, INPUT), Layer("hidden1", 4, neuron), Layer("output", 2, neuron)]
    given = {"layers": layers, "dt": b2.ms, "initial": lambda *_: 0.1} | changes
    return learning_circuit("graded", rule, **given)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "NP",
            r"hidden1: a neuron with 'dL', which rule NP reads; give the circuit a critic \(got",
        ),
        ("WM", r"layer hidden1: a neuron with 'noise', which rule WM reads; .*neurons.equipped"),
        ("WE", r"layer hidden2: a neuron with 'du', which rule WE reads; .*neurons.equipped"),
        (
            "PEPITA",
            r"layer input: a neuron with 'drive', which rule PEPITA reads; .*pepita_spiking",
        ),
    ],
)
def test_neuron_lacks_what_the_rule_reads(rule: str, message: str) -> None:
    names = "" if rule == "WM" else "noise : 1\nsig : 1\n"
    neuron = Neuron(f"{names}h : 1\ndf : 1\nerr : 1\nI : 1\nbias : 1")
    layers = [
        Layer("input", 3, Neuron("h : 1\nx : 1")),
        *(Layer(name, 2, neuron) for name in ("hidden1", "hidden2", "output")),
    ]
    with pytest.raises(InputError, match=message):
        graded(RULES[rule], layers=layers)


def test_neuron_without_slope() -> None:
    with pytest.raises(InputError, match="layer hidden1: a neuron with 'df', which rule FA reads"):
        graded(RULES["FA"], Neuron("h : 1\nerr : 1"))


def test_neuron_without_error() -> None:
    with pytest.raises(InputError, match="layer output: a neuron with 'err', which rule FA reads"):
        graded(RULES["FA"], Neuron("h : 1\ndf : 1"))


def test_neuron_has_a_name_that_the_rule_makes() -> None:
    neuron = replace(FORWARD, equations=FORWARD.equations + "\ndelta : 1")
    message = r"layer hidden1: a neuron without 'delta', which rule FA makes \(got equations with"
    with pytest.raises(InputError, match=message):
        network(SIZES, "FA", forward=neuron)


@pytest.mark.parametrize("name", ["learn", "bias", "gain_w"])
def test_rule_takes_a_name_of_circuits(name: str) -> None:
    rule = Rule(
        "odd",
        "this test",
        (Update("w", post=name, pre="h", factor="-eta"),),
        (Local(name, hidden="df", output="err"),),
        rates={"eta": 0.1},
    )
    with pytest.raises(InputError, match=f"rule odd: names that circuits do not use .got '{name}'"):
        graded(rule)


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"etta": 1.0}, r"rates: some of eta, lam, for rule FA \(got 'etta'\)"),
        ({"eta": (1.0, 2.0)}, r"rates\['eta'\]: a number, or 3 of them, one per .*\(got 2\)"),
        ({"eta": float("nan")}, r"rates\['eta'\]: finite numbers \(got nan\)"),
        ({"eta": "fast"}, r"rates\['eta'\]: finite numbers \(got 'fast'\)"),
        ({"lam": 1.0}, r"rates: a decay of w from 0 to below 1 .* in layer hidden1 \(got 1, learn"),
        ({"lam": (0, 0, -0.1)}, r"rates: a decay of w from 0 .* in layer output \(got -0.1, learn"),
    ],
)
def test_rates(rates: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        network(SIZES, "FA", rates=rates)


def test_rates_may_be_arrays() -> None:
    rates: Any = {"eta": np.array([0.1, 0.2, 0.3], np.float32)}
    circuit = network(SIZES, "FA", rates=rates)
    assert circuit.population("hidden2").initial["eta"] == pytest.approx(0.2)


def test_leak_that_is_off_in_a_layer_is_not_made_there() -> None:
    circuit = network(SIZES, "FA", rates={"lam": (0, 0, 0.1)})
    assert not circuit.projection("input_to_hidden1").scales
    assert circuit.projection("hidden2_to_output").scales == {"w": "s_w"}


def driven(drive: str, via: str = "w") -> Rule:
    """A rule in whose second window a message and a rate drive the input."""
    return Rule(
        "driven",
        "this test",
        (Update("w", post="err1*df", pre="h", factor="-eta", phase="second", on="output"),),
        (Message("mod", of="h1", frm="above", via=via, to="input"),),
        (Phase("first", keep={"h1": "h", "err1": "err"}), Phase("second", drive=drive)),
        rates={"eta": 0.1},
    )


def test_rate_of_the_input_is_one_number() -> None:
    circuit = graded(driven("x + eta*mod"), rates={"eta": 0.2})
    assert circuit.population("input").initial["eta"] == 0.2
    with pytest.raises(InputError, match=r"rates\['eta'\]: one number, since layer input reads it"):
        graded(driven("x + eta*mod"), rates={"eta": (0.2, 0.3)})


def test_synapses_lack_what_a_message_reads() -> None:
    message = r"projection input_to_hidden1: synapses with 'b', which rule driven .*\(got w\)"
    with pytest.raises(InputError, match=message):
        graded(driven("x + mod", via="b"))


def test_layers() -> None:
    with pytest.raises(InputError, match=r"layers: an input and an output layer .*\(got 1\)"):
        graded(RULES["FA"], layers=[Layer("input", 3, INPUT)])
    with pytest.raises(InputError, match=r"population hidden1.size: at least 1 \(got 0\)"):
        graded(
            RULES["Shallow"],
            layers=[Layer("input", 3, INPUT), Layer("hidden1", 0, GRADED), Layer("o", 2, GRADED)],
        )
    with pytest.raises(InputError, match=r"names that are used once \(got 'a' twice"):
        graded(RULES["Shallow"], layers=[Layer("a", 3, INPUT), Layer("a", 2, GRADED)])
    with pytest.raises(InputError, match=r"lower-case letters, digits and _ \(got 'Output'"):
        graded(RULES["Shallow"], layers=[Layer("input", 3, INPUT), Layer("Output", 2, GRADED)])


def test_first_values_fit() -> None:
    # A transposed matrix has the right number of values.
    message = r"projection input_to_hidden1.w: a number or shape \(4, 3\) \(got \(3, 4\)\)"
    with pytest.raises(InputError, match=message):
        graded(RULES["FA"], initial=lambda variable, ends, shape: np.zeros(shape[::-1]))
    with pytest.raises(InputError, match=r"input_to_hidden1.w: finite numbers"):
        graded(RULES["FA"], initial=lambda *_: float("inf"))


def test_spike_reaches_no_synapse_before_its_threshold() -> None:
    circuit = network(SIZES, "FA")
    order = list(circuit.order)
    at, to = order.index("hidden1_spike"), order.index("hidden2_synapses")
    order[at], order[to] = order[to], order[at]
    message = "hidden1_to_hidden2.forward: a slot after 'hidden1_spike', in which hidden1 spikes"
    with pytest.raises(InputError, match=message):
        replace(circuit, order=tuple(order))


@pytest.mark.parametrize(
    ("order", "came"),
    [((), "no slot"), (("start",), "'start' to 'start'"), (("end", "start"), "'end' to 'start'")],
)
def test_a_step_goes_from_start_to_end(order: tuple[str, ...], came: str) -> None:
    with pytest.raises(InputError, match=rf"odd\.order: from 'start' to 'end' \(got {came}\)$"):
        Circuit("odd", b2.ms, order, (Population("cells", 1, "V : 1"),), ())


def test_only_a_differential_equation_needs_a_slot() -> None:
    def cells(equations: str) -> Circuit:
        return Circuit("c", b2.ms, ("start", "end"), (Population("cells", 1, equations),), ())

    cells("V : 1  # without dV/dt")
    with pytest.raises(InputError, match=r"cells\.integrate: a slot, .* equation \(got None\)$"):
        cells("dV/dt = -V/(10*ms) : 1")


def test_names_are_lower_case_for_cuda() -> None:
    for rule in ("FA", "DFA", "SG", "IA"):
        circuit = network(SIZES, rule)
        for thing in (*circuit.populations, *circuit.projections):
            assert thing.name == thing.name.lower()


def test_no_shared_variable_reads_what_it_writes() -> None:
    # On a GPU every thread runs the statements of shared variables.
    circuit = network(SIZES, "KP", rates={"lam": 0.1})
    seen = 0
    for population in circuit.populations:
        lines = population.equations.splitlines()
        shared = {line.split(":")[0].strip() for line in lines if "(shared)" in line}
        for step in population.steps:
            for line in step.code.splitlines():
                target, _, value = line.partition("=")
                if target.strip(" +-") in shared:
                    seen += 1
                    assert target.strip() not in value.replace("(", " ").replace("*", " ").split()
    assert seen > 10


def test_circuit_reads_as_equations() -> None:
    text = str(network(SIZES, "KP", rates={"lam": 0.1}))
    for line in (
        "s_w = s_w_was*(1 - learn*lam)   [gain]",
        "gain_w = -learn*eta*delta/s_w   [gain]",
        "bias += -learn*eta*delta - learn*lam*bias   [gain]",
        "every spike of hidden1: I_post += w*s_w_post   [hidden2_synapses]",
        "every step: fb_sum_pre += b*s_b_post*delta_post   [hidden1_feedback]",
        "every spike of hidden1: b += gain_b_post   [plasticity]",
    ):
        assert line in text
