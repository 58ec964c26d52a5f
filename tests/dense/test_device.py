"""The device itself: threads, store and restore, printing, reports, and what it refuses."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms
from brian2.core.base import BrianObjectException
from brian_device import active

import snn_credit.dense
from snn_credit.dense.cpp import compiler
from snn_credit.dense.history import SpikeHistory
from snn_credit.errors import InputError


def plastic(n=900):
    """Bernoulli neurons, all to all, with sums both ways and a change of every active synapse."""
    group = b2.NeuronGroup(
        n, "s : 1\nback : 1\np : 1", threshold="rand() < 0.6", name="cells"
    )  # fmt: skip
    group.p = np.linspace(0, 1, n)
    synapses = b2.Synapses(
        group, group, "w : 1",
        on_pre={"up": "s_post += w", "down": "back_pre += w*p_post", "learn": "w -= 1e-3*p_post"},
        name="all",
    )  # fmt: skip
    synapses.connect()
    synapses.w = np.random.default_rng(0).random(n * n)
    return group, synapses


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    def state(threads):
        monkeypatch.setenv("SNN_CREDIT_THREADS", str(threads))
        with active("dense", np.float32):
            b2.seed(1)
            group, synapses = plastic(1100)
            b2.Network(group, synapses).run(0.5 * ms, namespace={})
            names = {"s": group, "back": group, "w": synapses}
            return {k: np.array(g.variables[k].get_value()) for k, g in names.items()}

    one, three = state(1), state(3)
    for name, values in one.items():
        np.testing.assert_array_equal(three[name], values, err_msg=name)
        assert values.any()


def test_store_and_restore_go_on_alike():
    with active("dense"):
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
    with active("dense"):
        table = b2.TimedArray(np.arange(4.0), dt=0.1 * ms, name="table")
        group = b2.NeuronGroup(3, "x : 1\ny : 1", name="cells")
        group.run_regularly("x = k*table(t)\ny = k", name="set")
        network = b2.Network(group)
        network.run(0.3 * ms, namespace={"k": 2.0, "table": table})
        assert group.x[0] == 4.0
        table.values[:] = 10
        network.run(0.1 * ms, namespace={"k": 3, "table": table})
        assert (group.x[0], group.y[0]) == (30.0, 3.0)


def test_the_program_can_be_read():
    with active("dense"):
        group, synapses = plastic(10)
        network = b2.Network(group, synapses)
        text = snn_credit.dense.source(network)
    for said in ("//     s_post += w\n", "//     back_pre += w*p_post\n", "// all_learn: synapses"):
        assert said in text
    with pytest.raises(InputError, match=r"device: set_device\('dense'\) first"):
        snn_credit.dense.source(network)


def test_a_report_is_given_and_a_run_can_be_stopped():
    said = []
    with active("dense"):
        group = b2.NeuronGroup(2, "x : 1", name="cells")
        group.run_regularly("x += 1", name="count")
        network = b2.Network(group)
        network.run(1 * ms, report=lambda *now: said.append(now[1]), namespace={})
        assert said[0] == 0.0
        assert said[-1] == 1.0
        assert group.x[0] == 10

        def stop(*now):
            if now[1] > 0:
                network.stop()

        network.run(10 * b2.second, report=stop, report_period=0 * ms, namespace={})
        assert 10 < group.x[0] < 100_000


def with_operation():
    group = b2.NeuronGroup(2, "x : 1", name="cells")

    @b2.network_operation(name="python")
    def operation():
        group.x += 1

    return group, operation


def with_poisson():
    group = b2.NeuronGroup(2, "x : 1", name="cells")
    group.run_regularly("x = poisson(3)", name="draw")
    return (group,)


def with_python_function():
    @b2.check_units(v=1, result=1)
    def twice(v):
        return 2 * v

    group = b2.NeuronGroup(2, "x : 1", name="cells", namespace={"twice": twice})
    group.run_regularly("x = twice(x)", name="double")
    return (group,)


def with_cable():
    morphology = b2.Cylinder(length=100 * b2.um, diameter=1 * b2.um, n=5)
    neuron = b2.SpatialNeuron(
        morphology, "Im = 1e-3*siemens/cm**2*(-70*mV - v) : amp/meter**2", name="cable"
    )
    return (neuron,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (with_operation, r"Python code in the loop \(NetworkOperation\) .*python.*'runtime' runs"),
        (
            with_poisson,
            r"without poisson\(\) .* in 'x = poisson\(3\)'\); device 'cpp_standalone' runs it",
        ),
        (with_python_function, r"twice\(\), which has no C\+\+ code .*'x .*twice\(x\)'.*'runtime'"),
        (with_cable, r"SpatialStateUpdater .*cable.*'cpp_standalone' runs it"),
    ],
)
def test_what_cannot_be_expressed_is_refused_by_name(make, message):
    with active("dense"), pytest.raises(InputError, match=message) as caught:
        b2.Network(*make()).run(1 * ms, namespace={})
    assert str(caught.value).startswith("device dense: ")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(b2, "EventClock"), reason="newer versions of Brian have it")
def test_a_clock_without_dt_is_refused():
    with active("dense"):
        clock = b2.EventClock([1, 3] * ms, name="uneven")
        group = b2.NeuronGroup(2, "x : 1", name="cells")
        monitor = b2.StateMonitor(group, "x", record=True, clock=clock, name="record")
        with pytest.raises(InputError, match=r"clocks of uneven steps .*uneven.*'runtime' runs it"):
            b2.Network(group, monitor).run(5 * ms, namespace={})


def test_other_bad_requests():
    with active("dense"):
        network = b2.Network(b2.NeuronGroup(2, "x : 1", name="cells"))
        with pytest.raises(InputError, match="duration: at least 0 s"):
            network.run(-1 * ms, namespace={})
        with pytest.raises(InputError, match="profile: not on the device dense"):
            network.run(1 * ms, profile=True, namespace={})
        with pytest.raises(InputError, match="report: text, stdout, stderr or a function"):
            network.run(1 * ms, report="loud", namespace={})


def test_delays_are_checked():
    history = SpikeHistory(0, 3)
    with pytest.raises(InputError, match=r"delay: at least 0 \(got -0.001 s\)"):
        history.prepare(np.array([-1e-3]), 1e-4, np.zeros(1))
    history.prepare(np.array([5e-4]), 1e-4, np.zeros(1))
    assert history.history.shape == (6, 3)
    history.history[2, 1] = 1
    with pytest.raises(InputError, match=r"dt: the same while spikes are under way"):
        history.prepare(np.array([5e-4]), 2e-4, np.zeros(1))


def test_without_a_compiler_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(compiler.shutil, "which", lambda name: None)
    with active("dense"), pytest.raises(InputError, match=r"needs a C\+\+ compiler .*'runtime'"):
        b2.Network(b2.NeuronGroup(2, "x : 1", name="cells")).run(1 * ms, namespace={})


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SNN_CREDIT_CACHE", str(tmp_path / "file"))
    with active("dense"), pytest.raises(InputError, match="SNN_CREDIT_CACHE: a folder that can"):
        b2.Network(b2.NeuronGroup(2, "x : 1", name="cells")).run(1 * ms, namespace={})


def test_brians_own_errors_come_through():
    with active("dense"):
        group = b2.NeuronGroup(2, "dx/dt = -x/unknown : 1", method="euler", name="cells")
        with pytest.raises(BrianObjectException):
            b2.Network(group).run(1 * ms, namespace={})
