"""A training that is over, in a run file of its own: for runs that train one network after another.

It holds the learning curve and the module as it is at the end, where `snn_credit.rate.fit` with a
``path`` writes weights at each evaluation and can go on in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from snn_credit.rate.training import History
from snn_credit.recording import Population, RunFile, open_run

_MODULE = "module."


def keep(
    path: str | PathLike[str],
    history: History,
    *,
    experiment: str,
    config: Mapping[str, Any],
    seed: int,
    sizes: tuple[int, int],
) -> None:
    """Write what a training measured and its module to a new run file.

    Parameters
    ----------
    path : path
        A file there is replaced.
    history : History
        Of `snn_credit.rate.fit`.
    experiment, config, seed
        What the file says that it is.
    sizes : (int, int)
        Of input and output.
    """
    Path(path).unlink(missing_ok=True)
    roles = zip(("input", "output"), sizes, strict=True)
    with RunFile.create(
        path,
        experiment=experiment,
        config=config,
        seed=seed,
        device=f"torch {next(history.module.parameters()).device}",
        populations={role: Population(size, role) for role, size in roles},
    ) as file:
        test = np.full(len(history.images_seen), np.nan)
        test[-1] = history.test_error
        curve = {"train_error": history.train_error, "validation_error": history.validation_error}
        columns = {"images_seen": history.images_seen, **curve, **history.watched}
        file.append_metrics("learning", {**columns, "test_error": test})
        state = history.module.state_dict()
        arrays = {f"{_MODULE}{name}": value.cpu().numpy() for name, value in state.items()}
        file.checkpoint(1, arrays)
        file.finish()


def kept(path: str | PathLike[str], module: nn.Module) -> History | None:
    """Return what a file of `keep` holds, with the module brought to its end; None without one.

    Parameters
    ----------
    path : path
    module : nn.Module
        One of the same form, which is changed.
    """
    if not Path(path).exists() or not (run := open_run(path)).complete:
        return None
    columns, point = run.metrics("learning"), run.checkpoint
    assert point is not None  # the file is complete
    module.load_state_dict(
        {name.removeprefix(_MODULE): torch.from_numpy(np.array(value))
         for name, value in point.arrays.items()}
    )  # fmt: skip
    return History(
        columns.pop("images_seen").astype(np.int64),
        columns.pop("train_error"),
        columns.pop("validation_error"),
        test_error=float(columns.pop("test_error")[-1]),
        watched=columns,
        module=module,
    )
