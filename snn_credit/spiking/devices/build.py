"""From a circuit to Brian objects on whatever device is active.

The names that equations may read beyond their population's own: ``learn_at(t - t0)`` and the other
per-step tables of ``stream.TABLES``, and one table per column set of the circuit with a row per
presentation, such as ``stimulus_at(row_at(t - t0)*second, i)``. Tables start at 0 in every chunk,
so each population has ``t0``, the time at which the chunk began.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import brian2 as b2
import numpy as np
from brian2.core.variables import ArrayVariable
from numpy.typing import NDArray

from snn_credit.errors import InputError
from snn_credit.spiking.circuit import END, START, Circuit, Event, Population, Projection, Step
from snn_credit.spiking.stream import TABLES

#: Slots that Brian itself refers to by name; they follow the circuit's own and stay empty.
_BRIAN_SLOTS = ("groups", "thresholds", "synapses", "resets")
#: A number that the first population carries through a chunk untouched: proof that a compiled
#: program took the state it was given.
TOKEN = "token"
_INTERNAL = {
    *("N", "i", "j", "t", "dt", "t_in_timesteps", "delay"),
    *("_spikespace", "_synaptic_pre", "_synaptic_post", "_source_offset", "_target_offset"),
    *("N_incoming", "N_outgoing", "N_pre", "N_post"),
}


@dataclass(frozen=True)
class Watch:
    """Which neurons of a population to record while the stream says ``seen``.

    ``spikes`` and ``traced`` are neuron indices; ``variables`` are recorded of the traced ones.
    """

    spikes: NDArray[np.int64] | None = None
    traced: NDArray[np.int64] | None = None
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """What a built simulation is fixed to: steps and presentations per chunk, and the precision."""

    steps: int
    rows: int
    dtype: str = "float32"
    given_random: bool = False


@dataclass
class Built:
    """Brian objects of a circuit: what a device needs to run it and to reach its state."""

    network: b2.Network
    groups: dict[str, Any]
    tables: dict[str, b2.TimedArray]
    monitors: dict[tuple[str, str], b2.EventMonitor]
    state: dict[str, ArrayVariable] = field(default_factory=dict)


def watched(circuit: Circuit, watch: Mapping[str, Watch]) -> Circuit:
    """Return the circuit with the events that record what is watched."""
    for name, wanted in watch.items():
        population = circuit.population(name)
        events, equations = dict(population.events), [population.equations]
        initial, steps = dict(population.initial), list(population.steps)
        if wanted.spikes is not None:
            if not population.spiking:
                raise InputError(f"watch[{name!r}].spikes: a population that spikes")
            equations.append("watch_spikes : boolean")
            initial["watch_spikes"] = _mask(name, wanted.spikes, population.size)
            events["spikes"] = Event(END, "watch_spikes and h > 0.5 and see > 0.5")
        if wanted.traced is not None:
            equations.append("watch_traces : boolean")
            initial["watch_traces"] = _mask(name, wanted.traced, population.size)
            events["traces"] = Event(END, "watch_traces and see > 0.5", wanted.variables)
        equations.append("see : 1 (shared)")
        steps.append(Step(START, "see = see_at(t - t0)"))
        circuit = circuit.with_population(
            replace(
                population,
                events=events,
                equations="\n".join(equations),
                initial=initial,
                steps=tuple(steps),
            )
        )
    return circuit


def _mask(name: str, indices: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    indices = np.asarray(indices)
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        raise InputError(
            f"watch[{name!r}]: neuron indices from 0 to {size - 1} "
            f"(got {indices.min()} to {indices.max()})"
        )
    mask = np.zeros(size, bool)
    mask[indices] = True
    return mask


def build(circuit: Circuit, shape: Shape) -> Built:
    """Make the Brian objects of a circuit; nothing is run and no initial value is set.

    To be called within ``brian_settings``.
    """
    # A circuit may be built and never run: a finished run that is asked for once more.
    b2.BrianLogger.suppress_name("unused_brian_object")
    tables = _tables(circuit, shape)
    namespace = {**tables, "second": b2.second}
    groups: dict[str, Any] = {}
    for population in circuit.populations:
        groups[population.name] = _neurons(circuit, population, namespace, shape)
    for population in circuit.populations:
        for own, link in population.links.items():
            other, _, variable = link.partition(".")
            setattr(groups[population.name], own, b2.linked_var(groups[other], variable))
    for projection in circuit.projections:
        groups[projection.name] = _synapses(projection, groups)
    monitors = {}
    for population in circuit.populations:
        for name, event in population.events.items():
            monitor = b2.EventMonitor(
                groups[population.name],
                name,
                variables=list(event.variables),
                name=f"{population.name}_{name}_monitor",
                when=event.slot,
                order=1,
            )
            monitors[population.name, name] = monitor
    network = b2.Network(list(groups.values()), list(monitors.values()))
    network.schedule = [*circuit.order[:-1], *_BRIAN_SLOTS, circuit.order[-1]]
    built = Built(network, groups, tables, monitors)
    for name, group in groups.items():
        for variable, array in _state_of(group).items():
            built.state[f"{name}.{variable}"] = array
    return built


def expected_state(circuit: Circuit, built: Built) -> dict[str, tuple[int, np.dtype[Any]]]:
    """Return size and type of every array of the state."""
    return {
        key: (_size(circuit, circuit[key.partition(".")[0]], variable), np.dtype(variable.dtype))
        for key, variable in built.state.items()
    }


def _size(circuit: Circuit, thing: Population | Projection, variable: Any) -> int:
    if variable.scalar:
        return 1
    if isinstance(thing, Population):
        return thing.size
    if thing.pre is not None:
        return len(thing.pre)
    return circuit.population(thing.source).size * circuit.population(thing.target).size


def _state_of(group: Any) -> dict[str, Any]:
    """Return the variables that make up a group's state: its own arrays that can be written."""
    return {
        name: variable
        for name, variable in group.variables.items()
        if isinstance(variable, ArrayVariable)
        and getattr(variable.owner, "name", None) == group.name
        and not variable.read_only
        and not name.startswith("_")
        and name not in _INTERNAL
    }


