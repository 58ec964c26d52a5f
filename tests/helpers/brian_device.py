"""A Brian device for a while."""

from contextlib import contextmanager

import brian2 as b2
from brian2.devices.device import reset_device


@contextmanager
def active(device, dtype=None):
    """Make a device Brian's active one, with a fresh scope, and put things back."""
    target, before = b2.prefs["codegen.target"], b2.prefs["core.default_float_dtype"]
    b2.prefs["codegen.target"] = "numpy"
    if dtype is not None:
        b2.prefs["core.default_float_dtype"] = dtype
    b2.set_device(device)
    b2.start_scope()
    b2.defaultclock.dt = 0.1 * b2.ms
    try:
        yield
    finally:
        reset_device()
        b2.prefs["codegen.target"] = target
        b2.prefs["core.default_float_dtype"] = before
