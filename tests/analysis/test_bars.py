"""Bars of errors: what is drawn where, and what is refused."""

import numpy as np
import pytest

from snn_credit.analysis import error_bars
from snn_credit.errors import InputError


def test_means_spreads_and_controls() -> None:
    figure = error_bars(
        ["BP", "FA"], {"spiking": [[4.0, 6.0], []], "rate-coded": [[2.0], [3.0]]},
        controls={"spiking": [[80.0, 90.0], []]}, chance=90.0,
    )  # fmt: skip
    (ax,) = figure.axes
    widths = sorted(float(bar.get_width()) for bar in ax.patches)  # pyright: ignore
    assert widths == [2.0, 3.0, 5.0]
    marked = [line.get_xdata() for line in ax.lines if line.get_marker() == "D"]
    assert [float(np.ravel(x)[0]) for x in marked if np.size(x)] == [85.0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["BP", "FA"]
    bars = [np.ptp(segment[:, 0]) for c in ax.collections for segment in c.get_segments()]  # pyright: ignore
    assert max(bars) == pytest.approx(2 * np.sqrt(2))  # one sample s.d. to each side


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r"^spiking: errors of 0 rules, at least 1 \(got 1\)$"),
        (["BP", "FA"], r"^spiking: errors of 2 rules, at least 1 \(got 1\)$"),
    ],
)
def test_what_does_not_fit(names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        error_bars(names, {"spiking": [[1.0]]})
