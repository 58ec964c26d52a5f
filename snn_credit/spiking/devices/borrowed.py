"""Brian's global settings, lent for a while and given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import brian2 as b2
import numpy as np

from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.equations import brian_errors


@contextmanager
def brian_settings(circuit: Circuit, dtype: str) -> Iterator[None]:
    """Set Brian's clock and precision for a circuit, and give everything back at the end.

    Brian's time step, its preferences and numpy's random generator are global: two simulations in
    one process, or a user's own, must not find each other's.

    Raises
    ------
    InputError
        In place of what Brian says of an object that it cannot make (see `brian_errors`).
    """
    float_dtype = b2.prefs["core.default_float_dtype"]
    target = b2.prefs["codegen.target"]
    dt = b2.defaultclock.dt
    random = np.random.get_state()  # noqa: NPY002
    b2.prefs["core.default_float_dtype"] = np.dtype(dtype).type
    b2.defaultclock.dt = circuit.dt
    try:
        with brian_errors():
            yield
    finally:
        b2.defaultclock.dt = dt
        b2.prefs["core.default_float_dtype"] = float_dtype
        b2.prefs["codegen.target"] = target
        np.random.set_state(random)  # noqa: NPY002
