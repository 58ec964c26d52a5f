"""The frozen tables against the Brian that is installed."""

from __future__ import annotations

import brian2
import pytest
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS

from snn_credit.rules import RULES
from snn_credit.rules.names import BASIC, SYNAPSE, names_of
from snn_credit.rules.reserved import why_reserved

# Groups are looked at here, never run.
brian2.BrianLogger.suppress_hierarchy("brian2.core.base.unused_brian_object")

WHAT_BRIAN_REFUSES_IN_EQUATIONS = ("t", "dt", "t_in_timesteps", "xi", "i", "N")


def public(names):
    return {name for name in names if name.isidentifier() and not name.startswith("_")}


@pytest.mark.parametrize("table", [DEFAULT_UNITS, DEFAULT_FUNCTIONS, DEFAULT_CONSTANTS])
def test_brians_namespaces(table):
    assert public(table)
    assert [name for name in public(table) if not why_reserved(name)] == []


def test_what_brian_refuses():
    assert all(why_reserved(name) for name in WHAT_BRIAN_REFUSES_IN_EQUATIONS)


def test_attributes_of_groups():
    group = brian2.NeuronGroup(
        2,
        "dmy_v/dt = -my_v/ms : 1 (unless refractory)",
        threshold="my_v > 1",
        refractory=1 * brian2.ms,
    )
    synapses = brian2.Synapses(
        group,
        group,
        """dmy_trace/dt = -my_trace/ms : 1 (event-driven)
        my_w : 1""",
        on_pre="my_trace += my_w",
        on_post="my_w += 1",
        delay=1 * brian2.ms,
    )
    synapses.connect()
    found: set[str] = set()
    for thing in (group, group[:1], synapses):
        found |= public(dir(thing)) | public(dir(type(thing))) | public(thing.variables)
    theirs = {name for name in found if not name.startswith("my_")}
    assert {"target", "lastspike", "lastupdate", "N_outgoing"} <= theirs
    assert sorted(name for name in theirs if not why_reserved(name)) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("target", "attribute"), ("nS", "unit"), ("mV", "unit"), ("exp", "function"),
        ("xi_noise", "special"), ("i", "special"), ("h_pre", "_pre"), ("w_post", "_pre or _post"),
        ("lambda", "Python"), ("double", r"C\+\+"), ("_x", "underscore"), ("2x", "plain"),
        ("é", "plain"), ("lastspike", "attribute"),
    ],
)  # fmt: skip
def test_reasons(name, why):
    reason = why_reserved(name)
    assert reason is not None
    assert why.replace("\\", "") in reason


def test_the_vocabulary_and_the_rules_are_free():
    used = {*BASIC, *SYNAPSE}
    for rule in RULES.values():
        names = names_of(rule)
        used |= {*names.places, *names.forward, *names.own, *rule.rates}
    assert [name for name in used if why_reserved(name)] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_brian_takes_the_rules_names(rule):
    names = names_of(rule)
    neuron = [f"{name} : 1" for name in names.places]
    shared = [f"{name} : 1 (shared)" for name in rule.rates]
    group = brian2.NeuronGroup(1, "\n".join(neuron + shared))
    synapses = brian2.Synapses(group, group, "\n".join(f"{name} : 1" for name in names.forward))
    assert set(names.forward) < set(synapses.variables)
