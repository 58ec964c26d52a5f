"""Layers that pass the error down through feedback weights, for modules of any form.

Where a rule is backpropagation with something else in place of W', each layer can do it by itself:
autograd brings the error down through everything that lies between.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.feedback import Draw
from snn_credit.rate.passing import descending, passed
from snn_credit.rate.stack import Stack
from snn_credit.rate.uncompiled import uncompiled
from snn_credit.rules import Rule
from snn_credit.rules.constraints import begun
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.names import forward_variables
from snn_credit.rules.net import Net

#: Modules whose parameters are not synapses: one number for each neuron, taught by what it is told.
NORMALISATIONS = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d),
)


class _Learning(nn.Module):
    """What a layer with feedback weights adds to torch's layer: ``b`` and the rest as buffers."""

    weight: Any
    bias: Any
    rule: Rule
    _via: str

    def forward(self, input: Tensor) -> Tensor:
        """Return the layer's sums; in training its error goes down through the feedback."""
        if not self.training or not torch.is_grad_enabled():
            return super().forward(input)
        if self.rule.host:
            settle(self)
        # Nothing learns from what would go down to a stimulus.
        if self._via == "w" or not input.requires_grad:
            return super().forward(input)
        return passed(self, input, self._feedback())

    @uncompiled
    def _feedback(self) -> Tensor:
        """Return what takes the place of W'."""
        w = self.weight.detach()
        return expression(self._via)({"w": w, **self._variables()}, functions_for(w))

    def _variables(self) -> dict[str, Tensor]:
        own = (name.removeprefix("feedback_") for name in self._buffers)
        return {name: self._buffers[f"feedback_{name}"] for name in own}  # type: ignore[misc]


class LearningLinear(_Learning, nn.Linear):
    """``nn.Linear`` whose error goes down through feedback weights."""


class LearningConv1d(_Learning, nn.Conv1d):
    """``nn.Conv1d`` whose error goes down through feedback weights."""


class LearningConv2d(_Learning, nn.Conv2d):
    """``nn.Conv2d`` whose error goes down through feedback weights."""


_KINDS: dict[type[nn.Module], type[_Learning]] = {
    nn.Linear: LearningLinear,
    nn.Conv1d: LearningConv1d,
    nn.Conv2d: LearningConv2d,
}


def convert_layers(module: nn.Module, rule: Rule, draw: Draw) -> None:
    """Make every layer with synapses within a module learn by a rule, in place.

    Raises
    ------
    InputError
        If something in the module has parameters and is no layer that can learn; it is named.
    """
    via = descending(rule)
    number = 0
    for name, part in list(module.named_modules()):
        if type(part) in _KINDS:
            number += 1
            _convert(part, number, rule, str(via), draw)
        elif not isinstance(part, NORMALISATIONS) and part._parameters:
            raise InputError(_cannot(name, part))
    if not number:
        raise InputError("module: at least one Linear, Conv1d or Conv2d layer (got none)")


def _convert(layer: Any, number: int, rule: Rule, via: str, draw: Draw) -> None:
    layer.__class__ = _KINDS[type(layer)]
    layer.rule, layer._via = rule, via
    for variable in forward_variables(rule)[1:]:
        layer.register_buffer(f"feedback_{variable}", draw.beside(variable, number, layer.weight))
    settle(layer, "start")


@uncompiled
def settle(layer: Any, every: Any = "step", rule: Rule | None = None) -> None:
    """Apply constraints on a layer's W, and what makes feedback of W: those of its rule, or one."""
    with torch.no_grad():
        variables = {"w": layer.weight.detach(), **layer._variables()}
        net = Net(layers=[], forward={1: variables})
        Interpreter(rule or layer.rule).run_hosts(net, every)
        layer.weight.copy_(variables.pop("w"))
        for name, values in variables.items():
            if f"feedback_{name}" in layer._buffers:
                layer.get_buffer(f"feedback_{name}").copy_(values)
            else:
                layer.register_buffer(f"feedback_{name}", values.clone())


def _cannot(name: str, part: nn.Module) -> str:
    what = f"{type(part).__name__} {name!r}" if name else f"parameters of {type(part).__name__}"
    return f"module: Linear, Conv1d, Conv2d and normalisation layers only (got {what})"


def settle_all(module: nn.Module) -> None:
    """Apply constraints on W, and what makes feedback of W, as after each step."""
    for part in module.modules():
        if isinstance(part, _Learning) and part.rule.host:
            settle(part)
        elif isinstance(part, Stack):
            part.settle()


def constrain(module: nn.Module, *names: str) -> None:
    """Put the forward weights of a module that learns by a rule under constraints from now on.

    Norms and signs are those that the weights have now. The rule stays what it is.

    Parameters
    ----------
    module : nn.Module
        One that `snn_credit.rate.convert` made.
    *names : str
        In `snn_credit.rules.constraints.CONSTRAINTS`.

    Raises
    ------
    InputError
        If a constraint is unknown, or nothing in the module learns by a rule.
    """
    learning = [part for part in module.modules() if isinstance(part, _Learning | Stack)]
    if not learning:
        raise InputError(f"module: one that convert made (got {type(module).__name__})")
    for part in learning:
        if isinstance(part, Stack):
            part.constrain(*names)
        else:
            part.rule, added = begun(part.rule, *names)
            settle(part, "start", added)
