"""The numbers of a run: one seed's, the means over seeds, and what they were made with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from snn_credit.harness.experiment import Table

Numbers = dict[str, dict[str, float | None]]


def same_shape(*tables: Table) -> list[Numbers]:
    """Give tables each other's rows and columns; None where one has no finite number."""
    rows: dict[str, dict[str, None]] = {}
    for table in tables:
        for row, columns in table.items():
            rows.setdefault(row, {}).update(dict.fromkeys(columns))
    return [
        {row: {column: _number(table.get(row, {}).get(column)) for column in columns}
         for row, columns in rows.items()}
        for table in tables
    ]  # fmt: skip


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def over_seeds(tables: Sequence[Table]) -> tuple[Numbers, Numbers]:
    """Return the means over seeds and their sample standard deviations.

    Both are None where a seed has no finite number: a run that diverged must not vanish from a
    mean. With one seed every spread is None.
    """
    shaped = same_shape(*tables)

    def each(function: Callable[[list[float]], float], least: int) -> Numbers:
        return {
            row: {column: _of_seeds([t[row][column] for t in shaped], function, least)
                  for column in columns}
            for row, columns in shaped[0].items()
        }  # fmt: skip

    return each(statistics.fmean, 1), each(statistics.stdev, 2)


def _of_seeds(
    values: list[float | None], function: Callable[[list[float]], float], least: int
) -> float | None:
    numbers = [value for value in values if value is not None]
    return function(numbers) if len(numbers) == len(values) >= least else None


def result(
    *, experiment: str, preset: str, config: dict[str, Any], device: str, paper: Table,
    tables: dict[int, Table], seconds: float, resumed: bool,
) -> dict[str, Any]:  # fmt: skip
    """Return what ``result.json`` holds.

    Parameters
    ----------
    experiment, preset, device : str
        What ran, as it was asked for.
    config : dict
        The resolved settings.
    paper : Table
        The paper's numbers.
    tables : dict
        Seed -> measured table.
    seconds : float
        Wall-clock seconds, summed over seeds; of a resumed seed, its last session's.
    resumed : bool
        Whether a seed was continued from an earlier session.
    """
    # with it comes h5py, which a refused command need not wait for
    from snn_credit.recording.provenance import now, provenance

    measured, spread = over_seeds(list(tables.values()))
    measured, spread, printed = same_shape(measured, spread, paper)
    return {
        "experiment": experiment,
        "preset": preset,
        "seeds": list(tables),
        "seconds": round(seconds, 3),
        "device": device,
        "provenance": {"config": config, "resumed": resumed, "finished": now(), **provenance()},
        "paper": printed,
        "measured": measured,
        "spread": spread,
    }
