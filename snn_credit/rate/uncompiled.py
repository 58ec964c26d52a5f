"""Functions that ``torch.compile`` calls as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch

Function = TypeVar("Function", bound=Callable[..., Any])


def uncompiled(function: Function) -> Function:
    """Keep a function from being traced: it reads declarations, or uses autograd itself."""
    return cast("Function", torch.compiler.disable(function))
