"""The whole state of a training as plain arrays, for a run file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import Optimizer

from snn_credit.errors import InputError

_RANDOM = "random numbers"

#: By their names in a checkpoint.
Optimisers = Mapping[str, Optimizer]


def pack(
    module: nn.Module, optimisers: Optimisers
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return arrays and plain values: a module's, its optimisers', torch's generators'."""
    arrays = {f"module.{name}": _array(value) for name, value in module.state_dict().items()}
    groups = {}
    for which, optimiser in optimisers.items():
        state = optimiser.state_dict()
        for number, kept in state["state"].items():
            for name, value in kept.items():
                if value is not None:
                    arrays[f"{which}.{number}.{name}"] = _array(torch.as_tensor(value))
        groups[which] = [
            {k: v for k, v in group.items() if k != "params"} for group in state["param_groups"]
        ]
    arrays[_RANDOM] = torch.get_rng_state().numpy()
    if torch.cuda.is_available():
        arrays[f"{_RANDOM}, GPU"] = torch.cuda.get_rng_state().numpy()
    return arrays, {"groups": groups}


def unpack(
    arrays: dict[str, NDArray[Any]],
    plain: dict[str, Any],
    module: nn.Module,
    optimisers: Optimisers,
) -> None:
    """Put a state that `pack` returned back.

    Raises
    ------
    InputError
        If it is that of other optimisers.
    """
    groups = plain["groups"]
    if not isinstance(groups, Mapping) or set(groups) != set(optimisers):
        names = ", ".join(groups) if isinstance(groups, Mapping) else "optimisers without names"
        raise InputError(f"resume: a run file with {', '.join(optimisers)} (got {names})")
    module.load_state_dict(
        {name.removeprefix("module."): torch.from_numpy(np.array(value))
         for name, value in arrays.items() if name.startswith("module.")}
    )  # fmt: skip
    for which, optimiser in optimisers.items():
        state = optimiser.state_dict()
        for name, value in arrays.items():
            if name.startswith(f"{which}."):
                _, number, key = name.split(".", 2)
                kept = state["state"].setdefault(int(number), {})
                kept[key] = torch.from_numpy(np.array(value))
        for group, kept in zip(state["param_groups"], groups[which], strict=True):
            group.update({k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()})
        optimiser.load_state_dict(state)
    torch.set_rng_state(torch.from_numpy(np.array(arrays[_RANDOM])))
    if f"{_RANDOM}, GPU" in arrays and torch.cuda.is_available():
        torch.cuda.set_rng_state(torch.from_numpy(np.array(arrays[f"{_RANDOM}, GPU"])))


def _array(value: torch.Tensor) -> NDArray[Any]:
    return value.detach().cpu().numpy()
