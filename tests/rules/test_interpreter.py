from __future__ import annotations

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES, Local, Message, Phase, Rule, Update
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Changes, apply

LEARN = Update("w", post="err*df", pre="h", factor="-eta", on="output")


def test_missing_neuron_name(net):
    del net.layers[1]["noise"]
    message = r"net.layers\[1\]: NP's 'delta' reads 'noise' \(got none\)"
    with pytest.raises(InputError, match=message):
        Interpreter(RULES["NP"]).step(net)


def test_missing_synapse_variable(net):
    del net.forward[3]["b"]
    with pytest.raises(InputError, match=r"net.layers\[2\]: FA's 'fb' reads 'b' \(got none\)"):
        Interpreter(RULES["FA"]).step(net)


def test_missing_variable_of_a_leak(net):
    del net.forward[3]["w"]
    with pytest.raises(InputError, match=r"net.layers\[3\]: SA's 'b' reads 'w' \(got none\)"):
        Interpreter(RULES["SA"]).step(net)


def test_missing_noise_above_the_first_layer_is_not_silence(net):
    del net.layers[2]["noise"]
    with pytest.raises(InputError, match=r"net.layers\[3\]: WM's 'hn' reads 'noise'"):
        Interpreter(RULES["WM"]).sweep(net, "mirror")


def test_first_layer_receives_nothing_from_an_input_without_noise(net):
    values = Interpreter(RULES["WM"]).sweep(net, "mirror")
    np.testing.assert_array_equal(values[1]["hn"], np.zeros_like(values[1]["h"]))


def test_sweep_leaves_the_net_alone(net):
    names = [set(layer) for layer in net.layers]
    Interpreter(RULES["FA"]).sweep(net)
    assert [set(layer) for layer in net.layers] == names


def test_leak_is_whole_and_data_a_mean(net, make_net):
    net.shared |= {"eta": 0.1, "lam": 0.3}
    once = Interpreter(RULES["FA"]).step(net)
    for layer in net.layers:
        for name, array in layer.items():
            layer[name] = np.concatenate([array, array])
    net.shared["dL"] = np.concatenate([net.shared["dL"]] * 2)
    twice = Interpreter(RULES["FA"]).step(net)
    np.testing.assert_allclose(once.forward[2]["w"], twice.forward[2]["w"], rtol=1e-12)


def test_bias_has_no_leak_towards_another_variable(net):
    leak = Update("w", post="err*df", pre="h", factor="-eta", leak="lam*(w - b)", on="output")
    rule = Rule("x", "none", updates=(leak,), rates={"eta": 1.0, "lam": 0.5})
    changes = Interpreter(rule).step(net)
    top = net.layers[3]
    np.testing.assert_allclose(changes.bias[3], -(top["err"] * top["df"]).mean(0))


def test_shared_scalars_spread_over_a_layer(net):
    rule = Rule(
        "x",
        "none",
        steps=(Local("told", hidden="dL", output="err"),),
        updates=(Update("w", post="told", pre="h", factor="-1"),),
        needs=("dL",),
    )
    change = Interpreter(rule).step(net).forward[1]["w"]
    expected = -(net.shared["dL"] * net.layers[0]["h"]).mean(0)
    np.testing.assert_allclose(change, np.stack([expected] * 2), rtol=1e-12)


def test_snapshots_are_copies(net):
    rule = Rule(
        "x",
        "none",
        steps=(Local("moved", hidden="h - h1", output="h - h1 + err"),),
        updates=(Update("w", post="moved", pre="h", factor="-1", phase="second"),),
        phases=(Phase("first", keep={"h1": "h"}), Phase("second", drive="2*x")),
    )
    driven = []

    def forward(drive):
        driven.append(drive.copy())
        net.layers[1]["h"] += 1.0  # in place: the snapshot must not follow

    changes = Interpreter(rule).step(net, forward=forward)
    np.testing.assert_array_equal(driven[1], 2 * driven[0])
    np.testing.assert_allclose(
        changes.forward[1]["w"], -np.ones((2, 1)) * (2 * driven[0]).mean(0), rtol=1e-12
    )


def test_feedback_to_the_input_through_forward_synapses(net, loops):
    rule = Rule(
        "x",
        "none",
        steps=(Message("back", of="h1", frm="above", via="b", to="input"),),
        updates=(LEARN,),
        phases=(Phase("first", keep={"h1": "h"}), Phase("second", drive="x - back")),
        rates={"eta": 1.0},
    )
    net.forward[1]["b"] = np.arange(6.0).reshape(2, 3)
    driven = []
    Interpreter(rule).step(net, forward=driven.append)
    back = loops.down(net.forward[1]["b"], net.layers[1]["h1"])
    np.testing.assert_allclose(driven[1], net.layers[0]["x"] - back)


def test_updates_without_a_phase_take_place_in_every_window(net):
    rule = Rule("x", "none", updates=(LEARN,), phases=(Phase("a"), Phase("b")), rates={"eta": 1.0})
    twice = Interpreter(rule).step(net, forward=lambda drive: None).forward[3]["w"]
    once = Interpreter(Rule("y", "none", updates=(LEARN,), rates={"eta": 1.0})).step(net)
    np.testing.assert_allclose(twice, 2 * once.forward[3]["w"], rtol=1e-12)


def test_apply_adds_in_place(net):
    w, bias = net.forward[3]["w"], net.bias[3]
    before = w.copy()
    changes = Changes(forward={3: {"w": np.ones_like(w)}}, bias={3: np.ones_like(bias)})
    changes.add(Changes(forward={3: {"w": np.ones_like(w)}}))
    apply(net, changes)
    assert net.forward[3]["w"] is w
    np.testing.assert_allclose(w, before + 2)
