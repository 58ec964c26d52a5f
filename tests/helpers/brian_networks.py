"""Ordinary Brian networks, small, for comparing one device with another spike for spike.

None of them draws random numbers of its own: inputs are regular, or are given in tables.
"""

from __future__ import annotations

import brian2 as b2
import numpy as np
from brian2 import Hz, ms


def noise(rows, columns, seed):
    """A table of uniform numbers, one row a time step of 0.1 ms."""
    values = np.random.default_rng(seed).random((rows, columns))
    return b2.TimedArray(values, dt=0.1 * ms, name=f"u_{seed}")


def poisson(n, rate, seed, name):
    """Neurons that spike at random, by given numbers."""
    return b2.NeuronGroup(
        n, "p = rate*dt : 1\nrate : Hz", threshold=f"u_{seed}(t, i) < p", name=name,
        namespace={f"u_{seed}": noise(1000, n, seed)},
    ), rate  # fmt: skip


def lif_with_refractoriness():
    group = b2.NeuronGroup(
        20, "dv/dt = (drive - v)/(8*ms) : 1 (unless refractory)\ndrive : 1",
        threshold="v > 1", reset="v = 0", refractory="2*ms + i*0.1*ms", method="exact",
        name="lif",
    )  # fmt: skip
    group.drive = np.linspace(0.9, 3, 20)
    return [
        group,
        b2.SpikeMonitor(group, name="spikes"),
        b2.StateMonitor(group, "v", [0, 7, 19], name="trace"),
    ]


def recurrent_order_dependent():
    """Each spike moves the target towards a reversal potential: the order of spikes matters."""
    group = b2.NeuronGroup(
        30, "dv/dt = (1.3 - v)/(8*ms) : 1\nge : 1", threshold="v > 1", reset="v = 0",
        method="exact", name="cells",
    )  # fmt: skip
    group.v = np.linspace(0, 0.99, 30)
    synapses = b2.Synapses(group, group, "w : 1", on_pre="v_post += w*(0.8 - v_post)", name="all")
    synapses.connect()
    synapses.w = 0.01 + 0.02 * np.random.default_rng(0).random(900)
    return [group, synapses, b2.SpikeMonitor(group, name="spikes")]


def stdp(partial=False):
    source, rate = poisson(15, 60 * Hz, 1, "source")
    source.rate = 8 * rate
    target = b2.NeuronGroup(
        12, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact",
        name="target",
    )  # fmt: skip
    synapses = b2.Synapses(
        source, target,
        """
        w : 1
        dapre/dt = -apre/(20*ms) : 1 (event-driven)
        dapost/dt = -apost/(15*ms) : 1 (event-driven)
        """,
        on_pre="v_post += w\napre += 0.02\nw = clip(w + apost, 0, 0.6)",
        on_post="apost -= 0.015\nw = clip(w + apre, 0, 0.6)",
        name="plastic",
    )  # fmt: skip
    rng = np.random.default_rng(5)
    if partial:
        i, j = np.nonzero(rng.random((15, 12)) < 0.4)
        synapses.connect(i=i, j=j)
    else:
        synapses.connect()
    synapses.w = 0.2 + 0.3 * rng.random(len(synapses))
    return [source, target, synapses, b2.SpikeMonitor(target, name="spikes"),
            b2.StateMonitor(synapses, "w", [0, 20], name="weights", dt=1 * ms)]  # fmt: skip


def stdp_partial():
    return stdp(partial=True)


def summed_and_clocked():
    """Graded synapses: a summed variable, and a synaptic variable integrated every step."""
    group = b2.NeuronGroup(
        10, "dv/dt = (1.2 + coupling - v)/(9*ms) : 1\ncoupling : 1", threshold="v > 1",
        reset="v = 0", method="euler", name="cells",
    )  # fmt: skip
    group.v = np.linspace(0, 0.9, 10)
    synapses = b2.Synapses(
        group, group,
        """
        w : 1
        ds/dt = -s/(5*ms) : 1 (clock-driven)
        coupling_post = w*s*(v_pre - v_post) : 1 (summed)
        """,
        on_pre="s += 1", method="exact", name="graded",
    )  # fmt: skip
    synapses.connect(condition="i != j")
    synapses.w = 0.3 * np.random.default_rng(2).random(len(synapses))
    return [group, synapses, b2.SpikeMonitor(group, name="spikes"),
            b2.StateMonitor(group, ["v", "coupling"], True, name="trace")]  # fmt: skip


