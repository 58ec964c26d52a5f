"""How a layer of a module of any form teaches its feedback weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.operations import Operations
from snn_credit.rate.pairs import Pair, feedback_updates
from snn_credit.rules import Rule
from snn_credit.rules.net import Wiring
from snn_credit.rules.primitives import PRIMITIVES, weights_of


@dataclass(frozen=True)
class Teacher:
    """What a rule changes of synapses besides w, at every layer alike.

    Attributes
    ----------
    pair : Pair
        The declaration between two layers.
    operations, weights, etab
        What R is computed from instead, the primitives it is a sum of, and their rate.
    """

    pair: Pair
    operations: Operations | None
    weights: Mapping[str, float]
    etab: float

    @classmethod
    def of(
        cls, rule: Rule, rates: Mapping[str, float], operations: Operations | None
    ) -> Teacher | None:
        """Return a rule's teacher; None for one that changes nothing besides w.

        Raises
        ------
        InputError
            If there are operations, and the rule is no sum of primitives.
        """
        known = {**rule.rates, **rates}
        weights = weights_of(rule)
        if operations is not None and weights is None:
            raise InputError(
                "operations: of a rule that is a sum of primitives, such as "
                f"snn_credit.rules.primitives.aligned makes (got {rule.name})"
            )
        if not feedback_updates(rule):
            return None
        own = {name: known[PRIMITIVES[name]] for name in weights or ()}
        return cls(Pair(rule, known), operations, own, known.get("etab", 1.0))

    @property
    def changed(self) -> tuple[str, ...]:
        """The variables that it changes."""
        return self.pair.changed

    @property
    def reads_sums(self) -> bool:
        """Whether it is worth while to keep a layer's sums for it."""
        return self.operations is None and self.pair.reads_sums

    def teach(
        self,
        layer: Any,
        wiring: Wiring,
        x: Tensor,
        sums: Tensor | None,
        told: Tensor,
        dw: Tensor | None,
    ) -> Sequence[Tensor | None]:
        """Return gradients of the variables that it changes: what the layer's backward pass takes.

        Parameters
        ----------
        layer, wiring
            The layer and which neurons its synapses connect.
        x, sums
            Its input and its sums, with biases, if these are as they were.
        told, dw
            The derivative of a batch's mean loss by the sums, and by w.
        """
        w = layer.weight.detach().to(x.dtype)
        variables = {"w": w, **{n: v.to(x.dtype) for n, v in layer.variables().items()}}
        bias = None if layer.bias is None else layer.bias.detach().to(x.dtype)
        if bias is not None and not isinstance(layer, nn.Linear):
            bias = bias.reshape(-1, *[1] * (told.ndim - 2))
        if self.operations is not None:
            delta = told * len(x) if "angle" in self.weights else told
            found = self.operations.gradient(
                self.weights, wiring, w, bias, variables["b"], x, delta
            )
            return [self.etab * found]
        above = None
        if self.pair.reads_sums:
            above = wiring.up(x, w) if sums is None else sums if bias is None else sums - bias
        gradients = self.pair.gradients(wiring, variables, x, above, told, dw)
        return [gradients.get(name) for name in self.changed]
