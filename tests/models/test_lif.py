"""Integrate-and-fire neurons: step by step in numpy, and what they find out about weights."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from snn_credit.analysis import correlation
from snn_credit.errors import InputError
from snn_credit.models import pepita_spiking
from snn_credit.models.discontinuity import with_discontinuity, with_spikes_as_noise
from snn_credit.models.lif import conductance_lif, lif, with_common_noise
from snn_credit.models.lillicrap_spiking import FORWARD, network
from snn_credit.spiking import Neuron, Simulation, Step, Stream, Watch
from snn_credit.spiking.devices.races import check_races

SIZES = (12, 9, 8, 10)
STEPS = 200
ETAB, COMMON = 0.05, 0.3
FIT = {"window": 0.5, "memory": 60, "warm_up": 40}
SCALES = {"w_scale": 0.6, "b_scale": 0.5}
DEVICES = [
    *("runtime", "dense", "dense:torch"),
    pytest.param("cpp_standalone", marks=pytest.mark.cpp),
]


def given(name, start, shape):
    """Return the same numbers for every device: normal for statements, else uniform."""
    rng = np.random.default_rng((*map(ord, name),))
    draw = rng.standard_normal if name.endswith("randn") else rng.random
    return draw((STEPS, shape[1]))[start : start + shape[0]]


def simulated(device, forward, rule="WE", common=True, rates=None, **settings):
    """Present 20 stimuli for 10 steps each; return the simulation and each layer's spikes."""
    settings = {**SCALES, **settings}
    if rates is None:
        rates = {"eta": 0.0, "etab": ETAB}
    circuit = network(SIZES, rule, forward=forward, output=FORWARD, rates=rates, **settings)
    if common:
        circuit = with_common_noise(circuit, COMMON)
    tables = {"stimulus": np.random.default_rng(0).random((20, 12)), "target": np.eye(10)}
    stream = Stream.of(np.arange(20), np.arange(20) % 10, steps=10, seen=True)
    watch = {name: Watch(np.arange(n)) for name, n in zip(LAYERS, SIZES[1:], strict=True)}
    simulation = Simulation(
        circuit, tables, stream, device=device, dtype="float64", chunk_steps=50, watch=watch,
        uniforms=given,
    )  # fmt: skip
    spikes = {name: np.zeros((STEPS, watch[name].spikes.size)) for name in LAYERS}
    for advance in simulation.run():
        for name in LAYERS:
            times, neurons = advance.spikes(name)
            spikes[name][np.rint(times).astype(int), neurons] = 1
    return simulation, tables["stimulus"], spikes


LAYERS = ("hidden1", "hidden2", "output")


class Layer:
    """The equations of models/lif.py and models/discontinuity.py for one layer."""

    def __init__(self, name, size):
        self.kicks = 0.2 * given(f"{name}.randn", 0, (STEPS, size))
        self.common = COMMON * given(f"{name}_common.randn", 0, (STEPS, 1))
        self.v, self.V, self.free = np.zeros(size), np.zeros(size), np.zeros(size)
        self.means = np.zeros((2, 3, size))  # above and below; S0, S1, S2
        self.keep = np.exp(-1 / 10)

    def step(self, t, drive):
        """Return the spikes, du and noise."""
        fed = drive + 0.06
        before, self.V = self.V, self.keep * self.V + fed
        v = self.keep * self.v + fed + self.kicks[t] + self.common[t]
        self.v = np.where(t >= self.free, v, self.v)
        x = self.v - 1
        sides = np.stack([(x >= 0) & (x < 0.5), (x < 0) & (x > -0.5)])
        s0, s1, s2 = self.means.swapaxes(0, 1)
        det = s0 * s2 - s1**2
        known = (det > 1e-8 * 0.25).all(axis=0) & (t >= 40)
        det = np.where(det > 0, det, 1)
        k = np.array([[1], [-1]]) * sides * (s2 - s1 * x) / det
        q = 1 / np.maximum((s2 / det).sum(axis=0), 1)
        noise = np.where(known, q * k.sum(axis=0), 0)
        now = np.stack([sides, sides * x, sides * x**2], axis=1)
        self.means += max(1 / (t + 1), 1 / 60) * (now - self.means)
        h = self.v >= 1
        self.v, self.free = np.where(h, 0, self.v), np.where(h, t + 3, self.free)
        return h.astype(float), self.V - before, noise