def summed_all_to_all():
    group = b2.NeuronGroup(
        8, "dv/dt = (1.1 + pull - v)/(9*ms) : 1\npull : 1", threshold="v > 1", reset="v = 0",
        method="euler", name="cells",
    )  # fmt: skip
    group.v = np.linspace(0, 0.9, 8)
    synapses = b2.Synapses(group, group, "w : 1\npull_pre = w*v_post : 1 (summed)", name="graded")
    synapses.connect()
    synapses.w = 0.05 * np.random.default_rng(2).random(64)
    return [group, synapses, b2.SpikeMonitor(group, name="spikes")]


def custom_events():
    group = b2.NeuronGroup(
        12, "dv/dt = (1.5 - v)/(9*ms) : 1\nhalves : 1\nseen : 1", threshold="v > 1",
        reset="v = 0", events={"half": "v > 0.5 and v < 0.55"}, method="exact", name="cells",
    )  # fmt: skip
    group.v = np.linspace(0, 0.9, 12)
    group.run_on_event("half", "halves += 1")
    synapses = b2.Synapses(
        group, group, on_pre={"up": "seen_post += 1", "down": "seen_pre -= 0.5"},
        on_event={"up": "half", "down": "spike"}, name="echo",
    )  # fmt: skip
    synapses.connect(j="(i + 1) % 12")
    return [group, synapses, b2.SpikeMonitor(group, name="spikes"),
            b2.EventMonitor(group, "half", ["v"], name="halves")]  # fmt: skip


def _delayed(delay, on_post=None):
    source = b2.SpikeGeneratorGroup(
        6, [0, 1, 2, 3, 4, 5, 0, 2] * 4,
        (np.repeat(np.arange(4) * 20, 8) + np.tile([1, 2, 3, 3, 5, 8, 9, 9], 4)) * 0.1 * ms,
        name="source",
    )  # fmt: skip
    target = b2.NeuronGroup(
        5, "dv/dt = -v/(3*ms) : 1\nheard : 1", threshold="v > 1", reset="v = 0", method="exact",
        name="target",
    )  # fmt: skip
    synapses = b2.Synapses(source, target, "w : 1", on_pre="v_post += w", on_post=on_post, name="s")
    synapses.connect()
    synapses.w = 0.3 + 0.3 * np.random.default_rng(1).random(30)
    synapses.pre.delay = delay
    if on_post is not None:
        synapses.post.delay = 0.7 * ms
    return [source, target, synapses, b2.SpikeMonitor(target, name="spikes")]


def delays_equal():
    return _delayed(1.3 * ms, on_post="w *= 0.95\nheard_post += 1")


def delays_of_each_synapse():
    return _delayed(np.random.default_rng(4).integers(0, 25, 30) * 0.1 * ms)


def subgroups_and_rates():
    group = b2.NeuronGroup(
        20, "dv/dt = (drive - v)/(8*ms) : 1\ndrive : 1\ngain : 1 (shared)", threshold="v > 1",
        reset="v = 0", method="exact", name="cells",
    )  # fmt: skip
    group.drive = np.linspace(1.05, 2, 20)
    group.gain = 0.05
    first, second = group[:8], group[8:]
    synapses = b2.Synapses(first, second, on_pre="v_post -= gain_post*0.5", name="inhibit")
    synapses.connect()
    back = b2.Synapses(second, first, on_pre="v_post += gain_pre*0.1", name="excite")
    back.connect(i=[0, 3, 11], j=[1, 7, 0])
    return [group, synapses, back, b2.SpikeMonitor(second, name="spikes"),
            b2.PopulationRateMonitor(first, name="rate")]  # fmt: skip


def two_clocks_and_tables():
    drive = b2.TimedArray(np.random.default_rng(3).random((12, 5)) * 3, dt=4 * ms, name="drive_at")
    group = b2.NeuronGroup(
        5, "dv/dt = (drive_at(t, i) - v)/(6*ms) : 1\nslow : 1", threshold="v > 1",
        reset="v = 0", method="euler", name="cells", namespace={"drive_at": drive},
    )  # fmt: skip
    group.run_regularly("slow = slow*0.9 + v", dt=1 * ms, name="slowly")
    return [group, b2.SpikeMonitor(group, name="spikes"),
            b2.StateMonitor(group, "slow", True, dt=2 * ms, name="trace")]  # fmt: skip


