"""Read a plan off a Brian network that is about to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable
from brian2.synapses.synapses import Synapses, SynapticPathway

from snn_credit.dense.capture import Captured
from snn_credit.dense.plan import Array, Clock, Ends, Operation, Plan, Queue, Values
from snn_credit.dense.statements import Read, array_of, read, refused

#: Brian's templates and what they are in a plan.
_KINDS: Mapping[str, Any] = {
    "stateupdate": "each",
    "threshold": "threshold",
    "reset": "reset",
    "synapses": "synapses",
    "summed_variable": "summed",
    "spikemonitor": "record_events",
    "statemonitor": "record_states",
    "ratemonitor": "record_rate",
    "spikegenerator": "spike_source",
}


class _Reader:
    """Goes through a network's objects and gathers operations and values."""

    def __init__(self) -> None:
        self.clocks: dict[str, Any] = {}
        self.variables: dict[str, ArrayVariable] = {}
        self.values = Values({}, {}, {}, {}, {})
        self._matrices: dict[str, bool] = {}

    def operation(self, thing: Any, captured: Captured) -> Operation:
        found = read(captured)
        kind = _KINDS[captured.template]
        if kind == "each" and isinstance(thing.group, Synapses):
            kind = "clocked"
        clock = self._clock(thing.clock)
        parts = _PARTS[kind](self, thing, captured, found)
        name = thing.name
        for key, number in found.numbers.items():
            self._number(f"{name}.{key}", number)
        for key, table in found.values.items():
            self.values.tables[f"{name}.{key}"] = table
        self.variables.update(found.variables)
        return Operation(
            name=name,
            kind=kind,
            clock=clock,
            source=captured.abstract_code.strip(),
            block=found.block,
            names=found.names,
            constants=found.constants,
            draws=tuple(found.draws),
            tables=tuple(found.tables),
            functions=tuple(found.functions.values()),
            **parts,
        )

    def _number(self, key: str, value: Any) -> None:
        whole = isinstance(value, (bool, int, np.integer, np.bool_))
        if whole:
            self.values.integers[key] = int(value)
        else:
            self.values.floats[key] = float(value)

    def _clock(self, clock: Any) -> int:
        if "dt" not in clock.variables:  # an EventClock, which newer versions of Brian have
            raise refused("clocks of uneven steps", clock.name, instead="runtime")
        for name in ("timestep", "t", "dt"):
            self.variables[array_of(clock.variables[name]).key] = clock.variables[name]
        self.clocks.setdefault(clock.name, clock)
        return list(self.clocks).index(clock.name)

    def whole_numbers(self, thing: Any, **numbers: int) -> None:
        for name, number in numbers.items():
            self.values.integers[f"{thing.name}.{name}"] = int(number)

    def events(self, captured: Captured, found: Read) -> Array:
        return found.array(captured.keywords["eventspace_variable"])

    def ends(self, synapses: Any, thing: Any, found: Read, pathway: Any = None) -> Ends:
        """Find out what connects to what, and note the sizes of both sides."""
        pre, post = synapses.variables["_synaptic_pre"], synapses.variables["_synaptic_post"]
        source, target = synapses.source, synapses.target
        sizes = {
            "n_pre": len(source),
            "n_post": len(target),
            "pre_offset": getattr(source, "start", 0),
            "post_offset": getattr(target, "start", 0),
            "n_synapses": len(pre.get_value()),
        }
        self.whole_numbers(thing, **sizes)
        matrix = self._matrices.get(synapses.name)
        if matrix is None:
            matrix = _is_matrix(pre.get_value(), post.get_value(), sizes)
            self._matrices[synapses.name] = matrix
        delayed = pathway is not None and bool(np.any(self.values.queues[thing.name].delays))
        uniform = pathway is None or self.values.queues[thing.name].delays.size == 1
        return Ends(
            forward=pathway is None or pathway.prepost == "pre",
            matrix=matrix and uniform,
            delayed=delayed,
            pre=found.array(pre),
            post=found.array(post),
        )


def _is_matrix(pre: Any, post: Any, sizes: Mapping[str, int]) -> bool:
    n_pre, n_post = sizes["n_pre"], sizes["n_post"]
    if sizes["n_synapses"] != n_pre * n_post:
        return False
    rows = np.arange(n_pre, dtype=pre.dtype) + sizes["pre_offset"]
    columns = np.arange(n_post, dtype=post.dtype) + sizes["post_offset"]
    shape = (n_pre, n_post)
    return bool(
        (pre.reshape(shape) == rows[:, None]).all() and (post.reshape(shape) == columns).all()
    )


