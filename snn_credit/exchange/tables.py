"""What a run measured as pandas tables and xarray arrays, with names, coordinates and units."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snn_credit.errors import InputError
from snn_credit.exchange.extras import need
from snn_credit.recording import Run

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def metrics_frame(run: Run, table: str) -> pd.DataFrame:
    """Return a table of metrics, such as ``learning``: a row per evaluation.

    Raises
    ------
    InputError
        If there is no such table, or pandas is missing.
    """
    return need("pandas", "tables").DataFrame(run.metrics(table))


def stream_frame(run: Run) -> pd.DataFrame:
    """Return what was presented, a row per presentation."""
    return need("pandas", "tables").DataFrame(run.stream)


def spikes_frame(
    run: Run,
    population: str | None = None,
    start_ms: float | None = None,
    stop_ms: float | None = None,
) -> pd.DataFrame:
    """Return spikes in order of time, a row each: ``population``, ``neuron``, ``time_ms``.

    Parameters
    ----------
    run : Run
    population : str, optional
        One of them. All, if nothing is said.
    start_ms, stop_ms : float, optional
        From start (included) to stop (not).

    Raises
    ------
    InputError
        If nothing was recorded of that population, or pandas is missing.
    """
    pandas = need("pandas", "tables")
    recorded = run.names("spikes")
    names = [name for name in run.populations if name in recorded]
    frames = []
    for name in names if population is None else [population]:
        times, neurons = run.spikes(name, start_ms, stop_ms)
        frames.append(pandas.DataFrame({"neuron": neurons, "time_ms": times}))
        frames[-1].insert(0, "population", pandas.Categorical([name] * len(times), names))
    if not frames:
        return pandas.DataFrame({"population": [], "neuron": [], "time_ms": []})
    whole = pandas.concat(frames, ignore_index=True)
    return whole.sort_values("time_ms", kind="stable", ignore_index=True)


def result_frame(path: str | PathLike[str]) -> pd.DataFrame:
    """Return the numbers of one ``result.json``, or of all in a folder, in long form.

    Parameters
    ----------
    path : path
        The file, or a folder: then all files of that name in it and below, but those of single
        seeds beside which there is one over all seeds.

    Returns
    -------
    DataFrame
        A row per number: ``experiment``, ``preset``, ``device``, ``row``, ``column``, ``quantity``
        (paper, measured or spread), ``value``, NaN where there is none.

    Raises
    ------
    InputError
        If there is no such file, one is no result, or pandas is missing.
    """
    pandas = need("pandas", "tables")
    place = Path(path)
    if place.is_file():
        files = [place]
    else:
        every = sorted(place.rglob("result.json"))
        files = [file for file in every if file.parent == place or not _of_one_seed(file)]
    if not files:
        raise InputError(f"{place}: expected a result.json, or a folder with some (got none)")
    names = ("experiment", "preset", "device", "row", "column", "quantity", "value")
    return pandas.DataFrame([row for file in files for row in _numbers(file)], columns=list(names))


def _of_one_seed(file: Path) -> bool:
    folder = file.parent
    return folder.name.startswith("seed-") and (folder.parent / "result.json").exists()


def _numbers(file: Path) -> list[tuple[Any, ...]]:
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
        head = tuple(result[name] for name in ("experiment", "preset", "device"))
        return [
            (*head, row, column, quantity, float("nan") if value is None else float(value))
            for quantity in ("paper", "measured", "spread")
            for row, columns in result[quantity].items()
            for column, value in columns.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: expected the result of a run (got another file)") from error


def traces_array(run: Run, population: str, variable: str) -> xr.DataArray:
    """Return a trace: dimensions ``time_ms`` and ``neuron``, attribute ``units``.

    Raises
    ------
    InputError
        If it was not recorded, or xarray is missing.
    """
    xarray = need("xarray", "arrays")
    times, neurons, values = run.trace(population, variable)
    array = xarray.DataArray(
        values,
        dims=("time_ms", "neuron"),
        coords={"time_ms": times, "neuron": neurons},
        name=variable,
        attrs={"units": run.unit(population, variable), "population": population},
    )
    array["time_ms"].attrs["units"] = "ms"
    return array


def weights_array(run: Run, projection: str, variable: str = "w") -> xr.DataArray:
    """Return snapshots of weights: dimensions ``time_ms``, ``post`` and ``pre``.

    0 stands where a sparse projection has no synapse. Weights have no unit.

    Raises
    ------
    InputError
        If there are no snapshots, or xarray is missing.
    """
    xarray = need("xarray", "arrays")
    times, values = run.weights(projection, variable)
    _, n_post, n_pre = values.shape
    array = xarray.DataArray(
        values,
        dims=("time_ms", "post", "pre"),
        coords={"time_ms": times, "post": range(n_post), "pre": range(n_pre)},
        name=variable,
        attrs={"units": "1", "projection": projection},
    )
    array["time_ms"].attrs["units"] = "ms"
    return array
