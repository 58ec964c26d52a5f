"""A flow in a plane: arrows, curves of rest, the region and paths."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from matplotlib.quiver import Quiver

from snn_credit.analysis import Plane, flow_field, flow_fields
from snn_credit.errors import InputError

A, W = np.linspace(-2, 2, 5), np.linspace(-1, 1, 4)
DA, DW = np.meshgrid(A, W)
CURVE = (np.array([0.5, 1.0]), np.array([1.0, 0.5]))
PLANE = Plane(
    A, W, DA, 4 * DW, region=np.eye(6, dtype=bool),
    rest={"good": [CURVE], "bad": [CURVE, CURVE], "unstable": [CURVE]}, paths=[CURVE],
)  # fmt: skip


def test_all_is_drawn_once() -> None:
    figure = flow_field(PLANE)
    (ax,) = figure.axes
    (arrows,) = (part for part in ax.collections if isinstance(part, Quiver))
    size = np.hypot(DA, 4 * DW).ravel()
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V), np.sqrt(size))
    np.testing.assert_allclose(arrows.U * np.ravel(4 * DW), arrows.V * DA.ravel(), atol=1e-12)
    (region,) = ax.images
    shown = region.get_array()
    assert (shown.count(), tuple(region.get_extent())) == (6, (-2, 2, -1, 1))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "stable, e W B e > 0", "stable, e W B e < 0", "unstable", "path", "leads to e W B e < 0",
    ]  # fmt: skip
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xlim()) == ("A", "W", (-2, 2))
    figure.savefig(BytesIO(), format="png")


def test_what_does_not_fit() -> None:
    with pytest.raises(InputError, match=r"^dw: expected the shape of the grid \(4, 5\) \(got \(5"):
        flow_field(replace(PLANE, dw=DW.T))
    with pytest.raises(InputError, match=r"^rest: of good, bad, unstable \(got 'saddle'\)$"):
        flow_field(replace(PLANE, rest={"saddle": [CURVE]}))


def test_planes_side_by_side_share_a_legend_and_have_their_own_names() -> None:
    names = {"good": "attracts", "bad": "bad", "unstable": "repels", "region": "lost"}
    other = replace(PLANE, region=np.zeros((6, 6), dtype=bool), labels=("w", "b"), title="two",
                    rest={"good": [CURVE], "unstable": [CURVE]}, names=names)  # fmt: skip
    figure = flow_fields([replace(other, title="one"), other])
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"]
    assert {(ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes} == {("w", "b")}
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["attracts", "repels", "path"]
    figure.savefig(BytesIO(), format="png")


def test_no_plane() -> None:
    with pytest.raises(InputError, match=r"^planes: one or more \(got none\)$"):
        flow_fields([])
