"""The fast form of rules that are backpropagation with something else in place of W'.

Each layer does it by itself: autograd brings the error down through everything that lies between.
Tests tie this form to the interpreted declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from snn_credit.rate.wiring import wiring_of
from snn_credit.rules import Local, Message, Rule
from snn_credit.rules.net import Wiring

#: Given the wiring, x, the sums if they are kept, what these are told and what w makes of it:
#: gradients.
Teach = Callable[[Wiring, Tensor, Tensor | None, Tensor, Tensor | None], Sequence[Tensor | None]]


def descending(rule: Rule) -> str | None:
    """Return what takes the place of W' in a rule that is otherwise backpropagation, or None."""
    return via_of(rule) if len(rule.updates) == 1 and not (rule.phases or rule.needs) else None


def via_of(rule: Rule) -> str | None:
    """Return what takes the place of W' where w learns as in backpropagation, or None.

    That is by one message from the layer above, delta = fb*df in hidden layers and err*df in the
    output, and one update of w by delta and h, in a window of the stimulus as it is. Whatever else
    the rule changes is not looked at.
    """
    updates = [update for update in rule.updates if update.of == "w"]
    if len(updates) != 1 or any(phase.drive.strip() != "x" for phase in rule.phases):
        return None
    update, steps = updates[0], {step.name: step for step in rule.steps}
    local = steps.get(update.post.strip())
    if not isinstance(local, Local):
        return None
    read = [name.strip() for name in (local.hidden or "").split("*")]
    message = steps.get(next((name for name in read if name != "df"), ""))
    if not isinstance(message, Message):
        return None
    alike = (
        sorted(read) == sorted([message.name, "df"])
        and (message.frm, message.of, message.to) == ("above", local.name, "hidden")
        and (local.output or "").replace(" ", "") in ("err*df", "df*err")
        and (update.pre.strip(), update.on, update.across) == ("h", "all", "forward")
        and update.factor.replace(" ", "") == "-eta"
        and (update.leak or "lam*w").replace(" ", "") in ("lam*w", "w*lam")
    )
    return message.via if alike else None


def passed(
    layer: nn.Module,
    x: Tensor,
    via: Tensor,
    teach: Teach | None = None,
    taught: Sequence[Tensor] = (),
    keep_sums: bool = False,
) -> Tensor:
    """Return a layer's sums; going down, ``via``, in w's shape, takes the place of W'.

    Parameters
    ----------
    teach
        Makes gradients of what the synapses own besides w.
    taught
        Those variables, in the order of its gradients.
    keep_sums
        Whether ``teach`` would have to make the sums again.
    """
    each: Any = layer
    kind, dtype = x.device.type, each.weight.dtype
    if torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
    # Of one type, the products of the way down are too: autocast does not reach there.
    bias = None if each.bias is None else each.bias.to(dtype)
    own = [variable.to(dtype) for variable in taught]
    sums: Any = _Passed.apply(
        x.to(dtype), each.weight.to(dtype), bias, via.to(dtype), layer, teach, keep_sums, *own
    )
    return sums


class _Passed(torch.autograd.Function):
    """A layer's sums; going down, another matrix takes the place of W'."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        w: Tensor,
        bias: Tensor | None,
        via: Tensor,
        layer: Any,
        teach: Teach | None,
        keep_sums: bool,
        *taught: Tensor,
    ) -> Any:
        """Return the sums, with biases."""
        ctx.wiring, ctx.teach = wiring_of(layer, x.shape), teach
        if isinstance(layer, nn.Linear):
            sums = functional.linear(x, w, bias)
        elif isinstance(layer, nn.Conv1d | nn.Conv2d):
            sums = layer._conv_forward(x, w, bias)
        else:
            sums = ctx.wiring.up(x, w)
            sums = sums if bias is None else sums + bias.unflatten(1, sums.shape[2:])
        ctx.save_for_backward(x, via)
        # Not as autograd keeps it: what follows, such as a ReLU, may change the sums in place.
        ctx.kept = (sums.detach(), sums._version) if keep_sums else None
        return sums

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Return what goes down, and the gradients of weights, biases and what else is taught."""
        x, via = ctx.saved_tensors
        below, w, bias, _, _, _, _, *taught = ctx.needs_input_grad
        dw = ctx.wiring.outer(above[0], x) if w else None
        gradients: Sequence[Tensor | None] = ()
        if ctx.teach is not None and any(taught):
            gradients = ctx.teach(ctx.wiring, x, _unchanged(ctx.kept), above[0], dw)
        ctx.kept = None
        return (
            ctx.wiring.down(above[0], via) if below else None,
            dw,
            ctx.wiring.total(above[0]) if bias else None,
            *(None, None, None, None),
            *(gradients or [None] * len(taught)),
        )


def _unchanged(kept: tuple[Tensor, int] | None) -> Tensor | None:
    """Return a tensor that was kept with its version, if nobody has changed it since."""
    if kept is None:
        return None
    tensor, version = kept
    return tensor if tensor._version == version else None
