"""Brian networks that draw random numbers of their own, for comparing devices that draw the same.

They also hold what statements can say: each operator and function, writing at both ends of
synapses, and variables of every type.
"""

from __future__ import annotations

import gc

import brian2 as b2
import numpy as np
from brian2 import Hz, ms
from brian2.core.variables import ArrayVariable
from brian_device import active


def poisson_stdp(partial=False):
    source = b2.NeuronGroup(20, "rate : Hz", threshold="rand() < rate*dt", name="source")
    source.rate = 300 * Hz
    target = b2.NeuronGroup(
        10, "dv/dt = -v/(10*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0",
        refractory=1 * ms, method="exact", name="target",
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
    if partial:
        i, j = np.nonzero(np.random.default_rng(1).random((20, 10)) < 0.4)
        synapses.connect(i=i, j=j)
    else:
        synapses.connect()
    synapses.w = 0.2
    return [source, target, synapses, b2.SpikeMonitor(target, name="spikes"),
            b2.SpikeMonitor(source, name="inputs")]  # fmt: skip


def poisson_stdp_partial():
    return poisson_stdp(partial=True)


def noise_everywhere():
    """Random numbers in equations, resets, pathways, integrated synapses and monitors."""
    group = b2.NeuronGroup(
        13,
        """
        dv/dt = (1.2 - v)/(5*ms) + 0.3*xi*ms**-0.5 : 1
        u : 1
        jump = rand() : 1 (constant over dt)
        """,
        threshold="v > 1 + 0.1*randn()", reset="v = 0.2*rand()", method="euler", name="cells",
    )  # fmt: skip
    group.run_regularly("u = rand() + randn()", dt=0.3 * ms, name="draw")
    synapses = b2.Synapses(
        group, group, "w : 1\nds/dt = (rand() - s)/(5*ms) : 1 (clock-driven)",
        on_pre="w += 0.1*rand()\nv_post += 0.01*w*s", method="euler", name="noisy",
    )  # fmt: skip
    synapses.connect()
    return [group, synapses, b2.SpikeMonitor(group, name="spikes"),
            b2.StateMonitor(group, ["v", "u", "jump"], [1, 5, 12], name="trace"),
            b2.EventMonitor(group, "spike", ["v", "u"], name="events", when="end")]  # fmt: skip


def statements():
    """Every operator and function, on numbers of every type."""
    group = b2.NeuronGroup(
        40,
        """
        x : 1
        k : integer
        flag : boolean
        gain : 1 (shared)
        """ + "\n".join(f"y{n} : 1" for n in range(25)) + "\nm : integer\nother : boolean",
        name="cells",
    )  # fmt: skip
    group.x = np.linspace(-3, 3, 40)
    group.k = np.arange(40) - 17
    group.flag = np.arange(40) % 3 == 0
    group.gain = 1.7
    lines = [
        "y0 = x**2 + 2**x + k**2", "y1 = x // 0.7 + k // 3", "y2 = x % 0.7 + (k % 4)",
        "y3 = (-k) // 4 + (-k) % 4", "y4 = int(x) + int(flag) + int(x > 1 and not flag)",
        "y5 = clip(x, -1, 0.5) + clip(x, -gain, gain)", "y6 = sign(x) + abs(x) + floor(x)",
        "y7 = ceil(x) + exprel(x) + exprel(0*x)", "y8 = log(abs(x) + 1) + log1p(abs(x))",
        "y9 = sin(x) + cos(x) + tan(x)", "y10 = sinh(x) + cosh(x) + tanh(x)",
        "y11 = arcsin(x/4) + arccos(x/4) + arctan(x)", "y12 = sqrt(abs(x)) + log10(abs(x) + 1)",
        "y13 = expm1(x) + exp(-x)", "y14 = timestep(t, dt) + t/ms + k/7",
        "y15 = i/3 + 0.1*i + k*0.01", "y16 = int(flag or x > 0)*x", "y17 = exp(1.5) + gain/x",
        "y18 = y17", "y17 = x", "y19 = -x*-1", "y20 += x", "y21 -= k", "y22 = 1", "y22 *= 1 + x",
        "y23 = (x + 1)/(k + 0.5)", "m = k*2 + 1", "other = not flag", "y24 = N + t_in_timesteps",
    ]  # fmt: skip
    group.run_regularly("\n".join(lines), name="all_of_them")
    trace = b2.StateMonitor(group, True, True, name="trace")
    return [group, trace, b2.StateMonitor(group, "gain", [0], name="shared")]


def writing_at_both_ends(partial=False, delay=0 * ms):
    """Sums, products and assignments at sources and targets, forwards and backwards."""
    source = b2.NeuronGroup(
        9, "p : 1\na : 1\nb : 1\ncount : integer\nseen : boolean\nlatest : second",
        threshold="rand() < 0.2", name="source",
    )  # fmt: skip
    target = b2.NeuronGroup(
        7, "q : 1\nc : 1\nd : 1\nheard : integer\ng : 1",
        threshold="rand() < 0.3", name="target",
    )  # fmt: skip
    source.p = np.linspace(0.5, 1.5, 9)
    target.q = np.linspace(-1, 1, 7)
    source.b, target.d, target.g = 1, 1, 2
    synapses = b2.Synapses(
        source, target, "w : 1\nz : 1\nage : 1\nk : integer\nfast : 1 (shared)",
        on_pre={
            "forward": "c_post += w*p_pre/2 - 3*q_post*p_pre + fast\nheard_post += 1\na_pre -= w",
            "scale": "d_post *= 1 + 0.01*w\ng_post = 2*q_post\nlatest_pre = t\nb_pre /= 1.01",
            "learn": "w += 0.1*p_pre*q_post - 0.01*q_post\nk += 2\nz -= fast",
            "decay": "age = 0.9*age + exp(-z)*w",
        },
        on_post={
            "back": "a_pre += w*q_post\ncount_pre += 1\nc_post -= w*fast\nseen_pre = True",
            "unlearn": "w -= 0.05*p_pre\nage *= 0.5",
        },
        name="both",
    )  # fmt: skip
    if partial:
        i, j = np.nonzero(np.random.default_rng(3).random((9, 7)) < 0.5)
        synapses.connect(i=i, j=j)
    else:
        synapses.connect()
    synapses.w = np.random.default_rng(4).random(len(synapses))
    synapses.fast = 0.3
    for path in ("forward", "back", "learn"):
        getattr(synapses, path).delay = delay
    return [source, target, synapses, b2.SpikeMonitor(source, name="spikes"),
            b2.StateMonitor(synapses, ["w", "age"], [0, 5, 11], name="trace")]  # fmt: skip


def writing_at_both_ends_partial():
    return writing_at_both_ends(partial=True)


def writing_at_both_ends_later():
    return writing_at_both_ends(delay=0.4 * ms)


def writing_at_both_ends_later_partial():
    return writing_at_both_ends(partial=True, delay=0.4 * ms)


def one_to_one():
    """No two synapses share a neuron, so that their order does not matter."""
    group = b2.NeuronGroup(12, "v : 1\nw : 1", threshold="rand() < 0.3", name="cells")
    other = b2.NeuronGroup(12, "v : 1", threshold="rand() < 0.1", name="others")
    synapses = b2.Synapses(
        group, other, on_pre="v_post = 0.5*v_post + 1\nv_pre = v_post", on_post="v_post = 0",
        name="pairs",
    )  # fmt: skip
    synapses.connect(j="i")
    return [group, other, synapses, b2.SpikeMonitor(group, name="spikes")]


def many_to_one():
    """A hub that most synapses lead to, a single source, and a monitor that only counts."""
    source = b2.NeuronGroup(3000, "x : 1", threshold="rand() < 0.01", name="source")
    target = b2.NeuronGroup(900, "v : 1\nu : 1", name="target")
    target.u = 1
    hub = b2.Synapses(source, target, "w : 1", on_pre="v_post += w\nu_post *= 1.01", name="hub")
    hub.connect(i=np.r_[np.arange(3000), np.arange(900)], j=np.r_[np.full(3000, 7), np.arange(900)])
    hub.w = 0.5
    fan = b2.Synapses(source[4:5], target, on_pre="v_post -= 1 + x_pre", name="fan")
    fan.connect()
    return [source, target, hub, fan, b2.SpikeMonitor(source[:50], name="spikes"),
            b2.SpikeMonitor(source, record=False, name="counted")]  # fmt: skip


def list_of_spikes():
    """A list of spikes that repeats, and one that ends."""
    rng = np.random.default_rng(2)
    again = b2.SpikeGeneratorGroup(
        6, rng.integers(0, 6, 9), np.sort(rng.permutation(30)[:9]) * 0.1 * ms, period=3 * ms,
        name="again",
    )  # fmt: skip
    once = b2.SpikeGeneratorGroup(4, [0, 1, 1, 3], [0, 0, 5, 7.3] * ms, name="once")
    never = b2.SpikeGeneratorGroup(4, [], [] * ms, name="never")
    target = b2.NeuronGroup(5, "v : 1", threshold="v > 2", reset="v -= 2", name="target")
    things = [again, once, never, target]
    for source in things[:3]:
        synapses = b2.Synapses(source, target, on_pre="v_post += 0.3", name=f"from_{source.name}")
        synapses.connect()
        things.append(synapses)
    watched = {"spikes": target, "s_again": again, "s_once": once}
    monitors = [b2.SpikeMonitor(group, name=name) for name, group in watched.items()]
    return [*things, *monitors]


def clocks_and_links():
    """Three clocks, linked variables, refractoriness by condition, rates and shared variables."""
    fast = b2.NeuronGroup(
        6,
        """
        dv/dt = (drive - v)/(4*ms) : 1 (unless refractory)
        drive : 1 (linked)
        total : 1 (shared)
        """,
        threshold="v > 1", reset="v = 0", refractory="v > 0.9", method="exact", dt=0.1 * ms,
        name="fast",
    )  # fmt: skip
    slow = b2.NeuronGroup(
        6, "du/dt = (2 - u)/(10*ms) : 1\nd : 1", threshold="rand() < 0.3", reset="u -= 0.05",
        method="exact", dt=0.25 * ms, name="slow",
    )  # fmt: skip
    slow.u = np.linspace(1.2, 2, 6)
    fast.drive = b2.linked_var(slow, "u", index=np.array([5, 4, 3, 2, 1, 0]))
    fast.run_regularly("total += 1", dt=1 * ms, name="count")
    return [fast, slow, b2.SpikeMonitor(fast, name="spikes"),
            b2.PopulationRateMonitor(fast, name="rate"),
            b2.StateMonitor(slow, "u", True, dt=0.5 * ms, name="trace"),
            b2.EventMonitor(fast, "spike", ["drive"], name="drives")]  # fmt: skip


NETWORKS = {
    make.__name__: make
    for make in (
        poisson_stdp, poisson_stdp_partial, noise_everywhere, statements, writing_at_both_ends,
        writing_at_both_ends_partial, writing_at_both_ends_later,
        writing_at_both_ends_later_partial, one_to_one, many_to_one, list_of_spikes,
        clocks_and_links,
    )
}  # fmt: skip


def results(network):
    """Everything that a network holds: each variable of each group, synapse and monitor."""
    found = {}
    for thing in network.objects:
        for name, variable in getattr(thing, "variables", {}).items():
            mine = isinstance(variable, ArrayVariable) and variable.owner.name == thing.name
            if mine and not name.startswith("_") and name not in ("N", "delay"):
                found[f"{thing.name}.{name}"] = np.array(variable.get_value())
    return found


def simulate(make, device, runs=(20,), seed=3):
    """Run a network on a device in double precision, some ms at a time; return what it holds."""
    with active(device, np.float64):
        b2.seed(seed)
        # Names that Brian numbers begin anew: numbers are drawn by name.
        gc.collect()
        network = b2.Network(*make())
        for duration in runs:
            network.run(duration * ms, namespace={})
        return results(network)
