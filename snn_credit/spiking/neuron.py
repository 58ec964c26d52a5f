"""A kind of neuron: Brian equations with the names that circuits and rules know it by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brian2 import Equations
from numpy.typing import NDArray

from snn_credit.spiking.circuit import Step
from snn_credit.spiking.equations import read_equations

#: What rules read of a neuron, and what it means in one that spikes.
MEANING: Mapping[str, str] = {
    "h": "1 in the step in which it spikes",
    "df": "slope of its activation: how the probability of a spike grows with the potential",
    "noise": "what is its own in its activity, and in nobody else's: s - p of a Bernoulli neuron",
    "sig": "standard deviation of that noise",
    "du": "how far its potential is from its mean, in units of the weights that reach it",
    "rate": "trace of its spikes, in a compartment that outlasts a window of the stimulus",
    "drive": "of an input neuron: what the window of the stimulus makes of x",
    "dL": "how much the loss is above its running mean: one number for the whole network",
}
#: Slots that every population has for itself.
OWN_SLOTS = ("integrate", "spike", "arrive", "local")
#: What to do where a rule reads a name that a neuron does not have.
FIXES: Mapping[str, str] = {
    "noise": "snn_credit.models.neurons.equipped gives it to neurons with a probability p",
    "du": "snn_credit.models.neurons.equipped gives it to neurons with a potential V",
    "drive": "an input neuron that spikes by its drive (snn_credit.models.pepita_spiking)",
    "dL": "give the circuit a critic",
}


@dataclass(frozen=True)
class Neuron:
    """Equations of one neuron, to be used for a layer of any size.

    A forward neuron receives its synapses' sum in ``I`` (and ``bias``, if it declares one), and may
    define what rules read, of the names in `MEANING` or others. If it has a threshold, the circuit
    gives it ``h``, 1 in the step in which it spikes; else it declares an ``h`` of its own. Where a
    neuron that spikes declares ``rate``, a trace of its spikes, that is its activity for what a
    rule computes in neurons and keeps of them; synapses see spikes.

    A feedback neuron receives ``J`` and gives ``phi``. An error neuron is linked to an output
    neuron: to its ``h``, called ``y`` in an error neuron that spikes itself, and to whatever else
    it declares as linked; it gives ``err``, and its ``cost`` where there is a critic. A critic
    receives ``loss``, the sum of all costs, and gives ``dL``.

    Attributes
    ----------
    equations, threshold, reset, refractory, method
        As in Brian.
    constants
        Values for names in the equations, with units.
    cleared
        Sums over synapses, which are 0 at the start of each step.
    steps
        Statements of its own with their slots; ``integrate``, ``spike``, ``arrive`` and ``local``
        are those of the population that it is in.
    initial
        Initial values.
    exact
        Variables kept in float64 in a float32 simulation.

    Raises
    ------
    InputError
        If Brian cannot read the equations, or its exact integrator would misread a variable.
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

    def __post_init__(self) -> None:
        read_equations(self.equations, self.method, "Neuron.equations")

    def declares(self, name: str) -> bool:
        """Whether the equations define ``name``."""
        equations = Equations(self.equations)
        return name in equations or (name == "h" and self.threshold is not None)


@dataclass(frozen=True)
class Layer:
    """``size`` neurons of one kind, one stage of the forward path.

    Attributes
    ----------
    delay
        How long a spike takes along the axon to the layer above: a time, or one for each neuron.
    reliability
        Probability that a spike arrives there: one draw for all of an axon's synapses.
    signs
        1 or -1 for each neuron, the sign of all its forward weights (Dale's law); None without it.
    """

    name: str
    size: int
    neuron: Neuron
    delay: Any = None
    reliability: float = 1.0
    signs: NDArray[Any] | None = None
