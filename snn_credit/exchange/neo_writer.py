"""A run as a Neo block, which elephant and other tools take.

==================  ===========================================================================
Neo                 the run
==================  ===========================================================================
Block               annotations: ``provenance``, ``populations``, ``metrics``, ``stream``,
                    ``weights``, ``dt_ms``
Segment             a stretch that was recorded; a last one, ``outside``, for spikes of no stretch
SpikeTrain          a recorded neuron in a stretch, in ms: annotations ``population``, ``neuron``,
                    ``class`` (-1: none)
AnalogSignal        a variable of a population in a stretch, a channel per neuron: annotations
                    ``population``, ``variable``; array annotation ``neuron``; ``times_ms`` as they
                    were. Where samples are not evenly spaced an IrregularlySampledSignal
Epoch               the stimuli of a window, each until the next: labels are the classes; array
                    annotations ``label``, ``guess``; annotations ``images``, ``images_seen``
==================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.exchange.contents import (
    Contents,
    Spikes,
    Traces,
    Weights,
    contents_of,
    origin,
)
from snn_credit.exchange.extras import need
from snn_credit.recording import Population, Run, Window

if TYPE_CHECKING:
    import neo

# Borders are multiples of a time step, and differ from spikes on them by rounding.
_TOUCH_MS = 1e-6


def to_neo(run: Run, population: str | Sequence[str] | None = None) -> neo.Block:
    """Return a run as a Neo block, in memory as a whole.

    Parameters
    ----------
    run : Run
    population : str or sequence of str, optional
        Whose spikes and traces. Those of all, if nothing is said.

    Raises
    ------
    InputError
        If neo is missing, or the run has no such population.
    """
    neo = need("neo", "Neo")
    chosen = [population] if isinstance(population, str) else population
    contents = contents_of(run, chosen)
    block = neo.Block(
        name=run.experiment,
        file_origin=run.path.name,
        description="a run of snn_credit",
        provenance=origin(run),
        populations={name: _described(one) for name, one in contents.populations.items()},
        recorded=list(contents.spikes),
        stretches=[list(one) for one in contents.stretches],
        dt_ms=contents.dt_ms,
        metrics={name: dict(table) for name, table in contents.metrics.items()},
        stream=dict(contents.stream),
        weights={name: _snapshots(weights) for name, weights in contents.weights.items()},
    )
    held = {name: _joined(blocks) for name, blocks in contents.spikes.items()}
    stretches = list(contents.stretches) or [_around(held, contents)]
    for k, stretch in enumerate(stretches):
        block.segments.append(_segment(f"recorded {k}", contents, held, stretch))
    outside = _outside(held, contents, stretches)
    if outside is not None:
        block.segments.append(outside)
    return block


def _described(population: Population) -> dict[str, Any]:
    found: dict[str, Any] = {"size": population.size, "role": population.role}
    for name in ("classes", "recorded"):
        if getattr(population, name) is not None:
            found[name] = np.asarray(getattr(population, name))
    return found


def _snapshots(weights: Weights) -> dict[str, Any]:
    found: dict[str, Any] = {"times_ms": weights.times_ms, "values": dict(weights.values)}
    if weights.synapses is not None:
        pairs = weights.synapses
        found |= {"i": pairs.i, "j": pairs.j, "n_pre": pairs.n_pre, "n_post": pairs.n_post}
    return found


def _joined(blocks: Iterable[Spikes]) -> Spikes:
    pieces = list(blocks)
    times = np.concatenate([np.zeros(0), *(times for times, _ in pieces)])
    nodes = np.concatenate([np.zeros(0, dtype=np.int64), *(nodes for _, nodes in pieces)])
    return times, nodes


def _around(held: Mapping[str, Spikes], contents: Contents) -> tuple[float, float]:
    """Return a stretch around all there is, for a run that does not say when it was recorded."""
    every = [times for times, _ in held.values()]
    every += [traces.times_ms for traces in contents.traces.values()]
    whole = np.concatenate([np.zeros(1), *every])
    return float(whole.min()), float(whole.max()) + (contents.dt_ms or 1.0)


def _within(times: NDArray[np.float64], stretch: tuple[float, float]) -> NDArray[np.bool_]:
    return (times >= stretch[0] - _TOUCH_MS) & (times < stretch[1] - _TOUCH_MS)


def _segment(
    name: str, contents: Contents, held: Mapping[str, Spikes], stretch: tuple[float, float]
) -> neo.Segment:
    neo: Any = need("neo", "Neo")

    segment = neo.Segment(name=name, start_ms=stretch[0], stop_ms=stretch[1])
    for population, (times, nodes) in held.items():
        inside = _within(times, stretch)
        segment.spiketrains.extend(
            _trains(population, contents, (times[inside], nodes[inside]), stretch)
        )
    for population, traces in contents.traces.items():
        rows = _within(traces.times_ms, stretch)
        if rows.any():
            _add_signals(segment, population, traces, rows)
    for window in contents.windows:
        if stretch[0] - _TOUCH_MS <= window.start_ms < stretch[1]:
            segment.epochs.append(_epoch(window))
    return segment


def _outside(
    held: Mapping[str, Spikes], contents: Contents, stretches: Sequence[tuple[float, float]]
) -> neo.Segment | None:
    """Return what is in no stretch as a segment, None where nothing is."""
    neo: Any = need("neo", "Neo")

    def beyond(times: NDArray[np.float64]) -> NDArray[np.bool_]:
        return ~np.any([_within(times, one) for one in stretches], axis=0)

    segment = neo.Segment(name="outside")
    for population, (times, nodes) in held.items():
        rows = beyond(times)
        if rows.any():
            around = (float(times[rows].min()), float(times[rows].max()))
            found = (times[rows], nodes[rows])
            segment.spiketrains.extend(_trains(population, contents, found, around))
    for population, traces in contents.traces.items():
        rows = beyond(traces.times_ms)
        if rows.any():
            _add_signals(segment, population, traces, rows)
    return segment if segment.spiketrains or segment.data_children else None


def _trains(
    name: str, contents: Contents, spikes: Spikes, stretch: tuple[float, float]
) -> list[neo.SpikeTrain]:
    """Return a train per recorded neuron, silent ones too."""
    neo: Any = need("neo", "Neo")

    times, nodes = spikes
    population = contents.populations[name]
    recorded = np.arange(population.size) if population.recorded is None else population.recorded
    neurons = np.concatenate([recorded, np.setdiff1d(nodes, recorded)]).astype(np.int64)
    order = np.argsort(nodes, kind="stable")
    first = np.searchsorted(nodes[order], neurons, "left")
    last = np.searchsorted(nodes[order], neurons, "right")
    start, stop = min([stretch[0], *times[:1]]), max([stretch[1], *times[-1:]])
    classes = population.classes
    return [
        neo.SpikeTrain(
            times[order[a:b]], units="ms", t_start=start, t_stop=stop,
            name=f"{name} {neuron}", population=name, neuron=int(neuron),
            **{"class": -1 if classes is None else int(classes[neuron])},
        )
        for neuron, a, b in zip(neurons, first, last, strict=True)
    ]  # fmt: skip


def _add_signals(
    segment: neo.Segment, population: str, traces: Traces, rows: NDArray[np.bool_]
) -> None:
    neo: Any = need("neo", "Neo")

    times = traces.times_ms[rows]
    gaps = np.diff(times)
    even = len(gaps) > 0 and np.ptp(gaps) <= _TOUCH_MS and gaps[0] > 0
    for variable, values in traces.values.items():
        unit = traces.units.get(variable, "1")
        words: dict[str, Any] = {
            "name": f"{population} {variable}",
            "population": population,
            "variable": variable,
            "unit": unit,
            "times_ms": times,
            "stored_as": str(values.dtype),
            "array_annotations": {"neuron": traces.node_ids},
        }
        if even:
            segment.analogsignals.append(neo.AnalogSignal(
                values[rows], units=_quantity(unit), t_start=float(times[0]) * _quantity("ms"),
                sampling_period=float(gaps.mean()) * _quantity("ms"), **words,
            ))  # fmt: skip
        else:
            segment.irregularlysampledsignals.append(neo.IrregularlySampledSignal(
                times, values[rows], units=_quantity(unit), time_units="ms", **words,
            ))  # fmt: skip


def _quantity(unit: str) -> Any:
    """Return a unit of `quantities`; a pure number where it is not known there."""
    pq = need("quantities", "Neo")
    try:
        return pq.dimensionless if unit == "1" else pq.Quantity(1.0, unit)
    except LookupError:
        return pq.dimensionless


def _epoch(window: Window) -> neo.Epoch:
    neo: Any = need("neo", "Neo")

    return neo.Epoch(
        times=window.onset_ms, durations=window.offset_ms - window.onset_ms, units="ms",
        name=window.name,
        labels=np.array([str(label) for label in window.labels], dtype="U"),
        array_annotations={"label": np.asarray(window.labels), "guess": np.asarray(window.guesses)},
        images=np.asarray(window.images), images_seen=int(window.images_seen),
        start_ms=window.start_ms, stop_ms=window.stop_ms, window=window.name,
    )  # fmt: skip
