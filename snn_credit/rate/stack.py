"""A chain of layers that learns by a rule's declaration, interpreted layer by layer.

It is an ``nn.Module`` like any other: ``loss.backward()`` puts the rule's changes, with the sign of
a gradient, into the parameters' ``.grad``, for any of torch's optimisers to apply.
The forward pass keeps each layer's activity, and the backward pass is the rule's; autograd takes it
from layer to layer only where a rule is backpropagation but for what stands in place of W'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.credit import learn
from snn_credit.rate.feedback import Draw
from snn_credit.rate.losses import error, target_values
from snn_credit.rate.passing import descending, passed
from snn_credit.rate.presentation import Presentation, takes_correction
from snn_credit.rate.program import Program, Programs
from snn_credit.rate.stages import stages_of
from snn_credit.rate.synapses import Synapses, change
from snn_credit.rate.uncompiled import uncompiled
from snn_credit.rules import Message, Rule
from snn_credit.rules.constraints import begun
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net

#: The changes are then those that an optimiser's learning rate and decay multiply.
USUAL = {"eta": 1.0, "lam": 0.0}
#: Losses of each example, (batch,), for outputs (batch, n_L) and targets.
Loss = Callable[[Tensor, Tensor], Tensor]
#: A variable of a layer's neurons, (batch, ...), given their activity in the first window.
Given = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class _Told:
    """What a rule is told besides the error."""

    target: Tensor
    loss: Loss


class Stack(nn.Module):
    """The layers of an ``nn.Sequential``, under their names there, learning by a rule.

    Made by `snn_credit.rate.convert`. In training mode a forward pass is recorded for the rule; in
    evaluation mode, or under ``torch.no_grad()``, it is that of the ``nn.Sequential``.

    Attributes
    ----------
    rule : Rule
        The declaration.
    synapses : Synapses
        What the rule owns besides W and biases.
    """

    synapses: Synapses
    rule: Rule

    def __init__(
        self,
        module: nn.Sequential,
        rule: Rule,
        draw: Draw,
        shape: Sequence[int] | None,
        rates: Mapping[str, float],
        given: Mapping[str, Given],
    ) -> None:
        super().__init__()
        self._stages = stages_of(module)
        self._within = list(module.modules())
        self._order = [name for name, part in module._modules.items() if part is not None]
        for name in self._order:
            self.add_module(name, module._modules[name])
        self._told: _Told | None = None
        # With rates of its own a rule is more than what descends.
        usual = all(rates.get(name, value) == value for name, value in USUAL.items())
        self._via = descending(rule) if usual else None
        self._rates, self._given = {**rule.rates, **rates}, dict(given)
        self._take(rule)
        if self._stages[-1].onwards and self._asked & {"ystar", "err of a later window"}:
            kinds = ", ".join(type(part).__name__ for part in self._stages[-1].onwards)
            raise InputError(
                f"module: the output layer's neurons at the end, whose targets {rule.name} reads "
                f"(got {kinds})"
            )
        self._correction = _correction(rule) if takes_correction(self._stages[0]) else None
        self.synapses = Synapses(rule, self._stages, draw, shape)
        self._slots: list[tuple[str, dict[str, Any], str]] = []
        self._run_hosts(self._interpreter, "start")

    def __getstate__(self) -> dict[str, Any]:
        """Return what is copied and pickled: programs are made again where they are wanted."""
        return self.__dict__ | {"_slots": [], "_told": None}

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, (batch, n_L), for stimuli (batch, ...)."""
        if not self.training or not torch.is_grad_enabled():
            for name in self._order:
                x = self.get_submodule(name)(x)
            return x
        for stage in self._stages:
            if "weight" not in stage.layer._parameters:
                raise InputError(f"module: layers whose weight is a parameter (not {stage.name!r})")
        if x.requires_grad:
            raise InputError("x: a stimulus without gradient, which no rule here gives (got one)")
        # A compiler would trace the rule's own use of autograd, for pools, and lose it.
        return _uncompiled(self, x) if torch.compiler.is_compiling() else self._learn(x)

    def _learn(self, x: Tensor) -> Tensor:
        if self._via is None:
            return learn(self, x)
        self.settle()
        return self._descend(x, self._via)

    def _descend(self, x: Tensor, via: str) -> Tensor:
        """Return the output for a rule whose error descends: autograd is the interpreter here."""
        first: Any = self._stages[0].layer
        if not torch.is_autocast_enabled(x.device.type):
            x = x.to(first.weight.dtype)
        for number, stage in enumerate(self._stages, start=1):
            layer: Any = stage.layer
            for module in stage.before:
                x = module(x)
            if number == 1 or via == "w":
                x = layer(x)
            else:
                owned = self.synapses.onto(number) | {"w": layer.weight.detach()}
                x = passed(layer, x, expression(via)(owned, functions_for(layer.weight)))
            own = (stage.activation, stage.dropout, stage.noise)
            for module in (*stage.after, *own, *stage.onwards):
                x = x if module is None else module(x)
        return x

    def _take(self, rule: Rule) -> None:
        self.rule, self._interpreter = rule, Interpreter(rule)
        self._asked = _told_names(self._interpreter, self._given)
        self._programs = Programs(self._within)

    def tell(self, target: Tensor, loss: Loss) -> None:
        """Say what the coming batch's targets are, and the loss, to a rule that asks for them.

        Parameters
        ----------
        target
            Labels (batch,), or values (batch, n_L).
        loss
            Returns each example's loss, (batch,).
        """
        if self._asked:
            self._told = _Told(target, loss)

    def settle(self) -> None:
        """Apply constraints on W, and what makes feedback of W, as after each step."""
        self._run_hosts(self._interpreter, "step")

    def feedback_pairs(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Return W and b of each layer that has a b beside its W, by the layer's name."""
        found = {}
        for layer, b in self.synapses.beside("b"):
            stage: Any = self._stages[layer - 1]
            found[stage.name] = stage.layer.weight.detach(), b
        return found

    def constrain(self, *names: str) -> None:
        """Put W under constraints from now on; see `snn_credit.rate.constrain`."""
        rule, added = begun(self.rule, *names)
        self._take(rule)
        self._run_hosts(Interpreter(added), "start")

    def present(self, x: Tensor) -> Presentation:
        """Present a batch to the layers as they are, for a look at every layer's names."""
        weight: Any = self._stages[0].layer.weight
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            presentation = Presentation(self._stages, self._net(), x.to(weight.dtype))
            for name, value in self._given.items():
                for layer in presentation.net.layers[1:]:
                    layer[name] = value(layer["h"])
            return presentation

    def credit(self, presentation: Presentation, err: Tensor) -> dict[str, Tensor]:
        """Return the gradient that the rule puts in place of each parameter's, by its name.

        Parameters
        ----------
        err
            The derivative of a batch's mean loss by the output, (batch, n_L).
        """
        net = presentation.net
        # In the declarations err is that of each example, and changes are means over the batch.
        net.layers[-1]["err"] = presentation.at_neurons(err * len(err))
        changes = self._interpreter.step(net, forward=self._again(presentation), times=-1.0)
        taught = self.synapses.taught(changes).items()
        found = {f"synapses.{name}": each for name, each in taught}
        for layer, stage in enumerate(self._stages, start=1):
            if "w" in changes.forward.get(layer, {}):
                found[f"{stage.name}.weight"] = changes.forward[layer]["w"]
            if layer in changes.bias:
                found[f"{stage.name}.bias"] = changes.bias[layer]
        return found

    def _again(self, presentation: Presentation) -> Callable[[Tensor], None]:
        def forward(driven: Tensor) -> None:
            net = presentation.net
            if driven is presentation.x:
                return  # the window in which the stimulus was presented
            added = None
            if self._correction is not None:
                top = len(self._stages)
                message, net_b = self._correction, net.direct[0, top]
                e = net.layers[top][message.of].flatten(1)
                added = e, expression(message.via)(net_b, {})
            presentation.drive(driven, added)
            if "err" in self._interpreter.later:
                net.layers[-1]["err"] = presentation.error()

        return forward

    def names(self) -> list[str]:
        """Return the names of parameters and buffers."""
        return [name for name, _, _ in self._slots or self._find_slots()]

    def tensors(self) -> list[Tensor]:
        """Return parameters and buffers, in the order of `names`."""
        found = [owned.get(key) for _, owned, key in self._slots or self._find_slots()]
        if any(tensor is None for tensor in found):
            found = [owned[key] for _, owned, key in self._find_slots()]
        return cast("list[Tensor]", found)

    def _find_slots(self) -> list[tuple[str, dict[str, Any], str]]:
        self._slots = [
            (f"{name}.{key}".removeprefix("."), owned, key)
            for name, module in self.named_modules()
            for owned in (module._parameters, module._buffers)
            for key, tensor in owned.items()
            if tensor is not None
        ]
        return self._slots

    def program(self, x: Tensor, told: Sequence[Tensor]) -> Program | None:
        """Return what does all of this for batches of one shape; None where there is no such thing.

        That is where something may differ from step to step: a second loss, hooks, what the user's
        own functions return, or ever new shapes.
        """
        if self._given or self._asked - {"ystar"}:
            return None
        return self._programs.of(self, x, told)

    def inform(self, presentation: Presentation, ystar: Tensor | None = None) -> None:
        """Put into a presentation's net what the rule asks for besides the error.

        Parameters
        ----------
        ystar
            The output's target values, (batch, n_L); without them what was told is taken.

        Raises
        ------
        InputError
            If it reads what nobody has told (see `tell`).
        """
        net, needs = presentation.net, self.rule.needs
        if "noise" in needs and "dL" not in needs:
            for layer in net.layers[1:]:
                layer["noise"] = self._rates["sig"] * torch.randn_like(layer["h"])
        if "du" in needs:
            for number, layer in enumerate(net.layers[2:], start=2):
                below = net.layers[number - 1]["noise"]
                layer["du"] = net.onto(number).up(below, net.forward[number]["w"])
        if ystar is not None:
            net.layers[-1]["ystar"] = ystar
        if ystar is not None or not self._asked:
            return
        told, output = self._recall(), presentation.output
        # In the declarations err is that of each example.
        presentation.error_of = lambda y: error(told.loss, y, told.target)[1] * len(y)
        net.layers[-1]["ystar"] = target_values(output, told.target)
        if "dL" in self._asked:
            disturbed = presentation.disturbed(self._rates["sig"])
            change = told.loss(disturbed, told.target) - told.loss(output, told.target)
            net.shared["dL"] = change.reshape(-1, 1)

    def told_values(self) -> tuple[Tensor, ...]:
        """Return the output's target values, if these are all that the rule asks for, else nothing.

        Raises
        ------
        InputError
            If nobody has told them (see `tell`).
        """
        if self._asked != {"ystar"}:
            return ()
        weight: Any = self._stages[-1].layer.weight
        return (target_values(weight.new_empty((0, len(weight))), self._recall().target),)

    def _recall(self) -> _Told:
        """Return what was told of this batch, and forget it."""
        if self._told is None:
            raise InputError(
                f"{self.rule.name}: reads {', '.join(sorted(self._asked))}: train it by "
                "snn_credit.rate.present, or tell() it the targets first (got neither)"
            )
        told, self._told = self._told, None
        return told

    def _net(self) -> Net:
        """Return the synapses as they are, ready for a presentation."""
        net = Net(layers=[{} for _ in range(len(self._stages) + 1)], forward={})
        net.shared |= self._rates
        for layer, stage in enumerate(self._stages, start=1):
            module: Any = stage.layer
            net.forward[layer] = {"w": module.weight.detach()}
            if module.bias is not None:
                net.bias[layer] = module.bias.detach()
        self.synapses.put_into(net)
        return net

    def _run_hosts(self, interpreter: Interpreter, every: Any) -> None:
        if not interpreter.rule.host:
            return
        net = self._net()
        with torch.no_grad():
            try:
                interpreter.run_hosts(net, every)
            except InputError as error:
                raise InputError(f"rule: not {self.rule.name} for this module: {error}") from None
            for layer, variables in net.forward.items():
                module: Any = self._stages[layer - 1].layer
                change(module.weight, variables["w"])
            if self.synapses.take_from(net):
                self._slots = []


@uncompiled
def _uncompiled(stack: Stack, x: Tensor) -> Tensor:
    return stack._learn(x)


def _told_names(interpreter: Interpreter, given: Mapping[str, Given]) -> set[str]:
    """Return what a rule reads that loss.backward() does not bring: targets, another loss."""
    read = {m.of for m in interpreter.rule.steps if isinstance(m, Message)}
    again = {"err of a later window"} if "err" in interpreter.later else set()
    asked = set(interpreter.rule.needs) - set(given)
    # Noise is told from the second loss that it leads to; alone it is drawn here.
    alone = {"noise", "du"} if "dL" not in asked else set()
    return (read & {"ystar"}) | again | (asked - alone)


def _correction(rule: Rule) -> Message | None:
    """Return the message that a rule adds to its input, if that is all that it does there."""
    for step in rule.steps:
        if isinstance(step, Message) and step.to == "input" and step.frm == "output":
            drives = {phase.drive.replace(" ", "") for phase in rule.phases}
            if drives <= {"x", f"x+{step.name}"} and step.via == "b":
                return step
    return None
