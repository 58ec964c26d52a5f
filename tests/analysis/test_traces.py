"""Panels of curves: what is drawn where, the legend, and what is refused."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from snn_credit.analysis import TINTS, Panel, Span, Trace, shades, trace_grid
from snn_credit.errors import InputError

X = np.linspace(0, 4, 5)


def test_every_trace_in_its_panel() -> None:
    rows = [
        [Panel([Trace(X, X), Trace(X, 2 * X)], "one", y_label="up"), Panel([Trace(X, -X)], "two")],
        [Panel([Trace(X, X**2)], x_label="t"), Panel([], zero=True)],
    ]
    figure = trace_grid(rows)
    axes = figure.axes
    assert [len(ax.lines) for ax in axes] == [2, 1, 1, 1]
    np.testing.assert_array_equal(axes[0].lines[1].get_ydata(), 2 * X)
    assert [ax.get_title() for ax in axes] == ["one", "two", "", ""]
    assert (axes[0].get_ylabel(), axes[2].get_xlabel()) == ("up", "t")
    np.testing.assert_array_equal(axes[3].lines[0].get_ydata(), [0, 0])
    assert not figure.legends
    figure.savefig(BytesIO(), format="png")


def test_one_entry_a_label_for_all_panels() -> None:
    many = [Trace(X, X + k, "#112233", "runs") for k in range(20)]
    other = [Trace(X, X, label="runs"), Trace(X, X, "#445566", "other", dashed=True)]
    figure = trace_grid([[Panel(many, log_y=True), Panel(other)]])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["runs", "other"]
    first, second = legend.get_lines()
    assert (first.get_color(), first.get_alpha()) == ("#112233", 1.0)
    assert second.is_dashed()
    assert figure.axes[0].lines[0].get_alpha() < 1  # many lines are drawn faintly
    figure.savefig(BytesIO(), format="png")


def test_phases_and_limits() -> None:
    spans = [Span(0, 1, "A", TINTS[0]), Span(1, 4, "W", TINTS[1])]
    panel = Panel([Trace(X, X)], spans=spans, x_limits=(0, 3), y_limits=(-1, 9), log_x=False)
    (ax,) = trace_grid([[panel]]).axes
    assert [text.get_text() for text in ax.texts] == ["A", "W"]
    assert [patch.get_x() for patch in ax.patches] == [0, 1]
    assert [to_rgb(patch.get_facecolor()) for patch in ax.patches] == [to_rgb(t) for t in TINTS]
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 3), (-1, 9))


def test_points_with_their_spread_at_named_places() -> None:
    trace = Trace([0, 1], [3.0, 5.0], "#112233", "a", spread=[1.0, 0.5], joined=False)
    figure = trace_grid([[Panel([trace, Trace([0, 1], [1, 1])], x_names=("one", "two"))]])
    (ax,) = figure.axes
    (bars,) = ax.collections
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert ends == [[2.0, 4.0], [4.5, 5.5]]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["one", "two"]
    assert [line.get_marker() for line in ax.lines] == ["o", "None"]
    assert [line.get_linestyle() for line in ax.lines] == ["None", "-"]
    figure.savefig(BytesIO(), format="png")


def test_scales() -> None:
    (ax,) = trace_grid([[Panel([Trace(X + 1, X + 1)], log_x=True, log_y=True)]]).axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


@pytest.mark.parametrize(("top", "named"), [(80, True), (8000, False)])
def test_a_logarithmic_axis_without_a_power_of_ten_has_numbers(top: float, named: bool) -> None:
    figure = trace_grid([[Panel([Trace([0, 1], [20, top])], log_y=True)]])
    figure.savefig(BytesIO(), format="png")
    said = [tick.get_text() for tick in figure.axes[0].get_yticklabels(minor=True)]
    assert any(said) is named


def test_shades_run_from_dark_to_light() -> None:
    light = [sum(to_rgb(color)) for color in shades(9)]
    assert np.all(np.diff(light) > 0)
    assert len(set(shades(1))) == 1


@pytest.mark.parametrize(
    ("rows", "came"), [([], "none"), ([[]], r"\[0\]"), ([[Panel([])], []], r"\[0, 1\]")]
)
def test_no_grid(rows: list[list[Panel]], came: str) -> None:
    with pytest.raises(InputError, match=rf"^rows: one or more, with as many .* \(got {came}\)$"):
        trace_grid(rows)
