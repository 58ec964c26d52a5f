"""Ordinary Brian networks give on ``dense`` what they give on Brian's own device."""

from __future__ import annotations

import brian2 as b2
import numpy as np
import pytest
from brian2.devices.device import reset_device
from brian_networks import NETWORKS, simulate

import snn_credit.dense  # noqa: F401 - makes the device known

#: Brian's numpy target adds up all spikes of a step at once: it is no reference for networks whose
#: outcome depends on the order of spikes. Its cython target goes synapse by synapse, as C++ does.
SEQUENTIAL = {"recurrent_order_dependent"}


@pytest.fixture
def on():
    """Run a network on a device, in double precision, and leave Brian as it was."""

    def run(device, name, **how):
        target = b2.prefs["codegen.target"]
        b2.prefs["codegen.target"] = "cython" if name in SEQUENTIAL else "numpy"
        b2.set_device(device)
        try:
            return simulate(name, **how)
        finally:
            reset_device()
            b2.prefs["codegen.target"] = target

    return run


def assert_equal(got, want):
    assert got.keys() == want.keys()
    for key, values in want.items():
        if values.dtype.kind in "iub" or key.endswith(".t"):
            np.testing.assert_array_equal(got[key], values, err_msg=key)
        else:
            np.testing.assert_allclose(got[key], values, rtol=1e-11, atol=1e-13, err_msg=key)


@pytest.mark.parametrize("name", NETWORKS)
def test_spike_for_spike(on, name):
    want = on("runtime", name)
    spikes = want["spikes.i"]
    assert len(spikes) > 5, "a network that shows something"
    assert_equal(on("dense", name), want)


@pytest.mark.parametrize("name", ["stdp", "delays_equal", "delays_of_each_synapse"])
def test_a_run_in_pieces_is_the_run(on, name):
    assert_equal(on("dense", name, runs=(10, 0.1, 7.9, 12)), on("dense", name, runs=(30,)))
