"""What brings a run file of an older schema version to the present one, step by step.

A step changes attributes and small datasets only, whatever the size of the file: reading an older
file takes every step in memory, at each opening, and leaves the file as it is. `RunFile.resume`
and `update` take them within a commit.

===============  =================================================================================
step             what it adds
===============  =================================================================================
1 to 2           ``dt_ms`` where it is certain, ``/stretches`` (none beside the windows), and
                 SONATA's marks ``magic`` and ``version``
===============  =================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.recording.layout import (
    SCHEMA_VERSION,
    SONATA_MARKS,
    attribute,
    child,
    subgroup,
    subgroups,
)

_ROWS = 4096
"""As many times are looked at: one block of the file."""


def _one_to_two(root: h5py.File) -> None:
    """Add the time step, the stretches and SONATA's marks."""
    dt_ms = _step_of_traces(root)
    if dt_ms is not None:
        root.attrs["dt_ms"] = dt_ms
    root.require_group("stretches")
    for name, value in SONATA_MARKS.items():
        root.attrs[name] = value


#: Version -> what brings an open file from it to the next one.
MIGRATIONS: Mapping[int, Callable[[h5py.File], None]] = {1: _one_to_two}


def migrate(root: h5py.File) -> None:
    """Bring an open file to `SCHEMA_VERSION`, through every version between."""
    for version in range(int(attribute(root, "schema_version")), SCHEMA_VERSION):
        MIGRATIONS[version](root)
        root.attrs["schema_version"] = version + 1


def _step_of_traces(root: h5py.File) -> float | None:
    """Return the time step of a file that does not say it, None where it is not certain.

    Version 1 samples traces at every step, so it is their smallest gap. The smallest gap of spikes
    is no substitute, for it may be several steps; but one below the traces' shows that these were
    sampled more seldom.
    """
    gaps = [_smallest_gap(group, "time") for group in _groups(root, "traces")]
    traces = min(chain.from_iterable(gaps), default=None)
    if traces is None:
        return None
    spikes = [_smallest_gap(group, "timestamps") for group in _groups(root, "spikes")]
    closest = min(chain.from_iterable(spikes), default=traces)
    return traces if closest > 0.999 * traces else None


def _groups(root: h5py.File, kind: str) -> list[h5py.Group]:
    return list(subgroups(subgroup(root, kind)).values())


def _smallest_gap(group: h5py.Group, name: str) -> list[float]:
    """Return the smallest gap between the first times of a group, as a list of one or none."""
    times: NDArray[np.float64] = child(group, name)[:_ROWS]
    # Times are products of a step's number and its length, and carry their rounding.
    distinct = np.unique(np.round(times, 6))
    return [round(float(np.diff(distinct).min()), 6)] if len(distinct) > 1 else []
