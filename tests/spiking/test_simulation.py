"""What a simulation refuses, and what it hands out."""

from dataclasses import replace

import brian2 as b2
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream, Watch

SIZES = (4, 6, 4)
SHOWN = Stream.of([0, 1, 0], [0, 1, 1], 4, seen=[True, False, True])
IMAGES = np.array([[0.0, 0.5, 1.0, 0.2], [1.0, 0.0, 0.3, 0.9]])
TABLES = {"stimulus": IMAGES, "target": np.eye(2)}


def simulation(tables=TABLES, circuit=None, stream=SHOWN, **changes):
    circuit = circuit or network(SIZES, classes=2, rates={"eta": 0.2, "lam": 0.01})
    return Simulation(circuit, tables, stream, **{"device": "runtime", "chunk_steps": 5, **changes})


def with_nan():
    broken = IMAGES.copy()
    broken[1, 2] = np.nan
    return broken


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dtype": "float16"}, r"dtype: float32 or float64 \(got 'float16'\)"),
        ({"chunk_steps": 0}, r"chunk_steps: at least 1 \(got 0\)"),
        ({"device": "abacus"}, r"device: .*runtime.*\(got 'abacus'\)"),
        ({"tables": {"target": np.eye(2)}}, r"tables: a table 'stimulus' \(got target\)"),
        (
            {"tables": {**TABLES, "stimulus": IMAGES[:, :3]}},
            r"tables\['stimulus'\]: 4 columns, to fit the circuit \(got \(2, 3\)\)",
        ),
        (
            {"tables": {**TABLES, "stimulus": with_nan()}},
            r"tables\['stimulus'\]\[0\]: finite numbers \(got nan at index 6\)",
        ),
        (
            {"tables": {**TABLES, "stimulus": IMAGES[:1]}},
            r"stream.stimulus of part 0: rows from 0 to 0 of its table \(got 0 to 1\)",
        ),
        (
            {"watch": {"hidden1": Watch(np.array([0, 6]))}},
            r"watch\['hidden1'\]: neuron indices from 0 to 5 \(got 0 to 6\)",
        ),
        ({"watch": {"nobody": Watch()}}, r"one of input, hidden1.*\(got 'nobody'\)"),
        ({"watch": {"error": Watch(np.array([0]))}}, "a population that spikes"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes, message):
    with pytest.raises(InputError, match=message) as caught:
        simulation(**changes)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused():
    circuit = network(SIZES, classes=2)
    projection = circuit.projection("hidden1_to_output")
    broken = np.array(projection.initial["w"])
    broken[2, 3] = np.inf
    with pytest.raises(InputError, match=r"hidden1_to_output.w: finite numbers"):
        replace(
            circuit,
            projections=tuple(
                replace(p, initial={**p.initial, "w": broken}) if p is projection else p
                for p in circuit.projections
            ),
        )


def test_a_state_that_is_not_finite_stops_the_run():
    sim = simulation()
    sim.state["hidden1.V"][3] = np.nan
    with pytest.raises(InputError, match=r"hidden1.V: finite numbers \(got nan at index 3\)"):
        next(sim.run())


def test_sizes_that_classes_do_not_share_are_refused():
    with pytest.raises(InputError, match=r"sizes: an output layer that 10 classes share equally"):
        network((64, 20, 25))


def test_a_matrix_can_be_read_and_set():
    sim = simulation()
    w = sim.matrix("input_to_hidden1")
    assert w.shape == (6, 4)
    sim.set_matrix("input_to_hidden1", "w", np.arange(24.0).reshape(6, 4))
    assert sim.matrix("input_to_hidden1")[2, 1] == 9
    with pytest.raises(InputError, match=r"input_to_hidden1.w: shape \(6, 4\) \(got \(4, 6\)\)"):
        sim.set_matrix("input_to_hidden1", "w", np.zeros((4, 6)))
    with pytest.raises(InputError, match="finite numbers"):
        sim.set_matrix("input_to_hidden1", "w", np.full((6, 4), np.nan))
    with pytest.raises(InputError, match=r"variable: a variable of input_to_hidden1 \(got 'q'\)"):
        sim.matrix("input_to_hidden1", "q")


