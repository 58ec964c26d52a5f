"""Errors of many rules side by side, each with its control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from snn_credit.analysis.style import GREY, INK, LEARNERS, open_axes, styled
from snn_credit.errors import InputError

Errors = Sequence[Sequence[float]]


@styled
def error_bars(
    names: Sequence[str],
    errors: Mapping[str, Errors],
    *,
    controls: Mapping[str, Errors] | None = None,
    chance: float | None = None,
) -> Figure:
    """Draw a bar for each rule and kind of network: the mean over seeds, with one s.d.

    Parameters
    ----------
    names : sequence of str
        The rules, from the top.
    errors : mapping of str to errors
        Kind of network -> each rule's errors in %, one a seed; none where it was not measured.
    controls : mapping of str to errors, optional
        The same of each rule's control: an open diamond.
    chance : float, optional
        Error in % of an answer at random, a dashed line.

    Raises
    ------
    InputError
        If there is no rule, or a kind has not as many.
    """
    for kind, each in (*errors.items(), *(controls or {}).items()):
        if not names or len(each) != len(names):
            raise InputError(f"{kind}: errors of {len(names)} rules, at least 1 (got {len(each)})")
    figure = Figure(figsize=(5.4, 0.75 + 0.24 * len(names)))
    tall = figure.get_figheight()
    ax = figure.add_axes((0.27, 0.38 / tall, 0.7, 1 - 0.65 / tall))
    open_axes(ax)
    thick = 0.8 / max(len(errors), 1)
    for number, (kind, each) in enumerate(errors.items()):
        color = LEARNERS[(4, 1, 5)[number % 3]]
        at = np.arange(len(names)) + thick * (number - (len(errors) - 1) / 2)
        known = [k for k, values in enumerate(each) if len(values)]
        means = [float(np.mean(each[k])) for k in known]
        several = [float(np.std(each[k], ddof=1)) if len(each[k]) > 1 else 0.0 for k in known]
        ax.barh(
            at[known], means, 0.9 * thick, xerr=several, color=color, label=kind,
            error_kw={"elinewidth": 0.6, "ecolor": INK},
        )  # fmt: skip
        for k, values in enumerate((controls or {}).get(kind, ())):
            if len(values):
                ax.plot(
                    np.mean(values), at[k], marker="D", markersize=3, markerfacecolor="none",
                    markeredgecolor=color, markeredgewidth=0.8, linestyle="none",
                )  # fmt: skip
    if controls:
        ax.plot([], [], "D", markersize=3, mfc="none", mec=GREY, label="control")
    if chance is not None:
        ax.axvline(chance, color=GREY, linewidth=0.8, dashes=(4, 3))
    ax.set(xlabel="test error (%)", xlim=(0, 100), yticks=range(len(names)))
    ax.set_yticklabels(names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.legend(
        frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=6.5,
        borderaxespad=0.2,
    )  # fmt: skip
    return figure
