from __future__ import annotations

import numpy as np

from snn_credit.rules.backpropagation import BP
from snn_credit.rules.feedback_alignment import FA, FA_CHAIN, SPARSE_FA
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net


def test_two_by_two_by_hand():
    # B = b' with b = [[1, 2], [3, 4]], e = (0.2, 0.1): B e = (0.5, 0.8); df only at the synapse
    net = Net(
        layers=[
            {"h": np.array([[1.0, -1.0]])},
            {"h": np.array([[0.5, 0.25]]), "df": np.array([[0.5, 0.1]])},
            {"h": np.zeros((1, 2)), "df": np.array([[0.5, 1.0]]), "err": np.array([[0.2, 0.1]])},
        ],
        forward={
            1: {"w": np.ones((2, 2))},
            2: {"w": np.ones((2, 2)), "b": np.array([[1.0, 2.0], [3.0, 4.0]])},
        },
        shared={"eta": 10.0, "lam": 0.5},
    )
    changes = Interpreter(FA).step(net)
    np.testing.assert_allclose(changes.forward[2]["w"], [[-1.0, -0.75], [-1.0, -0.75]])
    np.testing.assert_allclose(changes.forward[1]["w"], [[-3.0, 2.0], [-1.3, 0.3]])
    assert set(changes.forward[2]) == {"w"}


def modulators(net, loops, feedback):
    """delta of Lillicrap et al., without slopes, and with them what multiplies h in the change."""
    delta = {3: net.layers[3]["err"]}
    for at in (2, 1):
        delta[at] = loops.down(feedback[at + 1], delta[at + 1])
    return {at: delta[at] * net.layers[at]["df"] for at in delta}


def test_messages_carry_no_slope(net, loops, assert_learns):
    changes = Interpreter(FA).step(net)
    post = modulators(net, loops, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, changes, post, FA.rates["eta"])


def test_sparse_feedback_passes_existing_synapses_only(net, loops, assert_learns):
    changes = Interpreter(SPARSE_FA).step(net)
    feedback = {at: net.forward[at]["b"] * net.forward[at]["mask"] for at in (2, 3)}
    assert_learns(net, changes, modulators(net, loops, feedback), SPARSE_FA.rates["eta"])


def test_chain_carries_slopes(net, chain, assert_learns):
    changes = Interpreter(FA_CHAIN).step(net)
    post = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, changes, post, FA_CHAIN.rates["eta"])


def test_chain_with_b_equal_to_w_is_backpropagation(net):
    for at in (2, 3):
        net.forward[at]["b"] = net.forward[at]["w"].copy()
    fa, bp = Interpreter(FA_CHAIN).step(net), Interpreter(BP).step(net)
    for at in (1, 2, 3):
        np.testing.assert_array_equal(fa.forward[at]["w"], bp.forward[at]["w"])


def test_forms_differ_in_a_deep_net_only(net, make_net):
    deep = [Interpreter(rule).step(net).forward[1]["w"] for rule in (FA, FA_CHAIN)]
    assert np.abs(deep[0] - deep[1]).max() > 1e-6
    shallow = make_net((3, 2, 2))
    shallow.layers[2]["df"][:] = 1.0
    same = [Interpreter(rule).step(shallow).forward[1]["w"] for rule in (FA, FA_CHAIN)]
    np.testing.assert_allclose(same[0], same[1], rtol=1e-12)
