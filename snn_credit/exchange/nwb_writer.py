"""A run as an NWB file.

=================================  =================================================================
in the NWB file                    what it holds
=================================  =================================================================
``units``                          a row per recorded neuron: ``spike_times`` (s), ``population``,
                                   ``neuron``, ``class`` (-1 where it has none), ``obs_intervals``
                                   (the stretches that were recorded); ``resolution`` is the step
``intervals/trials``               a row per stimulus shown in a window: ``label``, ``guess``
                                   (-1: none), ``window``
``intervals/recorded``             the stretches that were recorded
``intervals/windows``              the windows: ``window``, ``images_seen``, ``height``, ``width``
``stimulus/presentation``          an ImageSeries per window with images, (stimulus, row, column)
``acquisition``                    a TimeSeries per trace, (sample, neuron), with its unit
``processing/weights``             a TimeSeries per variable, (snapshot, post, pre), or
                                   (snapshot, synapse) of a sparse projection
``processing/learning``            tables ``metrics_<table>`` and ``stream``
``processing/snn_credit``          ``populations``, ``traces``, ``projections``: what belongs to
                                   what; ``exact_times``: times that seconds cannot say, in ms
``general/notes``                  the run's provenance, JSON
=================================  =================================================================

Times are in s, as NWB has them. `snn_credit.exchange.times` says which are not restored by a
multiplication; these few are kept in ``exact_times``.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_credit.exchange import times
from snn_credit.exchange.contents import Contents, contents_of, new_file, origin
from snn_credit.exchange.nwb_parts import (
    column,
    compressed,
    integers,
    pynwb,
    ragged,
    safe,
    table,
)
from snn_credit.exchange.refusing import hdf5_file
from snn_credit.exchange.sorting import sorted_by_neuron
from snn_credit.recording import Run, Window

#: Spike times that are compressed together.
_CHUNK = 1 << 16


def write_nwb(run: Run, path: str | PathLike[str], *, force: bool = False) -> None:
    """Write a run as an NWB file that `snn_credit.exchange.read_nwb` reads back.

    Spikes are sorted by neuron in a temporary file beside the target, 8 bytes a spike, and go
    from there block by block: memory is bounded whatever their number. Traces, weights and the
    images of windows are held as a whole, one population or projection at a time until the file is
    written: as much memory as they take. The checkpoint is left out.

    Parameters
    ----------
    run : Run
    path : path
    force : bool
        Replace a file that is there.

    Raises
    ------
    InputError
        If pynwb is missing, or the file is there.
    """
    pynwb()  # before anything is made
    with new_file(Path(path), force, run.path) as draft, ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=draft.parent)))
        file = _Builder(run, contents_of(run), folder).build()
        with hdf5_file(draft) as sink, pynwb().NWBHDF5IO(file=sink, mode="w") as io:
            io.write(file)


class _Builder:
    """An NWB file in the making: the parts, and the times that seconds cannot say."""

    def __init__(self, run: Run, contents: Contents, folder: Path) -> None:
        self.contents, self.folder = contents, folder
        self.exact: list[tuple[str, int, float]] = []
        facts = origin(run)
        text = json.dumps({**facts, "dt_ms": contents.dt_ms}, sort_keys=True)
        started = datetime.fromisoformat(facts["started"])
        self.file = pynwb().NWBFile(
            session_description=f"Simulated: {run.experiment} (snn_credit)",
            identifier=str(uuid.uuid5(uuid.NAMESPACE_URL, text)),
            session_start_time=started if started.tzinfo else started.replace(tzinfo=UTC),
            experiment_description=f"snn_credit run, seed {facts['seed']}, on {facts['device']}",
            keywords=["simulation", "spiking neural network", "learning"],
            notes=text,
        )

    def build(self) -> Any:
        self._populations()
        self._units()
        self._stretches()
        self._windows()
        self._traces()
        self._weights()
        self._learning()
        if self.exact:
            series, rows, ms = zip(*self.exact, strict=True)
            self._put("snn_credit", "exact_times", "Times in ms of which seconds give a neighbour.",
                {"series": list(series), "row": np.array(rows), "time_ms": np.array(ms)},
            )  # fmt: skip
        return self.file

    def seconds(self, series: str, times_ms: ArrayLike) -> NDArray[np.float64]:
        """Return times in s, after noting those that do not come back as they were."""
        ms = np.asarray(times_ms, dtype=np.float64)
        self.exact += [(series, int(k), float(ms[k])) for k in np.flatnonzero(times.lost(ms))]
        return times.to_seconds(ms)

    def _module(self, name: str) -> Any:
        words = {
            "weights": "Synaptic weights over learning.",
            "learning": "How learning went, and what was presented.",
            "snn_credit": "What snn_credit needs to read this file back as a run.",
        }
        found = self.file.processing
        return found[name] if name in found else self.file.create_processing_module(
            name, words[name]
        )  # fmt: skip

    def _put(self, module: str, name: str, description: str, *columns: Any) -> None:
        """Add a table to a processing module."""
        self._module(module).add(table(name, description, *columns))

    def _populations(self) -> None:
        known, recorded = self.contents.populations, self.contents.spikes
        self._put("snn_credit", "populations", "Populations, input first.",
            {
                "population": list(known),
                "size": np.array([p.size for p in known.values()], dtype=np.int64),
                "role": [p.role for p in known.values()],
                "spikes": np.array([name in recorded for name in known], dtype=bool),
                "all_recorded": np.array([p.recorded is None for p in known.values()], dtype=bool),
                "has_classes": np.array([p.classes is not None for p in known.values()], bool),
            },
            {
                "recorded": [integers(p.recorded) for p in known.values()],
                "classes": [integers(p.classes) for p in known.values()],
            },
        )  # fmt: skip

    def _units(self) -> None:
        spikes = sorted_by_neuron(self.contents, self.folder)
        self.exact += [("units", row, ms) for row, ms in spikes.lost]
        counts = np.concatenate([unit.counts for unit in spikes.units] or [integers(None)])
        if not len(counts):
            return
        names = [unit.population for unit in spikes.units for _ in unit.neurons]
        neurons = np.concatenate([unit.neurons for unit in spikes.units])
        classes = [self._classes(unit.population, unit.neurons) for unit in spikes.units]
        columns = [
            column("population", "The population of neurons.", names),
            column("neuron", "The neuron's number in its population.", neurons),
            column("class", "The class that it stands for, -1: none.", np.concatenate(classes)),
            *ragged("spike_times", "Spikes, in s.", compressed(spikes.seconds, _CHUNK), counts),
        ]
        if len(stretches := self.contents.stretches):
            intervals = np.tile(times.to_seconds(stretches), (len(counts), 1))
            each = np.full(len(counts), len(stretches))
            columns += ragged("obs_intervals", "When it was recorded, in s.", intervals, each)
        step = self.contents.dt_ms
        self.file.units = pynwb().misc.Units(
            name="units",
            description="Simulated neurons.",
            columns=columns,
            colnames=[one.name for one in columns if not one.name.endswith("_index")],
            **({} if step is None else {"resolution": step / 1e3}),
        )

    def _classes(self, population: str, neurons: NDArray[np.int64]) -> NDArray[np.int64]:
        classes = self.contents.populations[population].classes
        found = np.full(len(neurons), -1, dtype=np.int64)
        if classes is not None:
            inside = neurons < len(classes)
            found[inside] = np.asarray(classes)[neurons[inside]]
        return found

    def _stretches(self) -> None:
        if self.contents.stretches:
            starts, stops = np.transpose(self.contents.stretches)
            self._intervals(
                "recorded", "When spikes were recorded: elsewhere silence says nothing.",
                start_time=("Start, in s.", self.seconds("recorded start", starts)),
                stop_time=("Stop, in s.", self.seconds("recorded stop", stops)),
            )  # fmt: skip

    def _intervals(self, name: str, description: str, **columns: tuple[str, Any]) -> None:
        made = [column(key, words, data) for key, (words, data) in columns.items()]
        intervals = pynwb().epoch.TimeIntervals(
            name=name, description=description, columns=made, colnames=list(columns)
        )
        if name == "trials":
            self.file.trials = intervals
        else:
            self.file.add_time_intervals(intervals)

    def _windows(self) -> None:
        windows = self.contents.windows
        if not windows:
            return
        shapes = np.array([np.shape(window.images)[1:] for window in windows], dtype=np.int64)
        starts = self.seconds("windows start", [window.start_ms for window in windows])
        stops = self.seconds("windows stop", [window.stop_ms for window in windows])
        self._intervals(
            "windows", "Stretches that were recorded in detail.",
            start_time=("Start, in s.", starts),
            stop_time=("Stop, in s.", stops),
            window=("Its name.", [window.name for window in windows]),
            images_seen=("Images learned before.", [window.images_seen for window in windows]),
            height=("Of each image, in pixels.", shapes[:, 0]),
            width=("Of each image, in pixels.", shapes[:, 1]),
        )  # fmt: skip
        shown = [window for window in windows if len(window.labels)]
        if shown:
            self._trials(shown)
        for k, window in enumerate(windows):
            self._images(k, window)

    def _trials(self, shown: Sequence[Window]) -> None:
        ends = [window.offset_ms for window in shown]
        onsets = self.seconds("trials", np.concatenate([window.onset_ms for window in shown]))
        self._intervals(
            "trials", "Stimuli shown in the windows, each until the next.",
            start_time=("Onset, in s.", onsets),
            stop_time=("End, in s.", times.to_seconds(np.concatenate(ends))),
            label=("The class of the stimulus.", np.concatenate([w.labels for w in shown])),
            guess=("The answer, -1: none.", np.concatenate([w.guesses for w in shown])),
            window=("Where it was shown.", [w.name for w in shown for _ in w.labels]),
        )  # fmt: skip

    def _images(self, number: int, window: Window) -> None:
        if not window.images.size:
            return

        self.file.add_stimulus(pynwb().image.ImageSeries(
            name=f"images_{number}", description=f"Stimuli of window {window.name}.",
            comments="(stimulus, row, column)", format="raw", unit="n.a.",
            data=np.asarray(window.images), timestamps=times.to_seconds(window.onset_ms),
        ))  # fmt: skip

    def _traces(self) -> None:

        columns: dict[str, list[Any]] = {"series": [], "population": [], "variable": []}
        neurons: list[NDArray[np.int64]] = []
        for population, traces in self.contents.traces.items():
            clock: Any = None
            for variable, values in traces.values.items():
                name = safe(f"{population}_{variable}", columns["series"])
                if clock is None:
                    clock = self.seconds(name, traces.times_ms)
                clock = pynwb().TimeSeries(
                    name=name, description=f"{variable} of neurons of {population}.",
                    comments="(sample, neuron); the neurons are listed in snn_credit/traces",
                    data=compressed(values), unit=traces.units.get(variable, "1"), timestamps=clock,
                )  # fmt: skip
                self.file.add_acquisition(clock)
                for key, value in zip(columns, (name, population, variable), strict=True):
                    columns[key].append(value)
                neurons.append(traces.node_ids)
        if neurons:
            self._put("snn_credit", "traces", "Which neurons the traces are of.", columns,
                        {"neurons": neurons})  # fmt: skip

    def _weights(self) -> None:

        columns: dict[str, list[Any]] = {
            "series": [],
            "projection": [],
            "variable": [],
            "sparse": [],
            "n_post": [],
            "n_pre": [],
        }
        pairs: dict[str, list[NDArray[np.int64]]] = {"i": [], "j": []}
        for projection, weights in self.contents.weights.items():
            clock, synapses = None, weights.synapses
            for variable, values in weights.values.items():
                name = safe(f"{projection}_{variable}", columns["series"])
                if clock is None:
                    clock = self.seconds(name, weights.times_ms)
                clock = pynwb().TimeSeries(
                    name=name, description=f"Weights {variable} of {projection}.",
                    comments="(snapshot, post, pre)" if synapses is None else "(snapshot, synapse)",
                    data=compressed(values), unit="1", timestamps=clock,
                )  # fmt: skip
                self._module("weights").add(clock)
                shape = values.shape[1:] if synapses is None else (synapses.n_post, synapses.n_pre)
                row = (name, projection, variable, synapses is not None, *shape)
                for key, value in zip(columns, row, strict=True):
                    columns[key].append(value)
                pairs["i"].append(integers(synapses and synapses.i))
                pairs["j"].append(integers(synapses and synapses.j))
        if pairs["i"]:
            self._put("snn_credit", "projections",
                        "Which pairs sparse projections connect: i (pre) to j (post).",
                        columns, pairs)  # fmt: skip

    def _learning(self) -> None:
        for name, columns in self.contents.metrics.items():
            self._put("learning", safe(f"metrics_{name}"), name, columns)
        if self.contents.stream:
            self._put("learning", "stream", "What was presented.", self.contents.stream)
