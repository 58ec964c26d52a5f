"""What holds for every rule of the table."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import snn_credit.rules
from snn_credit.errors import InputError
from snn_credit.rules import RULES, Local, Message, Rule, Update, get_rule
from snn_credit.rules.constraints import constrained
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net, apply
from snn_credit.rules.pepita import PEPITA_FIRST_PASS, PEPITA_MINUS, PEPITA_SECOND_ERROR

ALL = [
    *RULES.values(),
    constrained(RULES["KP"], "constant norm", "frozen signs"),
    *(PEPITA_FIRST_PASS, PEPITA_SECOND_ERROR, PEPITA_MINUS),
]
FOLDER = Path(snn_credit.rules.__file__).parent


def each(rule):
    return rule.name


def to_torch(net: Net) -> Net:
    def tensors(arrays):
        return {name: torch.tensor(array) for name, array in arrays.items()}

    return Net(
        layers=[tensors(layer) for layer in net.layers],
        forward={at: tensors(matrices) for at, matrices in net.forward.items()},
        bias=tensors(net.bias),
        direct={pair: tensors(matrices) for pair, matrices in net.direct.items()},
        own={at: tensors(matrices) for at, matrices in net.own.items()},
        shared={n: torch.tensor(v) if hasattr(v, "shape") else v for n, v in net.shared.items()},
    )


def refresh(net: Net, tanh):
    """Return a forward function that reads its net's weights."""

    def run(drive):
        h = drive
        for at in (1, 2, 3):
            h = tanh(h @ net.forward[at]["w"].T + net.bias[at])
            net.layers[at]["h"], net.layers[at]["df"] = h, 1 - h**2
        net.layers[3]["err"] = h - net.layers[3]["ystar"]

    return run


@pytest.mark.parametrize("rule", ALL, ids=each)
def test_numpy_and_torch_agree(rule, net):
    ours, theirs = net, to_torch(net)
    interpreter = Interpreter(rule)
    for each_net, tanh in ((ours, np.tanh), (theirs, torch.tanh)):
        interpreter.run_hosts(each_net, "start")
        for _ in range(3):
            apply(each_net, interpreter.step(each_net, forward=refresh(each_net, tanh)))
            interpreter.run_hosts(each_net)
    for at, matrices in ours.forward.items():
        assert set(matrices) == set(theirs.forward[at])
        for name, matrix in matrices.items():
            assert isinstance(theirs.forward[at][name], torch.Tensor)
            np.testing.assert_allclose(matrix, theirs.forward[at][name], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours.bias[at], theirs.bias[at], rtol=1e-9)


@pytest.mark.parametrize("rule", ALL, ids=each)
def test_changes_have_the_shapes_of_what_they_change(rule, net):
    interpreter = Interpreter(rule)
    interpreter.run_hosts(net, "start")
    before = copy.deepcopy(net)
    changes = interpreter.step(net, forward=refresh(net, np.tanh))
    assert changes.forward
    for at, matrices in changes.forward.items():
        for name, change in matrices.items():
            assert change.shape == net.forward[at][name].shape
            assert np.abs(change).max() > 0
    for at, change in changes.bias.items():
        assert change.shape == net.bias[at].shape
    for at, matrices in before.forward.items():
        for name, matrix in matrices.items():
            np.testing.assert_array_equal(matrix, net.forward[at][name])


@pytest.mark.parametrize("rule", ALL, ids=each)
def test_float32_stays_float32(rule, net):
    single = to_torch(net)
    for group in (*single.layers, *single.forward.values(), *single.direct.values()):
        group.update({name: array.float() for name, array in group.items()})
    for group in (single.bias, *single.own.values()):
        group.update({name: array.float() for name, array in group.items()})
    single.shared["dL"] = single.shared["dL"].float()
    interpreter = Interpreter(rule)
    interpreter.run_hosts(single, "start")
    changes = interpreter.step(single, forward=refresh(single, torch.tanh))
    found = [change for group in changes.forward.values() for change in group.values()]
    assert {change.dtype for change in found} == {torch.float32}


def test_every_rule_of_a_file_is_in_the_table():
    named = {rule.name for rule in RULES.values()}
    expected = {
        *("BP", "Shallow", "FA", "FA chain", "sparse FA", "DFA", "DenseFA", "DRTP", "uSF Init"),
        *("uSF SN", "NP", "NP feedback", "NP feedback ridge", "SG", "KP", "matched", "SA", "WM"),
        *("IA", "AA", "PEPITA", "pseudobackprop", "BP + noise", "BP + alignment"),
        *("WM on activity", "NP feedback DFA", "NP feedback ridge DFA", "SG DFA", "WE", "WE SA"),
    }
    assert named == expected
    for path in FOLDER.glob("*.py"):
        text = path.read_text()
        if " = Rule(" in text:
            assert (
                f"from snn_credit.rules.{path.stem} import" in (FOLDER / "__init__.py").read_text()
            )
            assert len(text.splitlines()) < 100
            assert (Path(__file__).parent / f"test_{path.stem}.py").exists()


def test_a_rule_is_found_by_name_or_as_it_is():
    assert get_rule("usf init") is RULES["uSF Init"]
    assert get_rule(RULES["FA"]) is RULES["FA"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("FAA", r"rule: one of .*FA.*, or another that `snn-credit rules` lists \(got 'FAA'\)"),
        ("pepitta", r"rule: one of PEPITA.* \(got 'pepitta'\)"),
        ("???", r"rule: one of BP, Shallow, .*pseudobackprop \(got '\?\?\?'\)"),
    ],
)
def test_close_names_are_listed(name, message):
    with pytest.raises(InputError, match=message):
        get_rule(name)


def test_import_is_light():
    code = (
        "import sys, snn_credit.rules;"
        "heavy = {'brian2', 'torch', 'numpy'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_rule_of_ones_own_runs(net, loops):
    rule = Rule(
        name="mine",
        citation="this test",
        steps=(
            Message("fb", of="delta", frm="above", via="b"),
            Local("delta", hidden="tanh(fb)*df", output="err*df"),
        ),
        updates=(Update("w", post="delta", pre="abs(h)", factor="-eta/2"),),
        rates={"eta": 0.5},
    )
    assert rule.is_local
    changes = Interpreter(rule).step(net)
    top = net.layers[3]["err"] * net.layers[3]["df"]
    delta = np.tanh(loops.down(net.forward[3]["b"], top)) * net.layers[2]["df"]
    expected = -0.25 * loops.outer(delta, np.abs(net.layers[1]["h"]))
    np.testing.assert_allclose(changes.forward[2]["w"], expected, rtol=1e-12)
    assert not changes.bias  # its presynaptic factor is not h
