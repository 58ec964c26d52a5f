"""How B comes to W in one synapse: the weight mirror, on either side of its balance.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins (2020). Two routes to scalable credit
assignment without weight symmetry. ICML 2020. arXiv:2003.01513

Figure 2a-c: the flow of a scalar forward weight w and feedback weight b under the alignment loss of
the weight mirror (WM), symmetrised, with input x and decay lambda,

    d/dt (w, b)' = -A (w, b)',   A_WM = [[lambda, -x^2], [-x^2, lambda]]                eq 1

A's eigenvectors are (1, 1), the symmetric part, with lambda - x^2, and (1, -1), the skew-symmetric
part, with lambda + x^2. So w and b always become alike, but they explode, stay or collapse as
lambda <, =, > x^2. Fourth panel, not in the figure: symmetric alignment (SA),

    A_SA = [[1, -1], [-1, 1]]

whose symmetric part stays whatever the input is. That is why SA needs no tuning and WM does.

Erratum: D.1 prints 1 for the second eigenvalue of A_SA, which is 2. The experiment `kunin-dynamics`
has the planes of three neurons too, and measures all eigenvalues; `kunin-weights` has Fig 2d-f.
"""

from pathlib import Path

import numpy as np

from snn_credit.analysis import Plane, flow_fields
from snn_credit.theory.alignment import Alignment, align, eigenvalues, flow_matrix

#: Title, rule and lambda; x is 1.
FLOWS: tuple[tuple[str, Alignment, float], ...] = (
    ("WM, lambda < x^2", "WM", 0.5),
    ("WM, lambda = x^2", "WM", 1.0),
    ("WM, lambda > x^2", "WM", 1.5),
    ("SA", "SA", 0.0),
)
STARTS = [-1.8, 1.5, 0.2, 0.9], [0.6, -1.2, 1.8, -0.2]  # of w and of b
NAMES = {"good": "rests where w = b"}


def main(time: float = 3.0, points: int = 17, out: Path = Path()) -> dict[str, tuple[float, float]]:
    """Draw the four planes; return what is left of the two parts, as factors, by title."""
    side = np.linspace(-2, 2, points)
    planes: list[Plane] = []
    left: dict[str, tuple[float, float]] = {}
    for title, rule, decay in FLOWS:
        # (2, 2) x (2, points, points): the derivative of w and b all over the plane
        dw, db = -np.tensordot(flow_matrix(rule, 1.0, decay), np.meshgrid(side, side), 1)
        w, b = align(rule, *STARTS, np.linspace(0, time, 200), 1.0, decay)  # (200, starts)
        symmetric, skew = w + b, w - b
        left[title] = (
            float(np.mean(symmetric[-1] / symmetric[0])),
            float(np.mean(skew[-1] / skew[0])),
        )
        at_rest = eigenvalues(rule, 1.0, decay)[0] == 0
        planes.append(
            Plane(
                side, side, dw, db, np.zeros((2, 2), dtype=bool),
                rest={"good": [(side, side)]} if at_rest else {},
                paths=list(zip(w.T, b.T, strict=True)),
                labels=("w", "b"), names=NAMES, title=title,
            )
        )  # fmt: skip
        kept, apart = left[title]
        print(f"{title:17s} after t = {time:g}: w + b is {kept:6.2f} times, "
              f"w - b {apart:7.4f} times what it was")  # fmt: skip
    flow_fields(planes).savefig(out / "kunin_2020_fig2.png", dpi=110)
    return left


if __name__ == "__main__":
    main()
