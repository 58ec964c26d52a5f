"""Small random runs, and whether two run files hold the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from snn_credit.exchange.contents import Contents, Source, Traces, Weights, contents_of
from snn_credit.exchange.contents import write_contents as write
from snn_credit.recording import Population, Run, Synapses, Window

NAMES = ("input", "hidden 1", "out/put:2")


def made(contents: Contents, path: Path) -> Run:
    source = Source("nothing", "none", origin={"seed": 7, "device": "runtime", "experiment": "x"})
    return write(contents, source, path)


@st.composite
def contents(draw: Any) -> Contents:
    """Draw runs: silent neurons, empty populations, one spike, windows that touch, labels -1."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    step_s = draw(st.sampled_from([1e-3, 1e-4, 2.5e-5, 3e-4]))
    form = draw(st.sampled_from(["seconds", "milliseconds", "any"]))

    def times(n: int, most: int = 3000) -> np.ndarray:
        steps = np.sort(rng.integers(0, most, n))
        if form == "seconds":  # as the simulator makes them
            return (steps * step_s) * 1e3
        return steps * (step_s * 1e3) if form == "milliseconds" else steps * 0.7 + rng.random()

    populations, spikes = {}, {}
    for k, name in enumerate(NAMES):
        size = draw(st.integers(0, 5))
        subset = rng.permutation(size)[: draw(st.integers(0, size))]
        populations[name.replace("/", "-")] = Population(
            size,
            ("input", "hidden", "output")[k],  # type: ignore[arg-type]
            classes=rng.integers(0, 3, size) if draw(st.booleans()) else None,
            recorded=subset if draw(st.booleans()) else None,
        )
    for name, population in populations.items():
        if draw(st.booleans()):
            recorded = population.recorded
            pool = np.arange(population.size) if recorded is None else recorded
            n = draw(st.sampled_from([0, 1, 17])) if len(pool) else 0
            spikes[name] = [(times(n), rng.choice(pool, n) if n else np.zeros(0, np.int64))]
    return Contents(
        populations, spikes,
        dt_ms=step_s * 1e3 if draw(st.booleans()) else None,
        stretches=[(4000.0, 4001.5)] if draw(st.booleans()) else [],
        windows=[_window(rng, k, draw(st.integers(0, 3)), draw(st.booleans()))
                 for k in range(draw(st.integers(0, 3)))],
        traces=_traces(rng, populations, times) if draw(st.booleans()) else {},
        weights=_weights(rng, times) if draw(st.booleans()) else {},
        metrics={"learning": {"images_seen": rng.random(3), "id": np.array([1.0, np.nan, 2.0])}},
        stream={"target": rng.integers(-1, 9, 4), "seen": rng.random(4) < 0.5,
                "part": np.array(["a", "b", "a", "é"])},
    )  # fmt: skip


def _window(rng: np.random.Generator, k: int, shown: int, images: bool) -> Window:
    start = 1000.0 + 1.001 * 7 * k  # where seconds lose, and touching the one before
    onsets = np.asarray(start + np.arange(shown) * 1.001, dtype=np.float64)
    pixels = (2, 3) if images else (0, 0)
    return Window(
        f"w{k}", start, 1000.0 + 1.001 * 7 * (k + 1), 10 * k,
        rng.random((shown, *pixels)).astype(np.float32), rng.integers(-1, 9, shown),
        rng.integers(-1, 9, shown), onsets,
    )  # fmt: skip


def _traces(rng: np.random.Generator, populations: Any, times: Any) -> dict[str, Traces]:
    at = np.unique(times(6))
    name = next(iter(populations))
    values = {"V": rng.random((len(at), 2)), "u.x": rng.random((len(at), 2)).astype(np.float32)}
    return {name: Traces(at, np.array([3, 1]), values, {"V": "mV", "u.x": "1"})}


def _weights(rng: np.random.Generator, times: Any) -> dict[str, Weights]:
    at = np.unique(times(2))
    matrix = rng.random((len(at), 2, 3)).astype(np.float32)
    pairs = Synapses(np.array([0, 2]), np.array([1, 0]), 3, 2)
    return {
        "a_to_b": Weights(at, {"w": matrix, "b": -matrix}),
        "sparse": Weights(at, {"w": matrix[:, 0, :2]}, pairs),
    }


def assert_same(one: Run, other: Run, *, but: tuple[str, ...] = ()) -> None:
    """Check that two files hold the same, all numbers to the last bit, but some parts."""
    first, second = contents_of(one), contents_of(other)
    assert first.dt_ms == second.dt_ms
    assert list(first.populations) == list(second.populations)
    for name, population in first.populations.items():
        twin = second.populations[name]
        assert (population.size, population.role) == (twin.size, twin.role)
        _equal(population.classes, twin.classes)
        _equal(population.recorded, twin.recorded)
    assert list(first.spikes) == list(second.spikes)
    for name in first.spikes:
        _equal(_ordered(one, name), _ordered(other, name))
    if "stretches" not in but:
        assert list(first.stretches) == list(second.stretches)
    assert [w.name for w in first.windows] == [w.name for w in second.windows]
    for window, twin in zip(first.windows, second.windows, strict=True):
        for part in ("start_ms", "stop_ms", "images_seen"):
            assert getattr(window, part) == getattr(twin, part)
        for part in ("images", "labels", "guesses", "onset_ms"):
            _equal(getattr(window, part), getattr(twin, part))
    for part in ("traces", "weights"):
        mine, theirs = getattr(first, part), getattr(second, part)
        assert list(mine) == list(theirs)
        for name, found in mine.items():
            assert list(found.values) == list(theirs[name].values)
            _equal(found.times_ms, theirs[name].times_ms)
            for variable, values in found.values.items():
                _equal(values, theirs[name].values[variable])
                assert values.dtype == theirs[name].values[variable].dtype
    for name, traces in first.traces.items():
        _equal(traces.node_ids, second.traces[name].node_ids)
        assert traces.units == second.traces[name].units
    for name, weights in first.weights.items():
        pairs, twins = weights.synapses, second.weights[name].synapses
        assert (pairs is None) == (twins is None)
        if pairs is not None and twins is not None:
            assert (pairs.n_pre, pairs.n_post) == (twins.n_pre, twins.n_post)
            _equal(pairs.i, twins.i)
            _equal(pairs.j, twins.j)
    assert first.metrics.keys() == second.metrics.keys()
    for table in first.metrics:
        assert first.metrics[table].keys() == second.metrics[table].keys()
        for column, values in first.metrics[table].items():
            _equal(values, second.metrics[table][column])
    assert first.stream.keys() == second.stream.keys()
    for column, values in first.stream.items():
        _equal(values, second.stream[column])


def _ordered(run: Run, name: str) -> Any:
    """Spikes in order of time, and of neuron within a time, as one array."""
    times, nodes = run.spikes(name)
    order = np.lexsort((nodes, times))
    return np.stack([times[order], nodes[order]])


def _equal(one: Any, other: Any) -> None:
    if one is None or other is None:
        assert one is None
        assert other is None
        return
    np.testing.assert_array_equal(one, other)
    assert np.shape(one) == np.shape(other)
