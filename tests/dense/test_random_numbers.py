"""Random numbers: Philox itself, their distributions, and what they do and do not depend on."""

import ctypes
from importlib import resources

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms
from brian_device import active
from scipy import stats

import snn_credit.dense  # noqa: F401 - makes the device known
from snn_credit.dense.cpp.compiler import library

# Known answers of Random123's own test vectors (kat_vectors, philox4x32 10).
KNOWN = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


def test_philox_gives_the_known_answers():
    runtime = resources.files("snn_credit.dense.cpp").joinpath("runtime.h").read_text()
    call = """
    extern "C" void draw(const uint32_t *c, uint64_t seed, uint32_t *out) {
        const Words w = philox(c[0], c[1], c[2], c[3], seed);
        for (int k = 0; k < 4; ++k) out[k] = w.word[k];
    }"""
    loaded = ctypes.CDLL(str(library(runtime + call)))
    for counter, key, want in KNOWN:
        got = (ctypes.c_uint32 * 4)()
        loaded.draw((ctypes.c_uint32 * 4)(*counter), ctypes.c_uint64(key[0] | key[1] << 32), got)
        assert list(got) == want


def drawn(seed=1, runs=(2,), names=("a", "b"), dtype=np.float64):
    """Numbers that two groups draw in 20 steps: uniform and normal ones of each."""
    with active("dense", dtype):
        b2.seed(seed)
        found, things = {}, []
        for name in names:
            group = b2.NeuronGroup(500, "u : 1\nz : 1\nv : 1", name=name)
            group.run_regularly("u = rand()\nz = randn()\nv = rand()", name=f"{name}_draw")
            monitor = b2.StateMonitor(group, ["u", "z", "v"], True, name=f"{name}_seen", when="end")
            things += [group, monitor]
        network = b2.Network(*things)
        for duration in runs:
            network.run(duration * ms, namespace={})
        for monitor in things[1::2]:
            for name in "uzv":
                values = np.array(monitor.variables[name].get_value())
                found[f"{monitor.name[0]}.{name}"] = values
        return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distributions(dtype):
    for name, values in drawn(dtype=dtype).items():
        assert values.dtype == dtype
        law = stats.norm if name.endswith("z") else stats.uniform
        assert stats.kstest(values.ravel(), law.cdf).pvalue > 1e-3, name
        assert len(np.unique(values)) > 0.99 * values.size


def test_no_two_draws_are_the_same_numbers():
    found = drawn()
    uniform = {name: values for name, values in found.items() if not name.endswith("z")}
    for one in uniform:
        for other in uniform:
            if one < other:
                found_r = np.corrcoef(uniform[one].ravel(), uniform[other].ravel())[0, 1]
                assert abs(found_r) < 0.05, (one, other)
    steps = np.corrcoef(uniform["a.u"][:-1].ravel(), uniform["a.u"][1:].ravel())[0, 1]
    assert abs(steps) < 0.05


def test_numbers_depend_on_the_seed_and_not_on_how_the_run_is_cut():
    whole, cut, other = drawn(), drawn(runs=(0.5, 1.3, 0.2)), drawn(seed=2)
    for name, values in whole.items():
        np.testing.assert_array_equal(cut[name], values)
        assert not np.isclose(other[name], values).any(axis=1).all()


def test_numbers_do_not_depend_on_other_objects():
    both, alone = drawn(), drawn(names=("b",))
    np.testing.assert_array_equal(alone["b.u"], both["b.u"])


def test_events_and_synapses_draw_numbers_of_their_own():
    with active("dense"):
        b2.seed(3)
        group = b2.NeuronGroup(40, "v : 1\nx : 1", threshold="True", reset="v = rand()", name="g")
        synapses = b2.Synapses(group, group, "w : 1", on_pre="w = rand()\nx_post += w", name="s")
        synapses.connect()
        b2.Network(group, synapses).run(0.1 * ms, namespace={})
        weights = np.array(synapses.variables["w"].get_value())
        reset = np.array(group.variables["v"].get_value())
        assert len(np.unique(weights)) == 1600
        assert len(np.unique(reset)) == 40
        assert stats.kstest(weights, stats.uniform.cdf).pvalue > 1e-3
        np.testing.assert_allclose(group.variables["x"].get_value(), weights.reshape(40, 40).sum(0))


def test_seeding_anew_and_no_seed_at_all():
    def first(seed):
        with active("dense"):
            b2.seed(seed)
            group = b2.NeuronGroup(5, "u : 1", name="g")
            group.run_regularly("u = rand()", name="draw")
            b2.Network(group).run(0.1 * ms, namespace={})
            return np.array(group.variables["u"].get_value())

    np.testing.assert_array_equal(first(7), first(7))
    assert not np.array_equal(first(None), first(None))
