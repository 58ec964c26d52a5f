"""Gradient descent on a chain without autograd and without gradients, where these are products.

    v_t = momentum v_{t-1} + g_t + decay W_{t-1},    W_t = W_{t-1} - lr v_t

For all-to-all synapses g_t = post' pre, the sum over a batch: it is added to v (or to W, without
momentum) as it is made, and no matrix is made for it. The numbers are those of torch's SGD on what
``loss.backward()`` leaves in ``.grad``, up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from snn_credit.rate.credit import begin
from snn_credit.rate.losses import error
from snn_credit.rate.program import Gradient, Outer
from snn_credit.rate.stack import Loss, Stack


class Engine:
    """Trains a chain with the settings and the momentum of one of torch's optimisers.

    Parameters
    ----------
    stack : Stack
        The chain.
    optimiser : SGD
        Of its parameters; its learning rates may change from step to step, and its state is kept
        as its own step keeps it. `Engine.of` says whether that is all.
    """

    def __init__(self, stack: Stack, optimiser: SGD) -> None:
        self._stack, self._optimiser = stack, optimiser
        self._gradients: Sequence[Gradient | None] = ()

    @classmethod
    def of(cls, module: nn.Module, optimiser: Optimizer) -> Engine | None:
        """Return an engine, if it does what autograd and the optimiser would: plain SGD on a chain.

        Hooks are seen here, and not those that come later.
        """
        if type(module) is not Stack or type(optimiser) is not SGD:
            return None
        tensors = module.tensors()
        hooks = (
            (optimiser._optimizer_step_pre_hooks, optimiser._optimizer_step_post_hooks),
            (module._forward_hooks, module._forward_pre_hooks),
            *((p._backward_hooks, p._post_accumulate_grad_hooks) for p in tensors),
        )
        if any(map(any, hooks)) or len(set(map(id, tensors))) < len(tensors):
            return None
        variants = ("nesterov", "dampening", "maximize")
        if any(group[name] for group in optimiser.param_groups for name in variants):
            return None
        return cls(module, optimiser)

    def present(self, x: Tensor, target: Tensor, loss: Loss) -> tuple[Tensor, Tensor]:
        """Present a batch: as `snn_credit.rate.present`, but the changes wait for `step`."""
        stack = self._stack
        stack.tell(target, loss)
        with torch.no_grad():
            output, teach = begin(stack, x, stack.tensors())
            mean, err = error(loss, output, target)
            self._gradients = teach(err)
        return mean, output

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights by what the last batch taught."""
        taught = zip(self._stack.tensors(), self._gradients, strict=True)
        gradients = {id(tensor): gradient for tensor, gradient in taught if gradient is not None}
        for group in self._optimiser.param_groups:
            for w in group["params"]:
                if id(w) in gradients and w.requires_grad:
                    self._change(w, gradients[id(w)], group)
        self._gradients = ()

    def hand_over(self, optimiser: Optimizer) -> None:
        """Leave what the last batch taught another optimiser's parameters in their ``.grad``."""
        taught = zip(self._stack.tensors(), self._gradients, strict=True)
        gradients = {id(tensor): gradient for tensor, gradient in taught if gradient is not None}
        for group in optimiser.param_groups:
            for w in group["params"]:
                found = gradients.get(id(w)) if w.requires_grad else None
                w.grad = found.matrix() if isinstance(found, Outer) else found

    def _change(self, w: Tensor, gradient: Gradient, group: dict[str, float]) -> None:
        lr, momentum, decay = group["lr"], group["momentum"], group["weight_decay"]
        if not momentum:
            if decay:
                w.mul_(1 - lr * decay)
            _add(w, gradient, 1, -lr)
            return
        state = self._optimiser.state[w]
        if state.get("momentum_buffer") is None:
            state["momentum_buffer"] = torch.zeros_like(w)
        _add(state["momentum_buffer"], gradient, momentum, 1)
        if decay:
            state["momentum_buffer"].add_(w, alpha=decay)
        w.add_(state["momentum_buffer"], alpha=-lr)


def _add(to: Tensor, gradient: Gradient, own: float, times: float) -> None:
    """Make ``own`` times something and ``times`` a gradient of it, in place."""
    if isinstance(gradient, Outer):
        to.addmm_(gradient.post, gradient.pre, beta=own, alpha=times * gradient.times)
        return
    if own != 1:
        to.mul_(own)
    to.add_(gradient, alpha=times)
