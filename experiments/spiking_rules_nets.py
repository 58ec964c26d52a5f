"""The networks of ``spiking-rules``: of a row and of its control, of spikes and of rates.

All rows share layers and neurons (Lillicrap et al. 2016, Fig 4), the error neurons that compare the
output's probability with its target, and the first W. PEPITA, which compares two windows, has the
neurons of `snn_credit.models.pepita_spiking`, whose input fires at a tonic rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from snn_credit.experiments.spiking_rules_settings import LEARNERS, Learner
from snn_credit.rules import Rule

if TYPE_CHECKING:
    from torch import nn

    from snn_credit.spiking import Circuit, Neuron, Simulation
    from snn_credit.spiking.stream import Stream

_BASELINE_MS = 5.0


def circuit(
    name: str,
    sizes: Sequence[int],
    steps: int,
    *,
    w_scale: float,
    eta_scale: float = 1.0,
    control: bool = False,
    seed: int = 0,
) -> Circuit:
    """Build the circuit of a row, or of its control; an image is shown for ``steps`` steps."""
    from snn_credit.models import lillicrap_spiking, neurons, pepita_spiking

    learner = LEARNERS[name]
    rule = _declared(learner, control)
    hidden, last = learner.w or (w_scale, w_scale)
    etas = [learner.eta] * (len(sizes) - 2) + [learner.eta_output]
    shared: dict[str, Any] = {
        "w_scale": last,
        "b_scale": learner.b_scale,
        "rates": {**learner.rates, "eta": [eta_scale * eta for eta in etas]},
        "seed": seed,
    }
    if learner.pepita:
        feedback = {"b_scale": 0.0 if control else learner.b_scale}
        return pepita_spiking.network(sizes, rule, **{**shared, **feedback})
    shared["error"] = neurons.spiking_error() if learner.spikes else neurons.graded_error()
    if learner.spikes:
        shared["feedback"] = neurons.spiking_feedback()
    if "dL" in rule.needs:
        late = float(steps) if control else 0.0
        shared["critic"] = neurons.critic(baseline_ms=_BASELINE_MS, delay_ms=late)
    if "other" in rule.needs:
        shared["forward"] = with_other_noise(lillicrap_spiking.FORWARD)
    anatomy = lillicrap_spiking.Anatomy(**learner.anatomy)
    built = lillicrap_spiking.network(sizes, rule, anatomy=anatomy, **shared)
    return _hidden_times(built, hidden / last)


def with_other_noise(neuron: Neuron) -> Neuron:
    """Return a neuron with ``other``: s - p of spikes that it does not fire."""
    from snn_credit.spiking import Step

    equations = f"{neuron.equations.rstrip()}\nother : 1      # noise that reaches no synapse\n"
    step = Step("local", "other = int(rand() < p) - p")
    return replace(neuron, equations=equations, steps=(*neuron.steps, step))


def module(
    name: str, sizes: Sequence[int], *, w_scale: float, control: bool = False, seed: int = 0
) -> nn.Module | None:
    """Build the rate-coded network of a row; None where its control is one of spikes only."""
    from snn_credit.models.perceptron import perceptron
    from snn_credit.rate import convert

    learner = LEARNERS[name]
    rule = _declared(learner, control)
    if control and not learner.pepita and (learner.control is None or "other" in rule.needs):
        return None
    hidden, last = learner.w or (w_scale, w_scale)
    return convert(
        perceptron(sizes, w_scale=[*[hidden] * (len(sizes) - 2), last], seed=seed),
        rule,
        b_scale=0.0 if control and learner.pepita else learner.b_rate,
        rates={key: value for key, value in learner.rates.items() if key != "lam"},
        seed=seed,
    )


def angles(
    simulation: Simulation, stream: Stream, probe: Callable[..., Any] | None = None
) -> dict[str, float]:
    """Return the angles of a rule's mean update to minus the mean-field gradient, in degrees.

    Meanwhile nothing else learns or decays: B stays what it is. ``probe`` is `mean_update`, if it
    is no other.
    """
    from snn_credit.experiments.spiking_shared import mean_field_update, update_angles
    from snn_credit.spiking.probe import mean_update

    came = (probe or mean_update)(_with_b_as_it_is(simulation), stream)
    wanted = mean_field_update(_as_fired(simulation), stream)
    return update_angles(simulation.circuit, came, wanted)


def mean_angle(measured: Mapping[str, Any]) -> Any:
    """Return the mean over the hidden layers of what `angles` measured; NaN without any."""
    found = [np.asarray(v, float) for name, v in measured.items() if "_to_hidden" in name]
    return np.mean(found, axis=0) if found else float("nan")


def _declared(learner: Learner, control: bool) -> Rule:
    return learner.control if control and learner.control is not None else learner.rule


def _hidden_times(circuit: Circuit, factor: float) -> Circuit:
    """Multiply the first W of the hidden layers."""
    if factor == 1:
        return circuit
    return replace(
        circuit,
        projections=tuple(
            replace(p, initial={**p.initial, "w": factor * np.asarray(p.initial["w"])})
            if p.target.startswith("hidden") and "w" in p.initial
            else p
            for p in circuit.projections
        ),
    )


def _with_b_as_it_is(simulation: Simulation) -> Simulation:
    """Return what a probe reads of a simulation, with no rates but those of W."""
    still = {
        key: np.zeros_like(values) if key.split(".")[-1] in ("lam", "etab", "etaw") else values
        for key, values in simulation.state.items()
    }
    like = {"circuit": simulation.circuit, "tables": simulation.tables, "state": still}
    return cast("Simulation", SimpleNamespace(**like))


def _as_fired(simulation: Simulation) -> Simulation:
    """Return a simulation whose stimuli are the probabilities with which PEPITA's input fires."""
    constants = simulation.circuit.population("input").constants
    if "tonic" not in constants:
        return simulation
    tonic = float(constants["tonic"])
    stimuli = [tonic + (1 - 2 * tonic) * table for table in simulation.tables["stimulus"]]
    like = {
        "circuit": simulation.circuit,
        "state": simulation.state,
        "matrix": simulation.matrix,
        "tables": {**simulation.tables, "stimulus": stimuli},
    }
    return cast("Simulation", SimpleNamespace(**like))
