"""The Brian devices ``dense`` and ``dense:cuda``.

    import snn_credit.dense
    set_device("dense")

makes ordinary Brian scripts run as loops over matrices, see ``snn_credit.dense``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.namespace import get_local_namespace
from brian2.core.network import Network, TextReport
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.device import RuntimeDevice, all_devices
from brian2.units import second

from snn_credit.dense.capture import STEP_TEMPLATES, Captured
from snn_credit.dense.engine import Engine
from snn_credit.dense.extract import extract, pathways
from snn_credit.dense.history import SpikeHistory
from snn_credit.errors import InputError

#: A slice of a run is made about as long as this, so that it can be stopped and reported on.
_SLICE_SECONDS = 0.1


class DenseDevice(RuntimeDevice):
    """A Brian device that runs a whole network as one generated program, on Brian's own memory.

    Setting variables and making synapses is done by Brian's numpy target, at once. At each ``run``
    the network's objects are read into a plan, and the engine makes a program of it, or finds one
    that it has made.

    Parameters
    ----------
    engine
        Makes a program from a plan and its values.
    """

    def __init__(self, engine: Callable[..., Engine]) -> None:
        super().__init__()
        self._engine = engine
        self._seed = 0
        self.seed(None)

    def code_object_class(self, codeobj_class: Any = None, fallback_pref: str = "") -> Any:
        """Return Brian's numpy target, whatever the preferences say."""
        return codeobj_class or NumpyCodeObject

    def code_object(
        self,
        owner: Any,
        name: str,
        abstract_code: Mapping[Any, str],
        variables: Mapping[str, Any],
        template_name: str,
        variable_indices: Mapping[str, str],
        codeobj_class: Any = None,
        template_kwds: Mapping[str, Any] | None = None,
        override_conditional_write: Any = None,
        compiler_kwds: Any = None,
    ) -> Any:
        """Keep what happens in a time step for later; do everything else at once."""
        plain = codeobj_class in (None, NumpyCodeObject)
        if plain and template_name in STEP_TEMPLATES:
            return Captured(
                owner,
                name,
                template_name,
                "\n".join(code for code in abstract_code.values() if code),
                variables,
                variable_indices,
                template_kwds or {},
                frozenset(override_conditional_write or ()),
            )
        return super().code_object(
            owner,
            name,
            abstract_code,
            variables,
            template_name,
            variable_indices,
            codeobj_class=codeobj_class,
            template_kwds=template_kwds,
            override_conditional_write=override_conditional_write,
            compiler_kwds=compiler_kwds,
        )

    def spike_queue(self, source_start: int, source_end: int) -> SpikeHistory:
        """Return what keeps a pathway's spikes while they are under way."""
        return SpikeHistory(source_start, source_end)

    def seed(self, seed: int | None = None) -> None:
        """Seed the random numbers, of the run and of Brian's numpy target."""
        super().seed(seed)
        given = np.random.SeedSequence(seed).generate_state(1, np.uint64)
        self._seed = int(given[0]) if seed is None else int(seed)

    def get_random_state(self) -> dict[str, Any]:
        """Return all that random numbers depend on besides the time step."""
        return {**super().get_random_state(), "dense_seed": self._seed}

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        """Go back to a state that ``get_random_state`` returned."""
        super().set_random_state(state)
        self._seed = state["dense_seed"]

    def memory(self, variable: Any) -> Any:
        """Return the memory of an array variable as it is now."""
        array = self.arrays[variable]
        return array.data if isinstance(variable, DynamicArrayVariable) else array

    def prepare(self, network: Network, namespace: Mapping[str, Any]) -> Engine:
        """Make the program that runs a network from where it is now.

        Raises
        ------
        InputError
            For something in the network that the device cannot express.
        """
        network._clocks = {thing.clock for thing in network.sorted_objects}
        network.before_run(namespace)
        plan, values = extract(network, self.memory)
        return self._engine(plan, values)

    def network_run(
        self,
        net: Network,
        duration: Any,
        report: Any = None,
        report_period: Any = 10 * second,
        namespace: Mapping[str, Any] | None = None,
        profile: bool | None = None,
        level: int = 0,
    ) -> None:
        """Run a network for a duration; the arguments are those of ``Network.run``.

        Raises
        ------
        InputError
            For something in the network that the device cannot express, or a negative duration.
        """
        if duration < 0 * second:
            raise InputError(f"duration: at least 0 s (got {duration})")
        if profile:
            raise InputError("profile: not on the device dense, which runs a network as a whole")
        if namespace is None:
            namespace = get_local_namespace(level=level + 2)
        start, end = net.t, net.t + duration
        for clock in {thing.clock for thing in net.sorted_objects}:
            clock.set_interval(start, end)
        program = self.prepare(net, namespace)
        say = _reporter(report, float(report_period), start, duration)
        if self.advance(net, program, say):
            for clock in net._clocks:
                clock.set_interval(end, end)
            net.t_ = float(end)
        else:
            net.t_ = min(float(clock.t_[:]) for clock in net._clocks)
        net.after_run()

    def advance(
        self, net: Network, program: Engine, say: Callable[[float], None] | None = None
    ) -> bool:
        """Run a program until its clocks have reached the ends of their intervals.

        Returns whether they have: a run may be stopped before.
        """
        clocks = {clock.name: clock for clock in net._clocks}
        ends = [clocks[c.step.key.partition(".")[0]]._i_end for c in program.plan.clocks]
        first = [int(program.values.arrays[c.step.key][0]) for c in program.plan.clocks]
        steps, done = 1, False
        program.begin()
        Network._globally_running = True
        try:
            while not done and not net._stopped and not Network._globally_stopped:
                began = time.perf_counter()
                done = program.run(steps, ends, self._seed)
                took = time.perf_counter() - began
                steps = max(1, min(2 * steps, int(steps * _SLICE_SECONDS / max(took, 1e-9))))
                if say is not None and ends:
                    now = int(program.values.arrays[program.plan.clocks[0].step.key][0])
                    say(min(1.0, (now - first[0]) / max(1, ends[0] - first[0])))
        finally:
            Network._globally_running = False
            program.finish()
            self._collect(net, program)
        return done

    def _collect(self, net: Network, program: Engine) -> None:
        """Hand recorded values to Brian's monitors, and tell the pathways what time it is."""
        things = {thing.name: thing for thing in net.sorted_objects}
        for operation in program.plan.operations:
            if operation.kind.startswith("record"):
                _extend(things[operation.name], program.recorded(operation.name))
        for pathway in pathways(net):
            pathway.queue.step = int(pathway.clock.variables["timestep"].get_value()[0])


