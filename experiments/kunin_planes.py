"""The planes that `kunin-dynamics` draws: Fig 2a-c of Kunin et al. 2020, and the minima of D.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snn_credit.analysis import Plane
    from snn_credit.theory.alignment import Learner

NAMES = {"good": "attracts", "unstable": "does not attract"}


def mirror_plane(decay: float) -> Plane:
    """Return the weight mirror's flow of (w, b) with x = 1 and lambda = ``decay``."""
    import numpy as np

    from snn_credit.analysis import Plane
    from snn_credit.theory import alignment

    side = np.linspace(-2, 2, 17)
    flow = -alignment.flow_matrix("WM", 1.0, decay)
    dw, db = np.tensordot(flow, np.stack(np.meshgrid(side, side)), 1)
    w, b = alignment.align("WM", [-1.8, 1.5, 0.2, 0.9], [0.6, -1.2, 1.8, -0.2],
                           np.linspace(0, 3, 200), 1.0, decay)  # fmt: skip
    return Plane(
        side, side, dw, db, np.zeros((2, 2), dtype=bool),
        rest={"good": [(side, side)]} if decay == 1 else {},
        paths=list(zip(w.T, b.T, strict=True)),
        labels=("w", "b"), names=NAMES, title=f"lambda = {decay:g} x^2",
    )  # fmt: skip


def minima_plane(rule: Learner) -> Plane:
    """Return the flow of (w1, w2) with alpha = beta = 1, and paths from beside minima, b = 1.

    FA's b is 1 throughout; SA's arrows are those of b = w2, to which its b goes.
    """
    import numpy as np

    from snn_credit.analysis import Plane
    from snn_credit.theory import alignment

    side = np.linspace(-3, 3, 19)
    across, up = np.meshgrid(side, side)
    fixed = rule == "FA"
    d1, d2, _ = alignment.learning_velocity(
        rule, np.stack([across, up, np.ones_like(up) if fixed else up]), 1.0, 1.0
    )
    left, right = -np.geomspace(1 / 3, 3, 300), np.geomspace(1 / 3, 3, 100)
    points = [np.array([w1, 1 / w1, 1.0 if fixed else 1 / w1]) for w1 in left]
    first = [alignment.eigenvalues_at_minimum(rule, point, 1.0)[0] for point in points]
    inward, outward = left[np.less(first, 0)], left[np.greater_equal(first, 0)]
    rest = {"good": [(right, 1 / right), (inward, 1 / inward)]}
    if len(outward):
        rest["unstable"] = [(outward, 1 / outward)]
    w1, push = np.array([[-0.45, -0.45, -0.7, -0.7, -2.0], [-0.03, 0.03, -0.03, 0.03, 0.3]])
    path = alignment.follow(
        lambda theta: alignment.learning_velocity(rule, theta, 1.0, 1.0),
        np.stack([w1 + push, 1 / w1, np.ones(5)]),
        np.linspace(0, 40, 2000),
    )
    return Plane(
        side, side, d1, d2, np.zeros((2, 2), dtype=bool), rest,
        paths=list(zip(path[:, 0].T, path[:, 1].T, strict=True)),
        labels=("w1", "w2"), names=NAMES,
        title="FA, b = 1" if fixed else f"{rule}, b from 1 on; arrows: b = w2",
    )  # fmt: skip