def by_hand(simulation, stimulus):
    """Return the spikes of all layers, and B of the two matrices above the first."""
    names = ("input_to_hidden1", "hidden1_to_hidden2", "hidden2_to_output")
    w = [simulation.matrix(name) for name in names]
    start = network(SIZES, "WE", output=FORWARD, **SCALES)
    b = [start.projection(name).initial["b"].copy() for name in names[1:]]
    layers = [Layer("hidden1", 9), Layer("hidden2", 8)]
    seen, chance, V, mean = given("input", 0, (STEPS, 12)), given("output", 0, (STEPS, 10)), 0, 0
    spikes = {name: [] for name in LAYERS}
    for t in range(STEPS):
        h = (seen[t] < np.clip(stimulus[t // 10], 0, 0.95)).astype(float)
        noises, changes = [], []
        for layer, name, weights in zip(layers, LAYERS, w, strict=False):
            h, du, noise = layer.step(t, weights @ h)
            spikes[name].append(h)
            noises.append(noise)
            changes.append(du)
        V = 0.1 * V + 0.9 * (w[2] @ h)
        spikes["output"].append(chance[t] < 1 / (1 + np.exp(-V)))
        changes.append((V - mean) / 0.9)
        for matrix, noise, du in zip(b, noises, changes[1:], strict=True):
            matrix += ETAB * (du[:, None] - matrix * noise) * noise
        mean = mean + (1 - np.exp(-1 / 20)) * (V - mean)
    return {name: np.array(each) for name, each in spikes.items()}, b


@pytest.mark.parametrize("device", DEVICES)
def test_spikes_and_estimates_are_those_of_the_equations(device):
    simulation, stimulus, spikes = simulated(device, lif(**FIT))
    want, b = by_hand(simulation, stimulus)
    for name in LAYERS:
        np.testing.assert_array_equal(spikes[name], want[name], err_msg=name)
    assert 0.02 < spikes["hidden1"].mean() < 0.4
    for name, matrix in zip(("hidden1_to_hidden2", "hidden2_to_output"), b, strict=True):
        found = simulation.matrix(name, "b")
        np.testing.assert_allclose(found, matrix, atol=1e-6)
        first = simulation.circuit.projection(name).initial["b"]
        assert np.abs(found - first).max() > 0.05


@pytest.mark.parametrize("device", DEVICES[1:])
def test_conductances_are_the_same_on_every_device(device):
    want, _, first = simulated("runtime", conductance_lif(**FIT))
    got, _, spikes = simulated(device, conductance_lif(**FIT))
    for name in LAYERS:
        np.testing.assert_array_equal(spikes[name], first[name])
    assert 0.02 < first["hidden1"].mean() < 0.4
    found = got.matrix("hidden1_to_hidden2", "b")
    np.testing.assert_allclose(found, want.matrix("hidden1_to_hidden2", "b"), atol=1e-6)


def test_a_conductance_moves_the_potential_by_its_weight_in_all():
    neuron = conductance_lif(tonic=0.5, kick=1e-9, refractory_ms=1.0)
    circuit = network((1, 1, 1), "Shallow", classes=1, forward=neuron, output=FORWARD, w_scale=0)
    tables = {"stimulus": np.array([[0.0], [1.0]]), "target": np.eye(1)}
    stream = Stream.of([0, 1, 0], [0, 0, 0], steps=[90, 1, 90], seen=True, plastic=False)
    traced = Watch(traced=np.arange(1), variables=("V",))
    simulation = Simulation(
        circuit, tables, stream, device="dense", dtype="float64", watch={"hidden1": traced},
        uniforms=lambda name, start, shape: np.full(shape, 0.5),
    )  # fmt: skip
    simulation.set_matrix("input_to_hidden1", "w", np.array([[0.01]]))
    (advance,) = simulation.run()
    V = advance.traces("hidden1")["V"][:, 0]
    rest = V[89]
    # All that it adds leaks away again, a share of 1 - exp(-dt/tau_v) in each step.
    assert (1 - np.exp(-0.1)) * np.sum(V[90:] - rest) == pytest.approx(0.01, rel=0.1)
    assert (V[90] - rest) / (1 - np.exp(-0.5)) == pytest.approx(0.01, rel=0.1)


def estimated(forward, common, etab=1e-2):
    """Return w and its estimate from hidden1 to hidden2, for sources that spike now and then."""
    circuit = network(
        (30, 20, 20, 10), "WE", forward=forward, output=FORWARD, w_scale=0.3, b_scale=0.0,
        rates={"eta": 0.0, "etab": etab}, seed=1,
    )  # fmt: skip
    circuit = with_common_noise(circuit, common) if common else circuit
    tables = {"stimulus": 0.8 * np.random.default_rng(1).random((200, 30)), "target": np.eye(10)}
    stream = Stream.of(np.arange(5000) % 200, 0, steps=20)
    watch = {"hidden1": Watch(np.arange(20))}
    frozen = Stream.of(np.arange(200), 0, steps=20, seen=True, plastic=False)
    simulation = Simulation(
        circuit, tables, stream + frozen, device="dense", seed=3, watch=watch
    )  # fmt: skip
    counts = np.zeros(20)
    for advance in simulation.run():
        counts += np.bincount(advance.spikes("hidden1")[1], minlength=20)
    active = counts > 0.02 * frozen.total_steps
    assert active.sum() >= 8
    return [simulation.matrix("hidden1_to_hidden2", name)[:, active] for name in "wb"]


@pytest.mark.parametrize(("kind", "tonic"), [(lif, 0.08), (conductance_lif, 0.8)])
def test_the_discontinuity_finds_the_weights(kind, tonic):
    w, b = map(np.ravel, estimated(kind(window=0.6, warm_up=5000, tonic=tonic), common=0))
    assert correlation(w, b) > 0.95
    assert np.mean(w * b > 0) > 0.9
    assert (w @ b) / (w @ w) == pytest.approx(1, abs=0.15)


def test_it_does_so_in_common_noise_where_spikes_do_not():
    w, b = estimated(lif(window=0.5, warm_up=5000, kick=0.1, tonic=0.08), common=0.3)
    same, naive = estimated(lif(noise="spikes", kick=0.1, tonic=0.08), common=0.3, etab=2e-3)
    np.testing.assert_array_equal(same, w)
    # What neurons do together reaches a neuron through the sum of its weights, as if every one of
    # them did it all.
    wrong = [np.sqrt(np.mean(np.mean(estimate - w, axis=1) ** 2)) for estimate in (b, naive)]
    assert wrong[0] < 0.5 * wrong[1]
    assert correlation(w, b) > correlation(w, naive) + 0.005


def test_a_neuron_of_ones_own():
    own = Neuron(
        """
        du_m/dt = (I/(1 - exp(-dt/tau_u)) + 0.7 - u_m)/tau_u : 1 (unless refractory)
        I : 1
        V = u_m : 1
        before : 1
        du = I : 1
        df = 0.25 : 1
        late : 1
        """,
        threshold="u_m > 1.5",
        reset="u_m = 0.2",
        refractory="2*ms",
        constants={"tau_u": 8 * ms},
        steps=(
            Step("start", "u_m += 0.2*randn()*int(not_refractory)"),
            Step("integrate", "before = u_m"),
            Step("local", "late += before*h"),
        ),
    )
    own = with_discontinuity(own, potential="u_m", threshold=1.5, **FIT)
    states = []
    for device in ("runtime", "dense", "dense:torch"):
        simulation, _, spikes = simulated(device, own, common=False)
        states.append((spikes["hidden1"], simulation.state["hidden1.late"]))
    for spikes, late in states[1:]:
        np.testing.assert_array_equal(spikes, states[0][0])
        np.testing.assert_allclose(late, states[0][1])
    # What is read in 'integrate' is the potential before the reset.
    assert (states[0][1] >= 1.5 * states[0][0].sum(axis=0)).all()
    assert states[0][0].sum() > 20


@pytest.mark.parametrize("rule", ["FA", "DFA", "uSF Init", "WE", "WE SA", "BP", "Shallow", "NP"])
def test_rules_learn_with_them(rule):
    noise = "injected" if rule == "NP" else "discontinuity"
    forward = lif(noise=noise, homeostasis=1e-3, **({} if noise == "injected" else FIT))
    simulation, *_ = simulated("dense", forward, rule=rule, rates={"eta": 0.05})
    check_races(simulation.circuit)
    moved = {
        p.name: np.any(simulation.matrix(p.name) != p.initial["w"])
        for p in simulation.circuit.projections
        if "w" in p.initial
    }
    assert moved == {name: rule != "Shallow" or "output" in name for name in moved}
    assert len(moved) == 3


def test_pepita_learns_with_them():
    circuit = pepita_spiking.network(
        (12, 9, 10), forward=lif(**FIT), output=FORWARD, w_scale=0.5, b_scale=0.5
    )
    tables = {"stimulus": np.random.default_rng(0).random((5, 12)), "target": np.eye(10)}
    stream = Stream.of(np.arange(5), np.arange(5)).in_windows([15, 15])
    simulation = Simulation(circuit, tables, stream, device="dense")
    for _ in simulation.run():
        pass
    for name in ("input_to_hidden1", "hidden1_to_output"):
        assert np.any(simulation.matrix(name) != circuit.projection(name).initial["w"])


def test_homeostasis_only_while_synapses_learn():
    for plastic in (True, False):
        circuit = network(
            SIZES, "FA", forward=lif(homeostasis=0.01, target=0.3), rates={"eta": 0.0}
        )
        tables = {"stimulus": np.zeros((1, 12)), "target": np.eye(10)}
        stream = Stream.of([0], [0], steps=10, plastic=plastic)
        simulation = Simulation(circuit, tables, stream, device="dense", dtype="float64")
        for _ in simulation.run():
            pass
        bias = simulation.state["hidden1.bias"]
        assert np.all(bias == 0) if not plastic else np.all(bias != 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lif(noise="other"), r"^noise: .*discontinuity"),
        (lambda: lif(reset=1.0), r"^reset: below the threshold, 1.0 \(got 1.0\)$"),
        (lambda: lif(window=1.0), r"^window: below 1.0, the way to the reset \(got 1.0\)$"),
        (lambda: lif(memory=0), r"^memory: a number above 0 \(got 0\)$"),
        (lambda: lif(kick=0.0), r"^kick: a number above 0 \(got 0.0\)$"),
        (lambda: lif(homeostasis=1.0), r"^homeostasis: from 0 to below 1 \(got 1.0\)$"),
        (lambda: lif(target=0.0), r"^target: a rate between 0 and 1 \(got 0.0\)$"),
        (lambda: lif(noise="injected", memory=3), r"^memory: a setting of noise that is est"),
        (lambda: lif(noise="spikes", memory=0), r"^memory: a number above 0 \(got 0\)$"),
        (lambda: conductance_lif(inhibition=0.5), r"^excitation, inhibition: .*got 0.5, 0.0, 1.0"),
        (lambda: conductance_lif(tau_syn_ms=0), r"^tau_syn_ms: a number above 0 \(got 0\)$"),
        (lambda: with_discontinuity(FORWARD), r"^neuron: one that spikes by a threshold on 'v'"),
        (
            lambda: with_discontinuity(replace(lif(noise="spikes"), threshold=None)),
            r"^neuron: one that spikes by a threshold",
        ),
        (
            lambda: with_discontinuity(Neuron("v : 1\nk : 1", threshold="v > 1")),
            r"^neuron: without 'k', which the fit uses",
        ),
        (
            lambda: with_spikes_as_noise(Neuron("v : 1")),
            r"^neuron: one that spikes \(got equations without a threshold\)$",
        ),
        (
            lambda: with_common_noise(network(SIZES, "FA")),
            r"^circuit: neurons with 'common', such as lif's \(got none\)$",
        ),
        (
            lambda: with_common_noise(network(SIZES, "FA", forward=lif()), 0.0),
            r"^size: a number above 0 \(got 0.0\)$",
        ),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
