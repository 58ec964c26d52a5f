"""Training on several processes, under ``torchrun``: torch's DistributedDataParallel.

Each process takes its part of every batch. A rule's changes are the mean over a batch, so the mean
of the processes' changes, weighted by how many examples each had, is that of the whole batch:

    g = sum_r (n_r / n) g_r

where a process whose part of a short batch is empty shows one example of another's, with weight 0.
The result is that of one process up to rounding, unless something is drawn at random for each
example (dropout, noise, augmentation), or a module takes statistics over its own part (batch
normalisation, the batch means of `snn_credit.rate.Operations`): those are each process's own.
Process 0 evaluates and writes the run file.
"""

import atexit
import os
from collections.abc import Callable
from copy import deepcopy
from inspect import signature
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.futures import Future
from torch.nn.parallel import DistributedDataParallel

# Buffers are the same in all processes from the start on, so no step has to send them. torch 2.13
# gave the switch another name.
_SENT = "forward_sync_buffers"
_NO_BUFFERS: dict[str, Any] = {
    _SENT if _SENT in signature(DistributedDataParallel).parameters else "broadcast_buffers": False
}


class Team:
    """The processes of a training, seen from one of them; a team of one outside ``torchrun``.

    Parameters
    ----------
    device : torch.device
        Where the module is: processes on GPUs talk by NCCL, others by Gloo.

    Attributes
    ----------
    rank, size : int
        This process, from 0, and how many there are.
    """

    rank: int
    size: int

    def __init__(self, device: torch.device) -> None:
        self.rank, self.size, self._weight = 0, 1, 1.0
        self._device = device
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            if not dist.is_initialized():
                dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
                atexit.register(_leave)
            self.rank, self.size = dist.get_rank(), dist.get_world_size()

    @property
    def leads(self) -> bool:
        """Whether this process evaluates and writes."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """Return a module whose changes are the team's: itself in a team of one."""
        if self.size == 1:
            return module
        for buffer in module.buffers():
            dist.broadcast(buffer, 0)
        wrapped = DistributedDataParallel(module, **_NO_BUFFERS)
        wrapped.register_comm_hook(self, _summed)
        return wrapped

    def part(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return this process's part of a batch."""
        mine = chosen[self.rank :: self.size]
        return mine if len(mine) else chosen[:1]

    def weigh(self, chosen: NDArray[np.int64]) -> None:
        """Note how much of a batch the coming changes are made of."""
        self._weight = len(chosen[self.rank :: self.size]) / len(chosen)

    def own_seed(self, *numbers: int) -> int:
        """Return a seed of this process's own."""
        return int(np.random.SeedSequence((*numbers, self.rank)).generate_state(1)[0])

    def mean(self, loss: Tensor) -> float:
        """Return the mean loss over the whole batch, of each process's mean over its part."""
        if self.size == 1:
            return float(loss)
        total = (loss * self._weight).to(torch.float64)
        dist.all_reduce(total)
        return float(total)

    def told(self, say: Callable[[], Any]) -> Any:
        """Return what process 0 says; the others do not work it out."""
        if self.size == 1:
            return say()
        told = [say() if self.leads else None]
        dist.broadcast_object_list(told, 0, device=self._device)
        return told[0]


def on_own_device(module: nn.Module) -> nn.Module:
    """Move a module, in place, to this process's GPU, if there is one."""
    if torch.cuda.is_available():
        module.to(torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))))
    return module


def untaught(present: Callable[[nn.Module], object], module: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that a rule leaves alone, by presenting something to a copy.

    DistributedDataParallel would give them a change of 0, where an optimiser makes none at all.
    """
    copy = deepcopy(module)
    copy.zero_grad()
    copy.train()
    with torch.random.fork_rng():
        present(copy)
    silent = {name for name, parameter in copy.named_parameters() if parameter.grad is None}
    return [p for name, p in module.named_parameters() if name in silent and p.requires_grad]


def _summed(
    team: Team,
    bucket: dist.GradBucket,  # pyright: ignore[reportPrivateImportUsage]
) -> Future[Tensor]:
    changes = bucket.buffer().mul_(team._weight)
    work: Any = dist.all_reduce(changes, async_op=True)
    return work.get_future().then(lambda done: done.value()[0])


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