def _each(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    reader.whole_numbers(thing, n=len(thing.group))
    return {}


def _threshold(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    reader.whole_numbers(thing, n=len(thing.group))
    roles = {}
    if captured.keywords.get("_uses_refractory"):
        for name in ("not_refractory", "lastspike", "t"):
            roles[name] = found.array(captured.variables[name])
    return {"events": reader.events(captured, found), "roles": roles}


def _reset(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    reader.whole_numbers(thing, n=len(thing.group))
    return {"events": reader.events(captured, found)}


def _synapses(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    thing.initialise_queue()
    reader.values.queues[thing.name] = Queue(thing.queue.history, thing.queue.delays)
    reader.whole_numbers(thing, start=thing.spikes_start, stop=thing.spikes_stop)
    events = thing.source.variables[thing.eventspace_name]
    reader.whole_numbers(thing, n_events=len(events.get_value()) - 1)
    return {
        "events": found.array(events),
        "ends": reader.ends(thing.synapses, thing, found, thing),
    }


def _clocked(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    return {"ends": reader.ends(thing.group, thing, found)}


def _summed(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    target = captured.keywords["_target_var"]
    start, stop = captured.keywords["_target_start"], captured.keywords["_target_stop"]
    reader.whole_numbers(
        thing, start=start, stop=stop if stop >= 0 else len(target.get_value())
    )  # fmt: skip
    return {
        "ends": reader.ends(thing.group, thing, found),
        "roles": {
            "target": found.array(target),
            "index": found.array(captured.keywords["_index_var"]),
        },
    }


def _record_events(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    source = thing.source
    reader.whole_numbers(
        thing,
        n=len(captured.keywords["eventspace_variable"].get_value()) - 1,
        start=getattr(source, "start", 0),
        stop=getattr(source, "stop", len(source)),
    )
    recorded = captured.keywords["record_variables"]
    return {
        "events": reader.events(captured, found),
        "records": tuple(
            (name, f"_to_record_{name}", np.dtype(variable.dtype).name)
            for name, variable in sorted(recorded.items())
        ),
        "roles": {"count": found.array(thing.variables["count"])},
    }


def _record_states(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    indices = thing.variables["_indices"]
    reader.whole_numbers(thing, n=np.size(indices.get_value()))
    return {
        "records": tuple(
            (name, f"_to_record_{name}", np.dtype(variable.dtype).name)
            for name, variable in sorted(captured.keywords["_recorded_variables"].items())
        ),
        "roles": {
            "indices": found.array(indices),
            "t": found.array(thing.clock.variables["t"]),
        },
    }


def _record_rate(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    spikes = thing.source.variables["_spikespace"]
    reader.whole_numbers(
        thing,
        n=len(spikes.get_value()) - 1,
        start=getattr(thing.source, "start", 0),
        stop=getattr(thing.source, "stop", len(thing.source)),
    )
    roles = {name: found.array(thing.clock.variables[name]) for name in ("t", "dt")}
    return {"events": found.array(spikes), "roles": roles}


def _spike_source(reader: _Reader, thing: Any, captured: Captured, found: Read) -> dict[str, Any]:
    names = ("neuron_index", "_timebins", "_lastindex", "_period_bins", "t_in_timesteps")
    reader.whole_numbers(
        thing, n=len(thing), n_spikes=len(thing.variables["_timebins"].get_value())
    )
    return {
        "events": found.array(thing.variables["_spikespace"]),
        "roles": {name.strip("_"): found.array(thing.variables[name]) for name in names},
    }


_PARTS: Mapping[str, Callable[[_Reader, Any, Captured, Read], dict[str, Any]]] = {
    "each": _each,
    "threshold": _threshold,
    "reset": _reset,
    "synapses": _synapses,
    "clocked": _clocked,
    "summed": _summed,
    "record_events": _record_events,
    "record_states": _record_states,
    "record_rate": _record_rate,
    "spike_source": _spike_source,
}


def extract(network: Any, arrays: Callable[[ArrayVariable], Any]) -> tuple[Plan, Values]:
    """Read off a network, after its ``before_run``, what it does in a time step.

    Parameters
    ----------
    network
        A Brian network whose objects were made and prepared on the device ``dense``.
    arrays
        Gives the memory of one of Brian's array variables.

    Raises
    ------
    InputError
        For something that a plan cannot express: what, where, and the device that runs it.
    """
    reader = _Reader()
    operations = []
    for thing in network.sorted_objects:
        if thing.active:
            operations.extend(_operations(reader, thing))
    clocks = tuple(
        Clock(*(array_of(clock.variables[name]) for name in ("timestep", "t", "dt")))
        for clock in reader.clocks.values()
    )
    reader.values.arrays = {key: arrays(variable) for key, variable in reader.variables.items()}
    dtype: Any = prefs["core.default_float_dtype"]
    return Plan(tuple(operations), clocks, np.dtype(dtype).name), reader.values


def _operations(reader: _Reader, thing: Any) -> list[Operation]:
    """Return what one of Brian's objects does in a time step: nothing, or one operation."""
    if not thing.code_objects:
        # Groups and synapses only hold other objects; anything else with a `run` is Python code.
        if type(thing).run is not BrianObject.run:
            kind = type(thing).__name__
            raise refused(f"Python code in the loop ({kind})", thing.name, instead="runtime")
        return []
    found = []
    for code in thing.code_objects:
        template = getattr(code, "template", None)
        if template not in _KINDS and template != "synapses_push_spikes":
            raise refused(f"{type(thing).__name__}", thing.name)
        if template != "synapses_push_spikes":
            found.append(reader.operation(thing, code))
    return found


def pathways(network: Any) -> list[Any]:
    """Return the pathways of a network."""
    return [thing for thing in network.sorted_objects if isinstance(thing, SynapticPathway)]
