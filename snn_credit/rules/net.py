"""A network as plain arrays, and what a step changes in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

Array = Any  # numpy.ndarray or torch.Tensor: whatever the caller holds
Values = list[dict[str, Array]]


class Wiring(Protocol):
    """Which neurons the synapses onto a layer connect: all to all, or a convolution's.

    ``weights`` is any variable of those synapses, in the shape of w; ``below`` and ``above`` are
    variables of the two layers' neurons, batch first.
    """

    def up(self, below: Array, weights: Array) -> Array:
        """Return what each upper neuron receives: the sum of weight * below."""
        ...

    def down(self, above: Array, weights: Array) -> Array:
        """Return what each lower neuron receives: the sum of weight * above."""
        ...

    def outer(self, above: Array, below: Array) -> Array:
        """Return, for each synapse, above * below, summed over the batch and its copies."""
        ...

    def total(self, above: Array) -> Array:
        """Return the same for the biases: above, summed over the batch and its copies."""
        ...


class AllToAll:
    """Every neuron of a layer of n_pre receives from all; weights are (n_post, n_pre)."""

    def up(self, below: Array, weights: Array) -> Array:
        """Sum weight * below for each upper neuron."""
        # (batch, n_pre) x (n_post, n_pre)' -> (batch, n_post)
        return below @ weights.T

    def down(self, above: Array, weights: Array) -> Array:
        """Sum weight * above for each lower neuron."""
        # (batch, n_post) x (n_post, n_pre) -> (batch, n_pre)
        return above @ weights

    def outer(self, above: Array, below: Array) -> Array:
        """Sum above * below for each synapse."""
        # (batch, n_post)' x (batch, n_pre) -> (n_post, n_pre)
        return above.T @ below

    def total(self, above: Array) -> Array:
        """Sum above for each bias."""
        return above.sum(0)


ALL_TO_ALL: Wiring = AllToAll()
#: Of synapses.
KINDS = ("forward", "self", "direct")


@dataclass
class Net:
    """A network as plain arrays, layers 0 (input) to L (output).

    Attributes
    ----------
    layers : list of dict
        For each layer, name -> array (batch, n), or (batch, channels, ...).
    forward : dict
        Layer l = 1..L -> the variables of the synapses that lead to it, (n_l, n_{l-1}). ``b`` and
        what updates add to it belong to l = 2..L.
    bias : dict
        Layer l -> its biases, (n_l,).
    direct : dict
        (receiver l, sender m) -> the variables of feedback that skips layers, between all neurons
        of the two: 'b' and what updates add to it, (n_m, n_l).
    own : dict
        Layer l = 2..L -> the variables of its 'self' synapses, (n_l, n_l).
    shared : dict
        Numbers, or one a stimulus with shape (batch, 1): ``dL``, and rates other than the default.
    wiring : dict
        Layer l -> which neurons the synapses onto it connect; all to all where there is no entry.
    """

    layers: Values
    forward: dict[int, dict[str, Array]]
    bias: dict[int, Array] = field(default_factory=dict)
    direct: dict[tuple[int, int], dict[str, Array]] = field(default_factory=dict)
    own: dict[int, dict[str, Array]] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
    wiring: dict[int, Wiring] = field(default_factory=dict)

    def across(self, kind: str) -> dict[Any, dict[str, Array]]:
        """Return one kind of synapses, by its name in `Update.across`."""
        return {"forward": self.forward, "self": self.own, "direct": self.direct}[kind]

    def onto(self, layer: int) -> Wiring:
        """Return the wiring of the synapses onto a layer."""
        return self.wiring.get(layer, ALL_TO_ALL)


@dataclass
class Changes:
    """What one step adds to a net's synapses, under the same keys as in `Net`."""

    forward: dict[int, dict[str, Array]] = field(default_factory=dict)
    bias: dict[int, Array] = field(default_factory=dict)
    own: dict[int, dict[str, Array]] = field(default_factory=dict)
    direct: dict[tuple[int, int], dict[str, Array]] = field(default_factory=dict)

    def across(self, kind: str) -> dict[Any, dict[str, Array]]:
        """Return the changes of one kind of synapses, by its name in `Update.across`."""
        return {"forward": self.forward, "self": self.own, "direct": self.direct}[kind]

    def add(self, other: Changes) -> None:
        """Add the changes of another window."""
        for kind in KINDS:
            mine = self.across(kind)
            for where, variables in other.across(kind).items():
                for name, change in variables.items():
                    accumulate(mine.setdefault(where, {}), name, change)
        for layer, change in other.bias.items():
            accumulate(self.bias, layer, change)


def apply(net: Net, changes: Changes) -> None:
    """Add changes to the net's arrays, in place."""
    for kind in KINDS:
        owners = net.across(kind)
        for where, variables in changes.across(kind).items():
            for name, change in variables.items():
                owners[where][name] += change
    for layer, change in changes.bias.items():
        net.bias[layer] += change


def accumulate(into: dict[Any, Array], key: Any, change: Array) -> None:
    """Add to an entry that may not be there yet."""
    into[key] = into[key] + change if key in into else change
