"""What neurons of Brian equations can be given, so that rules can be tried on them.

A rule reads names of a neuron (``snn_credit.spiking.neuron.MEANING``); `equipped` adds to a neuron
those of them that follow from its potential ``V`` and its probability ``p`` of a spike. The other
functions make the neurons around the forward path: those that carry errors, with spikes too, and
the critic, which tells everyone how the loss compares.

Sources: Lillicrap, Cownden, Tweed & Akerman 2016, Nat Commun 7, 13276 (errors, spikes); Fiete &
Seung 2006, PRL 97, 048104 (one number for all); Dellaferrera & Kreiman 2022, ICML, discussion (two
compartments); Lansdell, Prakash & Kording 2020, ICLR (climbing fibres).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import exp, isfinite

from snn_credit.errors import InputError
from snn_credit.spiking import Neuron, Step
from snn_credit.spiking.plasticity import KEEP

#: What rules read beyond a neuron's own activity, and neurons here have.
GIVEN = ("noise", "sig", "du", "rate", "dL")

_INTRINSIC = """
noise = h - p : 1                                  # what is its own in its spikes
sig = sqrt(clip(p*(1 - p), 1e-9, 1)) : 1            # its standard deviation
"""
_DEVIATION = """
V0 : 1                                             # running mean of V
du = (V - V0)/(1 - exp(-dt/tau_m)) : 1             # in units of the weights that reach it
"""
_TRACE = "rate : 1                                           # trace of its spikes\n"


def equipped(
    neuron: Neuron,
    names: Iterable[str],
    *,
    mean_ms: float = 20.0,
    rate_ms: float = 5.0,
    dt_ms: float = 1.0,
) -> Neuron:
    """Return a neuron with those of a rule's names that follow from what it has.

    =============== ================================================= ======================
    name            meaning                                           follows from
    =============== ================================================= ======================
    ``noise sig``   s - p and its standard deviation, sqrt(p (1 - p)) ``p``
    ``du``          (V - mean of V) / (1 - exp(-dt/tau_m))            ``V``, ``tau_m``
    ``rate``        trace of its spikes                               a threshold
    =============== ================================================= ======================

    Parameters
    ----------
    names
        What is wanted; what the neuron has already, or cannot have, is left as it is.
    mean_ms
        Time constant of the mean of V, which is taken after it is read.
    rate_ms
        Time constant of ``rate``.
    dt_ms
        The time step.

    Raises
    ------
    InputError
        If a time is not above 0.
    """
    _check_times(mean_ms=mean_ms, rate_ms=rate_ms, dt_ms=dt_ms)
    wanted = {name for name in names if not neuron.declares(name)}
    if wanted & {"noise", "sig"} and neuron.declares("p") and not neuron.declares("noise"):
        neuron = _with(neuron, _INTRINSIC)
    if "du" in wanted and neuron.declares("V"):
        slow = _share(mean_ms, dt_ms)
        neuron = _with(neuron, _DEVIATION, Step("end", f"V0 += {slow!r}*(V - V0)"))
    if "rate" in wanted and neuron.threshold is not None:
        neuron = _with(neuron, _TRACE, Step(KEEP, f"rate += {_share(rate_ms, dt_ms)!r}*(h - rate)"))
    return neuron


def injected_noise(size: float = 0.3) -> Neuron:
    """Return the forward neuron of Fig 4 with noise that is added to its potential.

    It is normal, of standard deviation ``size``, and drawn each step for each neuron. ``noise`` and
    ``sig`` are what comes of it in p, to first order: df kick and df size.

    Raises
    ------
    InputError
        If the size is not above 0.
    """
    if not (isfinite(size) and size > 0):
        raise InputError(f"size: a finite number above 0 (got {size})")
    return Neuron(
        f"""
        dV/dt = (I + bias - V)/tau_m : 1                   # eq (5), the postsynaptic potential
        I : 1                                              # sum of w over the spikes of this step
        bias : 1
        kick : 1                                           # noise of this step
        p = 1/(1 + exp(-V - kick)) : 1                     # probability of a spike
        df = p*(1 - p) : 1                                 # Psi_h of eq (8)
        noise = df*kick : 1                                # what the noise adds to p
        sig = clip(df, 1e-9, 1)*{size!r} : 1
        """,
        threshold="rand() < p",
        steps=(Step("start", f"kick = {size!r}*randn()"),),
        exact=("bias",),
    )


def spiking_feedback(tonic: float = 0.5) -> Neuron:
    """Return a feedback neuron that spikes around a tonic rate, and says errors by more or fewer.

    U is the potential of Lillicrap et al. 2016, eq 6. A spike comes with the probability
    2 tonic sigmoid(U), and what the neuron passes on is (s - tonic)/tonic, the mean of which is
    their phi_delta(U) = 2 sigmoid(U) - 1.

    Raises
    ------
    InputError
        If the tonic probability is not above 0 and at most 1/2.
    """
    _check_tonic(tonic)
    return Neuron(
        f"""
        dU/dt = (J - U)/tau_m : 1                          # eq (6)
        J : 1 (linked)                                     # sum of B phi of the layer above
        phi = (h - {tonic!r})/{tonic!r} : 1                # more or fewer spikes than usual
        """,
        threshold=f"rand() < {2 * tonic!r}/(1 + exp(-U))",
        cleared=(),
    )


def graded_error() -> Neuron:
    """Return an error neuron that compares the output's probability with its target, err = p - y*.

    It is what the spikes' error is on average, without what their chance adds to it; its ``cost``
    is err^2 / 2.
    """
    return Neuron(
        """
        p : 1 (linked)                                     # of the output neuron
        ystar : 1                                          # 1 if the neuron's class is shown
        group : integer (constant)                         # the neuron's class
        err = p - ystar : 1
        cost = 0.5*err**2 : 1                              # what the critic adds up
        """,
        cleared=(),
        steps=(Step("start", "ystar = target_at(row_at(t - t0)*second, group)"),),
    )


def spiking_error(tonic: float = 0.5) -> Neuron:
    """Return an error neuron that spikes around a tonic rate, as `spiking_feedback` does.

    Raises
    ------
    InputError
        If the tonic probability is not above 0 and at most 1/2.
    """
    _check_tonic(tonic)
    return Neuron(
        f"""
        dU/dt = (y - ystar - U)/tau_m : 1                  # eq (7), output minus target
        y : 1 (linked)                                     # spikes of the output neuron
        ystar : 1                                          # 1 if the neuron's class is shown
        group : integer (constant)                         # the neuron's class
        err = (h - {tonic!r})/{tonic!r} : 1                # more or fewer spikes than usual
        """,
        threshold=f"rand() < {2 * tonic!r}/(1 + exp(-U))",
        cleared=(),
        steps=(Step("start", "ystar = target_at(row_at(t - t0)*second, group)"),),
    )


def critic(
    *, delay_ms: float = 0.0, tau_ms: float = 0.0, baseline_ms: float = 10.0, dt_ms: float = 1.0
) -> Neuron:
    """Return the neuron that says how much the loss is above its running mean.

    L(t) is the sum of what all errors cost in this step, Lbar its running mean, which begins anew
    at L with each stimulus; what is told is L - Lbar, a delay later and through a low-pass filter:

        tau dL'/dt = (L - Lbar)(t - delay) - dL'

    Parameters
    ----------
    delay_ms
        How late it is told, a multiple of dt.
    tau_ms
        Time constant of what is told; 0 for none.
    baseline_ms
        Time constant of the mean.
    dt_ms
        The time step.

    Raises
    ------
    InputError
        If a time is negative, or the delay no multiple of dt.
    """
    _check_times(baseline_ms=baseline_ms, dt_ms=dt_ms)
    steps = round(delay_ms / dt_ms)
    if delay_ms < 0 or abs(delay_ms - steps * dt_ms) > 1e-9:
        raise InputError(f"delay_ms: a multiple of dt, {dt_ms} ms, from 0 on (got {delay_ms})")
    if not 0 <= tau_ms < float("inf"):
        raise InputError(f"tau_ms: a time of at least 0 (got {tau_ms})")
    past = [f"past{number}" for number in range(1, steps + 1)]
    shifted = [f"{a} = {b}" for a, b in zip(past[::-1], [*past[-2::-1], "surprise"], strict=False)]
    told, new = _share(tau_ms, dt_ms) if tau_ms else 1.0, (past or ["surprise"])[-1]
    step = [
        "baseline += fresh*(loss - baseline)",
        "surprise = loss - baseline",
        f"dL += {told!r}*({new} - dL)",
        *shifted,
        f"baseline += {_share(baseline_ms, dt_ms)!r}*(loss - baseline)",
    ]
    lines = [
        "loss : 1                                           # what all errors cost in this step",
        "baseline : 1                                       # its running mean",
        "fresh : 1                                          # 1 where a stimulus begins",
        "surprise : 1",
        *(f"{name} : 1" for name in past),
        "dL : 1                                             # what is told to all",
    ]
    return Neuron(
        "\n".join(lines),
        cleared=(),
        steps=(
            Step("start", "fresh = first_at(t - t0)"),
            Step("integrate", "\n".join(step)),
        ),
    )


def _with(neuron: Neuron, equations: str, *steps: Step) -> Neuron:
    text = f"{neuron.equations.rstrip()}\n{equations}"
    return replace(neuron, equations=text, steps=(*neuron.steps, *steps))


def _share(tau_ms: float, dt_ms: float) -> float:
    """Return the part of a running mean that a step replaces."""
    return 1 - exp(-dt_ms / tau_ms)


def _check_times(**times: float) -> None:
    for name, time in times.items():
        if not 0 < time < float("inf"):
            raise InputError(f"{name}: a time above 0 (got {time})")


def _check_tonic(tonic: float) -> None:
    if not 0 < tonic <= 0.5:
        raise InputError(f"tonic: a probability above 0 and at most 0.5 (got {tonic})")
