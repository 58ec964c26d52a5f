"""Flows in the plane of two weights: arrows, where they rest, what leads astray, paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from snn_credit.analysis.style import FAINT, GREY, INK, POTENTIAL, WIDTH, WRONG, styled
from snn_credit.errors import InputError

Values = NDArray[np.float64]
Curve = tuple[Values, Values]

_KINDS: dict[str, dict[str, Any]] = {
    "good": {"color": POTENTIAL, "linewidth": 2.2},
    "bad": {"color": WRONG, "linewidth": 2.2},
    "unstable": {"color": WRONG, "linewidth": 1.4, "dashes": (2, 1.5)},
}

#: What the kinds of rest and the region are called in Lillicrap et al. 2016.
NAMES = {
    "good": "stable, e W B e > 0",
    "bad": "stable, e W B e < 0",
    "unstable": "unstable",
    "region": "leads to e W B e < 0",
}


@dataclass(frozen=True)
class Plane:
    """A flow over a grid of two weights, A (across) and W (upwards) unless ``labels`` say else.

    Attributes
    ----------
    a, w : (n,), (m,)
        The grid, ascending.
    da, dw : (m, n)
        The flow there; arrows show its direction, and by their length the root of its size.
    region : (k, k)
        True where the flow leads astray, over the same stretch of A and W.
    rest : mapping of 'good', 'bad', 'unstable' to curves
        Where the flow rests: each curve is (A, W).
    paths : sequence of curves
        From where the flow was followed.
    labels : (str, str)
        Of the two axes.
    names : mapping
        What the kinds of rest and the 'region' are called.
    title : str
    """

    a: Values
    w: Values
    da: Values
    dw: Values
    region: NDArray[np.bool_]
    rest: Mapping[str, Sequence[Curve]]
    paths: Sequence[Curve] = ()
    labels: tuple[str, str] = ("A", "W")
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)
    title: str = ""


@styled
def flow_field(plane: Plane) -> Figure:
    """Draw the plane, as in Lillicrap et al. 2016, Supplementary Figure 10b.

    Raises
    ------
    InputError
        If the flow has not the grid's shape, or a kind of rest is unknown.
    """
    figure = Figure(figsize=(4.6, 3.5), layout="constrained")
    _draw(figure.subplots(), plane)
    _legend(figure, "outside right upper", 1)
    return figure


@styled
def flow_fields(planes: Sequence[Plane]) -> Figure:
    """Draw planes side by side with one legend, as in Kunin et al. 2020, Figure 2a-c.

    Raises
    ------
    InputError
        See `flow_field`; or if there is no plane.
    """
    if not planes:
        raise InputError("planes: one or more (got none)")
    side = WIDTH / max(len(planes), 2)
    figure = Figure(figsize=(side * len(planes), side + 0.35), layout="constrained")
    for ax, plane in zip(figure.subplots(1, len(planes), squeeze=False)[0], planes, strict=True):
        _draw(ax, plane)
    _legend(figure, "outside lower center", 4)
    return figure


def _draw(ax: Axes, plane: Plane) -> None:
    shape = (len(plane.w), len(plane.a))
    for name, part in (("da", plane.da), ("dw", plane.dw)):
        if part.shape != shape:
            raise InputError(f"{name}: expected the shape of the grid {shape} (got {part.shape})")
    unknown = sorted(set(plane.rest) - set(_KINDS))
    if unknown:
        raise InputError(f"rest: of {', '.join(_KINDS)} (got {unknown[0]!r})")
    edges = (plane.a[0], plane.a[-1], plane.w[0], plane.w[-1])
    ax.imshow(
        np.ma.masked_equal(plane.region, False), extent=edges, origin="lower", aspect="auto",
        cmap=ListedColormap([FAINT]), interpolation="nearest", zorder=0,
    )  # fmt: skip
    _arrows(ax, plane)
    for kind, curves in plane.rest.items():
        for a, w in curves:
            ax.plot(a, w, zorder=3, label=plane.names[kind], **_KINDS[kind])
    for a, w in plane.paths:
        ax.plot(a, w, color=INK, linewidth=1.4, label="path", zorder=4)
        ax.plot(a[:1], w[:1], "o", color=INK, markersize=3, zorder=4)
        ax.plot(a[-1:], w[-1:], "s", color=INK, markersize=3, zorder=4)
    if plane.region.any():
        ax.plot([], [], "s", color=FAINT, markersize=6, label=plane.names["region"])
    ax.set(xlim=edges[:2], ylim=edges[2:], xlabel=plane.labels[0], ylabel=plane.labels[1],
           title=plane.title)  # fmt: skip


def _legend(
    figure: Figure, where: Literal["outside right upper", "outside lower center"], columns: int
) -> None:
    """Name each kind of line once."""
    lines: dict[str, Artist] = {}
    for ax in figure.axes:
        for line, label in zip(*ax.get_legend_handles_labels(), strict=True):
            lines.setdefault(label, line)
    figure.legend(
        list(lines.values()), list(lines), loc=where, ncols=columns, frameon=False, fontsize=6.5,
        handlelength=1.8,
    )  # fmt: skip


def _arrows(ax: Axes, plane: Plane) -> None:
    size = np.hypot(plane.da, plane.dw)
    # By the root of the size: arrows far from rest would hide those near it.
    shrink = np.divide(1.0, np.sqrt(size), out=np.zeros_like(size), where=size > 0)
    ax.quiver(
        plane.a, plane.w, plane.da * shrink, plane.dw * shrink, color=GREY, angles="xy",
        width=0.0022, headwidth=4, zorder=1,
    )  # fmt: skip
