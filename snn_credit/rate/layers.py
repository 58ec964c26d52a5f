"""Layers that pass the error down through feedback weights, for modules of any form.

Where a rule is backpropagation with something else in place of W', each layer can do it by itself:
autograd brings the error down through everything that lies between.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.feedback import Draw
from snn_credit.rate.operations import Operations
from snn_credit.rate.passing import passed, via_of
from snn_credit.rate.stack import Stack
from snn_credit.rate.teacher import Teacher
from snn_credit.rate.uncompiled import uncompiled
from snn_credit.rules import Rule
from snn_credit.rules.constraints import begun
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.names import forward_variables
from snn_credit.rules.net import Net

#: What begins the names of what a layer's synapses own besides w.
OWN = "feedback_"
#: Modules whose parameters are not synapses: one number for each neuron, taught by what it is told.
NORMALISATIONS = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d),
)


class Learning(nn.Module):
    """What a layer with feedback weights adds to torch's layer.

    ``feedback_b`` and what else the rule owns beside w: parameters where the rule changes it, else
    buffers. The first layer has none, since nothing would use it, unless a normalisation that
    learns stands before it. First is which was registered first.
    """

    weight: Any
    bias: Any
    rule: Rule
    _via: str
    _teacher: Teacher | None
    _settled: list[int]

    def forward(self, input: Tensor) -> Tensor:
        """Return the layer's sums; in training its error goes down through the feedback."""
        if not self.training or not torch.is_grad_enabled():
            return super().forward(input)
        if self.rule.host:
            _settle_changed(self)
        # As in a chain, feedback learns where nothing below does: where all of it is frozen, say.
        teaches = self._teacher is not None and any(own.requires_grad for own in self._own())
        if self._via == "w" or not (teaches or input.requires_grad):
            return super().forward(input)
        return self._taught(input) if teaches else self._passed(input)

    def _own(self) -> list[Tensor]:
        """Return the variables that the rule changes besides w."""
        changed = () if self._teacher is None else self._teacher.changed
        return [getattr(self, f"{OWN}{name}") for name in changed]

    def _passed(self, input: Tensor) -> Tensor:
        return passed(self, input, self._feedback())

    @uncompiled
    def _taught(self, input: Tensor) -> Tensor:
        assert self._teacher is not None
        teach = partial(self._teacher.teach, self)
        return passed(self, input, self._feedback(), teach, self._own(), self._teacher.reads_sums)

    @uncompiled
    def _feedback(self) -> Tensor:
        """Return what takes the place of W'."""
        w, via = self.weight.detach(), expression(self._via)
        known = {"w": w, **self.variables()}
        if not set(via.names) <= set(known):
            raise InputError(
                "module: layers registered in the order in which they run, and a stimulus without "
                f"gradient, for the first has no feedback (got a gradient below {self})"
            )
        return via(known, functions_for(w))

    def variables(self) -> dict[str, Tensor]:
        """Return what the synapses own besides w."""
        found = {}
        for owned in (self._parameters, self._buffers):
            for name, value in owned.items():
                if name.startswith(OWN) and value is not None:
                    found[name.removeprefix(OWN)] = value.detach()
        return found


class LearningLinear(Learning, nn.Linear):
    """``nn.Linear`` whose error goes down through feedback weights."""


class LearningConv1d(Learning, nn.Conv1d):
    """``nn.Conv1d`` whose error goes down through feedback weights."""


class LearningConv2d(Learning, nn.Conv2d):
    """``nn.Conv2d`` whose error goes down through feedback weights."""


_KINDS: dict[type[nn.Module], type[Learning]] = {
    nn.Linear: LearningLinear,
    nn.Conv1d: LearningConv1d,
    nn.Conv2d: LearningConv2d,
}


def convert_layers(
    module: nn.Module,
    rule: Rule,
    draw: Draw,
    rates: Mapping[str, float],
    operations: Operations | None = None,
) -> None:
    """Make every layer with synapses within a module learn by a rule, in place.

    Raises
    ------
    InputError
        If something in the module has parameters and is no layer that can learn; it is named. If
        the rule changes feedback and there is no second layer, whose feedback it would be.
    """
    teacher = Teacher.of(rule, rates, operations)
    number, learns_below = 0, False
    for name, part in list(module.named_modules()):
        learns_below = learns_below or number > 0 or _learning_normalisation(part)
        if type(part) in _KINDS:
            number += 1
            _convert(part, number, rule, teacher, draw, learns_below)
        elif not isinstance(part, NORMALISATIONS) and part._parameters:
            raise InputError(_cannot(name, part))
    if not number:
        raise InputError("module: at least one Linear, Conv1d or Conv2d layer (got none)")
    if teacher is not None and number == 1:
        raise InputError(one_layer(rule))


def one_layer(rule: Rule) -> str:
    """Return the refusal of a rule that has no feedback to change."""
    return (
        f"module: two layers with synapses or more, for {rule.name} changes the feedback of layers "
        "that have a hidden layer below (got one)"
    )


def _learning_normalisation(part: nn.Module) -> bool:
    return isinstance(part, NORMALISATIONS) and any(True for _ in part.parameters())


def _convert(
    layer: Any, number: int, rule: Rule, teacher: Teacher | None, draw: Draw, learns_below: bool
) -> None:
    layer.__class__ = _KINDS[type(layer)]
    layer.rule, layer._via = rule, str(via_of(rule))
    layer._teacher = teacher if learns_below else None
    changed = teacher.changed if teacher is not None else ()
    for variable in forward_variables(rule)[1:] if learns_below else ():
        values = draw.beside(variable, number, layer.weight)
        if variable in changed:
            layer.register_parameter(f"{OWN}{variable}", nn.Parameter(values))
        else:
            layer.register_buffer(f"{OWN}{variable}", values)
    settle(layer, "start")


@uncompiled
def settle(layer: Any, every: Any = "step", rule: Rule | None = None) -> None:
    """Apply constraints on a layer's W, and what makes feedback of W: those of its rule, or one."""
    with torch.no_grad():
        variables = {"w": layer.weight.detach(), **layer.variables()}
        net = Net(layers=[], forward={1: variables})
        Interpreter(rule or layer.rule).run_hosts(net, every)
        layer.weight.copy_(variables.pop("w"))
        for name, values in variables.items():
            if hasattr(layer, f"{OWN}{name}"):
                getattr(layer, f"{OWN}{name}").copy_(values)
            else:
                layer.register_buffer(f"{OWN}{name}", values.clone())
    layer._settled = _versions(layer) if rule is None else []


@uncompiled
def _settle_changed(layer: Any) -> None:
    """Settle a layer, unless it is passed through again: autograd relies on W as it was then."""
    if layer._settled != _versions(layer):
        settle(layer)


def _versions(layer: Any) -> list[int]:
    return [tensor._version for tensor in (layer.weight, *layer.variables().values())]


def _cannot(name: str, part: nn.Module) -> str:
    what = f"{type(part).__name__} {name!r}" if name else f"parameters of {type(part).__name__}"
    return f"module: Linear, Conv1d, Conv2d and normalisation layers only (got {what})"


def settle_all(module: nn.Module) -> None:
    """Apply constraints on W, and what makes feedback of W, as after each step."""
    for part in module.modules():
        if isinstance(part, Learning) and part.rule.host:
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
    learning = [part for part in module.modules() if isinstance(part, Learning | Stack)]
    if not learning:
        raise InputError(f"module: one that convert made (got {type(module).__name__})")
    for part in learning:
        if isinstance(part, Stack):
            part.constrain(*names)
        else:
            part.rule, added = begun(part.rule, *names)
            settle(part, "start", added)
