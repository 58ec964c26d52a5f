"""Brian's TimedArrays on a device."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snn_credit.dense.tensors.functions import take


class Table:
    """Values as a function of time, or of time and a column.

    A table of columns has one column of NaN before the first and one after the last: that is what
    any other column gives, as in Brian.

    Parameters
    ----------
    values
        ``(rows,)`` or ``(rows, columns)``, in memory that may change between runs: see ``load``.
    dt
        Time between rows, in seconds.
    factor
        Brian's upsampling factor: how finely it rounds times before it looks up a row.
    """

    def __init__(
        self, values: NDArray[Any], dt: float, factor: int, device: torch.device | str
    ) -> None:
        self._given, self._factor = values, float(factor)
        self._step, self._last = dt / factor, len(values) - 1
        self.columns = values.shape[1] if values.ndim == 2 else 0
        shape = (len(values), self.columns + 2) if self.columns else (len(values),)
        self._values = torch.full(shape, float("nan"), dtype=torch.float64, device=device)
        self.load()

    @staticmethod
    def bytes_of(values: NDArray[Any]) -> int:
        """Return the memory that a table takes on the device."""
        return 8 * (values.size + (2 * len(values) if values.ndim == 2 else 0))

    def load(self) -> None:
        """Take the values as they are now."""
        inside = self._values[:, 1:-1] if self.columns else self._values
        inside.copy_(torch.from_numpy(np.asarray(self._given, np.float64)))

    def _row(self, t: Tensor) -> Tensor:
        found = ((t.to(torch.float64) / self._step + 0.5) / self._factor).to(torch.int64)
        return found.clamp(0, self._last)

    def at(self, t: Tensor, column: Tensor | int | None = None) -> Tensor:
        """Return the value of a time, or of a time and a column."""
        if column is None:
            return take(self._values, self._row(t))
        if isinstance(column, int):
            inside = min(max(column, -1), self.columns) + 1
        else:
            inside = column.to(torch.int64).clamp(-1, self.columns) + 1
        return take(self._values, self._row(t) * (self.columns + 2) + inside)
