"""What the synapses of a chain own besides W and biases: feedback, and what a rule adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.feedback import Draw, own_variables, skips
from snn_credit.rate.presentation import shapes_of
from snn_credit.rate.stages import Stage
from snn_credit.rules import Rule
from snn_credit.rules.names import forward_variables, names_of
from snn_credit.rules.net import Changes, Net

#: A kind of synapses, by its name in `snn_credit.rules.Update.across`; where they are; a variable.
Place = tuple[str, Any, str]


class Synapses(nn.Module):
    """Variables of synapses under names of their own, drawn once.

    ``b_l``, (n_l, n_{l-1}), stands beside layer l's weights, from layer 2 on: nothing would use the
    first one's. ``b_k_l``, (n_l, n_k), is feedback from layer l straight to layer k, ``own_V_l``
    connects layer l with itself. Those that the rule changes are parameters, others buffers.

    Parameters
    ----------
    rule : Rule
        The declaration.
    stages : sequence of Stage
        The layers.
    draw : Draw
        First values.
    shape : sequence of int, optional
        That of one stimulus.

    Raises
    ------
    InputError
        If feedback skips layers of convolution and there is no shape.
    """

    def __init__(
        self, rule: Rule, stages: Sequence[Stage], draw: Draw, shape: Sequence[int] | None
    ) -> None:
        super().__init__()
        self._rule = rule
        self._places: dict[str, Place] = {}
        top = len(stages)
        weights: list[Any] = [stage.layer.weight for stage in stages]
        for layer, weight in enumerate(weights[1:], start=2):
            for variable in forward_variables(rule)[1:]:
                self.own(("forward", layer, variable), draw.beside(variable, layer, weight))
            for variable in own_variables(rule, layer, top):
                nothing = weight.new_zeros((len(weight), len(weight)))
                self.own(("self", layer, variable), nothing)
        pairs = skips(rule, top)
        shapes = shapes_of(stages, shape) if pairs else None
        if pairs and shapes is None:
            raise InputError(
                f"shape: that of one stimulus, such as (3, 32, 32): {rule.name}'s direct "
                "feedback has a weight for each neuron of a convolution (got None)"
            )
        for pair in pairs:
            values = draw.direct(*pair, shapes or [], weights[0])
            self.own(("direct", pair, "b"), values)
            for variable in names_of(rule).direct if pair[0] else ():
                if variable != "b":
                    self.own(("direct", pair, variable), torch.zeros_like(values))

    def own(self, place: Place, values: Tensor) -> None:
        """Keep a new variable: as a parameter if the rule changes it, else as a buffer."""
        kind, where, variable = place
        name = _name(place)
        self._places[name] = place
        to_input = kind == "direct" and where[0] == 0
        changed = any(u.of == variable and u.across == kind for u in self._rule.updates)
        if changed and not to_input:
            self.register_parameter(name, nn.Parameter(values))
        else:
            self.register_buffer(name, values)

    def put_into(self, net: Net) -> None:
        """Put the variables as they are into a net."""
        for name, (kind, where, variable) in self._places.items():
            net.across(kind).setdefault(where, {})[variable] = getattr(self, name).detach()

    def take_from(self, net: Net) -> bool:
        """Take what whole-matrix functions made of a net's variables; w is none of them.

        Returns whether there are any new ones.
        """
        before = len(self._places)
        for kind in ("forward", "direct"):
            for where, variables in net.across(kind).items():
                for variable, values in variables.items():
                    place = (kind, where, variable)
                    if _name(place) in self._places:
                        change(getattr(self, _name(place)), values)
                    elif variable != "w":
                        self.own(place, values.clone())
        return len(self._places) > before

    def taught(self, changes: Changes) -> dict[str, Tensor]:
        """Return the changes of the variables by their names."""
        found = {}
        for name, (kind, where, variable) in self._places.items():
            changed = changes.across(kind).get(where, {})
            if variable in changed:
                found[name] = changed[variable]
        return found

    def beside(self, variable: str) -> Iterator[tuple[int, Tensor]]:
        """Yield the layers that have a variable beside their w, and its values."""
        for name, (kind, where, own) in self._places.items():
            if (kind, own) == ("forward", variable):
                yield where, getattr(self, name).detach()

    def onto(self, layer: int) -> dict[str, Tensor]:
        """Return the variables beside a layer's w."""
        return {
            variable: getattr(self, name).detach()
            for name, (kind, where, variable) in self._places.items()
            if (kind, where) == ("forward", layer)
        }


def change(tensor: Tensor, values: Tensor) -> None:
    """Change a tensor, but not where autograd might ask whether it is what it was."""
    if not torch.equal(tensor, values):
        tensor.copy_(values)


def _name(place: Place) -> str:
    kind, where, variable = place
    name = f"{variable}_" + "_".join(map(str, where if kind == "direct" else (where,)))
    return f"own_{name}" if kind == "self" else name
