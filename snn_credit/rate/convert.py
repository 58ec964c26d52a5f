"""`convert`: a torch module that learns by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from math import isfinite

from torch import Tensor, nn

from snn_credit.errors import InputError
from snn_credit.rate.feedback import Draw
from snn_credit.rate.layers import Learning, convert_layers, one_layer
from snn_credit.rate.operations import Operations
from snn_credit.rate.pairs import feedback_updates, learns_alone
from snn_credit.rate.passing import via_of
from snn_credit.rate.stack import USUAL, Given, Loss, Stack
from snn_credit.rate.stages import stages_of
from snn_credit.rate.support import is_count, learnable_rule
from snn_credit.rules import RULES, Local, Rule
from snn_credit.rules.constraints import constrained
from snn_credit.rules.expressions import expression, functions_for


def convert(
    module: nn.Module,
    rule: Rule | str,
    *,
    b_scale: float | None = None,
    kept: float = 0.5,
    shape: Sequence[int] | None = None,
    rates: Mapping[str, float] | None = None,
    constraints: Sequence[str] = (),
    given: Mapping[str, Given] | None = None,
    operations: Operations | None = None,
    seed: int = 0,
) -> nn.Module:
    """Return a copy of a module that learns by a rule.

    ``loss.backward()`` then puts the rule's changes, with the sign of a gradient, where the
    gradient would be, and any of torch's optimisers applies them. With eta = 1 and lam = 0, as
    they are unless given, learning rate and decay are the optimiser's. The loss is a mean over the
    batch. What a rule makes of activities and weights alone, such as b's decay, does not scale with
    the loss and is there once for each backward pass: to accumulate, divide gradients, not losses.
    Rules that ask for more than the loss's derivative (the targets, a second loss) are trained by
    `present`.

    A chain of layers (``nn.Sequential``, nested ones too) learns by any rule, exactly as it is
    declared: it becomes a `snn_credit.rate.stack.Stack`. Any other module keeps its own forward
    pass and learns by the rules that are backpropagation with something else in place of W', whose
    feedback is fixed or learns from what a layer knows by itself: its input, its sums W x and their
    error (`snn_credit.rate.pairs`). There the feedback ``b`` of a layer is called ``feedback_b``,
    and a layer that is passed through twice is taught by each passage, b's decay included.

    Parameters
    ----------
    module : nn.Module
        Of ``nn.Linear``, ``nn.Conv1d`` and ``nn.Conv2d`` layers. The original stays as it is.
    rule : Rule or str
        A declaration, or its name.
    b_scale : float, optional
        Feedback weights are uniform in +-b_scale. Without it they have the standard deviation of
        the forward weights beside them; feedback that skips layers 1/sqrt(n_sender), divided by
        the square root of the number of positions of a convolution.
    kept : float
        The fraction of feedback synapses that exist, for rules with a mask.
    shape : sequence of int, optional
        That of one stimulus; feedback that skips layers needs it if there are convolutions.
    rates : mapping of str to float, optional
        Shared scalars of the rule, such as ``sig``; ``eta`` and ``lam`` are 1 and 0 without, all
        others as declared, ``etab`` of feedback too.
    constraints : sequence of str
        Names in `snn_credit.rules.constraints.CONSTRAINTS`: any rule takes them, BP too.
    given : mapping of str to callable, optional
        Variables of the neurons that the rule ``needs`` and this path does not know: name -> a
        function of a layer's activity (batch, ...), called once for each layer and presentation.
    operations : Operations, optional
        What a sum of primitives (`snn_credit.rules.primitives`) is computed from, layer by layer: a
        chain is then taken as any other module.
    seed : int
        Of the feedback and of noise.

    Returns
    -------
    nn.Module
        With the parameters of the original, under the same names, and the feedback: parameters
        where the rule changes it, else buffers.

    Raises
    ------
    InputError
        If the module holds something that cannot learn by the rule, which is named, or learns by
        one already; for an unknown rule, constraint or rate, and for a number out of its range.
    """
    if operations is not None and not isinstance(operations, Operations):
        raise InputError(f"operations: Operations, or None (got {type(operations).__name__})")
    declared = constrained(learnable_rule(rule, given or ()), *constraints)
    _check(declared, b_scale, kept, rates, seed)
    for part in module.modules():
        if isinstance(part, Stack | Learning):
            raise InputError(
                "module: one that learns by no rule yet; convert the original "
                f"(got one that learns by {part.rule.name})"
            )
    draw = Draw(seed, b_scale, kept)
    copy = deepcopy(module)
    usual = {name: value for name, value in USUAL.items() if name in declared.rates}
    obstacle = "module: operations" if operations is not None else _no_chain(copy)
    if obstacle is None:
        assert isinstance(copy, nn.Sequential)  # else it is no chain
        chain = Stack(copy, declared, draw, shape, {**usual, **(rates or {})}, given or {})
        if feedback_updates(declared) and not list(chain.synapses.parameters()):
            raise InputError(one_layer(declared))
        return chain
    if not _by_layers(declared):
        others = ", ".join(name for name, each in RULES.items() if _by_layers(each))
        raise InputError(
            f"{obstacle}; other modules learn by: {others}, not by {declared.name}"
        ) from None
    for name in USUAL:
        if name in (rates or {}):
            raise InputError(
                "rates: neither eta nor lam for a module that is no nn.Sequential, where learning "
                f"rate and decay are the optimiser's (got {name})"
            )
    convert_layers(copy, declared, draw, {**usual, **(rates or {})}, operations)
    return copy


def _no_chain(module: nn.Module) -> str | None:
    """Return why a module is no chain of layers, or None if it is one."""
    try:
        stages_of(module)
    except InputError as obstacle:
        return str(obstacle)
    return None


def _by_layers(rule: Rule) -> bool:
    """Whether layers of a module of any form learn by a rule one by one."""
    return via_of(rule) is not None and learns_alone(rule)


def present(module: nn.Module, x: Tensor, target: Tensor, loss: Loss) -> tuple[Tensor, Tensor]:
    """Present a batch: the forward pass, the loss, and the rule's changes into ``.grad``.

    Parameters
    ----------
    module : nn.Module
        One that `convert` made, or any other.
    x, target : Tensor
        Stimuli (batch, ...), and labels (batch,) or values (batch, n_L).
    loss : callable
        Given outputs and targets, each example's loss, (batch,); see `snn_credit.rate.losses`.

    Returns
    -------
    Tensor, Tensor
        The mean loss, and the outputs, both before the change.
    """
    chain = getattr(module, "module", module)  # within DistributedDataParallel
    if isinstance(chain, Stack):
        chain.tell(target, loss)
    output = module(x)
    mean = loss(output, target).mean()
    mean.backward()
    return mean.detach(), output.detach()


def _check(
    rule: Rule, b_scale: float | None, kept: float, rates: Mapping[str, float] | None, seed: int
) -> None:
    if b_scale is not None and not (isfinite(b_scale) and b_scale >= 0):
        raise InputError(f"b_scale: a number >= 0 (got {b_scale})")
    if not 0 <= kept <= 1:
        raise InputError(f"kept: a fraction from 0 to 1 (got {kept})")
    if not is_count(seed, least=0):
        raise InputError(f"seed: an integer >= 0 (got {seed!r})")
    for name, value in (rates or {}).items():
        if name not in rule.rates:
            known = ", ".join(rule.rates) or "none"
            raise InputError(f"{name}: a rate of {rule.name}, which has: {known} (got {value})")
        if not isfinite(value):
            raise InputError(f"{name}: a finite number (got {value})")
    known = {**rule.rates, **(rates or {})}
    texts = [update.factor for update in rule.updates]
    texts += [step.hidden or "0" for step in rule.steps if isinstance(step, Local)]
    for text in texts:
        try:
            # Any numbers will do for what is no rate: what rates make of nought is asked.
            expression(text)(
                {**dict.fromkeys(expression(text).names, 0.7), **known}, functions_for(0.0)
            )
        except ZeroDivisionError:
            raise InputError(
                f"rates: those for which {rule.name}'s {text!r} is a number "
                f"(got {', '.join(f'{name} = {value}' for name, value in (rates or {}).items())})"
            ) from None
