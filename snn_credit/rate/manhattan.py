"""Batch Manhattan: the sign of a batch's change in place of its size.

    v_t = momentum v_{t-1} + sign(g_t)
    W_t = W_{t-1} - lr (v_t + weight_decay W_{t-1})

with g_t the mean change over the batch, of any rule. Moskovitz et al. 2018, 5.1, describe it as a
way around vanishing and exploding errors; where the momentum enters they do not say.

Source: Liao, Leibo & Poggio 2016, AAAI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from snn_credit.errors import InputError


class Manhattan(Optimizer):
    """Steps of the same size for every weight.

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
        The size of a step, above 0.
    momentum : float
        From 0 up to, not at, 1.
    weight_decay : float
        At least 0. It is added after the sign: within it would be lost.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-4,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        if not lr >= 0:
            raise InputError(f"lr: a number >= 0 (got {lr})")
        if not 0 <= momentum < 1:
            raise InputError(f"momentum: a number from 0 up to, not at, 1 (got {momentum})")
        if not weight_decay >= 0:
            raise InputError(f"weight_decay: a number >= 0 (got {weight_decay})")
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; parameters without a gradient stay as they are."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)
        return loss

    def _move(self, parameter: Tensor, group: dict[str, Any]) -> None:
        step = parameter.grad.sign()  # type: ignore[union-attr]
        if group["momentum"]:
            state = self.state[parameter]
            if "momentum_buffer" in state:
                step = state["momentum_buffer"].mul_(group["momentum"]).add_(step)
            else:
                state["momentum_buffer"] = step
        if group["weight_decay"]:
            step = step + group["weight_decay"] * parameter
        parameter.sub_(group["lr"] * step)
