"""A kind of neuron: Brian equations with the names that circuits and rules know it by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snn_credit.spiking.circuit import Step


@dataclass(frozen=True)
class Neuron:
    """Equations of one neuron, to be used for a layer of any size.

    A forward neuron receives its synapses' sum in ``I`` (and ``bias``, if it declares one), and may
    define what rules read: ``df``, the slope of its activation (Psi in Lillicrap et al. 2016), and
    anything else, such as ``noise``. If it has a threshold, the circuit gives it ``h``, 1 in the
    step in which it spikes; else it declares an ``h`` of its own. A feedback neuron receives ``J``
    and gives ``phi``; an error neuron receives ``h`` (of the output neuron) and ``ystar``, and
    gives ``err``.

    Attributes
    ----------
    equations, threshold, reset, refractory, method
        As in Brian.
    constants
        Values for names in the equations, with units.
    cleared
        Sums over synapses, which are 0 at the start of each step.
    steps
        Statements of its own with their slots.
    initial
        Initial values.
    exact
        Variables kept in float64 in a float32 simulation.
    """

    equations: str
    threshold: str | None = None
    reset: str | None = None
    refractory: str | None = None
    method: str = "exact"
    constants: Mapping[str, Any] = field(default_factory=dict)
    cleared: tuple[str, ...] = ("I",)
    steps: tuple[Step, ...] = ()
    initial: Mapping[str, Any] = field(default_factory=dict)
    exact: tuple[str, ...] = ()

    def declares(self, name: str) -> bool:
        """Whether the equations define ``name``."""
        from brian2 import Equations

        equations = Equations(self.equations)
        return name in equations or (name == "h" and self.threshold is not None)


@dataclass(frozen=True)
class Layer:
    """``size`` neurons of one kind, one stage of the forward path."""

    name: str
    size: int
    neuron: Neuron
