"""What a device may not change: chunks, resumes elsewhere, how well a network learns."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from snn_credit.data import load
from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream, Watch
from snn_credit.spiking.stream import join

SIZES = (64, 25, 20)
ETA = 0.1


def taught(device, seed, images=900, eta=ETA, chunk_steps=1500):
    """Show digits to a small network; return the error on images that it has learned from, in %."""
    data = load("digits")
    order = np.random.default_rng(seed).integers(0, len(data.train_y), images)
    shown = np.arange(200)
    stream = join([
        Stream.of(order, data.train_y[order]),
        Stream.of(shown, data.train_y[shown], plastic=False),
    ])  # fmt: skip
    simulation = Simulation(
        network(SIZES, "FA", b_scale=1.0, rates={"eta": eta}, seed=seed),
        {"stimulus": data.train_x, "target": np.eye(10)}, stream,
        device=device, chunk_steps=chunk_steps, seed=seed,
    )  # fmt: skip
    guesses = np.concatenate([advance.guesses for advance in simulation.run()])
    return 100 * np.mean(guesses[images:] != data.train_y[shown])


@pytest.fixture(scope="module")
def on_dense():
    return [taught("dense", seed) for seed in range(12)]


@pytest.mark.cpp
def test_learning_is_the_same_over_seeds(on_dense):
    on_brian = [taught("cpp_standalone", seed) for seed in range(12)]
    assert np.median(on_brian) < 60, "it learns"
    assert stats.mannwhitneyu(on_dense, on_brian).pvalue > 0.05


def test_a_network_that_learns_differently_would_be_noticed(on_dense):
    slower = [taught("dense", seed, eta=ETA / 4) for seed in range(12)]
    assert stats.mannwhitneyu(on_dense, slower).pvalue < 1e-3


def small(device, chunk_steps, dtype="float64"):
    rng = np.random.default_rng(1)
    stream = Stream.of(rng.integers(0, 9, 40), rng.integers(0, 10, 40), seen=True)
    return Simulation(
        network(SIZES, "FA", w_scale=0.5, b_scale=1.0, rates={"eta": ETA, "lam": 1e-4}, seed=2),
        {"stimulus": rng.random((9, 64)), "target": np.eye(10)}, stream, device=device,
        dtype=dtype, chunk_steps=chunk_steps, watch={"hidden1": Watch(np.arange(25))}, seed=4,
        uniforms=None,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dense_does_not_depend_on_chunks(dtype):
    whole, cut = small("dense", 200, dtype), small("dense", 7, dtype)
    spikes = []
    for simulation in (whole, cut):
        found = [advance.spikes("hidden1") for advance in simulation.run()]
        spikes.append([np.concatenate(column) for column in zip(*found, strict=True)])
    for want, got in zip(*spikes, strict=True):
        np.testing.assert_array_equal(got, want)
        assert len(want) > 500
    for key, want in whole.state.items():
        if want.dtype.kind == "f" and not key.endswith(".t0"):
            assert cut.state[key].dtype == want.dtype
    for name in ("input_to_hidden1", "hidden1_to_output"):
        for simulation in (whole, cut):
            assert simulation.matrix(name).any()
        tolerance = 1e-12 if dtype == "float64" else 1e-5
        np.testing.assert_allclose(cut.matrix(name), whole.matrix(name), atol=tolerance)


@pytest.mark.parametrize(("first", "then"), [("runtime", "dense"), ("dense", "runtime")])
def test_a_checkpoint_of_one_device_goes_on_on_another(first, then):
    numbers = np.random.default_rng(6).random((200, 64 + 25 + 20))
    columns = {"input": slice(0, 64), "hidden1": slice(64, 89), "output": slice(89, 109)}

    def given(device):
        rng = np.random.default_rng(1)
        stream = Stream.of(rng.integers(0, 9, 40), rng.integers(0, 10, 40))
        return Simulation(
            network(SIZES, "FA", w_scale=0.5, b_scale=1.0, rates={"eta": ETA}, seed=2),
            {"stimulus": rng.random((9, 64)), "target": np.eye(10)}, stream, device=device,
            dtype="float64", chunk_steps=50,
            uniforms=lambda name, start, shape: numbers[start : start + shape[0], columns[name]],
        )  # fmt: skip

    whole, begun, resumed = given(first), given(first), given(then)
    for _ in whole.run():
        pass
    run = begun.run()
    next(run)
    next(run)
    resumed.restore(begun.state, begun.done)
    for _ in resumed.run():
        pass
    for name in ("input_to_hidden1", "hidden1_to_output"):
        np.testing.assert_allclose(resumed.matrix(name), whole.matrix(name), rtol=0, atol=1e-12)


def test_dense_refuses_what_it_cannot_express():
    circuit = network(SIZES, "FA")
    output = circuit.population("output")
    bad = circuit.with_population(replace(output, threshold="poisson(0.5) > 0"))
    with pytest.raises(InputError, match=r"device dense: .*poisson\(\).*in output in '_cond"):
        Simulation(
            bad, {"stimulus": np.zeros((1, 64)), "target": np.eye(10)}, Stream.of([0], [0]),
            device="dense",
        )  # fmt: skip
