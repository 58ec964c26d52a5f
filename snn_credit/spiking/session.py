"""A session: a simulation taken through a curriculum, written to a run file as it goes.

After every chunk the file is committed with the state to go on from. A session that was stopped or
killed resumes after its last chunk, and ends with the same weights.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.analysis.alignment import angle
from snn_credit.data import Dataset
from snn_credit.errors import InputError
from snn_credit.progress import Progress
from snn_credit.recording import Population, RunFile, Window, open_run
from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.curriculum import TRAIN, Block, Curriculum
from snn_credit.spiking.devices.build import Watch
from snn_credit.spiking.simulation import Advance, Simulation

#: With more numbers in all matrices, they are kept in the checkpoint alone.
_SNAPSHOT_NUMBERS = 2_000_000


Measure = Callable[[Simulation], Mapping[str, float]]


@dataclass(frozen=True)
class Outcome:
    """How well the network answered: errors in %, None where nothing was shown."""

    test_error: float | None
    validation_error: float | None


def watch_everything(
    circuit: Circuit, units: int = 50, traced: int = 4, seed: int = 0
) -> dict[str, Watch]:
    """Watch what the paper's Fig 4 shows.

    That is ``units`` random neurons of the input and each hidden layer and all output neurons; of
    ``traced`` of the hidden ones also the potential and the modulator.
    """
    rng = np.random.default_rng((seed, 3))
    watch = {}
    for population in circuit.populations:
        if not population.spiking:
            continue
        everyone = np.arange(population.size)
        chosen = np.sort(rng.permutation(everyone)[:units])
        if population.name == "output":
            watch[population.name] = Watch(everyone)
        elif population.name.startswith("hidden"):
            known = population.equations
            variables = tuple(
                v for v in ("V", "delta") if f"\n{v} :" in known or f"d{v}/dt" in known
            )
            nodes = np.sort(rng.permutation(chosen)[:traced])
            watch[population.name] = Watch(chosen, nodes, variables)
        else:
            watch[population.name] = Watch(chosen)
    return watch


class Session:
    """A simulation, its curriculum and its run file.

    Parameters
    ----------
    simulation
        Of the curriculum's stream, at its beginning.
    plan
        What is shown, and what for.
    data
        Where the images are from.
    path
        The run file: a new one, or with ``resume`` one that was left unfinished.
    experiment, config, seed
        What the file says of its origin.
    measure
        What else to measure of the simulation after each validation: quantity -> number.
    """

    def __init__(
        self,
        simulation: Simulation,
        plan: Curriculum,
        data: Dataset,
        path: Path,
        *,
        experiment: str,
        config: Mapping[str, Any],
        seed: int,
        resume: bool = False,
        measure: Measure | None = None,
    ) -> None:
        self.simulation, self.plan, self.data, self.path = simulation, plan, data, path
        self.measure = measure
        self.guesses = np.full(len(plan.stream), -1, np.int64)
        self.done_rows = self.done_blocks = 0
        if resume and path.exists():
            self._resume()
        else:
            self.file = RunFile.create(
                path,
                experiment=experiment,
                config=config,
                seed=seed,
                device=simulation.device,
                populations=_populations(simulation),
                dt_ms=float(simulation.circuit.dt) * 1e3,
            )
            # The weights before learning; those of later windows follow.
            self._append_weights()

    def _resume(self) -> None:
        self.file = RunFile.resume(self.path)
        point = self.file.last_checkpoint()
        if point is None:
            self._append_weights()
            return
        self._check_same(point.host["run"])
        self.simulation.restore(dict(point.arrays), point.chunk)
        self.done_blocks = point.host["blocks"]
        guesses = open_run(self.path).stream["guess"]
        self.done_rows = len(guesses)
        self.guesses[: self.done_rows] = guesses

    def _identity(self) -> dict[str, Any]:
        """Return what must be the same for a run to go on as if it had not been interrupted."""
        stream = b"".join(column.tobytes() for column in self.plan.stream.columns().values())
        shape = self.simulation.shape
        return {
            "circuit": self.simulation.circuit.name,
            "seed": self.simulation.seed,
            "dtype": shape.dtype,
            "chunk_steps": shape.steps,
            "stream": hashlib.sha256(stream).hexdigest()[:16],
        }

    def _check_same(self, before: Mapping[str, Any]) -> None:
        for name, value in self._identity().items():
            if before.get(name) != value:
                self.file.close()
                was = before.get(name)
                raise InputError(f"resume: the {name} of {self.path}, {was} (got {value})")

    def run(self, progress: Progress) -> Outcome:
        """Go through what is left of the curriculum.

        Raises
        ------
        KeyboardInterrupt
            When a person stops it; the file then holds everything up to the last chunk.
        """
        progress.start(len(self.plan.stream), "images", "spiking")
        try:
            progress.update(self.done_rows)
            begun = time.perf_counter()
            for advance in self.simulation.run():
                self._record(advance, time.perf_counter() - begun)
                self.file.commit()
                progress.update(self.done_rows, error_percent=self._recent_error())
                begun = time.perf_counter()
            self.file.finish()
        finally:
            progress.stop()
            self.file.close()
        return self.outcome()

    def outcome(self) -> Outcome:
        """Return the errors so far."""
        return Outcome(self._error_of("test"), self._error_of("validation"))

    def _record(self, advance: Advance, seconds: float) -> None:
        learning = int(advance.chunk.tables["learn"].sum())
        steps = {"steps": self.simulation.shape.steps, "learning_steps": learning}
        self.file.append_metrics("chunks", {**steps, "seconds": seconds})
        ended = advance.ended
        self.guesses[ended] = advance.guesses
        self.done_rows += len(ended)
        rows = self.plan.stream[ended].columns()
        self.file.append_stream({**rows, "guess": self.guesses[ended]})
        for population, event in advance.events:
            if event == "spikes":
                self.file.append_spikes(population, *advance.spikes(population))
            elif event == "traces" and len(advance.events[population, event]["t"]):
                traces = advance.traces(population)
                times, nodes = traces.pop("time"), traces.pop("nodes")
                self.file.append_traces(population, times, nodes, traces)
        closed = []
        for block in self.plan.blocks[self.done_blocks :]:
            if block.stop > self.done_rows:
                break
            self._close_block(block)
            closed.append(block)
        self.done_blocks += len(closed)
        # The state is that of the chunk's end, which is a little later than the block's.
        if any(block.kind == "validation" for block in closed):
            self._append_angles()
            self._append_measured()
        if any(block.kind == "window" and block.images_seen for block in closed):
            self._append_weights()
        host = {"blocks": self.done_blocks, "run": self._identity()}
        self.file.checkpoint(self.simulation.done, self.simulation.state, host)

    def _close_block(self, block: Block) -> None:
        if block.kind == "window":
            self.file.add_window(self._window(block))
        elif block.kind in ("validation", "test"):
            columns = ("train_error", "validation_error", "test_error")
            errors: dict[str, float | None] = dict.fromkeys(columns)
            errors[f"{block.kind}_error"] = self._error(block.start, block.stop)
            if block.kind == "validation":
                errors["train_error"] = self._online_error(block)
            self.file.append_metrics("learning", {"images_seen": block.images_seen, **errors})

    def _error(self, start: int, stop: int) -> float:
        rows = slice(start, stop)
        return 100 * float(np.mean(self.guesses[rows] != self.plan.stream.target[rows]))

    def _online_error(self, block: Block) -> float | None:
        """Return the error on the training images since the last evaluation, while learning."""
        before = self.plan.blocks[: self.plan.blocks.index(block)]
        start = max((b.stop for b in before if b.kind == "validation"), default=0)
        rows = np.arange(start, block.start)
        rows = rows[self._shown(rows)]
        if not len(rows):
            return None
        return 100 * float(np.mean(self.guesses[rows] != self.plan.stream.target[rows]))

    def _shown(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which presentations are training images, in the first window of the rule."""
        stream = self.plan.stream
        return (stream.part[rows] == TRAIN) & (stream.phase[rows] == 0)

    def _error_of(self, kind: str) -> float | None:
        blocks = [b for b in self.plan.blocks if b.kind == kind and b.stop <= self.done_rows]
        return self._error(blocks[-1].start, blocks[-1].stop) if blocks else None

    def _recent_error(self, images: int = 1000) -> float:
        start = max(0, self.done_rows - images)
        return self._error(start, self.done_rows) if self.done_rows else 100.0

    def _window(self, block: Block) -> Window:
        stream, dt_ms = self.plan.stream, float(self.simulation.circuit.dt) * 1e3
        onsets = (np.cumsum(stream.steps) - stream.steps)[block.start : block.stop] * dt_ms
        images = self.data.validation_x[stream.stimulus[block.start : block.stop]]
        return Window(
            name=block.name,
            start_ms=float(onsets[0]),
            stop_ms=float(onsets[-1] + stream.steps[block.stop - 1] * dt_ms),
            images_seen=block.images_seen,
            images=images.reshape(-1, *self.data.shape).mean(axis=1),
            labels=stream.target[block.start : block.stop],
            guesses=self.guesses[block.start : block.stop],
            onset_ms=onsets.astype(np.float64),
        )

    def _append_angles(self) -> None:
        """Append the signed angle of W to B', in degrees, of every projection that has both."""
        angles = {
            projection.name: angle(
                self.simulation.matrix(projection.name, "w"),
                self.simulation.matrix(projection.name, "b"),
            )
            for projection in self.simulation.circuit.projections
            if {"w", "b"} <= projection.initial.keys()
        }
        if angles:
            seen = int(np.sum(self._shown(np.arange(self.done_rows))))
            self.file.append_metrics("alignment", {"images_seen": seen, **angles})

    def _append_measured(self) -> None:
        if self.measure is not None:
            seen = int(np.sum(self._shown(np.arange(self.done_rows))))
            values = self.measure(self.simulation)
            self.file.append_metrics("measured", {"images_seen": seen, **values})

    def _append_weights(self) -> None:
        circuit = self.simulation.circuit
        keys = [k for k in self.simulation.state if k.partition(".")[0] in _matrices(circuit)]
        if sum(self.simulation.state[key].size for key in keys) > _SNAPSHOT_NUMBERS:
            return
        time_ms = self.simulation.done * self.simulation.shape.steps * float(circuit.dt) * 1e3
        for projection in _matrices(circuit):
            variables = circuit.projection(projection).initial
            self.file.append_weights(
                projection,
                time_ms,
                {name: self.simulation.matrix(projection, name) for name in variables},
            )


def _matrices(circuit: Circuit) -> list[str]:
    return [p.name for p in circuit.projections if p.initial]


def _populations(simulation: Simulation) -> dict[str, Population]:
    described = {}
    for population in simulation.circuit.populations:
        role = population.name.rstrip("0123456789")
        mask = population.initial.get("watch_spikes")
        classes: NDArray[np.int64] | None = None
        if role == "output" and "error" in {p.name for p in simulation.circuit.populations}:
            classes = simulation.circuit.population("error").initial.get("group")
        described[population.name] = Population(
            size=population.size,
            role=role if role in ("input", "hidden", "output") else "other",  # pyright: ignore
            classes=classes,
            recorded=None if mask is None else np.flatnonzero(mask),
        )
    return described
