"""Spikes in SONATA's format, which `libsonata` and the tools of large-scale simulators read.

``/spikes/<population>`` holds ``timestamps`` (its attribute ``units`` says ms) and ``node_ids``;
the attribute ``sorting`` says in which order. A run file holds its spikes in the same layout.
`write_sonata` makes a file of nothing else, and keeps in attributes, which other readers skip,
what a run file needs to know. Nothing is compressed: libsonata's wheels are built without zlib.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.exchange.contents import (
    Contents,
    Source,
    Spikes,
    contents_of,
    new_file,
    sha256,
    write_contents,
)
from snn_credit.exchange.refusing import hdf5_file
from snn_credit.exchange.stimuli import recorded_windows
from snn_credit.recording import Population, Run
from snn_credit.recording.layout import child

_SORTING = {"none": 0, "by_id": 1, "by_time": 2}
_PER_MS = {"ms": 1.0, "s": 1e3, "us": 1e-3}
_BLOCK = 1_000_000


def write_sonata(run: Run, path: str | PathLike[str], *, force: bool = False) -> None:
    """Write a run's spikes as a SONATA file, block by block.

    Parameters
    ----------
    run : Run
    path : path
    force : bool
        Replace a file that is there.

    Raises
    ------
    InputError
        If the run has no spikes, or the file is there.
    """
    contents = contents_of(run)
    if not contents.spikes:
        raise InputError(f"{run.path}: expected recorded spikes (got none)")
    with new_file(Path(path), force, run.path) as draft, hdf5_file(draft) as file:
        file.attrs["magic"] = np.uint32(0x0A7A)
        file.attrs["version"] = np.array([0, 1], dtype=np.uint32)
        whole = file.create_group("spikes")
        if contents.dt_ms is not None:
            whole.attrs["dt_ms"] = contents.dt_ms
        if contents.stretches:
            whole.attrs["recorded_ms"] = np.array(contents.stretches)
        for position, (name, blocks) in enumerate(contents.spikes.items()):
            group = whole.create_group(name)
            group.attrs["position"] = position  # HDF5 keeps groups by name
            group.attrs.create("sorting", 2, dtype=h5py.enum_dtype(_SORTING, basetype="i1"))
            group.attrs.update(size=contents.populations[name].size)
            group.attrs.update(role=contents.populations[name].role)
            sets = [
                group.create_dataset(key, (0,), kind, maxshape=(None,), chunks=(65536,))
                for key, kind in (("timestamps", "f8"), ("node_ids", "u8"))
            ]
            sets[0].attrs["units"] = "ms"
            for block in blocks:
                for dataset, values in zip(sets, block, strict=True):
                    dataset.resize(len(dataset) + len(values), axis=0)
                    dataset[len(dataset) - len(values) :] = values


def read_sonata(
    path: str | PathLike[str],
    out: str | PathLike[str],
    *,
    sizes: Mapping[str, int] | None = None,
    start_ms: float | None = None,
    stop_ms: float | None = None,
    force: bool = False,
) -> Run:
    """Make a run file of a SONATA spikes file.

    Spikes in order of time are read block by block; a population in another order is sorted in
    memory, 40 bytes a spike.

    Parameters
    ----------
    path, out : path
        The SONATA file, and the run file to make.
    sizes : mapping of str to int, optional
        Population -> how many neurons it has: SONATA keeps that elsewhere. Without it up to the
        highest ``node_ids``, unless the file is of `write_sonata`.
    start_ms, stop_ms : float, optional
        When recording began and ended, which SONATA does not say. Without them 0, or the first
        spike if that is earlier, and 1 ms (or one time step) after the last spike.
    force : bool
        Replace a file that is there.

    Raises
    ------
    InputError
        If it is no SONATA file, has no populations of spikes, a time is not finite, a neuron is
        below 0 or not below its population's size, or ``out`` is there.
    """
    path = Path(path)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        came = "no such file" if not path.exists() else "one that is not HDF5"
        raise InputError(f"{path}: expected a SONATA file (got {came})") from error
    with file:
        groups = _groups(path, file)
        spikes = {name: _Spikes(path, group) for name, group in groups.items()}
        for name in sizes or {}:
            if name not in groups:
                raise InputError(f"sizes: expected {' or '.join(groups)} (got {name!r})")
        populations = {
            name: Population(
                _size(path, name, groups[name], (sizes or {}).get(name)),
                str(groups[name].attrs.get("role", "other")),  # type: ignore[arg-type]
            )
            for name in groups
        }
        whole: Mapping[str, Any] = dict(file["spikes"].attrs)
        stretches = [(float(a), float(b)) for a, b in whole.get("recorded_ms", ())]
        if not stretches or start_ms is not None or stop_ms is not None:
            step = float(whole.get("dt_ms", 1.0))
            stretches = _stretch(spikes, step, start_ms, stop_ms)
        contents = Contents(
            populations=populations,
            spikes=spikes,
            dt_ms=float(whole["dt_ms"]) if "dt_ms" in whole else None,
            stretches=stretches,
            windows=recorded_windows(stretches, None),
        )
        return write_contents(
            contents, Source(path.name, "SONATA", None, sha256(path), path=path), out, force=force
        )


def _groups(path: Path, file: h5py.File) -> dict[str, h5py.Group]:
    whole = file.get("spikes")
    if not isinstance(whole, h5py.Group):
        raise InputError(f"{path}: expected a SONATA file with /spikes (got none)")
    found = {
        name: group
        for name, group in whole.items()
        if isinstance(group, h5py.Group) and {"timestamps", "node_ids"} <= set(group)
    }
    if not found:
        raise InputError(
            f"{path}: expected populations in /spikes with timestamps and node_ids (got none)"
        )
    for name, group in found.items():
        shapes = [child(group, part).shape for part in ("timestamps", "node_ids")]
        if any(len(shape) != 1 for shape in shapes):
            raise InputError(
                f"{path}: expected timestamps and node_ids of {name} in one row each (got {shapes})"
            )
        if len(child(group, "timestamps")) != len(child(group, "node_ids")):
            raise InputError(
                f"{path}: expected as many timestamps as node_ids of {name} "
                f"(got {len(child(group, 'timestamps'))} and {len(child(group, 'node_ids'))})"
            )
        if (unit := _unit(group)) not in _PER_MS:
            raise InputError(f"{path}: expected timestamps in ms, s or us (got {unit!r})")
    return dict(sorted(found.items(), key=lambda item: item[1].attrs.get("position", 0)))


def _unit(group: h5py.Group) -> str:
    unit = child(group, "timestamps").attrs.get("units", "ms")
    return unit.decode() if isinstance(unit, bytes) else str(unit)


def _size(path: Path, name: str, group: h5py.Group, given: int | None) -> int:
    nodes = child(group, "node_ids")
    blocks = range(0, len(nodes), _BLOCK)
    ends = [(int(ids.min()), int(ids.max())) for ids in (nodes[k : k + _BLOCK] for k in blocks)]
    if (least := min((low for low, _ in ends), default=0)) < 0:
        raise InputError(f"{path}: expected node_ids of {name} from 0 on (got {least})")
    most = max((high for _, high in ends), default=-1)
    size = int(group.attrs.get("size", most + 1)) if given is None else given
    if most >= size:
        raise InputError(f"{path}: expected node_ids of {name} below {size} (got {most})")
    return size


@dataclass(frozen=True)
class _Spikes:
    """A population's spikes in an open SONATA file, in order of time."""

    path: Path
    group: h5py.Group

    def __iter__(self) -> Iterator[Spikes]:
        scale, n = _PER_MS[_unit(self.group)], len(child(self.group, "timestamps"))
        if self._in_order():
            for first in range(0, n, _BLOCK):
                yield self._read(slice(first, first + _BLOCK), scale)
        elif n:
            ms, nodes = self._read(slice(0, n), scale)
            order = np.argsort(ms, kind="stable")
            yield ms[order], nodes[order]

    def _read(self, rows: slice, scale: float) -> Spikes:
        ms: NDArray[np.float64] = np.asarray(
            child(self.group, "timestamps")[rows], dtype=np.float64
        )
        return (ms if scale == 1.0 else ms * scale), child(self.group, "node_ids")[rows].astype(
            np.int64
        )

    def _in_order(self) -> bool:
        """Return whether times do not fall; what the file says of it is not trusted."""
        stamps = child(self.group, "timestamps")
        last = -np.inf
        for first in range(0, len(stamps), _BLOCK):
            block = stamps[first : first + _BLOCK]
            if not np.isfinite(block).all():
                raise InputError(f"{self.path}: expected finite timestamps (got others)")
            if block[0] < last or np.any(np.diff(block) < 0):
                return False
            last = block[-1]
        return True


def _stretch(
    spikes: Mapping[str, _Spikes], step: float, start_ms: float | None, stop_ms: float | None
) -> list[tuple[float, float]]:
    first, last = 0.0, -np.inf
    for blocks in spikes.values():
        for ms, _ in blocks:
            first, last = min(first, float(ms[0])), max(last, float(ms[-1]))
    start = first if start_ms is None else start_ms
    stop = max(last, start) + step if stop_ms is None else stop_ms
    if stop <= start:
        raise InputError(f"stop_ms: expected more than {start:g} (got {stop:g})")
    return [(start, stop)]
