"""A simulation: a circuit on a device, advanced through a stream, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.spiking.circuit import Circuit, Projection
from snn_credit.spiking.devices import open_program
from snn_credit.spiking.devices.build import Shape, Watch, given_numbers, watched
from snn_credit.spiking.devices.program import Events, Program, State, check_finite
from snn_credit.spiking.plasticity.decay import check_decay
from snn_credit.spiking.stream import Chunk, Stream, chunks, rows_per_chunk

#: Below this a scale is folded into its synapses, so that neither of the two leaves its range.
_SMALLEST_SCALE = 0.5

Uniforms = Callable[[str, int, tuple[int, int]], NDArray[Any]]


@dataclass(frozen=True)
class Advance:
    """What one chunk brought.

    Attributes
    ----------
    chunk
        Which steps of the stream these were.
    counts
        Votes of each class for every presentation that ended in this chunk, ``(n_ended, classes)``.
    events
        Everything that populations reported, see ``Result``.
    """

    chunk: Chunk
    counts: NDArray[np.int64]
    events: Events

    @property
    def ended(self) -> NDArray[np.int64]:
        """Presentations (indices into the stream) that ended in this chunk."""
        return self.chunk.ended

    @property
    def guesses(self) -> NDArray[np.int64]:
        """The class with the most votes, for every presentation that ended in this chunk."""
        return self.counts.argmax(axis=1)

    def spikes(self, population: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return times in ms and neuron indices of the watched neurons' spikes."""
        events = self.events[population, "spikes"]
        return events["t"] * 1e3, events["i"].astype(np.int64)

    def traces(self, population: str) -> dict[str, NDArray[Any]]:
        """Return ``time`` in ms, ``nodes``, and each variable as ``(n_times, n_nodes)``."""
        events = dict(self.events[population, "traces"])
        times, nodes = np.unique(events.pop("t")), np.unique(events["i"])
        order = np.argsort(events.pop("i"), kind="stable")
        shape = (len(nodes), len(times))
        return {
            "time": times * 1e3,
            "nodes": nodes.astype(np.int64),
            **{name: values[order].reshape(shape).T for name, values in events.items()},
        }


