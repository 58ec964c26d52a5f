"""What every function of this package takes: a source, and which part of it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any, TypedDict

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from snn_credit.analysis.spikes.data import Spikes
from snn_credit.analysis.spikes.source import Source, spikes_of
from snn_credit.analysis.spikes.stimuli import Stimuli
from snn_credit.errors import InputError


class Where(TypedDict, total=False):
    """Which part of a source, and where to draw: keywords of every function, all optional.

    ============  ==========================================================================
    population    of a run file; may be left out where only one was recorded
    window        name of a recorded window of a run file; all of them by default
    start_ms      from here on (included)
    stop_ms       up to here (not included)
    size          how many neurons a pair of arrays is about; by default up to the last one
                  that fired
    neurons       only these, by their numbers
    stimuli       `Stimuli` that were shown, where the source does not know them
    ax            matplotlib Axes to draw the result into
    ============  ==========================================================================
    """

    population: str | None
    window: str | None
    start_ms: float | None
    stop_ms: float | None
    size: int | None
    neurons: ArrayLike | None
    stimuli: Stimuli | None
    ax: Axes | None


def select(source: Source, where: Where) -> Spikes:
    """Return the spikes that are meant: `spikes_of`, without the Axes."""
    chosen: dict[str, Any] = {name: value for name, value in where.items() if name != "ax"}
    return spikes_of(source, **chosen)


def elephant(name: str, module: str) -> ModuleType:
    """Return a module of elephant, for the function ``name``.

    Raises
    ------
    InputError
        If elephant is not installed.
    """
    try:
        return import_module(f"elephant.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "elephant":
            raise
        raise InputError(
            f"{name}: elephant is needed, pip install 'snn-credit[analysis]' (got none)"
        ) from error
