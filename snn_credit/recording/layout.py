"""What a run file holds: its names, its schema version, and the plain data that go in and out.

====================================  ==========================================================
path                                  content
====================================  ==========================================================
``/`` (attributes)                    ``schema_version``, ``experiment``, ``complete``; ``dt_ms``
                                      (the time step, where there is one); ``magic``,
                                      ``version`` (SONATA's)
``/provenance``                       ``config``, ``versions`` (JSON), ``seed``, ``device``,
                                      ``git_commit``, ``platform``, ``cpus``, ``started``
``/populations/<name>``               attributes ``size``, ``role``; ``classes`` (size,),
                                      ``recorded`` (n,)
``/spikes/<population>``              SONATA: ``timestamps`` (ms), ``node_ids``; sorted by time,
                                      not compressed
``/traces/<population>``              ``time`` (ms), ``node_ids``, each variable
                                      (n_samples, n_nodes) with its ``units``
``/weights/<projection>``             ``time`` (ms), each variable (n_snapshots, n_post, n_pre);
                                      a sparse one (n_snapshots, n_synapses) with ``i``, ``j``
``/metrics/<table>``                  columns that grow together
``/stream``                           columns, one row per presentation
``/windows/<name>``                   attributes ``start_ms``, ``stop_ms``, ``images_seen``;
                                      ``images`` (k, h, w), ``labels``, ``guesses``, ``onset_ms``
``/stretches``                        ``start_ms``, ``stop_ms``: when spikes were recorded beside
                                      the windows, which say it of themselves
``/checkpoint``                       attribute ``chunk``; ``arrays/<name>``; ``host`` (JSON)
====================================  ==========================================================

Times are in ms everywhere. Weights are ``(n_post, n_pre)``; ``i`` is a presynaptic index and ``j``
a postsynaptic one, as in Brian.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError

SCHEMA_VERSION = 2

#: Root attributes that tell SONATA's readers what a file is.
SONATA_MARKS: dict[str, Any] = {
    "magic": np.uint32(0x0A7A),
    "version": np.array([0, 1], dtype=np.uint32),
}

#: What a new file has, beside its provenance.
GROUPS = (
    *("populations", "spikes", "traces", "weights", "metrics", "stream"),
    *("windows", "stretches"),
)

#: How far a time may lie from the border it belongs to, in ms: a spike of step 4007 is at 0.001 s x
#: 4007 x 1000, which is less than 4007 in binary digits.
ROUNDING_MS = 1e-6

Role = Literal["input", "hidden", "output", "other"]


@dataclass(frozen=True)
class Population:
    """A group of neurons as a run file describes it.

    ``role`` says where it stands in the forward path; populations are kept in the order in which
    they were given, input first. ``classes`` (size,) is the class each output neuron stands for,
    and ``recorded`` (n,) are the neurons whose spikes are recorded, None for all: silence of the
    others says nothing.
    """

    size: int
    role: Role = "other"
    classes: NDArray[np.int64] | None = None
    recorded: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Synapses:
    """Which pairs of a sparse projection are connected: ``i`` (pre) to ``j`` (post)."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    n_pre: int
    n_post: int


@dataclass(frozen=True)
class Window:
    """A stretch of the run that was recorded in detail, and the stimuli shown in it.

    ============  =========  ====================================================
    name          shape      meaning
    ============  =========  ====================================================
    images        (k, h, w)  stimuli, 0 to 1
    labels        (k,)       their classes
    guesses       (k,)       the network's answers, -1 where there is none
    onset_ms      (k,)       when each came on
    ============  =========  ====================================================
    """

    name: str
    start_ms: float
    stop_ms: float
    images_seen: int
    images: NDArray[Any]
    labels: NDArray[np.int64]
    guesses: NDArray[np.int64]
    onset_ms: NDArray[np.float64]

    @property
    def offset_ms(self) -> NDArray[np.float64]:
        """When each stimulus went, (k,): when the next one came on, the last at the end."""
        return np.append(self.onset_ms[1:], self.stop_ms)[: len(self.onset_ms)]


@dataclass(frozen=True)
class Checkpoint:
    """The whole state after a chunk: ``chunk`` counts the chunks that the file holds."""

    chunk: int
    arrays: Mapping[str, NDArray[Any]]
    host: Mapping[str, Any] = field(default_factory=dict)


def check_names(what: str, names: Iterable[str]) -> None:
    """Check that each name can be that of one group or dataset: HDF5 takes ``a/b`` for b in a.

    Raises
    ------
    InputError
        One cannot.
    """
    for name in names:
        if name in ("", ".") or "/" in name or "\0" in name:
            raise InputError(f"{what}: expected a name without '/' (got {name!r})")


def put_json(group: h5py.Group, name: str, value: Any) -> None:
    """Write ``value`` as JSON text, in place of what was there."""
    if name in group:
        del group[name]
    group.create_dataset(name, data=np.bytes_(json.dumps(value, default=_plain)))


def get_json(group: h5py.Group, name: str) -> Any:
    """Read back what `put_json` wrote."""
    return json.loads(child(group, name)[()])


def child(group: h5py.Group, name: str) -> h5py.Dataset:
    """Return the dataset ``name`` of a group."""
    found = group[name]
    if not isinstance(found, h5py.Dataset):
        raise TypeError(f"{found.name}: expected a dataset (got {type(found).__name__})")
    return found


def subgroup(group: h5py.Group, name: str) -> h5py.Group:
    """Return the group ``name`` of a group."""
    found = group[name]
    if not isinstance(found, h5py.Group):
        raise TypeError(f"{found.name}: expected a group (got {type(found).__name__})")
    return found


def subgroups(group: h5py.Group) -> dict[str, h5py.Group]:
    """Return the groups in a group."""
    return {name: item for name, item in group.items() if isinstance(item, h5py.Group)}


def attribute(item: h5py.Group | h5py.Dataset, name: str) -> Any:
    """Return an attribute, as numpy or Python reads it."""
    return item.attrs[name]


def _plain(value: Any) -> Any:
    """Turn numpy's numbers and arrays into what JSON knows."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"not a plain value: {type(value).__name__}")