def _tables(circuit: Circuit, shape: Shape) -> dict[str, b2.TimedArray]:
    """Make the tables, empty: their values come with each chunk."""
    tables = {
        f"{name}_at": b2.TimedArray(np.zeros(shape.steps), dt=circuit.dt, name=f"{name}_at")
        for name in TABLES
    }
    values: Any  # Brian's annotations know tables of one column only
    for name, width in circuit.columns.items():
        values = np.zeros((shape.rows, width))
        tables[f"{name}_at"] = b2.TimedArray(values, dt=1 * b2.second, name=f"{name}_at")
    for population in circuit.populations if shape.given_random else ():
        for name in given_numbers(population).values():
            values = np.zeros((shape.steps, population.size))
            tables[name] = b2.TimedArray(values, dt=circuit.dt, name=name)
    return tables


def given_numbers(population: Population) -> dict[str, str]:
    """Return what random numbers a population draws: their name in `Simulation` -> their table."""
    code = "\n".join(step.code for step in population.steps)
    drawn = {
        population.name: ("u", "rand()" in (population.threshold or "")),
        f"{population.name}.rand": ("r", "rand()" in code),
        f"{population.name}.randn": ("n", "randn()" in code),
    }
    return {name: f"{kind}_{population.name}" for name, (kind, there) in drawn.items() if there}


def _every(slot: str) -> str:
    return f"in_{slot}"


def _neurons(
    circuit: Circuit, population: Population, tables: Mapping[str, Any], shape: Shape
) -> b2.NeuronGroup:
    equations = [population.equations, "t0 : second (shared)"]
    if population is circuit.populations[0]:
        equations.append(f"{TOKEN} : 1 (shared)")
    threshold, reset = population.threshold, population.reset
    refractory: Any = population.refractory or False
    cleared = list(population.cleared)
    if population.spiking:
        equations.append("h : 1")
        cleared.append("h")
        reset = "\n".join(filter(None, [reset, "h = 1"]))
        if shape.given_random:
            threshold = (threshold or "").replace("rand()", f"u_{population.name}(t - t0, i)")
    ticks = {
        _every(p.slot): p.slot
        for projection in circuit.projections
        if projection.source == population.name
        for p in projection.pathways
        if p.on == "step"
    }
    events = dict.fromkeys(ticks, "True")
    events |= {name: event.condition for name, event in population.events.items()}
    events |= {name: signal.condition for name, signal in population.signals.items()}
    group = b2.NeuronGroup(
        population.size,
        "\n".join(equations),
        method=population.method,
        threshold=threshold,
        reset=reset,
        refractory=refractory,
        events=events,
        namespace={**tables, **population.constants},
        dtype=dict.fromkeys((*population.exact, "t0", TOKEN), np.float64),
        name=population.name,
    )
    if population.integrate is not None:
        group.state_updater.when = population.integrate
    if population.spiking:
        group.thresholder["spike"].when = population.spike
        group.resetter["spike"].when = population.spike
        group.resetter["spike"].order = 1
    for tick, slot in ticks.items():
        group.thresholder[tick].when = slot
        group.thresholder[tick].order = -1
    for name, event in population.events.items():
        group.thresholder[name].when = event.slot
    for name, signal in population.signals.items():
        group.thresholder[name].when = signal.slot
        group.thresholder[name].order = 2
    for slot, code in _statements(population, cleared).items():
        if shape.given_random:
            code = code.replace("rand()", f"r_{population.name}(t - t0, i)")
            code = code.replace("randn()", f"n_{population.name}(t - t0, i)")
        group.run_regularly(code, when=slot, order=1, name=f"{population.name}_at_{slot}")
    return group


def _statements(population: Population, cleared: list[str]) -> dict[str, str]:
    """Gather a population's statements by slot; those of shared variables first, as Brian wants."""
    lines: dict[str, list[str]] = {START: [f"{name} = 0" for name in cleared]}
    for step in population.steps:
        lines.setdefault(step.slot, []).extend(step.code.splitlines())
    shared = set(re.findall(r"^\s*(\w+)\s*:.*\(shared", population.equations, re.MULTILINE))
    return {
        slot: "\n".join(sorted(code, key=lambda line: line.partition("=")[0].strip() not in shared))
        for slot, code in lines.items()
        if code
    }


def _synapses(projection: Projection, groups: Mapping[str, Any]) -> b2.Synapses:
    on_event: Any = {
        p.name: _every(p.slot) if p.on == "step" else p.on for p in projection.pathways
    }
    synapses = b2.Synapses(
        groups[projection.source],
        groups[projection.target],
        projection.equations,
        on_pre={p.name: p.code for p in projection.pathways},
        on_event=on_event,
        delay={p.name: 0 * b2.ms for p in projection.pathways},
        namespace={},
        name=projection.name,
    )
    if projection.pre is None:
        synapses.connect()
    else:
        synapses.connect(i=projection.pre, j=projection.post)
    for order, pathway in enumerate(projection.pathways):
        path = getattr(synapses, pathway.name)
        path.when, path.order = pathway.slot, order
    return synapses
