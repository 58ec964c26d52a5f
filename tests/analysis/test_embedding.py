"""Neighbours of the same class: classes apart, classes mixed, and what t-SNE keeps of them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from snn_credit.analysis import embed, embeddings, neighbourhood_score
from snn_credit.errors import InputError

LABELS = np.arange(120) % 4


def clouds(apart: float, seed: int = 0) -> np.ndarray:
    """Four classes in ten dimensions."""
    rng = np.random.default_rng(seed)
    return apart * np.eye(10)[LABELS] + rng.normal(size=(len(LABELS), 10))


def test_by_hand() -> None:
    # On a line: neighbours of 0 are 1, 2; of 1: 0, 2; of 2: 1, 0; of 10: 2 and 1.
    x = np.array([[0.0], [1.0], [2.1], [10.0]])
    assert neighbourhood_score(x, [0, 0, 1, 1], k=2) == pytest.approx((0.5 + 0.5 + 0 + 0.5) / 4)


def test_a_point_is_not_its_own_neighbour() -> None:
    assert neighbourhood_score([[0.0], [0.0], [1.0]], [0, 1, 2], k=1) == 0.0


def test_apart_and_mixed() -> None:
    assert neighbourhood_score(clouds(30.0), LABELS) == 1.0
    shuffled = np.random.default_rng(1).permutation(LABELS)
    # Of the other points 29 of 119 share a label.
    assert neighbourhood_score(clouds(30.0), shuffled) == pytest.approx(29 / 119, abs=0.06)


def test_an_embedding_keeps_classes_apart_and_follows_its_seed() -> None:
    points = embed(clouds(8.0), perplexity=10)
    assert points.shape == (120, 2)
    assert neighbourhood_score(points, LABELS, k=5) > 0.95
    np.testing.assert_array_equal(points, embed(clouds(8.0), perplexity=10))


def test_the_figure_shows_points_classes_and_scores() -> None:
    panels = {"before": clouds(0.0)[:, :2], "after": clouds(20.0)[:, :2]}
    figure = embeddings(panels, LABELS)
    for ax, (name, points) in zip(figure.axes, panels.items(), strict=True):
        score = neighbourhood_score(points, LABELS)
        assert ax.get_title() == f"{name}\n{score:.0%} of 10 neighbours share the class"
        for label, drawn in enumerate(ax.collections):
            np.testing.assert_array_equal(drawn.get_offsets(), points[label == LABELS])
        assert [text.get_text() for text in ax.texts] == ["0", "1", "2", "3"]
    figure.savefig(BytesIO(), format="png")


def test_more_classes_than_ten() -> None:
    figure = embeddings({"many": clouds(0.0)[:, :2]}, np.arange(120) % 30)
    colors = {tuple(c.get_facecolor()[0]) for c in figure.axes[0].collections}
    assert len(colors) == 30


def test_refuses() -> None:
    with pytest.raises(InputError, match=r"k: expected 1 to 119, fewer than .* \(got 120\)"):
        neighbourhood_score(clouds(0.0), LABELS, k=120)
    with pytest.raises(InputError, match=r"labels: expected one for each of 120 points \(got .*2"):
        neighbourhood_score(clouds(0.0), LABELS[:2])
    with pytest.raises(InputError, match=r"x: expected more than 30 rows \(got shape \(20, 10\)\)"):
        embed(clouds(0.0)[:20])
    with pytest.raises(InputError, match=r"panels: expected one at least \(got none\)"):
        embeddings({}, LABELS)