def _extend(monitor: Any, recorded: Mapping[str, Any]) -> None:
    """Append recorded values to a monitor's arrays."""
    before = int(np.asarray(monitor.variables["N"].get_value()).item())
    length = before + next((len(values) for values in recorded.values()), 0)
    for name, values in recorded.items():
        variable = monitor.variables[name]
        variable.resize((length, *values.shape[1:]) if values.ndim > 1 else length)
        variable.get_value()[before:] = values
    monitor.variables["N"].set_value(length)


def _reporter(
    report: Any, period: float, start: Any, duration: Any
) -> Callable[[float], None] | None:
    """Return what is called with the fraction that is done, as ``Network.run`` would report it."""
    if report is None:
        return None
    import sys

    streams = {"text": sys.stdout, "stdout": sys.stdout, "stderr": sys.stderr}
    if isinstance(report, str) and report not in streams:
        raise InputError(f"report: text, stdout, stderr or a function (got {report!r})")
    tell = TextReport(streams[report]) if isinstance(report, str) else report
    began = last = time.perf_counter()
    tell(0 * second, 0.0, start, duration)

    def say(fraction: float) -> None:
        nonlocal last
        now = time.perf_counter()
        if fraction >= 1.0 or now - last >= period:
            last = now
            tell((now - began) * second, fraction, start, duration)

    return say


def register(name: str, engine: Callable[..., Engine]) -> None:
    """Make a device known to Brian's ``set_device``."""
    all_devices[name] = DenseDevice(engine)
