"""The scatter shows each synapse once, and says what it shows."""

import io

import numpy as np
import pytest

from snn_credit.analysis import weight_scatter
from snn_credit.errors import InputError


def test_each_synapse_is_a_dot_at_its_two_weights():
    rng = np.random.default_rng(0)
    b = rng.normal(size=(4, 5))
    figure = weight_scatter({"before": (rng.normal(size=b.shape), b), "after": (2 * b, b)})
    before, after = figure.axes
    assert after.get_title() == "after, r = 1.00"
    assert before.get_title().startswith("before, r = ")
    dots = np.asarray(after.collections[0].get_offsets())
    assert sorted(map(tuple, dots)) == sorted(zip(b.ravel(), 2 * b.ravel(), strict=True))
    figure.savefig(io.BytesIO(), dpi=40)


def test_of_very_many_some_are_shown_and_all_are_counted():
    b = np.random.default_rng(1).normal(size=(100, 60))
    (ax,) = weight_scatter({"all": (-b, b)}).axes
    assert len(ax.collections[0].get_offsets()) == 5000
    assert ax.get_title() == "all, r = -1.00"


def test_panels_beyond_a_row():
    pair = np.arange(4.0).reshape(2, 2)
    figure = weight_scatter({str(k): (pair, pair) for k in range(4)})
    assert [ax.get_visible() for ax in figure.axes] == [True] * 4 + [False] * 2


def test_what_cannot_be_drawn():
    with pytest.raises(InputError, match=r"^pairs: expected one at least \(got none\)$"):
        weight_scatter({})
    with pytest.raises(InputError, match=r"^b: expected the shape of the other"):
        weight_scatter({"a": (np.zeros((2, 2)), np.zeros((2, 3)))})
