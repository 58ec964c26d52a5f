"""Curves over widths and depths, and the time of a step from a run's chunks."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from snn_credit.analysis import Net, learning_ms, scale_curves
from snn_credit.errors import InputError

NETS = [
    Net(400, 2, 330_000, [4.0, 6.0], [2.0, 4.0]),
    Net(100, 1, 16_400, [10.0, 14.0], [0.2, 0.4]),
    Net(100, 2, 26_400, [20.0, 20.0], [0.3, 0.5]),
    Net(400, 1, 65_600, [8.0, 8.0], [0.5, 0.7]),
]


def test_a_line_a_depth_over_the_widths() -> None:
    figure = scale_curves(NETS, chance=90.0, device="abacus, ten fingers")
    errors, times = figure.axes
    bars = [bar for bar in errors.containers if isinstance(bar, ErrorbarContainer)]
    for bar, means in zip(bars, ([12.0, 8.0], [20.0, 5.0]), strict=True):
        points = list(zip([100, 400], means, strict=True))
        # The widths lie a little aside, so that bars do not hide one another.
        np.testing.assert_allclose(bar[0].get_xydata(), points, rtol=0.03)
    (spread,) = bars[0][2]
    ends = spread.get_segments()[0][:, 1]
    np.testing.assert_allclose(ends, [12 - 8**0.5, 12 + 8**0.5])
    assert errors.get_title(loc="right") == "mean and s.d. over 2 seeds"
    for line, (synapses, means) in zip(
        times.lines,
        [([16_400, 65_600], [0.3, 0.6]), ([26_400, 330_000], [0.4, 3.0])],
        strict=True,
    ):
        np.testing.assert_allclose(line.get_xdata(), synapses)
        np.testing.assert_allclose(line.get_ydata(), means)
    assert [bar[0].get_color() for bar in bars] == [line.get_color() for line in times.lines]
    assert list(errors.get_xticks()) == [100, 400]
    named = [text.get_text() for text in times.get_legend().get_texts()]
    assert named == ["1 hidden layer", "2 hidden layers"]
    assert times.get_title(loc="right") == "abacus, ten fingers"
    figure.savefig(BytesIO(), format="png")


def test_one_seed_has_no_bars() -> None:
    one = [Net(10, 1, 900, [50.0], [1.0]), Net(20, 1, 1800, [40.0], [2.0])]
    (bar,) = scale_curves(one).axes[0].containers
    assert isinstance(bar, ErrorbarContainer)
    assert bar[2] == ()


@pytest.mark.parametrize(("error", "drawn"), [(80.0, True), (40.0, False)])
def test_chance_is_drawn_where_an_error_comes_near_it(error: float, drawn: bool) -> None:
    nets = [Net(10, 1, 900, [error], [1.0]), Net(20, 1, 1800, [5.0], [2.0])]
    errors = scale_curves(nets, chance=90.0).axes[0]
    assert (errors.lines[-1].get_ydata()[0] == 90.0) == drawn
    assert ["chance"] * drawn == [text.get_text() for text in errors.texts]


def test_more_depths_than_shades() -> None:
    nets = [Net(10, depth, 100 * depth, [50.0], [1.0]) for depth in range(1, 9)]
    scale_curves(nets).savefig(BytesIO(), format="png")


def test_no_net() -> None:
    with pytest.raises(InputError, match=r"^nets: expected one at least \(got none\)$"):
        scale_curves([])


def table(**columns: list[float]) -> dict[str, np.ndarray]:
    return {name: np.array(values, float) for name, values in columns.items()}


def test_the_time_of_a_step_is_that_of_chunks_that_learn_throughout() -> None:
    chunks = table(
        steps=[100, 100, 100, 100], learning_steps=[0, 100, 100, 100], seconds=[9.0, 0.2, 5.0, 0.3]
    )
    assert learning_ms(chunks) == pytest.approx(3.0)  # of 2, 50 and 3 ms


def test_where_none_learns_throughout_those_count_that_learn_most() -> None:
    chunks = table(steps=[100, 100], learning_steps=[20, 80], seconds=[0.1, 0.5])
    assert learning_ms(chunks) == pytest.approx(5.0)
