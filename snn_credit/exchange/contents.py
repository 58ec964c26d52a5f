"""What a run holds, as plain data between a run file and another format."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.harness.whole import whole_file
from snn_credit.recording import Population, Run, RunFile, Synapses, Window, open_run
from snn_credit.recording.interrupts import patient_interrupts
from snn_credit.recording.journal import journal_path, replaceable
from snn_credit.recording.overlay import Overlay

Spikes = tuple[NDArray[np.float64], NDArray[np.int64]]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Traces:
    """Samples of a population: ``times_ms`` (n,), ``node_ids`` (k,), variable -> (n, k), units."""

    times_ms: NDArray[np.float64]
    node_ids: NDArray[np.int64]
    values: Columns
    units: Mapping[str, str]


@dataclass(frozen=True)
class Weights:
    """Snapshots of a projection: ``times_ms`` (n,), variable -> (n, n_post, n_pre).

    With ``synapses`` a variable is (n, n_synapses).
    """

    times_ms: NDArray[np.float64]
    values: Columns
    synapses: Synapses | None = None


@dataclass(frozen=True)
class Blocks:
    """A population's spikes, read from the run each time they are gone through.

    ``count`` keeps those of one time apart from what a simulation adds meanwhile.
    """

    run: Run
    population: str
    count: int

    def __iter__(self) -> Iterator[Spikes]:
        left = self.count
        for times, nodes in self.run.spike_blocks(self.population):
            yield times[:left], nodes[:left]
            left -= len(times)
            if left <= 0:
                return


@dataclass(frozen=True)
class Contents:
    """All that is exchanged of a run. Its checkpoint is not: only its own simulator resumes it.

    Attributes
    ----------
    populations : mapping of str to Population
        Input first.
    spikes : mapping of str to iterable of (times, neurons)
        Blocks in order of time; a population without any block was recorded and silent. They may
        be gone through more than once.
    dt_ms : float or None
    stretches : sequence of (start, stop)
        When spikes were recorded, in ms.
    windows : sequence of Window
    traces, weights, metrics, stream
        As in the run file.
    """

    populations: Mapping[str, Population]
    spikes: Mapping[str, Iterable[Spikes]]
    dt_ms: float | None = None
    stretches: Sequence[tuple[float, float]] = ()
    windows: Sequence[Window] = ()
    traces: Mapping[str, Traces] = field(default_factory=dict)
    weights: Mapping[str, Weights] = field(default_factory=dict)
    metrics: Mapping[str, Columns] = field(default_factory=dict)
    stream: Columns = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Where an imported run comes from.

    Attributes
    ----------
    name : str
        The file's name, or what else it is called.
    format : str
    identifier : str or None
        What the source calls itself.
    sha256 : str or None
        Of the file.
    origin : mapping
        Provenance of the run, where the source is an export of one.
    notes : mapping
        What was decided in the import: names of labels, numbers of units.
    path : Path or None
        Where the file lies, which the run must not replace.
    """

    name: str
    format: str
    identifier: str | None = None
    sha256: str | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None


def population_name(words: object) -> str:
    """Return words of another format as the name of a population, ``units`` where they are none."""
    name = str(words).replace("/", "_").replace("\0", "").strip()
    return "units" if name in ("", ".") else name


def origin(run: Run) -> dict[str, Any]:
    """Return the provenance that goes with an export: the run's, and which experiment it is."""
    return {"experiment": run.experiment, **run.provenance}


def traces_of(run: Run, population: str) -> Traces | None:
    """Return the traces of a population, None where there are none."""
    variables = run.names("traces").get(population, [])
    if not variables:
        return None
    read = {name: run.trace(population, name) for name in variables}
    times, nodes, _ = read[variables[0]]
    units = {name: run.unit(population, name) for name in variables}
    return Traces(times, nodes, {name: values for name, (_, _, values) in read.items()}, units)


def weights_of(run: Run, projection: str) -> Weights | None:
    """Return the snapshots of a projection, None where there are none."""
    variables = run.names("weights").get(projection, [])
    if not variables:
        return None
    read = {name: run.weights(projection, name, dense=False) for name in variables}
    times, _ = read[variables[0]]
    values = {name: snapshots for name, (_, snapshots) in read.items()}
    return Weights(times, values, run.synapses(projection))


