"""A Neo block as a run: one that `to_neo` made comes back as it was, others are recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.exchange.contents import (
    Contents,
    Source,
    Spikes,
    Traces,
    Weights,
    population_name,
    write_contents,
)
from snn_credit.exchange.extras import need
from snn_credit.exchange.stimuli import Trials, class_numbers, recorded_windows
from snn_credit.recording import Population, Run, Synapses, Window

if TYPE_CHECKING:
    import neo


def from_neo(block: neo.Block, out: str | PathLike[str], *, force: bool = False) -> Run:
    """Make a run file of a Neo block, a run's or a recording's.

    A block of `to_neo` gives the run that it was made of: what is said of `read_nwb` holds.

    Of any other block come the spike trains and the epochs. A train's population is its annotation
    ``population``, else ``units``. Each segment is a stretch. Segments that overlap, as those of
    trials do that all begin at 0, are put one after another, and the provenance says by how much
    each was moved. Epochs are stimuli, their labels the classes. Signals are left out.

    Raises
    ------
    InputError
        If neo is missing, there is no spike train, or ``out`` is there.
    """
    need("neo", "Neo")
    words = block.annotations
    name = str(block.file_origin or block.name or "a Neo block")
    if {"populations", "provenance", "recorded"} <= set(words):
        contents = _run_contents(block)
        return write_contents(
            contents, Source(name, "Neo", origin=words["provenance"]), out, force=force
        )
    contents, notes = _recording(block)
    return write_contents(contents, Source(name, "Neo", notes=notes), out, force=force)


def _run_contents(block: neo.Block) -> Contents:
    words = block.annotations
    populations = {name: Population(**one) for name, one in words["populations"].items()}
    spikes: dict[str, list[Any]] = {name: [] for name in words["recorded"]}
    for train in (train for segment in block.segments for train in segment.spiketrains):
        spikes[train.annotations["population"]].append(train)
    epochs = [epoch for segment in block.segments for epoch in segment.epochs]
    return Contents(
        populations=populations,
        spikes={
            name: [
                _merged([_ms(one) for one in trains], [one.annotations["neuron"] for one in trains])
            ]
            for name, trains in spikes.items()
        },
        dt_ms=words["dt_ms"],
        stretches=[(start, stop) for start, stop in words["stretches"]],
        windows=[_window(epoch) for epoch in epochs],
        traces=_traces(block),
        weights={name: _weights(one) for name, one in words["weights"].items()},
        metrics=words["metrics"],
        stream=words["stream"],
    )


def _ms(quantity: Any) -> NDArray[np.float64]:
    """Return times in ms, untouched where they are."""
    return np.atleast_1d(np.asarray(quantity.rescale("ms").magnitude, dtype=np.float64))


def _merged(pieces: Sequence[NDArray[np.float64]], neurons: Sequence[int]) -> Spikes:
    """Return the spikes of trains, each of one neuron, in order."""
    times = np.concatenate([np.zeros(0), *pieces])
    nodes = np.repeat(np.array(neurons, dtype=np.int64), [len(piece) for piece in pieces])
    order = np.lexsort((nodes, times))
    return times[order], nodes[order]


def _window(epoch: Any) -> Window:
    words, arrays = epoch.annotations, epoch.array_annotations
    return Window(
        words["window"], words["start_ms"], words["stop_ms"], words["images_seen"],
        images=np.asarray(words["images"]),
        labels=np.asarray(arrays["label"]).astype(np.int64),
        guesses=np.asarray(arrays["guess"]).astype(np.int64),
        onset_ms=_ms(epoch.times),
    )  # fmt: skip


def _weights(words: Mapping[str, Any]) -> Weights:
    pairs = None
    if "i" in words:
        pairs = Synapses(words["i"], words["j"], words["n_pre"], words["n_post"])
    return Weights(words["times_ms"], words["values"], pairs)


def _traces(block: neo.Block) -> dict[str, Traces]:
    found: dict[str, dict[str, list[Any]]] = {}
    for segment in block.segments:
        for signal in (*segment.analogsignals, *segment.irregularlysampledsignals):
            words = signal.annotations
            found.setdefault(words["population"], {}).setdefault(words["variable"], [])
            found[words["population"]][words["variable"]].append(signal)
    traces = {}
    for population, variables in found.items():
        pieces = next(iter(variables.values()))
        times = np.concatenate([one.annotations["times_ms"] for one in pieces])
        order = np.argsort(times, kind="stable")
        traces[population] = Traces(
            times[order],
            np.asarray(pieces[0].array_annotations["neuron"]).astype(np.int64),
            {name: np.concatenate([np.asarray(one.magnitude, dtype=one.annotations["stored_as"])
                                   for one in signals])[order]
             for name, signals in variables.items()},
            {name: signals[0].annotations["unit"] for name, signals in variables.items()},
        )  # fmt: skip
    return traces


def _recording(block: neo.Block) -> tuple[Contents, dict[str, Any]]:
    """Return what anybody's block holds."""
    segments = [one for one in block.segments if one.spiketrains]
    if not segments:
        raise InputError("block: expected segments with spike trains (got none)")
    spans = [
        (
            min(float(_ms(train.t_start)[0]) for train in one.spiketrains),
            max(float(_ms(train.t_stop)[0]) for train in one.spiketrains),
        )
        for one in segments
    ]
    shifts = _shifts(spans)
    members: dict[str, list[tuple[NDArray[np.float64], int]]] = {}
    for segment, shift in zip(segments, shifts, strict=True):
        seen: dict[str, int] = {}
        for train in segment.spiketrains:
            name = population_name(train.annotations.get("population", "units"))
            # the n-th train of a population is the same neuron in every segment
            members.setdefault(name, []).append((_ms(train) + shift, seen.get(name, 0)))
            seen[name] = seen.get(name, 0) + 1
    stretches = [(start + by, stop + by) for (start, stop), by in zip(spans, shifts, strict=True)]
    trials, names = _stimuli(segments, shifts)
    contents = Contents(
        populations={
            name: Population(1 + max(neuron for _, neuron in trains))
            for name, trains in members.items()
        },
        spikes={
            name: [_merged([times for times, _ in trains], [neuron for _, neuron in trains])]
            for name, trains in members.items()
        },
        stretches=stretches,
        windows=recorded_windows(stretches, trials),
        stream={} if trials is None else trials.columns,
    )
    notes: dict[str, Any] = {"label_names": names} if names else {}
    return contents, {**notes, "moved_ms": shifts}


