"""The Brian circuit against an independent numpy reference, fed the same uniform numbers."""

from itertools import pairwise

import brian2 as b2
import numpy as np
import pytest
from spiking_reference import LIF, Reference

from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Neuron, Pathway, Population, Projection, Simulation, Stream, Watch

CLASSES, TAU, ETA, LAM = 2, 0.7, 0.4, 1e-3
FLAT = (9, 7, 6)
DEEP = (9, 8, 7, 6)
STEPS = 230

LIF_NEURON = Neuron(
    """
    dv/dt = (I - v)/tau_v : 1 (unless refractory)
    I : 1
    """,
    threshold="v > 1",
    reset="v = 0",
    refractory="3*ms",
)


def stream():
    """Presentations of several lengths, learning and frozen by turns."""
    rng = np.random.default_rng(5)
    n = 40
    steps = rng.integers(3, 9, n)
    kept = int(np.searchsorted(np.cumsum(steps), STEPS)) + 1
    labels = rng.integers(0, CLASSES, n)
    return Stream.of(np.arange(n), labels, steps, plastic=rng.random(n) < 0.7, seen=True)[:kept]


def with_lif(circuit):
    """Add leaky integrate-and-fire neurons with refractoriness, driven by the first layer."""
    from dataclasses import replace

    source = circuit.population("hidden1").size
    weights = np.random.default_rng(11).uniform(0.1, 1.0, (5, source))
    lif = Population(
        "lif",
        5,
        LIF_NEURON.equations,
        integrate="output_integrate",
        spike="output_spike",
        threshold=LIF_NEURON.threshold,
        reset=LIF_NEURON.reset,
        refractory=LIF_NEURON.refractory,
        cleared=("I",),
        constants={"tau_v": 4 * b2.ms},
    )
    drive = Projection(
        "hidden1_to_lif",
        "hidden1",
        "lif",
        "w : 1",
        (Pathway("forward", "output_synapses", "I_post += w"),),
        {"w": weights},
    )
    return replace(
        circuit,
        populations=(*circuit.populations, lif),
        projections=(*circuit.projections, drive),
    )


def numbers(sizes, names, total):
    """Uniform numbers of every layer for every step, the same however the run is cut."""
    rng = np.random.default_rng(3)
    return {name: rng.random((total, size)) for name, size in zip(names, sizes, strict=True)}


def simulate(sizes, device, chunk_steps, lif=False, dtype="float64"):
    circuit = network(
        sizes, "FA", classes=CLASSES, tau=TAU, w_scale=0.8, b_scale=0.9,
        rates={"eta": ETA, "lam": LAM}, seed=2,
    )  # fmt: skip
    circuit = with_lif(circuit) if lif else circuit
    shown = stream()
    names = ["input", *(f"hidden{k}" for k in range(1, len(sizes) - 1)), "output"]
    u = numbers(sizes, names, shown.total_steps + chunk_steps)
    images = np.random.default_rng(7).random((40, sizes[0])) ** 2
    watch = {name: Watch(np.arange(size)) for name, size in zip(names, sizes, strict=True)}
    if lif:
        watch["lif"] = Watch(np.arange(5))
    simulation = Simulation(
        circuit,
        {"stimulus": images, "target": np.eye(CLASSES)},
        shown,
        device=device,
        dtype=dtype,
        chunk_steps=chunk_steps,
        watch=watch,
        uniforms=lambda name, start, shape: u[name][start : start + shape[0]],
    )
    first = {
        p.name: simulation.matrix(p.name, "w") for p in circuit.projections if "w" in p.initial
    }
    feedback = [
        simulation.matrix(f"{below}_to_{above}", "b") for below, above in pairwise(names[1:])
    ]
    rasters = {name: np.zeros((shown.total_steps, watch[name].spikes.size), bool) for name in watch}
    guesses = []
    for advance in simulation.run():
        for name in watch:
            times, nodes = advance.spikes(name)
            rasters[name][np.rint(times).astype(int), nodes] = True
        guesses.append(advance.guesses)
    return simulation, first, feedback, rasters, np.concatenate(guesses), u, images, shown, names


