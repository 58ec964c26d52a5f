"""Forward against feedback weights, synapse by synapse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from snn_credit.analysis.agreement import correlation
from snn_credit.analysis.style import FAINT, GREY, POTENTIAL, WIDTH, open_axes, styled
from snn_credit.errors import InputError

_MOST = 5000


@styled
def weight_scatter(
    pairs: Mapping[str, tuple[ArrayLike, ArrayLike]], seed: int = 0, *, diagonal: bool = False
) -> Figure:
    """Draw a dot a synapse: its feedback weight to the right, its forward weight upwards.

    Each panel's title has the correlation of all its synapses.

    Parameters
    ----------
    pairs : mapping of str to (w, b)
        Title of a panel -> forward and feedback weights, arrays of one shape, (n_post, n_pre).
    seed : int
        Of the choice of synapses where there are more than 5,000.
    diagonal : bool
        Whether a dotted line shows where B would be W'.

    Raises
    ------
    InputError
        If there is no panel, or the shapes of a pair differ.

    References
    ----------
    Lillicrap et al. 2016, Nature Communications 7:13276, Supplementary Figure 7c.
    Kunin et al. 2020, ICML, Figs 2d-f and S3.
    """
    if not pairs:
        raise InputError("pairs: expected one at least (got none)")
    side = WIDTH / 3
    figure = Figure(figsize=(side * min(len(pairs), 3), side * -(-len(pairs) // 3)),
                    layout="constrained")  # fmt: skip
    axes = figure.subplots(-(-len(pairs) // 3), min(len(pairs), 3), squeeze=False)
    for ax in axes.flat[len(pairs) :]:
        ax.set_visible(False)
    for ax, (title, (w, b)) in zip(axes.flat, pairs.items(), strict=False):
        agreement = correlation(w, b)
        forward, feedback = (np.asarray(each, dtype=np.float64).ravel() for each in (w, b))
        shown = np.random.default_rng(seed).permutation(len(forward))[:_MOST]
        open_axes(ax)
        ax.axhline(0, color=FAINT, linewidth=0.5, zorder=0)
        ax.axvline(0, color=FAINT, linewidth=0.5, zorder=0)
        if diagonal:
            ax.axline((0, 0), slope=1, color=GREY, linewidth=0.5, linestyle=":", zorder=0)
        ax.scatter(feedback[shown], forward[shown], s=6, color=POTENTIAL, alpha=0.6, linewidths=0)
        ax.set(xlabel="B", ylabel="W", title=f"{title}, r = {agreement:.2f}")
    return figure
