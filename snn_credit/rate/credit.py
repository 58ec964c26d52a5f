"""The step from a chain's output to its changes: autograd's way into a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from snn_credit.errors import InputError
from snn_credit.rate.program import Gradient, Outer

if TYPE_CHECKING:
    from snn_credit.rate.stack import Stack

#: A chain's gradients, one for each of its tensors, for the derivative of the loss by the output.
Teacher = Callable[[Tensor], Sequence[Gradient | None]]


def begin(stack: Stack, x: Tensor, tensors: Sequence[Tensor]) -> tuple[Tensor, Teacher]:
    """Present a batch; return the output, and what makes gradients of its error.

    To be called where autograd does not record.

    Parameters
    ----------
    tensors
        Those of the chain, in the order of `Stack.tensors`.
    """
    if not len(x):
        raise InputError("x: a batch of one stimulus or more (got none)")
    stack.settle()
    told = stack.told_values()
    with _whole(x):
        program = stack.program(x, told)
        if program is not None:
            output, kept = program.present(x, *told, *tensors)
            return output, lambda err: program.credit(err, kept)
        presentation = stack.present(x)
        stack.inform(presentation, *told)

    def credit(err: Tensor) -> list[Gradient | None]:
        found = stack.credit(presentation, err)
        return [found.get(name) for name in stack.names()]

    return presentation.output, credit


def learn(stack: Stack, x: Tensor) -> Tensor:
    """Present a batch; ``backward`` from the output returned puts changes into ``.grad``."""
    return _Credit.apply(x, stack, *stack.tensors())  # type: ignore[no-any-return]


class _Credit(torch.autograd.Function):
    """The whole chain as one function: its backward pass is the rule's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, stack: Stack, *tensors: Tensor) -> Tensor:
        """Present the stimuli."""
        output, ctx.credit = begin(stack, x, tensors)
        ctx.given = [(each, each._version) for each in (x, *tensors)]
        # What the caller does to the output is not done to what the rule has kept of it.
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *errors: Tensor) -> tuple[Tensor | None, ...]:
        """Return the rule's changes, with the sign of a gradient."""
        if ctx.credit is None:
            raise InputError("backward: once for each forward pass (got a second)")
        if any(each._version != version for each, version in ctx.given):
            raise InputError("backward: of stimuli and weights as they were (got changed ones)")
        with torch.no_grad(), _whole(errors[0]):
            found, ctx.credit, ctx.given = ctx.credit(errors[0]), None, ()
            wanted = zip(found, ctx.needs_input_grad[2:], strict=True)
            return None, None, *(_matrix(each) if needed else None for each, needed in wanted)


def _whole(like: Tensor) -> AbstractContextManager[Any]:
    """Return a context in which numbers keep their precision: a rule's are not autocast's."""
    kind = like.device.type
    return torch.autocast(kind, enabled=False) if torch.is_autocast_enabled(kind) else nullcontext()


def _matrix(gradient: Gradient | None) -> Tensor | None:
    return gradient.matrix() if isinstance(gradient, Outer) else gradient