def contents_of(run: Run, populations: Sequence[str] | None = None) -> Contents:
    """Return what a run holds; its spikes are read when they are asked for.

    Raises
    ------
    InputError
        If the run has no such population.
    """
    known, names = run.populations, run.names("spikes")
    chosen = list(known) if populations is None else list(populations)
    for name in chosen:
        if name not in known:
            raise InputError(f"population: expected {' or '.join(known)} (got {name!r})")
    traces = {name: traces_of(run, name) for name in run.names("traces") if name in chosen}
    weights = {name: weights_of(run, name) for name in run.names("weights")}
    return Contents(
        populations={name: population for name, population in known.items() if name in chosen},
        spikes={n: Blocks(run, n, run.spike_count(n)) for n in known if n in names and n in chosen},
        dt_ms=run.dt_ms,
        stretches=run.stretches,
        windows=run.windows,
        traces={name: found for name, found in traces.items() if found is not None},
        weights={name: found for name, found in weights.items() if found is not None},
        metrics={name: run.metrics(name) for name in run.names("metrics")},
        stream=run.stream,
    )


def write_contents(
    contents: Contents, source: Source, out: str | PathLike[str], *, force: bool = False
) -> Run:
    """Write a run file, as a whole or not at all, and open it.

    Raises
    ------
    InputError
        If ``out`` is there, unless ``force``, or cannot be written.
    """
    with (
        new_file(Path(out), force, source.path) as draft,
        _without_journal(draft),
        patient_interrupts(Overlay),
    ):
        draft.unlink()  # a run file is made where there is none
        facts = {"file": source.name, "format": source.format, "sha256": source.sha256}
        config = {"source": {**facts, "identifier": source.identifier}, **source.notes}
        if source.origin:
            config["origin"] = dict(source.origin)
        with RunFile.create(
            draft,
            experiment=f"imported from {source.name}",
            config=config,
            seed=source.origin.get("seed"),
            device=source.origin.get("device", "none"),
            populations=contents.populations,
            dt_ms=contents.dt_ms,
        ) as file:
            _fill(file, contents)
            file.finish()
    return open_run(out)


def _fill(file: RunFile, contents: Contents) -> None:
    for name, blocks in contents.spikes.items():
        file.append_spikes(name, [], [])  # what was recorded and silent is there, too
        for times, nodes in blocks:
            file.append_spikes(name, times, nodes)
            file.commit()
    for name, traces in contents.traces.items():
        file.append_traces(name, traces.times_ms, traces.node_ids, traces.values, traces.units)
    for name, weights in contents.weights.items():
        for k, time in enumerate(weights.times_ms):
            values = {variable: snapshots[k] for variable, snapshots in weights.values.items()}
            file.append_weights(name, float(time), values, weights.synapses)
    for table, columns in contents.metrics.items():
        file.append_metrics(table, columns)
    if contents.stream:
        file.append_stream(contents.stream)
    for window in contents.windows:
        file.add_window(window)
    within = {(window.start_ms, window.stop_ms) for window in contents.windows}
    for start, stop in contents.stretches:
        if (start, stop) not in within:
            file.add_stretch(start, stop)


@contextmanager
def _without_journal(draft: Path) -> Iterator[None]:
    """Remove what a commit that was cut short leaves beside a draft."""
    try:
        yield
    finally:
        journal_path(draft).unlink(missing_ok=True)


@contextmanager
def new_file(path: Path, force: bool, source: Path | None = None) -> Iterator[Path]:
    """Give a name to write to, which becomes ``path`` as a whole.

    Parameters
    ----------
    path : Path
    force : bool
        Replace a file that is there.
    source : Path, optional
        What is read meanwhile; the new file holds less than it.

    Raises
    ------
    InputError
        If there is such a file, unless ``force``, or it is the source, or a program has it open; if
        it is a folder, or there is none for it.
    OSError
        If the disk refuses; it names ``path``.
    """
    if path.is_dir():
        raise InputError(f"{path}: expected the name of a file (got a folder)")
    if path.exists() and not force:
        raise InputError(f"{path}: expected a free name, or force (got a file that is there)")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected a name in a folder that exists (got none)")
    if source is not None and path.exists() and path.samefile(source):
        raise InputError(f"{path}: expected another file than what is read (got the same)")
    with replaceable(path), whole_file(path) as draft:
        try:
            yield draft
        except OSError as error:
            if error.errno is None or error.filename not in (None, str(draft)):
                raise
            raise OSError(error.errno, error.strerror, str(path)) from error


def sha256(path: Path) -> str:
    """Return the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