class Simulation:
    """A circuit on a device.

    Parameters
    ----------
    circuit
        What to simulate.
    tables
        For every table of the circuit, the rows that a stream's indices refer to:
        ``stimulus`` a matrix, or one matrix for each part of the stream; ``target`` a matrix.
    stream
        What will be presented; it fixes how many presentations a chunk can hold.
    device
        'runtime', 'runtime:cython', 'cpp_standalone', 'cuda_standalone' or 'auto'.
    dtype
        'float32' or 'float64', of synapses and neurons.
    chunk_steps
        Time steps per chunk. The state is read, checked and handed on between chunks.
    watch
        What to record of which population.
    seed
        Of the spikes. On ``dense`` numbers depend on the time step and not on the chunks; on other
        devices chunk k draws its numbers from ``(seed, k)``.
    uniforms
        ``uniforms(population, start, (steps, size))``: given random numbers in place of the
        device's own, for exact comparison between devices: those that a population's threshold
        takes, uniform, and under ``population.rand`` and ``population.randn`` those that its
        statements take, uniform and normal.

    Raises
    ------
    InputError
        For a device that is not there, tables that do not fit, a stream without the windows that
        the rule needs, rates that decay too fast for a chunk, or numbers that are not finite.
    """

    circuit: Circuit
    stream: Stream
    seed: int
    uniforms: Uniforms | None
    tables: dict[str, list[NDArray[Any]]]
    shape: Shape
    device: str
    program: Program
    done: int

    def __init__(
        self,
        circuit: Circuit,
        tables: Mapping[str, NDArray[Any] | Sequence[NDArray[Any]]],
        stream: Stream,
        *,
        device: str = "auto",
        dtype: str = "float32",
        chunk_steps: int = 5000,
        watch: Mapping[str, Watch] | None = None,
        seed: int = 0,
        uniforms: Uniforms | None = None,
    ) -> None:
        if dtype not in ("float32", "float64"):
            raise InputError(f"dtype: float32 or float64 (got {dtype!r})")
        if chunk_steps < 1:
            raise InputError(f"chunk_steps: at least 1 (got {chunk_steps})")
        _check_windows(circuit, stream)
        self.circuit = watched(circuit, watch or {})
        self.stream, self.seed, self.uniforms = stream, seed, uniforms
        self.tables = _checked_tables(circuit, tables, stream)
        rows = rows_per_chunk(stream, chunk_steps)
        self.shape = Shape(chunk_steps, rows, dtype, given_random=uniforms is not None)
        check_decay(circuit, min(chunk_steps, stream.total_steps), dtype)
        self.device, self.program = open_program(self.circuit, self.shape, device)
        self.state: State = self.program.initial_state()
        self.done = 0
        self._apply_matrix_functions(("start", "step"))

    @property
    def total_chunks(self) -> int:
        """Chunks of the whole stream."""
        return -(-self.stream.total_steps // self.shape.steps)

    def run(self) -> Iterator[Advance]:
        """Advance to the end of the stream; yields after each chunk, with ``state`` up to date."""
        for chunk in chunks(self.stream, self.shape.steps, self.done):
            result = self.program.run(self.state, self._chunk_tables(chunk), chunk.start, self.seed)
            for name, array in result.state.items():
                check_finite(f"{name} after chunk {chunk.index}", array)
            self.state = result.state
            self._settle_dues()
            self._fold_scales()
            self._apply_matrix_functions(("step",))
            self.done = chunk.index + 1
            yield Advance(chunk, self._counts(chunk, result.events), result.events)

    def restore(self, state: State, done: int) -> None:
        """Continue from a state that was read after ``done`` chunks."""
        self.state, self.done = dict(state), done

    def matrix(self, projection: str, variable: str = "w") -> NDArray[Any]:
        """Return a variable of synapses as ``(n_post, n_pre)``, with its decay.

        It is 0 where there is no synapse.
        """
        owner = self.circuit.projection(projection)
        key = f"{projection}.{variable}"
        if key not in self.state:
            raise InputError(f"variable: a variable of {projection} (got {variable!r})")
        values = self.state[key] * self._scale(projection, variable)
        return self._placed(owner, values).astype(self.state[key].dtype)

    def set_matrix(self, projection: str, variable: str, values: NDArray[Any]) -> None:
        """Set a variable of synapses, ``(n_post, n_pre)``, from the next chunk on.

        Raises
        ------
        InputError
            For another shape, or numbers that are not finite.
        """
        now = self.matrix(projection, variable)
        if np.shape(values) != now.shape:
            raise InputError(f"{projection}.{variable}: shape {now.shape} (got {np.shape(values)})")
        check_finite(f"{projection}.{variable}", np.ravel(values))
        picked = self.circuit.projection(projection).picked(np.asarray(values))
        stored = picked / self._scale(projection, variable)
        self.state[f"{projection}.{variable}"] = stored.astype(now.dtype)

    def _scale(self, projection: str, variable: str) -> float:
        owner = self.circuit.projection(projection)
        if variable not in owner.scales:
            return 1.0
        return float(self.state[f"{owner.target}.{owner.scales[variable]}"][0])

    def _settle_dues(self) -> None:
        """Bring synapses up to date with what their traces have earned since their last spike."""
        told: dict[str, float] = {}
        for owner in self.circuit.projections:
            for variable, due in owner.dues.items():
                keys = [f"{owner.name}.{variable}", f"{owner.name}.{due.trace}"]
                values, trace = (self._placed(owner, self.state[key]) for key in keys)
                waiting, fade = f"{owner.source}.{due.due}", f"{owner.source}.{due.fade}"
                gain = self.state[f"{owner.target}.{due.gain}"]
                # (n_post, 1) x (n_pre) x (n_post, n_pre)
                values = values + gain[:, None] * self.state[waiting] * trace
                if due.bounds is not None:
                    ends = (self.state[f"{owner.source}.{name}"] for name in due.bounds)
                    values = np.clip(values, *ends)
                for key, matrix in zip(keys, (values, trace * self.state[fade]), strict=True):
                    self.state[key] = owner.picked(matrix).astype(self.state[key].dtype)
                told |= {waiting: 0.0, fade: 1.0}
        for key, value in told.items():
            self.state[key] = np.full_like(self.state[key], value)

    def _placed(self, owner: Projection, values: NDArray[Any]) -> NDArray[Any]:
        population = self.circuit.population
        return owner.placed(values, (population(owner.target).size, population(owner.source).size))

    def _fold_scales(self) -> None:
        """Multiply decayed scales into their synapses before they become too small to divide by."""
        for name in {p.target for p in self.circuit.projections if p.scales}:
            incoming = [p for p in self.circuit.projections if p.target == name and p.scales]
            for scale in {s for p in incoming for s in p.scales.values()}:
                value = self.state[f"{name}.{scale}"]
                if value[0] >= _SMALLEST_SCALE:
                    continue
                for p in incoming:
                    for variable in (v for v, s in p.scales.items() if s == scale):
                        key = f"{p.name}.{variable}"
                        self.state[key] = (self.state[key] * value[0]).astype(self.state[key].dtype)
                self.state[f"{name}.{scale}"] = np.ones_like(value)

    def _apply_matrix_functions(self, when: tuple[str, ...]) -> None:
        for function in self.circuit.host:
            if function.every not in when:
                continue
            reads = [self.matrix(*name.split(".")) for name in function.reads]
            self.set_matrix(function.projection, function.of, np.asarray(function.fn(*reads)))

    def _chunk_tables(self, chunk: Chunk) -> State:
        rows = self.stream[chunk.rows]
        tables: State = {f"{name}_at": values for name, values in chunk.tables.items()}
        for name, width in self.circuit.columns.items():
            table = np.zeros((self.shape.rows, width))
            given = self.tables[name]
            if name == "stimulus":
                for part in np.unique(rows.part):
                    here = np.flatnonzero(rows.part == part)
                    table[here] = given[part][rows.stimulus[here]]
            else:
                table[: len(rows)] = given[0][rows.target]
            tables[f"{name}_at"] = table
        if self.uniforms is not None:
            for population in self.circuit.populations:
                shape = (self.shape.steps, population.size)
                for name, table in given_numbers(population).items():
                    tables[table] = self.uniforms(name, chunk.start, shape)
        return tables

    def _counts(self, chunk: Chunk, events: Events) -> NDArray[np.int64]:
        if ("votes", "guess") not in events:
            return np.zeros((len(chunk.ended), 0), np.int64)
        votes = events["votes", "guess"]
        shape = (len(chunk.ended), self.circuit.population("votes").size)
        order = np.lexsort((votes["i"], votes["t"]))
        return np.rint(votes["tally"][order]).astype(np.int64).reshape(shape)


def _checked_tables(
    circuit: Circuit, tables: Mapping[str, Any], stream: Stream
) -> dict[str, list[NDArray[Any]]]:
    if not len(stream):
        raise InputError("stream: at least one presentation (got none)")
    checked = {}
    for name, width in circuit.columns.items():
        if name not in tables:
            raise InputError(f"tables: a table {name!r} (got {', '.join(tables) or 'none'})")
        given = tables[name]
        matrices = [given] if isinstance(given, np.ndarray) else [np.asarray(m) for m in given]
        for number, matrix in enumerate(matrices):
            if matrix.ndim != 2 or matrix.shape[1] != width:
                raise InputError(
                    f"tables[{name!r}]: {width} columns, to fit the circuit (got {matrix.shape})"
                )
            check_finite(f"tables[{name!r}][{number}]", np.ravel(matrix))
        checked[name] = matrices
    if "stimulus" in checked:
        for part in np.unique(stream.part):
            known = 0 <= part < len(checked["stimulus"])
            count = len(checked["stimulus"][part]) if known else 0
            _check_rows(
                f"stream.stimulus of part {part}", stream.stimulus[stream.part == part], count
            )
    if "target" in checked:
        _check_rows("stream.target", stream.target, len(checked["target"][0]))
    return checked


def _check_windows(circuit: Circuit, stream: Stream) -> None:
    """Refuse a stream that learns without, or beyond, the windows of the circuit's rule."""
    windows = circuit.windows or ("standard",)
    shown = set(stream.phase[stream.plastic].tolist())
    unknown = sorted(set(stream.phase.tolist()) - set(range(len(windows))))
    missing = [name for number, name in enumerate(windows) if shown and number not in shown]
    if unknown or (missing and len(windows) > 1):
        numbered = ", ".join(f"{number} {name}" for number, name in enumerate(windows))
        came = ", ".join(map(str, unknown or sorted(shown)))
        raise InputError(
            f"stream.phase: the windows of {circuit.rule or circuit.name}, {numbered}, while it "
            f"learns; Stream.in_windows shows each stimulus in all of them (got {came})"
        )


def _check_rows(name: str, rows: NDArray[np.int64], count: int) -> None:
    if rows.min() < 0 or rows.max() >= count:
        raise InputError(
            f"{name}: rows from 0 to {count - 1} of its table (got {rows.min()} to {rows.max()})"
        )
