"""Every refusal of a declaration, by its message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snn_credit.errors import InputError
from snn_credit.rules import RULES, Host, Local, Message, Phase, Rule, Update

FEEDBACK = Message("fb", of="delta", frm="above", via="b")
DELTA = Local("delta", hidden="fb", output="err")
LEARN = Update("w", post="delta*df", pre="h", factor="-eta", leak="lam*w")
FA = Rule("FA", "a paper", (LEARN,), (FEEDBACK, DELTA), rates={"eta": 0.1, "lam": 0.0})
PEPITA = RULES["PEPITA"]


def local(hidden: str | None, output: str | None = "err", name: str = "delta") -> dict:
    return {"steps": (FEEDBACK, Local(name, hidden, output))}


def message(**changes) -> dict:
    return {"steps": (replace(FEEDBACK, **changes), DELTA)}


def update(**changes) -> dict:
    return {"updates": (replace(LEARN, **changes),)}


def also(*updates: Update) -> dict:
    return {"updates": (LEARN, *updates)}


REFUSALS = {
    "unknown name": (
        local("foo*df"),
        r"FA.steps\[1\].hidden: unknown name 'foo' \(knows: h, df, fb, eta, lam\)",
    ),
    "a name of another layer": (
        local("fb*err"),
        r"FA.steps\[1\].hidden: unknown name 'err' \(knows: h, df, fb, eta, lam\)",
    ),
    "a message in the output": (
        local("fb", "fb"),
        r"FA.steps\[1\].output: unknown name 'fb' \(knows: h, df, err, ystar, eta, lam\)",
    ),
    "used before it is made": (
        {"steps": (DELTA, FEEDBACK)},
        r"FA.steps\[0\].hidden: 'fb' is used before it is made \(got it as steps\[1\]\)",
    ),
    "made of itself": (
        local("delta + fb"),
        r"FA.steps\[1\].hidden: 'delta' is used before it is made \(got it as steps\[1\]\)",
    ),
    "nowhere": (local(None, None), r"FA.steps\[1\]: an expression for hidden or output \(got None"),
    "no expression": (local("fb+"), r"FA.steps\[1\].hidden: is no expression \(got 'fb\+'\)"),
    "message of an unknown": (
        message(of="foo"),
        r"FA.steps\[0\].of: unknown name 'foo' \(knows: h, df, fb, delta\)",
    ),
    "message of an expression": (
        message(of="2*delta"),
        r"FA.steps\[0\].of: the name of a variable \(got '2\*delta'\)",
    ),
    "from above, but only in the output": (
        message(of="err"),
        r"FA.steps\[0\].of: unknown name 'err' \(knows: h, df, fb, delta\)",
    ),
    "a local from below": (
        message(frm="below"),
        r"FA.steps\[0\].of: unknown name 'delta' \(knows: h, df\)",
    ),
    "from nowhere": (
        message(frm="beside"),
        r"FA.steps\[0\].frm: one of above, below, output, all_above \(got 'beside'\)",
    ),
    "to nowhere": (
        message(to="output"),
        r"FA.steps\[0\].to: one of hidden, input \(got 'output'\)",
    ),
    "below the input": (
        message(of="noise", frm="below", to="input") | {"needs": ("noise",)},
        r"FA.steps\[0\].to: nothing lies below the input \(got frm='below'\)",
    ),
    "to the input from a sweep": (
        message(to="input"),
        r"FA.steps\[0\].of: unknown name 'delta' \(knows: \)",
    ),
    "via an unknown": (
        message(via="b*c"),
        r"FA.steps\[0\].via: unknown name 'c' \(knows: w, b, mask\)",
    ),
    "via a number": (message(via="1"), r"FA.steps\[0\].via: a variable of the synapse \(got '1'\)"),
    "skipping feedback owns b alone": (
        message(of="err", frm="output", via="w"),
        r"FA.steps\[0\].via: unknown name 'w' \(knows: b\)",
    ),
    "post unknown": (
        update(post="deltta"),
        r"FA.updates\[0\].post: unknown name 'deltta' \(knows: h, df, fb, delta\)",
    ),
    "post hidden only": (
        update(post="fb"),
        r"FA.updates\[0\].post: unknown name 'fb' \(knows: h, d",
    ),
    "pre not in the input": (
        update(pre="delta"),
        r"FA.updates\[0\].pre: unknown name 'delta' \(knows: h, x\)",
    ),
    "factor of a neuron": (
        update(factor="-eta*h"),
        r"FA.updates\[0\].factor: unknown name 'h' \(knows: eta, lam\)",
    ),
    "leak of a neuron": (
        update(leak="lam*w*h"),
        r"FA.updates\[0\].leak: unknown name 'h' \(knows: w, b, mask, eta, lam\)",
    ),
    "unknown phase": (
        update(phase="mirror"),
        r"FA.updates\[0\].phase: unknown phase 'mirror' \(knows: none\)",
    ),
    "unknown layers": (
        update(on="top"),
        r"FA.updates\[0\].on: one of all, hidden, output \(got 'top'\)",
    ),
    "unknown across": (
        update(across="sideways"),
        r"FA.updates\[0\].across: one of forward, self, direct \(got 'sideways'\)",
    ),
    "direct without a message that skips layers": (
        update(across="direct"),
        r"FA.updates\[0\].across: a message that skips layers .* \(got none in steps\)",
    ),
    "direct in some layers": (
        update(across="direct", on="hidden"),
        r"FA.updates\[0\].on: all, of feedback that skips layers \(got 'hidden'\)",
    ),
    "leak that pushes": (
        update(leak="-lam*w"),
        r"FA.updates\[0\].leak: must grow with 'w', so that it pulls it back \(got '-lam\*w'\)",
    ),
    "leak of another alone": (update(leak="lam*b"), r"FA.updates\[0\].leak: must grow with 'w'"),
    "leak that is even": (update(leak="lam*w**2"), r"FA.updates\[0\].leak: must grow with 'w'"),
    "factor of nought": (
        update(factor="eta - eta"),
        r"FA.updates\[0\].factor: must be finite and not 0 \(got 'eta - eta'\)",
    ),
    "factor of infinity": (
        update(factor="-eta/(lam - lam)"),
        r"FA.updates\[0\].factor: must be finite and not 0",
    ),
    "nothing at all": (
        update(factor="0", leak=None) | {"rates": {}},
        r"FA.updates\[0\].factor: must not be 0 without a leak \(got '0'\)",
    ),
    "ascent by the factor": (
        update(factor="eta"),
        r"FA.updates\[0\].factor: must move the output against err = dLoss/dh \(got 'eta' times",
    ),
    "ascent by the delta": (
        local("fb", "-err"),
        r"FA.updates\[0\].factor: must move the output against err",
    ),
    "rate that nothing reads": (
        {"rates": {"eta": 0.1, "lam": 0.0, "rho": 1.0}},
        r"FA.rates: names that are read \(got 'rho'\)",
    ),
    "rate undefined": (
        {"rates": {"eta": 0.1}},
        r"FA.updates\[0\].leak: unknown name 'lam' \(knows: w, b, mask, eta\)",
    ),
    "rate below nought": (
        {"rates": {"eta": -0.1, "lam": 0.0}},
        r"FA.rates.eta: a finite number >= 0 \(got -0.1\)",
    ),
    "rate not a number": (
        {"rates": {"eta": float("nan"), "lam": 0.0}},
        r"FA.rates.eta: a finite number >= 0 \(got nan\)",
    ),
    "need that nothing reads": (
        {"needs": ("noise",)},
        r"FA.needs: names that are read \(got 'noise'",
    ),
    "need of what is there": (
        {"needs": ("df",)},
        r"FA.needs: a new name \(got 'df', taken by the vocabulary\)",
    ),
    "step that nothing reads": (
        {"steps": (FEEDBACK, DELTA, Local("idle", "h", None))},
        r"FA.steps\[2\].name: a name that is read \(got 'idle'\)",
    ),
    "variable that nothing reads": (
        also(Update("c", "delta", "h", "eta")),
        r"FA.updates\[1\].of: a variable that something reads \(got 'c'\)",
    ),
    "feedback that learns beside the one in use": (
        message(of="err", frm="output") | also(Update("b", "delta", "h", "eta")),
        r"FA.updates\[1\].of: a variable that something reads \(got 'b'\)",
    ),
    "b has no synapses from the input": (
        also(Update("b", "delta", "x", "eta")),
        r"FA.updates\[1\].pre: unknown name 'x' \(knows: h, df, fb, delta\)",
    ),
    "Brian's attribute": (
        local("fb", name="target"),
        r"FA.steps\[1\].name: another name \(got 'target', which is an attribute of Brian's",
    ),
    "Brian's unit": (
        {"rates": {"nS": 1.0}},
        r"FA.rates: another name \(got 'nS', which is the name of a unit\)",
    ),
    "Brian's suffix": (
        local("fb", name="d_post"),
        r"FA.steps\[1\].name: another name \(got 'd_post', which ends in _pre or _post",
    ),
    "Brian's variable for a synapse": (
        also(Update("delay", "delta", "h", "eta")),
        r"FA.updates\[1\].of: another name \(got 'delay', which is an attribute",
    ),
    "twice the same": (
        {"steps": (FEEDBACK, FEEDBACK, DELTA)},
        r"FA.steps\[1\].name: a new name \(got 'fb', taken by FA.steps\[0\].name\)",
    ),
    "a neuron's name for a synapse": (
        also(Update("fb", "delta", "h", "eta")),
        r"FA.updates\[1\].of: a synapse's variable \(got 'fb', taken by FA.steps\[0\].name\)",
    ),
    "one matrix in two places": (
        also(Update("v", "delta", "h", "eta"), Update("v", "delta", "h", "eta", across="self")),
        r"FA.updates\[2\].across: 'v' is one matrix \(got 'forward' and 'self'\)",
    ),
    "host of an unknown": (
        {"host": (Host("b", abs, ("c",)),)},
        r"FA.host\[0\].reads: unknown name 'c' \(knows: w, b, mask\)",
    ),
    "host of nothing": (
        {"host": (Host("b", abs, ()),)},
        r"FA.host\[0\]: a function of named matrices \(got \(\)\)",
    ),
    "host that nothing reads": (
        {"host": (Host("c", abs, ("w",)),)},
        r"FA.host\[0\].of: a variable that something reads \(got 'c'\)",
    ),
    "host at another time": (
        {"host": (Host("b", abs, ("w",), every="epoch"),)},  # type: ignore[arg-type]
        r"FA.host\[0\].every: one of start, step \(got 'epoch'\)",
    ),
    "no update": ({"updates": ()}, r"Rule: needs a name and an update \(got 'FA', \(\)\)"),
}


@pytest.mark.parametrize(("changes", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(changes, expected):
    with pytest.raises(InputError, match=expected) as refused:
        replace(FA, **changes)
    assert "\n" not in str(refused.value)


STANDARD, MODULATED = PEPITA.phases
PHASED = {
    "unknown phase": (
        {"updates": (replace(PEPITA.updates[0], phase="third"),)},
        r"PEPITA.updates\[0\].phase: unknown phase 'third' \(knows: standard, modulated\)",
    ),
    "update before its snapshot": (
        {"updates": (replace(PEPITA.updates[0], phase="standard"),)},
        r"PEPITA.updates\[0\].post: 'delta' is kept too late for it \(got window 'standard'\)",
    ),
    "update in every window": (
        {"updates": (replace(PEPITA.updates[0], phase=None),)},
        r"PEPITA.updates\[0\].post: 'delta' is kept too late for it \(got window 'standard'\)",
    ),
    "drive before its snapshot": (
        {"phases": (replace(STANDARD, drive="x + mod"), MODULATED)},
        r"PEPITA.phases\[0\].drive: 'mod' is kept too late for it \(got window 'standard'\)",
    ),
    "drive of an unknown": (
        {"phases": (STANDARD, replace(MODULATED, drive="x + e1"))},
        r"PEPITA.phases\[1\].drive: unknown name 'e1' \(knows: x, mod, eta, lam\)",
    ),
    "snapshot of an unknown": (
        {"phases": (replace(STANDARD, keep={"h1": "hh", "e1": "err"}), MODULATED)},
        r"PEPITA.phases\[0\].keep.h1: unknown name 'hh'",
    ),
    "snapshot of a later one": (
        {"phases": (replace(STANDARD, keep={"h1": "h", "e1": "err*delta"}), MODULATED)},
        r"PEPITA.phases\[0\].keep.e1: 'delta' is kept too late for it \(got window 'standard'\)",
    ),
    "two windows of one name": (
        {"phases": (STANDARD, Phase("standard", drive="x + mod"))},
        r"PEPITA.phases: names that differ \(got standard, standard\)",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), PHASED.values(), ids=PHASED.keys())
def test_refusals_with_phases(changes, expected):
    with pytest.raises(InputError, match=expected):
        replace(PEPITA, **changes)


def test_what_reaches_the_input_does_not_learn():
    learn = Update("b", post="h", pre="h", factor="eta", across="direct")
    with pytest.raises(InputError, match=r"updates\[1\].across: .* to hidden ones \(got none in"):
        replace(PEPITA, updates=(*PEPITA.updates, learn))


def test_snapshot_in_no_layer():
    with pytest.raises(InputError, match=r"x.phases\[0\].keep.k: no layer has all its names"):
        Rule(
            "x",
            "none",
            updates=(LEARN,),
            steps=(FEEDBACK, DELTA),
            phases=(Phase("one", keep={"k": "err*x"}),),
            rates=FA.rates,
        )


def test_a_rate_that_is_off_is_judged_as_if_on():
    assert replace(FA, rates={"eta": 0.0, "lam": 0.0}).rates["eta"] == 0
