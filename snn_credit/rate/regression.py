"""Learning a function from examples that are drawn one after another.

    W_t = W_{t-1} - lr v_t,   v_t = momentum v_{t-1} + g_t        (Lillicrap et al. 2016, Note 8)
    or Adam, as torch has it

g_t: the rule's changes, the mean over the examples of a step, with the sign of a gradient. There is
no data set: each example is seen once, unless whoever draws them repeats them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import SGD, Adam, Optimizer

from snn_credit.errors import DivergedError, InputError, one_of
from snn_credit.progress import Progress, Silent
from snn_credit.rate.convert import present
from snn_credit.rate.engine import Engine
from snn_credit.rate.layers import settle_all
from snn_credit.rate.losses import squared_error
from snn_credit.rate.stack import Loss
from snn_credit.rate.support import is_count

#: How many examples -> inputs (n, n_in) and targets (n, n_out), as `Task.draw` of
#: `snn_credit.data.tasks` does.
Draw = Callable[[int], tuple[NDArray[Any], NDArray[Any]]]
#: Given the module, numbers by name.
Look = Callable[[nn.Module], Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class Course:
    """What was seen of a module while it learned.

    Attributes
    ----------
    examples : ndarray of int64, shape (n,)
        Examples learned before each look; the first is 0, the last all of them.
    seen : mapping of str to ndarray of float64, shape (n,)
        What was looked at.
    """

    examples: NDArray[np.int64]
    seen: Mapping[str, NDArray[np.float64]]

    def first_below(self, name: str, threshold: float) -> float | None:
        """Return after how many examples a number first was below a threshold; None for never."""
        found = np.flatnonzero(self.seen[name] < threshold)
        return float(self.examples[found[0]]) if len(found) else None


def learn(
    module: nn.Module,
    draw: Draw,
    *,
    examples: int,
    lr: float,
    batch: int = 1,
    optimiser: str = "SGD",
    momentum: float = 0.0,
    loss: Loss = squared_error,
    look: Look = lambda module: {},
    every: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    what: str = "learning",
) -> Course:
    """Teach a module a function, in place.

    Parameters without ``requires_grad`` stay as they are.

    Parameters
    ----------
    module : nn.Module
        One that `snn_credit.rate.convert` made, or any other, which learns by backpropagation.
    draw : callable
        Given n, the next n inputs and targets.
    examples, batch : int
        How many in all, and how many a step; the last step may have fewer.
    optimiser : str
        'SGD' or 'Adam'.
    lr, momentum : float
        lr >= 0, 0 <= momentum < 1; Adam has no use for the momentum.
    loss : callable
        Each example's loss, (batch,), of outputs and targets.
    look : callable
        What to measure of the module, in evaluation mode.
    every : int, optional
        Examples between two looks, rounded up to whole steps; without it only the start and the end
        are looked at.
    seed : int, optional
        Of noise and dropout; without it torch's random numbers go on where they are.
    progress, what
        Who to tell, and the name of the phase there.

    Returns
    -------
    Course
        What was looked at.

    Raises
    ------
    InputError
        If a number is out of its range, the optimiser unknown, or the loss not finite (the message
        says when).
    """
    _check(examples, batch, every, lr, momentum)
    if seed is not None:
        torch.manual_seed(seed)
    like = next(module.parameters())
    optimising = _optimiser(optimiser, module, lr, momentum)
    engine = Engine.of(module, optimising)
    tell = progress or Silent()
    rows: list[dict[str, float]] = []

    def note(done: int) -> None:
        module.eval()
        rows.append({"examples": done, **look(module)})
        module.train()
        tell.update(done, **{k: v for k, v in rows[-1].items() if k != "examples"})

    tell.start(examples, "examples", what)
    try:
        note(0)
        done, due = 0, every or examples
        while done < examples:
            n = min(batch, examples - done)
            x, y = (torch.as_tensor(part).to(like) for part in draw(n))
            optimising.zero_grad(set_to_none=True)
            value, _ = engine.present(x, y, loss) if engine else present(module, x, y, loss)
            if not math.isfinite(value):
                raise DivergedError(
                    f"lr: one that keeps the loss finite (got {value:g} after {done} examples)",
                    math.ceil((done + n) / batch),
                )
            (engine or optimising).step()
            settle_all(module)
            done += n
            if done >= due or done == examples:
                note(done)
                due = done + (every or examples)
    finally:
        tell.stop()
    columns = {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}
    return Course(columns.pop("examples").astype(np.int64), columns)


def in_random_order(x: NDArray[Any], y: NDArray[Any], seed: int) -> Draw:
    """Return draws of given examples: all of them in a random order, then in another, and so on.

    Parameters
    ----------
    x, y : (examples, n_in), (examples, n_out)
        Inputs and targets.
    seed : int
        Of the orders.
    """
    random = np.random.default_rng((seed, *map(ord, "order")))
    left = np.zeros(0, np.int64)

    def draw(n: int) -> tuple[NDArray[Any], NDArray[Any]]:
        nonlocal left
        while len(left) < n:
            left = np.concatenate([left, random.permutation(len(x))])
        chosen, left = left[:n], left[n:]
        return x[chosen], y[chosen]

    return draw


def error_on(x: NDArray[Any], y: NDArray[Any]) -> Look:
    """Return a look at the NSE on these inputs (n, n_in) and targets (n, n_out), as ``nse``."""
    from snn_credit.analysis import nse

    inputs = torch.as_tensor(x)

    def look(module: nn.Module) -> Mapping[str, float]:
        with torch.no_grad():
            return {"nse": nse(module(inputs.to(next(module.parameters()))).cpu().numpy(), y)}

    return look


def freeze(module: nn.Module, *names: str) -> None:
    """Let the parameters of these layers stay as they are, and all others learn.

    Parameters
    ----------
    names
        Of layers, as in ``module.named_modules()``; none sets all of them free.

    Raises
    ------
    InputError
        If there is no layer of a name.
    """
    layers = dict(module.named_modules())
    for name in names:
        if name not in layers:
            known = ", ".join(key for key in layers if key)
            raise InputError(f"freeze: layers of {known} (got {name!r})")
    module.requires_grad_(True)
    for name in names:
        layers[name].requires_grad_(False)


def _optimiser(name: str, module: nn.Module, lr: float, momentum: float) -> Optimizer:
    learning = [p for p in module.parameters() if p.requires_grad]
    if name == "SGD":
        return SGD(learning, lr, momentum)
    if name == "Adam":
        return Adam(learning, lr)
    raise InputError(f"optimiser: {one_of(name, ('SGD', 'Adam'))} (got {name!r})")


def _check(examples: int, batch: int, every: int | None, lr: float, momentum: float) -> None:
    for name, count in (("examples", examples), ("batch", batch), ("every", every)):
        if count is not None and not is_count(count):
            raise InputError(f"{name}: an integer >= 1 (got {count!r})")
    if not (math.isfinite(lr) and lr >= 0):
        raise InputError(f"lr: a number >= 0 (got {lr})")
    if not 0 <= momentum < 1:
        raise InputError(f"momentum: a number from 0 up to, not at, 1 (got {momentum})")
