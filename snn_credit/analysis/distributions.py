"""How weights are distributed: a Normal against a Student t, and the figure of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from snn_credit.analysis.style import GREY, INK, LEARNERS, WIDTH, open_axes, styled
from snn_credit.errors import InputError

#: A t with more degrees of freedom is taken for a Normal.
MOST_DF = 1e6
_BINS = 120


@dataclass(frozen=True)
class WeightFit:
    """A Normal and a Student t, each fitted by maximum likelihood.

    Attributes
    ----------
    n : int
        How many weights.
    mean, sd : float
        Of the Normal.
    loc, scale, df : float
        Of the t. ``df`` reaches `MOST_DF` where no tail is heavier than the Normal's.
    aic_normal, aic_t : float
        Akaike's criteria, 2 k - 2 ln L, with k = 2 and k = 3 parameters.
    """

    n: int
    mean: float
    sd: float
    loc: float
    scale: float
    df: float
    aic_normal: float
    aic_t: float

    @property
    def aic_difference(self) -> float:
        """AIC of the Normal less that of the t: positive where the t is the better model.

        A t contains the Normal, so its likelihood is never lower and the difference never below -2.
        """
        return self.aic_normal - self.aic_t


def fit_weights(weights: ArrayLike) -> WeightFit:
    """Fit both distributions to weights of any shape.

    Raises
    ------
    InputError
        If there are fewer than ten weights, one is not finite, or all are the same.

    References
    ----------
    Dellaferrera & Kreiman 2022, ICML, section 4.4, Figs 6 and 10.
    """
    # Slow to import, and needed by nothing else here.
    from scipy import stats

    w = np.asarray(weights, dtype=np.float64).ravel()
    if len(w) < 10:
        raise InputError(f"weights: expected ten or more (got {len(w)})")
    if not np.isfinite(w).all():
        raise InputError(f"weights: expected finite numbers (got {w[~np.isfinite(w)][0]})")
    mean, sd = float(w.mean()), float(w.std())
    if sd == 0.0:
        raise InputError(f"weights: expected some that differ (got {len(w)} times {mean:g})")
    log_normal = float(stats.norm.logpdf(w, mean, sd).sum())
    loc, scale, df, log_t = _fit_t((w - mean) / sd)
    log_t = max(log_t - len(w) * float(np.log(sd)), log_normal)
    return WeightFit(
        n=len(w),
        mean=mean,
        sd=sd,
        loc=mean + sd * loc,
        scale=sd * scale,
        df=df,
        aic_normal=4.0 - 2.0 * log_normal,
        aic_t=6.0 - 2.0 * log_t,
    )


def _fit_t(z: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return loc, scale, df and log likelihood of a t, for standardised weights."""
    from scipy import optimize, stats

    def loss(parameters: NDArray[np.float64]) -> float:
        loc, log_scale, log_df = parameters
        return -float(stats.t.logpdf(z, np.exp(log_df), loc, np.exp(log_scale)).mean())

    bounds = [(None, None), (-10.0, 5.0), (np.log(0.1), np.log(MOST_DF))]
    # From heavy and from light tails, as far from both the likelihood is flat in df.
    starts = [(float(np.median(z)), -0.3, np.log(3.0)), (0.0, 0.0, np.log(50.0))]
    results = [optimize.minimize(loss, s, method="L-BFGS-B", bounds=bounds) for s in starts]
    best = min(results, key=lambda result: result.fun)
    loc, log_scale, log_df = best.x
    return float(loc), float(np.exp(log_scale)), float(np.exp(log_df)), -len(z) * float(best.fun)


@styled
def weight_distributions(layers: Mapping[str, ArrayLike]) -> Figure:
    """Draw each set of weights with both fits, as in Fig 10 of Dellaferrera & Kreiman 2022.

    The density is logarithmic, for the tails are the point; the paper's is linear.

    Parameters
    ----------
    layers : mapping of str to weights
        Title of a panel -> weights of any shape.

    Raises
    ------
    InputError
        See `fit_weights`; or if there is no panel.
    """
    from scipy import stats

    if not layers:
        raise InputError("layers: expected one at least (got none)")
    columns = min(len(layers), 4)
    rows = -(-len(layers) // columns)
    figure = Figure(figsize=(WIDTH * columns / 4 + 0.3, 1.9 * rows + 0.1), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for k, (name, weights) in enumerate(layers.items()):
        ax, fit = axes.flat[k], fit_weights(weights)
        w = np.asarray(weights, dtype=np.float64).ravel()
        density, edges = np.histogram(w, bins=_BINS, density=True)
        ax.stairs(density, edges, fill=True, color=LEARNERS[4], alpha=0.35, lw=0)
        x = np.linspace(edges[0], edges[-1], 400)
        ax.plot(x, stats.norm.pdf(x, fit.mean, fit.sd), color=INK, lw=0.9, label="Normal")
        student = stats.t.pdf(x, fit.df, fit.loc, fit.scale)
        ax.plot(x, student, color=LEARNERS[0], lw=0.9, dashes=(3, 1.5), label="Student t")
        lowest = density[density > 0].min()
        ax.set(yscale="log", ylim=(0.3 * lowest, 30 * density.max()), xlabel="weight")
        ax.set_title(name, pad=20)
        df = f"{fit.df:.1f}" if fit.df < 1000 else "over 1,000"
        note = f"{df} degrees of freedom\nAIC difference {fit.aic_difference:,.0f}"
        ax.text(
            0.5, 1.03, note, transform=ax.transAxes, ha="center", va="bottom", fontsize=5.5,
            color=GREY,
        )  # fmt: skip
        open_axes(ax)
    for ax in axes.flat[len(layers) :]:
        ax.remove()
    axes[0, 0].set_ylabel("density")
    axes[0, 0].legend(frameon=False, loc="upper left", fontsize=5.5, handlelength=1.5)
    return figure