def _shifts(spans: Sequence[tuple[float, float]]) -> list[float]:
    """Return by how much to move each segment so that none overlap: by 0 where none do."""
    order = sorted(spans)
    if all(one[1] <= other[0] for one, other in pairwise(order)):
        return [0.0] * len(spans)
    shifts, end = [], spans[0][0]
    for start, stop in spans:
        shifts.append(end - start)
        end += stop - start
    return shifts


def _stimuli(
    segments: Sequence[Any], shifts: Sequence[float]
) -> tuple[Trials | None, list[str] | None]:
    starts, stops, words = [np.zeros(0)], [np.zeros(0)], []
    for segment, shift in zip(segments, shifts, strict=True):
        for epoch in segment.epochs:
            onsets = _ms(epoch.times) + shift
            starts.append(onsets)
            stops.append(onsets + _ms(epoch.durations))
            words += [str(label) for label in epoch.labels] or [""] * len(onsets)
    if not words:
        return None, None
    labels, names = class_numbers(np.array(words), len(words))
    start, stop = np.concatenate(starts), np.concatenate(stops)
    order = np.argsort(start, kind="stable")
    start, stop, labels = start[order], stop[order], labels[order]
    none = np.full(len(start), -1, dtype=np.int64)
    columns = {"start_ms": start, "stop_ms": stop, "target": labels}
    return Trials(start, stop, labels, none, columns), names
