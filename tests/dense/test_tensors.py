"""Plans as tensors give what they give as C++: ordinary networks, with the same random numbers."""

from __future__ import annotations

import brian2 as b2
import brian_networks
import numpy as np
import pytest
import random_networks
from brian2 import ms
from brian_device import active

import snn_credit.dense  # noqa: F401 - makes the devices known
from snn_credit.dense.tensors import blocks, recording
from snn_credit.errors import InputError

ORDERED = "recurrent_order_dependent"
GIVEN = {name: make for name, make in brian_networks.NETWORKS.items() if name != ORDERED}
EVERY = {**GIVEN, **random_networks.NETWORKS}


def assert_equal(got, want):
    assert got.keys() == want.keys()
    for key, values in want.items():
        assert got[key].dtype == values.dtype, key
        if values.dtype.kind in "iub":
            np.testing.assert_array_equal(got[key], values, err_msg=key)
        else:
            np.testing.assert_allclose(got[key], values, rtol=1e-11, atol=1e-13, err_msg=key)


def compare(make, **how):
    want = random_networks.simulate(make, "dense")
    recorded = [key for key in want if key.endswith((".i", ".x", ".v", ".y0"))]
    assert any(len(want[key]) > 5 for key in recorded), "a network that shows something"
    assert_equal(random_networks.simulate(make, "dense:torch", **how), want)


@pytest.mark.parametrize("name", EVERY)
def test_spike_for_spike(name):
    compare(EVERY[name])


@pytest.mark.parametrize(
    "name", ["poisson_stdp", "noise_everywhere", "writing_at_both_ends_later_partial",
             "list_of_spikes", "clocks_and_links"],
)  # fmt: skip
def test_a_run_in_pieces_is_the_run(name, monkeypatch):
    monkeypatch.setitem(blocks.ROWS, "cpu", 5)
    monkeypatch.setattr(recording, "_MOST", 11)
    compare(EVERY[name], runs=(10, 0.5, 6.5, 3))


class Replayed:
    """In place of CUDA graphs: notes what a graph would be made of, and does it."""

    def __init__(self):
        self.done = []

    def run(self, name, work):
        self.done.append(name)
        work()


@pytest.mark.parametrize("name", ["poisson_stdp_partial", "noise_everywhere", "statements"])
def test_blocks_that_graphs_hold(name, monkeypatch):
    """On a GPU several steps are one graph, single steps another: the results are the same."""
    monkeypatch.setitem(blocks.ROWS, "cpu", 8)
    graphs = Replayed()
    made = blocks.Blocks.__init__

    def with_graphs(self, *arguments):
        made(self, *arguments)
        self._graphs = graphs

    monkeypatch.setattr(blocks.Blocks, "__init__", with_graphs)
    compare(EVERY[name])
    whole = [name for name in graphs.done if isinstance(name, tuple) and len(name) == 8]
    assert (len(whole) > 5) == (name != "noise_everywhere"), "one clock's steps, not those of two"
    assert graphs.done.count("ahead") > 1
    assert (True,) in graphs.done or (True, True) in graphs.done


def test_compiled(monkeypatch):
    monkeypatch.setenv(blocks.COMPILE, "1")
    compare(EVERY["poisson_stdp"])


def test_compile_is_yes_or_no(monkeypatch):
    monkeypatch.setenv(blocks.COMPILE, "perhaps")
    with pytest.raises(InputError, match=r"SNN_CREDIT_TORCH_COMPILE: 0 or 1 \(got 'perhaps'\)"):
        compare(EVERY["poisson_stdp"])


def test_store_and_restore_go_on_alike():
    with active("dense:torch"):
        b2.seed(5)
        group = b2.NeuronGroup(
            30, "dv/dt = (2*rand_in - v)/(5*ms) : 1\nrand_in : 1", threshold="v > 0.9",
            reset="v = 0", refractory=1 * ms, method="euler", name="cells",
        )  # fmt: skip
        group.run_regularly("rand_in = rand()", name="draw")
        synapses = b2.Synapses(group, group, "w : 1", on_pre="v_post += w\nw += 0.001", name="s")
        synapses.connect()
        synapses.w = 0.01
        synapses.pre.delay = 1.7 * ms
        spikes = b2.SpikeMonitor(group, name="spikes")
        network = b2.Network(group, synapses, spikes)
        network.run(20 * ms, namespace={})
        assert synapses.pre.queue.history.any(), "spikes are under way"
        network.store()
        network.run(20 * ms, namespace={})
        first = [np.array(spikes.t_), np.array(spikes.i), np.array(synapses.w)]
        network.restore(restore_random_state=True)
        network.run(20 * ms, namespace={})
        for want, got in zip(first, (spikes.t_, spikes.i, synapses.w), strict=True):
            np.testing.assert_array_equal(got, want)
        assert len(first[0]) > 50


