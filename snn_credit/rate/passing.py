"""The fast form of rules that are backpropagation with something else in place of W'.

Each layer does it by itself: autograd brings the error down through everything that lies between.
Tests tie this form to the interpreted declaration.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from snn_credit.rate.wiring import wiring_of
from snn_credit.rules import Local, Message, Rule


def descending(rule: Rule) -> str | None:
    """Return what takes the place of W' in a rule that is otherwise backpropagation, or None.

    That is a rule with one message from the layer above, delta = fb*df in hidden layers and err*df
    in the output, and one update of w by delta and h.
    """
    if rule.phases or rule.needs or len(rule.updates) != 1:
        return None
    match rule.steps:
        case (Message() as message, Local() as local):
            pass
        case _:
            return None
    update = rule.updates[0]
    product = {f"{message.name}*df", f"df*{message.name}"}
    alike = (
        (message.frm, message.of, message.to) == ("above", local.name, "hidden")
        and (local.hidden or "").replace(" ", "") in product
        and (local.output or "").replace(" ", "") in ("err*df", "df*err")
        and (update.of, update.post, update.pre, update.on) == ("w", local.name, "h", "all")
        and update.factor.replace(" ", "") == "-eta"
        and (update.leak or "lam*w").replace(" ", "") in ("lam*w", "w*lam")
    )
    return message.via if alike else None


def passed(layer: nn.Module, x: Tensor, via: Tensor) -> Tensor:
    """Return a layer's sums; going down, ``via``, in w's shape, takes the place of W'."""
    each: Any = layer
    kind, dtype = x.device.type, each.weight.dtype
    if torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
    # Of one type, the products of the way down are too: autocast does not reach there.
    bias = None if each.bias is None else each.bias.to(dtype)
    sums: Any = _Passed.apply(x.to(dtype), each.weight.to(dtype), bias, via.to(dtype), layer)
    return sums


class _Passed(torch.autograd.Function):
    """A layer's sums; going down, another matrix takes the place of W'."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, w: Tensor, bias: Tensor | None, via: Tensor, layer: Any
    ) -> Any:
        """Return the sums, with biases."""
        ctx.wiring = wiring_of(layer, x.shape)
        ctx.save_for_backward(x, via)
        if isinstance(layer, nn.Linear):
            return functional.linear(x, w, bias)
        if isinstance(layer, nn.Conv1d | nn.Conv2d):
            return layer._conv_forward(x, w, bias)
        sums = ctx.wiring.up(x, w)
        return sums if bias is None else sums + bias.unflatten(1, sums.shape[2:])

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Return what goes down, and the gradients of weights and biases."""
        x, via = ctx.saved_tensors
        below, w, bias, *_ = ctx.needs_input_grad
        return (
            ctx.wiring.down(above[0], via) if below else None,
            ctx.wiring.outer(above[0], x) if w else None,
            ctx.wiring.total(above[0]) if bias else None,
            None,
            None,
        )
