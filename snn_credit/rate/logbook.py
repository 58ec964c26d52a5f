"""A training's run file: its learning curve, its weights, and where to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from torch import nn

from snn_credit.errors import InputError
from snn_credit.rate.checkpoint import Optimisers, pack, unpack
from snn_credit.recording import Population, RunFile, open_run


class Training(Protocol):
    """What is being written down."""

    module: nn.Module
    data: Any
    settings: Any
    seen: int
    rows: list[dict[str, float]]

    @property
    def optimisers(self) -> Optimisers:
        """Those of the module, by their names in a checkpoint."""
        ...

    def go_on_at(self, seen: int, rows: list[dict[str, float]]) -> None:
        """Take a checkpoint's place, in a module that then has all that is in the checkpoint."""
        ...


class Logbook:
    """Writes a training to a run file, or to none.

    Parameters
    ----------
    path
        The file; None writes nothing.
    training
        With ``resume`` it is brought to where the file ends.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None,
        training: Training,
        experiment: str | None,
        config: Mapping[str, Any] | None,
        resume: bool,
    ) -> None:
        self._training, self._file = training, None
        if path is None:
            return
        if resume and Path(path).exists():
            if open_run(path).complete:
                raise InputError(f"{path}: a run to go on with (got a complete one)")
            self._file = RunFile.resume(path)
            self._go_on()
            return
        device = next(training.module.parameters()).device
        self._file = RunFile.create(
            path,
            experiment=experiment or "training",
            config=dict(config) if config is not None else _plain(training.settings),
            seed=training.settings.seed,
            device=f"torch {device}",
            populations={
                "input": Population(training.data.features, "input"),
                "output": Population(training.data.classes, "output"),
            },
        )

    def note(self, row: Mapping[str, float]) -> None:
        """Write a row of the learning curve and a checkpoint."""
        if self._file is None:
            return
        training = self._training
        self._file.append_metrics("learning", {**row, "test_error": None})
        for name, value in training.module.named_parameters():
            if value.ndim == 2 and name.endswith("weight"):
                weights = value.detach().cpu().numpy()
                self._file.append_weights(name.replace("/", "."), training.seen, {"w": weights})
        arrays, plain = pack(training.module, training.optimisers)
        host = {"seen": training.seen, "rows": training.rows, **plain}
        self._file.checkpoint(len(training.rows), arrays, host)
        self._file.commit()

    def finish(self, test_error: float) -> None:
        """Write the test error, and that the run is complete."""
        if self._file is not None:
            last = self._training.rows[-1]
            self._file.append_metrics("learning", {**last, "test_error": test_error})
            self._file.finish()

    def _go_on(self) -> None:
        assert self._file is not None
        point, training = self._file.last_checkpoint(), self._training
        if point is None:
            return
        host = dict(point.host)
        training.go_on_at(host["seen"], host["rows"])
        unpack(dict(point.arrays), host, training.module, training.optimisers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def _plain(settings: Any) -> dict[str, Any]:
    """Return settings without functions, those within settings too."""
    found = {name: value for name, value in vars(settings).items() if not callable(value)}
    return {name: _plain(v) if is_dataclass(v) else v for name, v in found.items()}