def test_constants_and_tables_may_change_between_runs():
    with active("dense:torch"):
        table = b2.TimedArray(np.arange(4.0), dt=0.1 * ms, name="table")
        group = b2.NeuronGroup(3, "x : 1\ny : 1", name="cells")
        group.run_regularly("x = k*table(t)\ny = k", name="set")
        network = b2.Network(group)
        network.run(0.3 * ms, namespace={"k": 2.0, "table": table})
        assert group.x[0] == 4.0
        table.values[:] = 10
        network.run(0.1 * ms, namespace={"k": 3, "table": table})
        assert (group.x[0], group.y[0]) == (30.0, 3.0)


def test_columns_that_a_table_has_not():
    def make():
        table = b2.TimedArray(np.arange(12.0).reshape(4, 3), dt=0.1 * ms, name="table")
        group = b2.NeuronGroup(7, "x : 1\ny : 1\nz : 1", name="cells", namespace={"table": table})
        group.run_regularly("x = table(t, i - 2)\ny = table(0.2*ms, i % 3)\nz = table(t, 1)")
        return [group, b2.StateMonitor(group, ["x", "y", "z"], True, name="trace")]

    found = random_networks.simulate(make, "dense:torch", runs=(0.5,))
    assert np.isnan(found["trace.x"]).sum() == 4 * 5
    assert_equal(found, random_networks.simulate(make, "dense", runs=(0.5,)))


def order_dependent():
    return brian_networks.NETWORKS[ORDERED]()


def read_after_writing():
    group = b2.NeuronGroup(4, "v : 1\nu : 1", threshold="True", name="cells")
    synapses = b2.Synapses(group, group, "w : 1", on_pre="u_post += 1\nw = u_post", name="s")
    synapses.connect()
    return [group, synapses]


def one_array_by_two_names():
    group = b2.NeuronGroup(4, "v : 1", threshold="True", name="cells")
    synapses = b2.Synapses(group, group, on_pre="v_post += v_pre", name="s")
    synapses.connect()
    return [group, synapses]


def assigned_by_synapses():
    group = b2.NeuronGroup(4, "v : 1", threshold="True", name="cells")
    synapses = b2.Synapses(group, group, "w : 1", on_pre="v_post = w", name="s")
    synapses.connect(p=0.5)
    return [group, synapses]


def added_and_multiplied():
    group = b2.NeuronGroup(4, "v : 1", threshold="True", name="cells")
    synapses = b2.Synapses(group, group, on_pre="v_post += 1\nv_post *= 2", name="s")
    synapses.connect()
    return [group, synapses]


@b2.implementation("cpp", "double twice(double x) { return 2*x; }")
@b2.check_units(x=1, result=1)
def twice(x):
    return 2 * x


def c_function():
    group = b2.NeuronGroup(2, "x : 1", name="cells", namespace={"twice": twice})
    group.run_regularly("x = twice(x)", name="double")
    return [group]


ORDER = "order of synapses"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (order_dependent, rf"{ORDER} \(got one in all_pre in 'v_post \+= w \* \(0.8 - v_post\)'\)"),
        (read_after_writing, rf"{ORDER} \(got one in s_pre in 'w = u_post'\)"),
        (one_array_by_two_names, rf"{ORDER} \(got one in s_pre in 'v_post \+= v_pre'\)"),
        (assigned_by_synapses, rf"{ORDER} \(got one in s_pre in 'v_post = w'\)"),
        (added_and_multiplied, rf"{ORDER} \(got one in s_pre in 'v_post \+= 1"),
        (c_function, r"twice\(\), which has no torch form \(got one in double in 'x = twice\(x\)'"),
    ],
)
def test_what_has_no_form_in_tensors_is_refused_by_name(make, message):
    with active("dense:torch"), pytest.raises(InputError, match=message) as caught:
        b2.Network(*make()).run(1 * ms, namespace={})
    said = str(caught.value)
    assert said.startswith("devices dense:cuda, dense:torch: a network without ")
    assert said.endswith("; device 'dense' runs it")
    assert "\n" not in said
