"""How figures look: small sans-serif type, thin lines, few colours that all eyes tell apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.ticker import LogFormatter

P = ParamSpec("P")
R = TypeVar("R")

INK = "#1a1a1a"
FAINT = "#d9d9d9"
GREY = "#7a7a7a"
RIGHT = "#1b7f5c"
TINT = "#e3f1ec"
WRONG = "#c1442d"
POTENTIAL = "#1f4e9c"
MODULATOR = "#c1442d"
LEARNERS = ("#c1442d", "#e08a3c", "#1a1a1a", "#8c8c8c", "#1f4e9c", "#1b7f5c", "#7b5aa6", "#b58900")

WIDTH = 7.2
"""Width of a journal's page in inches."""

_RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "mathtext.fontset": "stixsans",
    "font.size": 7.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "axes.linewidth": 0.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 0.8,
    "lines.solid_capstyle": "round",
    "figure.dpi": 200,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a function draw in this style, without a change to matplotlib's own settings."""

    @wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(_RC):
            return draw(*args, **kwargs)

    return wrapped


def open_axes(ax: Axes, *, bottom: bool = True) -> None:
    """Leave only the left spine, and the bottom one where time is labelled."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines["bottom"].set_visible(bottom)
    ax.tick_params(axis="x", bottom=bottom, labelbottom=bottom)


def between_powers() -> LogFormatter:
    """Name the minor ticks of a logarithmic axis that spans less than a power of ten."""
    return LogFormatter(minor_thresholds=(1.0, 0.4))
