"""A network as plain arrays, and what a step changes in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Array = Any  # numpy.ndarray or torch.Tensor: whatever the caller holds
Values = list[dict[str, Array]]


@dataclass
class Net:
    """A network as plain arrays, layers 0 (input) to L (output).

    Attributes
    ----------
    layers : list of dict
        For each layer, name -> array (batch, n).
    forward : dict
        Layer l = 1..L -> the variables of the synapses that lead to it, (n_l, n_{l-1}). ``b`` and
        what updates add to it belong to l = 2..L.
    bias : dict
        Layer l -> its biases, (n_l,).
    direct : dict
        (receiver l, sender m) -> {'b': (n_m, n_l)}: feedback that skips layers.
    own : dict
        Layer l = 2..L -> the variables of its 'self' synapses, (n_l, n_l).
    shared : dict
        Numbers, or one a stimulus with shape (batch, 1): ``dL``, and rates other than the default.
    """

    layers: Values
    forward: dict[int, dict[str, Array]]
    bias: dict[int, Array] = field(default_factory=dict)
    direct: dict[tuple[int, int], dict[str, Array]] = field(default_factory=dict)
    own: dict[int, dict[str, Array]] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)


@dataclass
class Changes:
    """What one step adds to a net's synapses, under the same keys as in `Net`."""

    forward: dict[int, dict[str, Array]] = field(default_factory=dict)
    bias: dict[int, Array] = field(default_factory=dict)
    own: dict[int, dict[str, Array]] = field(default_factory=dict)

    def add(self, other: Changes) -> None:
        """Add the changes of another window."""
        for mine, theirs in ((self.forward, other.forward), (self.own, other.own)):
            for layer, variables in theirs.items():
                for name, change in variables.items():
                    accumulate(mine.setdefault(layer, {}), name, change)
        for layer, change in other.bias.items():
            accumulate(self.bias, layer, change)


def apply(net: Net, changes: Changes) -> None:
    """Add changes to the net's arrays, in place."""
    for owners, all_changes in ((net.forward, changes.forward), (net.own, changes.own)):
        for layer, variables in all_changes.items():
            for name, change in variables.items():
                owners[layer][name] += change
    for layer, change in changes.bias.items():
        net.bias[layer] += change


def accumulate(into: dict[Any, Array], key: Any, change: Array) -> None:
    """Add to an entry that may not be there yet."""
    into[key] = into[key] + change if key in into else change
