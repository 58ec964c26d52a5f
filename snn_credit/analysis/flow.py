"""A flow in the plane of two weights: arrows, where it rests, what leads astray, paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from snn_credit.analysis.style import FAINT, GREY, INK, POTENTIAL, WRONG, styled
from snn_credit.errors import InputError

Values = NDArray[np.float64]
Curve = tuple[Values, Values]

_KINDS: dict[str, dict[str, Any]] = {
    "good": {"color": POTENTIAL, "linewidth": 2.2},
    "bad": {"color": WRONG, "linewidth": 2.2},
    "unstable": {"color": WRONG, "linewidth": 1.4, "dashes": (2, 1.5)},
}
_NAMES = {"good": "stable, e W B e > 0", "bad": "stable, e W B e < 0", "unstable": "unstable"}


@dataclass(frozen=True)
class Plane:
    """A flow over a grid of A (across) and W (upwards).

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
    """

    a: Values
    w: Values
    da: Values
    dw: Values
    region: NDArray[np.bool_]
    rest: Mapping[str, Sequence[Curve]]
    paths: Sequence[Curve] = ()


@styled
def flow_field(plane: Plane) -> Figure:
    """Draw the plane, as in Lillicrap et al. 2016, Supplementary Figure 10b.

    Raises
    ------
    InputError
        If the flow has not the grid's shape, or a kind of rest is unknown.
    """
    shape = (len(plane.w), len(plane.a))
    for name, part in (("da", plane.da), ("dw", plane.dw)):
        if part.shape != shape:
            raise InputError(f"{name}: expected the shape of the grid {shape} (got {part.shape})")
    unknown = sorted(set(plane.rest) - set(_KINDS))
    if unknown:
        raise InputError(f"rest: of {', '.join(_KINDS)} (got {unknown[0]!r})")
    figure = Figure(figsize=(4.6, 3.5), layout="constrained")
    ax = figure.subplots()
    edges = (plane.a[0], plane.a[-1], plane.w[0], plane.w[-1])
    ax.imshow(
        np.ma.masked_equal(plane.region, False), extent=edges, origin="lower", aspect="auto",
        cmap=ListedColormap([FAINT]), interpolation="nearest", zorder=0,
    )  # fmt: skip
    _arrows(ax, plane)
    for kind, curves in plane.rest.items():
        for number, (a, w) in enumerate(curves):
            (line,) = ax.plot(a, w, zorder=3, **_KINDS[kind])
            line.set_label("" if number else _NAMES[kind])
    for number, (a, w) in enumerate(plane.paths):
        ax.plot(a, w, color=INK, linewidth=1.4, label=None if number else "path", zorder=4)
        ax.plot(a[:1], w[:1], "o", color=INK, markersize=3, zorder=4)
        ax.plot(a[-1:], w[-1:], "s", color=INK, markersize=3, zorder=4)
    ax.set(xlim=edges[:2], ylim=edges[2:], xlabel="A", ylabel="W")
    ax.plot([], [], "s", color=FAINT, markersize=6, label="leads to e W B e < 0")
    figure.legend(loc="outside right upper", frameon=False, fontsize=6.5, handlelength=1.8)
    return figure


def _arrows(ax: Axes, plane: Plane) -> None:
    size = np.hypot(plane.da, plane.dw)
    # By the root of the size: arrows far from rest would hide those near it.
    shrink = np.divide(1.0, np.sqrt(size), out=np.zeros_like(size), where=size > 0)
    ax.quiver(
        plane.a, plane.w, plane.da * shrink, plane.dw * shrink, color=GREY, angles="xy",
        width=0.0022, headwidth=4, zorder=1,
    )  # fmt: skip
