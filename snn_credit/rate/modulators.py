"""What two rules would tell the same hidden neurons: modulators side by side.

    delta_FA = B e,   delta_BP = W' (e o y')       Lillicrap et al. 2016, Methods of Fig 3

for the same stimuli, the same activities and the same weights; FA's network is the one that learns.
Figures 2b and 3b show the angle between the two. A neuron's modulator is here the derivative-like
number that its synapses' changes take of it, with the sign of dLoss/dh; as in the paper it is
without the slope h' of the neuron itself, unless that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.stack import Loss, Stack
from snn_credit.rules import Rule, get_rule
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Net

Modulators = list[NDArray[np.float64]]


def modulators(
    module: nn.Module,
    x: Tensor,
    target: Tensor,
    loss: Loss,
    rules: Sequence[Rule | str] = ("BP",),
    *,
    own_slope: bool = False,
) -> list[Modulators]:
    """Return what hidden neurons are told by the rule that a network learns by, and by others.

    Nothing changes in the network; dropout is off.

    Parameters
    ----------
    module : Stack
        What `snn_credit.rate.convert` makes of an ``nn.Sequential``.
    x, target : Tensor
        Stimuli (batch, ...), and labels (batch,) or values (batch, n_L).
    loss : callable
        Given outputs and targets, each example's loss, (batch,).
    rules : sequence of Rule or str
        The others. They read W, and the feedback weights of the network's own rule.
    own_slope : bool
        Whether the slope h' of the neurons that are told is a factor of what they are told: with
        it, and BP, the modulator is dLoss/du.

    Returns
    -------
    list of lists of ndarray
        The network's own rule first, then the others; of each, hidden layers 1 to L-1, each
        (batch, n), all neurons of a convolution in one row.

    Raises
    ------
    InputError
        If the module is no chain of layers, or a rule does not change the W of hidden layers in
        its first window, or reads a variable that the network's synapses do not own.
    """
    if not isinstance(module, Stack):
        raise InputError(
            f"module: a chain of layers that convert() made (got {type(module).__name__})"
        )
    training = module.training
    module.eval()
    try:
        presentation = module.present(x)
        output = presentation.output.detach().requires_grad_()
        with torch.enable_grad():
            total = loss(output, target).sum()
        module.tell(target, loss)
        with torch.no_grad():
            module.inform(presentation)
            net = presentation.net
            err = torch.autograd.grad(total, output)[0]
            net.layers[-1]["err"] = presentation.at_neurons(err)
            own = _modulators(module.rule, net, own_slope)
            others = [_modulators(get_rule(rule), _prepared(net, rule), own_slope)
                      for rule in rules]  # fmt: skip
    finally:
        module.train(training)
    return [own, *others]


def modulator_angles(
    module: nn.Module,
    x: Tensor,
    target: Tensor,
    loss: Loss,
    to: Rule | str = "BP",
    *,
    own_slope: bool = False,
    over: Literal["examples", "batch", "neurons"] = "examples",
) -> list[float]:
    """Return the angle between a network's modulators and those by another rule, per hidden layer.

    Parameters
    ----------
    module, x, target, loss, own_slope
        As for `modulators`.
    to : Rule or str
        The other rule.
    over : str
        What the angle is between, and what it is a mean over: see
        `snn_credit.analysis.modulator_angle`.

    Returns
    -------
    list of float
        Degrees from 0 to 180, hidden layer 1 first.
    """
    from snn_credit.analysis import modulator_angle

    own, other = modulators(module, x, target, loss, (to,), own_slope=own_slope)
    return [modulator_angle(a, b, over) for a, b in zip(own, other, strict=True)]


def _modulators(rule: Rule, net: Net, own_slope: bool) -> Modulators:
    interpreter = Interpreter(rule)
    window = rule.phases[0].name if rule.phases else None
    found = interpreter.modulators(net, interpreter.sweep(net, window), window, own_slope)
    if not found:
        raise InputError(
            "rule: one that changes the W of hidden layers in its first window, in a network that "
            f"has some (got {rule.name}, {len(net.layers)} layers)"
        )
    return [_plain(found[layer]) for layer in sorted(found)]


def _prepared(net: Net, rule: Rule | str) -> Net:
    """Return a net for another rule: what it makes of whole matrices stands in copies."""
    forward = {layer: dict(variables) for layer, variables in net.forward.items()}
    copy = Net(net.layers, forward, net.bias, net.direct, net.own, net.shared, net.wiring)
    Interpreter(get_rule(rule)).run_hosts(copy, "start")
    return copy


def _plain(values: Any) -> NDArray[np.float64]:
    return values.flatten(1).double().cpu().numpy()
