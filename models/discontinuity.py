"""What a neuron with a threshold does by chance: regression discontinuity design (RDD).

A neuron that spikes when its potential v reaches a threshold has no noise of its own that it could
read off its spikes: s minus its mean also tells what drives the neuron, and what drives it may
drive the neurons above as well. But whether v came to lie just above the threshold or just below is
as good as chance, and only above is there a spike. So a line is fitted to what happens above, du,
on either side of the threshold, within ``window`` of it, and the jump between the two lines at the
threshold is what the spike has caused (Lansdell & Kording 2019; Guerguiev et al. 2019):

    x = v - threshold, read after integration and before the reset
    S0, S1, S2 = <1>, <x>, <x^2>                 on one side: means over all steps of what is there
    D = S0 S2 - S1^2
    k = (S2 - S1 x)/D above, -(S2 - S1 x)/D with the other side's means below, and 0 elsewhere

By least squares ``E[k y]`` is the jump of y at the threshold, for any y, and ``E[k^2] = 1/q`` with
``1/q = S2/D + S2/D`` of both sides. All of that the presynaptic neuron knows by itself, so it keeps
the fit for all of its synapses. Its noise is

    noise = q k,   E[noise du] / E[noise^2] = jump of du = w

and at most about 1, so that a rule that regresses du on it (`snn_credit.rules.weight_estimation`)
finds the weights. Departure: the sources fit the lines of each pair of neurons by gradient descent,
four numbers a synapse.

Source: Lansdell & Kording 2019, bioRxiv 253351; Guerguiev, Kording & Richards 2019,
arXiv 1910.01689.
"""

from __future__ import annotations

from dataclasses import replace

from snn_credit.errors import InputError
from snn_credit.spiking import Neuron, Step

_EQUATIONS = """
noise : 1                                          # q k, what is as good as chance in the spike
seen : 1                                           # steps that the means are of
n_up : 1                                           # S0 above the threshold
x_up : 1                                           # S1
xx_up : 1                                          # S2
n_down : 1                                         # the same below
x_down : 1
xx_down : 1
"""
_MEANS = ("seen", "n_up", "x_up", "xx_up", "n_down", "x_down", "xx_down")
_USED = (
    *("noise", *_MEANS, "x", "up", "down", "D_up", "D_down", "d_up", "d_down"),
    *("k", "q", "ready", "fresh"),
)

_SPIKES = """
often : 1                                          # running mean of its spikes
noise = h - often : 1                              # also what drives it
"""


def with_discontinuity(
    neuron: Neuron,
    *,
    potential: str = "v",
    threshold: float = 1.0,
    window: float = 0.4,
    memory: int = 10_000,
    warm_up: int = 20_000,
) -> Neuron:
    """Return a neuron whose ``noise`` is that of regression discontinuity design.

    ============ ============= ==================================================
    symbol       name          meaning
    ============ ============= ==================================================
    v            ``potential`` a variable of the neuron, which is integrated
    q k          ``noise``     weight of this step in the jump at the threshold
    S0, S1, S2   ``n_up`` ...  means of what is within the window, on either side
    ============ ============= ==================================================

    Parameters
    ----------
    neuron
        One with a threshold on that potential. While it is refractory its potential must lie
        outside the window.
    threshold
        Where it spikes.
    window
        How far from the threshold steps are used.
    memory
        Steps over which the means are taken. They are plain means until then.
    warm_up
        Steps before the first noise.

    Raises
    ------
    InputError
        If the neuron lacks the potential or a threshold, or has a name that the fit uses, or a
        number is not above 0.
    """
    if neuron.threshold is None or not neuron.declares(potential):
        raise InputError(
            f"neuron: one that spikes by a threshold on {potential!r} (got equations without)"
        )
    if taken := sorted(name for name in _USED if neuron.declares(name)):
        raise InputError(f"neuron: without {taken[0]!r}, which the fit uses (got one with it)")

    for name, value in {"window": window, "memory": memory, "warm_up": warm_up}.items():
        if not 0 < value < float("inf"):
            raise InputError(f"{name}: a number above 0 (got {value})")
    tiny = 1e-8 * window**2  # of D: less is a side without steps
    code = f"""
        x = {potential} - {threshold!r}
        up = int(x >= 0)*int(x < {window!r})
        down = int(x < 0)*int(x > {-window!r})
        D_up = n_up*xx_up - x_up**2
        D_down = n_down*xx_down - x_down**2
        d_up = clip(D_up, {tiny!r}, inf)
        d_down = clip(D_down, {tiny!r}, inf)
        k = up*(xx_up - x_up*x)/d_up - down*(xx_down - x_down*x)/d_down
        q = 1/clip(xx_up/d_up + xx_down/d_down, 1, inf)
        ready = int(seen >= {warm_up})*int(D_up > {tiny!r})*int(D_down > {tiny!r})
        noise = ready*q*k
        seen += 1
        fresh = clip(1/seen, {1 / memory!r}, 1)
        n_up += fresh*(up - n_up)
        x_up += fresh*(up*x - x_up)
        xx_up += fresh*(up*x**2 - xx_up)
        n_down += fresh*(down - n_down)
        x_down += fresh*(down*x - x_down)
        xx_down += fresh*(down*x**2 - xx_down)
    """
    lines = "\n".join(line.strip() for line in code.strip().splitlines())
    return replace(
        neuron,
        equations=f"{neuron.equations.rstrip()}\n{_EQUATIONS}",
        steps=(*neuron.steps, Step("integrate", lines)),
        exact=(*neuron.exact, *_MEANS),
    )


def with_spikes_as_noise(neuron: Neuron, *, memory: int = 500) -> Neuron:
    """Return a neuron whose ``noise`` is its spike minus its mean: a control.

    Regression on it finds what the neuron causes above, and also what happens there whenever the
    neuron is driven: it is wrong where both have a cause in common.

    Parameters
    ----------
    neuron
        One with a threshold.
    memory
        Steps over which the mean is taken.

    Raises
    ------
    InputError
        If the neuron has no threshold, or the number is not above 0.
    """
    if neuron.threshold is None:
        raise InputError("neuron: one that spikes (got equations without a threshold)")
    if not 0 < memory < float("inf"):
        raise InputError(f"memory: a number above 0 (got {memory})")
    return replace(
        neuron,
        equations=f"{neuron.equations.rstrip()}\n{_SPIKES}",
        steps=(*neuron.steps, Step("end", f"often += {1 / memory!r}*(h - often)")),
    )