def test_scales_are_folded_into_weights_without_changing_them():
    """A decay of a percent a step: the scale is folded about every 70 steps."""
    stream = Stream.of(np.zeros(60, int), np.zeros(60, int), 5)
    long = network(SIZES, classes=2, rates={"eta": 0.0, "lam": 0.01})
    sim = simulation(circuit=long, stream=stream, chunk_steps=50, dtype="float64")
    before = sim.matrix("input_to_hidden1")
    scales = []
    for _ in sim.run():
        scales.append(float(sim.state["hidden1.s_w"][0]))
    assert min(scales) >= 0.5
    assert 1.0 in scales
    np.testing.assert_allclose(sim.matrix("input_to_hidden1"), before * 0.99**300, rtol=1e-12)


def test_records_are_of_what_is_watched_and_seen():
    watch = {"hidden1": Watch(np.array([1, 4]), np.array([2, 5]), ("V", "delta"))}
    sim = simulation(watch=watch, chunk_steps=12)
    (advance,) = sim.run()
    times, nodes = advance.spikes("hidden1")
    assert set(nodes) <= {1, 4}
    assert len(times)
    assert not ((times >= 4) & (times < 8)).any()
    traces = advance.traces("hidden1")
    assert traces["nodes"].tolist() == [2, 5]
    np.testing.assert_allclose(traces["time"], [0, 1, 2, 3, 8, 9, 10, 11])
    assert traces["V"].shape == (8, 2)
    np.testing.assert_allclose(traces["V"][-1], sim.state["hidden1.V"][[2, 5]])


def test_votes_count_the_spikes_of_each_class():
    watch = {"output": Watch(np.arange(4))}
    sim = simulation(watch=watch, chunk_steps=12, stream=Stream.of([0, 1], [0, 1], 6, seen=True))
    (advance,) = sim.run()
    times, nodes = advance.spikes("output")
    for shown in range(2):
        here = nodes[(times >= 6 * shown) & (times < 6 * shown + 6)] // 2
        assert advance.counts[shown].tolist() == np.bincount(here, minlength=2).tolist()


def test_simulations_in_one_process_do_not_share_brians_settings():
    """Two time steps and two precisions by turns, and a user's own settings left alone."""
    before = (float(b2.defaultclock.dt), b2.prefs["core.default_float_dtype"])
    np.random.seed(7)  # noqa: NPY002
    want = np.random.random(3)  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    stream = Stream.of(np.zeros(4, int), np.zeros(4, int), 5, seen=True)
    watch = {"hidden1": Watch(np.arange(6))}
    coarse = simulation(stream=stream, watch=watch)
    fine = simulation(
        circuit=network(SIZES, classes=2, dt_ms=0.5),
        stream=stream,
        watch=watch,
        dtype="float64",
    )
    for slow, fast in zip(coarse.run(), fine.run(), strict=True):
        assert len(slow.ended) == len(fast.ended) == 1
        assert set(np.rint(np.unique(slow.spikes("hidden1")[0]) / 1.0) // 5) == {slow.chunk.index}
        assert set(np.rint(np.unique(fast.spikes("hidden1")[0]) / 0.5) // 5) == {fast.chunk.index}
        assert slow.counts.max() <= 10
    assert coarse.state["hidden1.V"].dtype == np.float32
    assert fine.state["hidden1.V"].dtype == np.float64
    assert (float(b2.defaultclock.dt), b2.prefs["core.default_float_dtype"]) == before
    np.testing.assert_array_equal(np.random.random(3), want)  # noqa: NPY002


def test_first_values_of_no_variable_are_refused():
    circuit = network(SIZES, classes=2)
    wrong = replace(circuit.population("hidden1"), initial={"vv": 1.0})
    with pytest.raises(InputError, match=r"hidden1.initial: names of its variables \(got 'vv'\)"):
        simulation(circuit=circuit.with_population(wrong))