def expected(sizes, first, feedback, u, images, shown, names, lif=False):
    forward = [first[f"{a}_to_{b}"] for a, b in pairwise(names)]
    net = Reference(forward, [b.T for b in feedback], CLASSES, TAU, ETA, LAM)
    extra = LIF(first["hidden1_to_lif"], tau_ms=4.0, refractory_ms=3.0) if lif else None
    rasters = {name: [] for name in names} | ({"lif": []} if lif else {})
    guesses, t = [], 0
    for k in range(len(shown)):
        votes = np.zeros(CLASSES)
        for _ in range(shown.steps[k]):
            layers = net.step(
                images[shown.stimulus[k]], shown.target[k], [u[n][t] for n in names],
                shown.plastic[k],
            )  # fmt: skip
            for name, spikes in zip(names, layers, strict=True):
                rasters[name].append(spikes)
            if extra is not None:
                rasters["lif"].append(extra.step(t, layers[1]))
            votes += np.bincount(net.group, layers[-1], CLASSES)
            t += 1
        guesses.append(votes.argmax())
    return net, {name: np.array(raster) for name, raster in rasters.items()}, np.array(guesses)


CASES = [
    pytest.param("dense", FLAT, 60, False, id="dense-flat-chunks"),
    pytest.param("dense", DEEP, 300, True, id="dense-deep-lif-whole"),
    pytest.param("dense", DEEP, 60, True, id="dense-deep-lif-chunks"),
    pytest.param("dense:torch", FLAT, 60, False, id="dense-torch-flat-chunks"),
    pytest.param("dense:torch", DEEP, 300, True, id="dense-torch-deep-lif-whole"),
    pytest.param("dense:torch", DEEP, 60, True, id="dense-torch-deep-lif-chunks"),
    pytest.param("runtime", FLAT, 60, False, id="runtime-flat-chunks"),
    pytest.param("runtime", DEEP, 300, True, id="runtime-deep-lif-whole"),
    pytest.param("runtime", DEEP, 60, True, id="runtime-deep-lif-chunks"),
    pytest.param("cpp_standalone", FLAT, 60, False, id="cpp-flat-chunks", marks=pytest.mark.cpp),
    pytest.param("cpp_standalone", DEEP, 60, True, id="cpp-deep-lif-chunks", marks=pytest.mark.cpp),
]


@pytest.mark.parametrize(("device", "sizes", "chunk", "lif"), CASES)
def test_spikes_are_equal_and_weights_to_1e_6(device, sizes, chunk, lif):
    sim, first, feedback, rasters, guesses, u, images, shown, names = simulate(
        sizes, device, chunk, lif
    )
    net, want, want_guesses = expected(sizes, first, feedback, u, images, shown, names, lif)
    assert shown.total_steps >= 200
    for name, raster in want.items():
        assert raster.any(), name
        assert not raster.all(), name
        np.testing.assert_array_equal(rasters[name], raster, err_msg=name)
    np.testing.assert_array_equal(guesses, want_guesses)
    for k, (a, b) in enumerate(pairwise(names)):
        learned = sim.matrix(f"{a}_to_{b}", "w")
        assert np.abs(learned - first[f"{a}_to_{b}"]).max() > 0.01
        np.testing.assert_allclose(learned, net.W[k], atol=1e-6)
        np.testing.assert_allclose(sim.state[f"{b}.bias"], net.b[k], atol=1e-6)


def test_decay_is_exact_in_float32():
    """With a decay far below float32's resolution, the weights still shrink by (1 - lam)^n."""
    circuit = network((4, 3, 2), "FA", classes=2, rates={"eta": 0.0, "lam": 1e-8}, seed=1)
    shown = Stream.of(np.zeros(50, int), np.zeros(50, int), 200)
    simulation = Simulation(
        circuit, {"stimulus": np.full((1, 4), 0.5), "target": np.eye(2)}, shown,
        device="runtime", dtype="float32", chunk_steps=2500,
    )  # fmt: skip
    before = simulation.matrix("input_to_hidden1", "w").astype(float)
    for _ in simulation.run():
        pass
    after = simulation.matrix("input_to_hidden1", "w").astype(float)
    np.testing.assert_allclose(after / before, (1 - 1e-8) ** 10_000, rtol=2e-7)
    assert not np.array_equal(after, before)
