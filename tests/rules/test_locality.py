from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snn_credit.rules import RULES, Host, Local, Message, Rule, Update
from snn_credit.rules.constraints import constrained
from snn_credit.rules.feedback_alignment import CHAIN_DELTA, CHAIN_LEARN, FA, FEEDBACK
from snn_credit.rules.locality import whole_matrix

LOCAL = (
    *("Shallow", "FA", "FA chain", "sparse FA", "DFA", "DenseFA", "DRTP", "NP", "NP feedback"),
    *("NP feedback DFA", "KP", "matched", "WM", "WM on activity", "WE", "WE SA", "IA", "PEPITA"),
)


@pytest.mark.parametrize("name", LOCAL)
def test_local(name):
    assert RULES[name].weight_transport == ()
    assert RULES[name].is_local


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("BP", "the message 'fb' down through 'w' reads w, which carries activity up"),
        ("BP + noise", "the message 'fb' down through 'w' reads w"),
        ("BP + alignment", "the message 'fb' down through 'w' reads w"),
        ("uSF Init", "the message 'fb' down through 'abs(b)*sign(w)' reads w"),
        ("uSF SN", "b, which carries messages down, follows w"),
        ("SG", "the message 'grad' down through 'w' reads w"),
        ("SG DFA", "the message 'grad' down through 'w' reads w"),
        ("SA", "b, which carries messages down, follows w, which carries them up (leak "),
        ("AA", "b carries both 'fb' down through 'b' and 'proj' up through 'b'"),
        ("pseudobackprop", "b, which carries messages down, follows w"),
    ],
)
def test_transport(name, reason):
    assert len(RULES[name].weight_transport) == 1
    assert RULES[name].weight_transport[0].startswith(reason)
    assert not RULES[name].is_local


def test_every_rule_is_judged_here():
    transport = {"BP", "uSF Init", "uSF SN", "SG", "SG DFA", "SA", "AA", "pseudobackprop"}
    transport |= {"BP + noise", "BP + alignment"}
    ridges = {"NP feedback ridge", "NP feedback ridge DFA"}
    assert {*LOCAL, *transport, *ridges} == set(RULES)


def test_ridge_transports_nothing_but_inverts_a_matrix():
    for name in ("NP feedback ridge", "NP feedback ridge DFA"):
        rule = RULES[name]
        assert rule.weight_transport == ()
        assert not rule.is_local
        assert whole_matrix(rule) == ("b is a function of the whole of s, v",)


def test_own_decay_is_local():
    assert RULES["KP"].updates[1].leak == "lam*b"
    assert replace(FA, rates={"eta": 1.0, "lam": 0.5}).is_local


def test_constraints():
    norm, signs = constrained(FA, "constant norm"), constrained(FA, "frozen signs")
    assert norm.weight_transport == signs.weight_transport == ()
    assert not norm.is_local  # the norm is the whole matrix's
    assert signs.is_local  # each synapse keeps its own sign


def test_forward_weights_that_read_the_feedback():
    drawn = replace(CHAIN_LEARN, leak="lam*(w - b)")
    rule = Rule("x", "none", (drawn,), (FEEDBACK, CHAIN_DELTA), rates={"eta": 1.0, "lam": 1.0})
    assert rule.weight_transport == (
        "w, which carries messages up, follows b, which carries them down (leak 'lam*(w - b)')",
    )


def test_a_copy_through_a_third_variable_is_found():
    rule = Rule(
        "x",
        "none",
        updates=(
            CHAIN_LEARN,
            Update("copy", post="0", pre="0", factor="0", leak="eta*(copy - w)"),
            Update("b", post="0", pre="0", factor="0", leak="eta*(b - copy)"),
        ),
        steps=(FEEDBACK, CHAIN_DELTA),
        rates={"eta": 1.0, "lam": 0.0},
    )
    assert len(rule.weight_transport) == 1
    assert "follows w" in rule.weight_transport[0]


def test_a_host_that_copies_is_found():
    copies = (Host("b", fn=lambda b, w: np.array(w), reads=("b", "w")),)
    rule = replace(RULES["FA chain"], host=copies)
    assert "follows w" in rule.weight_transport[0]


def test_activity_through_b_upwards_alone_is_one_direction():
    rule = Rule(
        "x",
        "none",
        updates=(Update("w", post="told", pre="h", factor="-eta"),),
        steps=(
            Message("proj", of="h", frm="below", via="b"),
            Local("told", hidden="proj", output="err + proj"),
        ),
        rates={"eta": 1.0},
    )
    assert rule.is_local