def every_function():
    """What Brian's equations may call, and its operators, on ordinary and odd values."""
    code = """
    a = arcsin(clip(x, -1, 1)) + arccos(clip(x, -1, 1)) + arctan(x) + sin(x) + cos(x) + tan(x/3)
    b = sinh(x) + cosh(x) + tanh(x) + exp(x) + expm1(x) + exprel(x)
    c = log(1 + x**2) + log10(1 + abs(x)) + log1p(abs(x)) + sqrt(abs(x)) + x**3 + abs(x)**0.5
    d = floor(x) + 10*ceil(x) + 100*sign(x) + 1000*int(x) + 10000*int(x > 0.5)
    k = timestep(t, dt) + i % 3 + i//2 - 7 % (i + 1)
    g = int(x > 0 and not i == 3 or x < -1)*(x % 0.7) + (x//0.6)
    flag = x > 0 or i == 2
    h = pi + e + 1/(i + 1) + clip(x, -0.3, 0.4)
    """
    group = b2.NeuronGroup(
        12, "a : 1\nb : 1\nc : 1\nd : 1\ng : 1\nh : 1\nx : 1\nk : integer\nflag : boolean\nv : 1",
        threshold="v > 0.5", name="cells",
    )  # fmt: skip
    group.x = np.linspace(-2.3, 2.6, 12)
    group.x[4] = 0
    group.run_regularly(code, name="compute")
    group.run_regularly("v = int(flag)", order=1, name="fire")
    return [group, b2.SpikeMonitor(group, name="spikes"),
            b2.StateMonitor(group, [*"abcdghk", "flag"], True, name="trace")]  # fmt: skip


def links_and_periods():
    """Variables linked by index, a subgroup's statements, a periodic generator, two pathways."""
    slow = b2.NeuronGroup(3, "dx/dt = (1 - x)/(20*ms) : 1", method="exact", name="slow_cells")
    group = b2.NeuronGroup(
        9,
        """
        dv/dt = (2*x_linked - v)/(6*ms) : 1 (unless refractory)
        x_linked : 1 (linked)
        slow : 1
        """,
        threshold="v > 1", reset="v = 0; slow += 1", refractory="v > 0.9", method="euler",
        name="cells",
    )  # fmt: skip
    group.x_linked = b2.linked_var(slow, "x", index=np.arange(9) % 3)
    slow[1:].run_regularly("x += 0.01*i", when="start", name="push")
    clock = b2.SpikeGeneratorGroup(4, [0, 1, 3], [0.2, 0.5, 1.1] * ms, period=2 * ms, name="clock")
    synapses = b2.Synapses(
        clock, group, "w : 1",
        on_pre={"first": "v_post += w", "later": "w *= 1.01"},
        delay={"first": 0.2 * ms, "later": 0.9 * ms}, name="drive",
    )  # fmt: skip
    synapses.connect(p=1, n=2)
    synapses.w = np.linspace(-0.1, 0.3, len(synapses))
    return [slow, group, clock, synapses, b2.SpikeMonitor(group, name="spikes"),
            b2.StateMonitor(group, ["v", "x_linked"], True, name="trace"),
            b2.SpikeMonitor(clock, name="clock_spikes", record=False)]  # fmt: skip


#: Name -> a function that makes the network's objects.
NETWORKS = {
    make.__name__: make
    for make in (
        lif_with_refractoriness, recurrent_order_dependent, stdp, stdp_partial,
        summed_and_clocked, summed_all_to_all, custom_events, delays_equal,
        delays_of_each_synapse, subgroups_and_rates, two_clocks_and_tables, every_function,
        links_and_periods,
    )
}  # fmt: skip


def results(network):
    """Everything that a network's monitors and groups hold, by name."""
    found = {}
    for thing in network.objects:
        if isinstance(thing, b2.StateMonitor):
            names = thing.record_variables
        elif isinstance(thing, b2.EventMonitor):
            names = {*thing.record_variables, "count"}
        elif isinstance(thing, b2.PopulationRateMonitor):
            names = {"t", "rate"}
        elif isinstance(thing, (b2.NeuronGroup, b2.Synapses)):
            names = {"v", "w", "s", "apre", "apost", "halves", "seen", "heard", "slow"}
            names &= set(thing.variables)
        else:
            continue
        for name in names:
            found[f"{thing.name}.{name}"] = np.array(thing.variables[name].get_value())
    return found


def simulate(name, runs=(30,)):
    """Make a network on the active device, run it for some ms at a time, return what it holds."""
    b2.start_scope()
    b2.defaultclock.dt = 0.1 * ms
    network = b2.Network(*NETWORKS[name]())
    for duration in runs:
        network.run(duration * ms, namespace={})
    return results(network)
