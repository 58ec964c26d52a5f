"""The proof of the vocabulary: a declaration means the same to numpy and to Brian."""

import numpy as np
import pytest
from static_nets import StaticNets

from snn_credit.rules import RULES, Host, Local, Message, Phase, Rule, Update
from snn_credit.rules.constraints import constrained
from snn_credit.rules.pepita import PEPITA_FIRST_PASS, PEPITA_MINUS, PEPITA_SECOND_ERROR
from snn_credit.spiking import Simulation

CLOSE = {"rtol": 0, "atol": 1e-10}

# Two messages, a leak between b and w while w decays by a scale, two changes of one variable, an
# expression of the source, a variable of its own.
INVENTED = Rule(
    name="invented",
    citation="this test",
    steps=(
        Message("down", of="delta", frm="above", via="b - 0.1*w"),
        Message("up", of="h", frm="below", via="w"),
        Local("mix", hidden="down/(1 + abs(up))", output=None),
        Local("delta", hidden="mix*df - 0.1*up", output="err*df"),
    ),
    updates=(
        Update("w", post="delta", pre="h", factor="-eta", leak="lam*w"),
        Update("b", post="delta", pre="mix + 2*h", factor="etab", leak="lamb*(b - w)"),
        Update("b", post="-df", pre="h", factor="-(eta + etab)", on="hidden"),
        Update("m", post="up", pre="1", factor="etab", leak="lamb*2*m - 0*m"),
    ),
    host=(Host("b", fn=lambda b, m: b + 0.01 * m, reads=("b", "m")),),
    rates={"eta": 0.1, "lam": 0.01, "etab": 0.1, "lamb": 0.1},
)
# Three windows, snapshots of snapshots, an input that three things drive, decay in two windows.
WINDOWS = Rule(
    name="windows",
    citation="this test",
    steps=(
        Message("fb", of="e1", frm="all_above", via="b", to="input"),
        Message("down", of="e2", frm="output", via="abs(b)"),
        Local("delta", hidden="h2 - h", output="e2*df"),
    ),
    updates=(
        Update("w", post="delta", pre="h", factor="-eta", leak="lam*w", phase="last"),
        Update("w", post="df", pre="h", factor="-lam", leak="w*eta/2", phase="first", on="hidden"),
        Update("w", post="down", pre="h - h1", factor="eta", phase="last", on="hidden"),
    ),
    phases=(
        Phase("first", keep={"h1": "h", "e1": "0.1*df*h"}),
        Phase("second look", drive="x - eta*fb", keep={"h2": "h1 - h", "e2": "err*h1"}),
        Phase("last", drive="-x"),
    ),
    rates={"eta": 0.1, "lam": 0.01},
)
# A leak towards a variable that biases do not have, made from w's first values in every layer.
ELASTIC = Rule(
    name="elastic",
    citation="this test",
    updates=(Update("w", post="err*df", pre="h", factor="-eta", leak="lam*(w - w0)", on="output"),),
    host=(Host("w0", fn=lambda w: 0.5 * w, reads=("w",), every="start"),),
    rates={"eta": 0.1, "lam": 0.01},
)
EVERY = {
    **RULES,
    "invented": INVENTED,
    "windows": WINDOWS,
    "elastic": ELASTIC,
    **{rule.name: rule for rule in (PEPITA_FIRST_PASS, PEPITA_SECOND_ERROR, PEPITA_MINUS)},
    **{f"FA, {name}": constrained(RULES["FA"], name) for name in ("constant norm", "frozen signs")},
}


def compare_names(nets: StaticNets, simulation: Simulation, values: list) -> int:
    """Compare what the rule makes in each neuron; return how much there was."""
    compared = 0
    for name, known in zip(nets.names, values, strict=True):
        for step in nets.rule.steps:
            if step.name in known:
                got = simulation.state[f"{name}.{step.name}"]
                np.testing.assert_allclose(got, known[step.name][0], **CLOSE, err_msg=step.name)
                compared += 1
    return compared


def compare_matrices(nets: StaticNets, simulation: Simulation) -> set[tuple[str, str]]:
    """Compare every matrix and bias; return the matrices that the circuit has."""
    there = {(p.name, v) for p in nets.circuit.projections for v in p.equations.split(" : 1\n")}
    there = {(name, variable.removesuffix(" : 1")) for name, variable in there}
    for (projection, variable), expected in nets.matrices().items():
        if (projection, variable) in there:
            got = simulation.matrix(projection, variable)
            np.testing.assert_allclose(got, expected, **CLOSE, err_msg=f"{projection}.{variable}")
    for at, expected in nets.net.bias.items():
        got = simulation.state[f"{nets.names[at]}.bias"]
        np.testing.assert_allclose(got, expected, **CLOSE, err_msg=f"bias {at}")
    return there


def agree(nets: StaticNets, presentations: int, device: str = "runtime") -> None:
    before = {key: matrix.copy() for key, matrix in nets.matrices().items()}
    simulation = nets.simulation(presentations, device=device)
    nets.interpreter.run_hosts(nets.net, "start")
    run = simulation.run()
    there = compare_matrices(nets, simulation)
    names = 0
    for _ in range(presentations):
        x = nets.random.normal(size=(1, nets.sizes[0]))
        for window in nets.windows:
            values = nets.present(window, x)
            nets.give_activity(simulation)
            next(run)
            names += compare_names(nets, simulation, values)
            compare_matrices(nets, simulation)
            driven = simulation.state["input.drive"]
            np.testing.assert_allclose(driven, nets.net.layers[0]["h"][0], **CLOSE)
    after = nets.matrices()
    changed = {key for key in after if not np.array_equal(after[key], before.get(key, np.nan))}
    assert changed <= there
    assert any(variable == "w" for _, variable in changed)
    assert names or not nets.rule.steps


@pytest.mark.parametrize("device", ["runtime", "dense", "dense:torch"])
@pytest.mark.parametrize("name", EVERY)
def test_two_hidden_layers(name: str, device: str) -> None:
    agree(StaticNets(EVERY[name], (5, 4, 3, 2)), presentations=2, device=device)


@pytest.mark.parametrize("name", ["FA", "DFA", "NP feedback ridge", "PEPITA"])
def test_one_hidden_layer(name: str) -> None:
    agree(StaticNets(RULES[name], (4, 3, 2)), presentations=2)


def test_no_hidden_layer() -> None:
    agree(StaticNets(RULES["FA"], (4, 3)), presentations=1)


def test_first_layer_hears_noise_of_the_input_where_it_has_any() -> None:
    heard = StaticNets(RULES["WM"], (4, 3, 2), noisy_input=True)
    agree(heard, presentations=1)
    deaf = StaticNets(RULES["WM"], (4, 3, 2))
    paths = [
        [path.name for path in nets.circuit.projection("input_to_hidden1").pathways]
        for nets in (heard, deaf)
    ]
    assert "message_hn" in paths[0]
    assert "message_hn" not in paths[1]


def test_nothing_changes_where_the_stream_is_not_plastic() -> None:
    nets = StaticNets(RULES["SA"], (4, 3, 2))
    simulation = nets.simulation(2, plastic=False)
    before = {key: value.copy() for key, value in simulation.state.items()}
    nets.present(None, nets.random.normal(size=(1, 4)))
    nets.give_activity(simulation)
    for _ in simulation.run():
        pass
    changed = {key for key, value in simulation.state.items() if np.any(value != before[key])}
    assert "hidden1.delta" in changed
    assert not {key for key in changed if "_to_" in key or key.endswith(".bias")}
