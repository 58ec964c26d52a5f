"""What a function of analysis returns: numbers with names, which can draw themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snn_credit.analysis.style import open_axes, styled

R = TypeVar("R", bound="Result")


@dataclass(frozen=True)
class Result(ABC):
    """Some numbers and how they are looked at. Units are in the names: ``rate_hz``."""

    #: Width and height of a figure of its own, in inches.
    figsize: ClassVar[tuple[float, float]] = (3.5, 2.2)

    @styled
    def draw(self, ax: Axes | None = None) -> Axes:
        """Draw into ``ax``, or into a figure of its own.

        Returns
        -------
        Axes
            ``result.draw().figure.savefig("file.png")`` writes the figure.
        """
        if ax is None:
            ax = Figure(figsize=self.figsize, layout="constrained").add_subplot()
        open_axes(ax)
        _resize(ax)
        self._draw(ax)
        return ax

    @abstractmethod
    def _draw(self, ax: Axes) -> None:
        """Draw into Axes that are empty and in this package's style."""


def _resize(ax: Axes) -> None:
    """Give Axes that were made in another style the sizes of this one."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(mpl.rcParams["axes.labelsize"])
    ax.tick_params(labelsize=mpl.rcParams["xtick.labelsize"])


def drawn(result: R, ax: Axes | None) -> R:
    """Return the result; draw it before, if there is somewhere to."""
    if ax is not None:
        result.draw(ax)
    return result
