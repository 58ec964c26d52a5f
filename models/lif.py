"""Integrate-and-fire neurons with a threshold and a reset, for the hidden layers of a network.

    from snn_credit.models.lif import lif
    from snn_credit.models.lillicrap_spiking import FORWARD, network

    network((64, 100, 100, 100), "WE", forward=lif(), output=FORWARD)

In a step of ``dt``, with ``lambda = exp(-dt/tau)``:

    v <- lambda v + I + tonic + bias_weight bias + kick   soma: spikes at the threshold, is reset
    V <- lambda V + I + tonic + bias_weight bias          dendrite: the same without the reset

The two compartments are the departure from a textbook's neuron. What is read for learning is the
dendrite's: ``du = V(t) - V(t - dt)``, to which each presynaptic spike of this step adds its weight,
and ``df = a (1 - a)`` with ``a = sigmoid((V - threshold)/width)``, a surrogate for the slope of a
step. ``kick`` is a little noise of the neuron's own, drawn anew in each step.

``noise=`` says what a rule reads as their noise:

================= ================================================== ========================
noise             what                                               for
================= ================================================== ========================
'discontinuity'   `snn_credit.models.discontinuity`                  weight estimation
'spikes'          spike minus its mean, which is confounded          a control
'injected'        df kick, with sig = df times the size of the kicks node perturbation
================= ================================================== ========================

`with_common_noise` gives all neurons of a layer the same noise on top, which confounds whatever
they do together.

Source: Guerguiev, Kording & Richards 2019, arXiv 1910.01689; Lansdell & Kording 2019, bioRxiv
253351 (integrate-and-fire neurons that learn by their threshold, in confounding noise).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

import brian2 as b2

from snn_credit.errors import InputError, one_of
from snn_credit.models.discontinuity import with_discontinuity, with_spikes_as_noise
from snn_credit.spiking import Circuit, Neuron, Pathway, Population, Projection, Step

#: What ``noise`` may be.
NOISES = ("discontinuity", "spikes", "injected")

_INPUT = """
    I : 1                                              # sum of w over the spikes of this step
    bias : 1
    kick : 1                                           # noise of its own, drawn in each step
    common : 1                                         # noise of the whole layer
    V_before : 1                                       # V at the start of the step
    df = exp(-abs(V - threshold)/width)/(1 + exp(-abs(V - threshold)/width))**2 : 1
"""

_CURRENTS = """
    dv/dt = (steady + (kick + common)/share - v)/tau_v : 1 (unless refractory)    # soma
    dV/dt = (steady - V)/tau_v : 1                     # dendrite, without reset
    steady = (I + tonic + bias_weight*bias)/share : 1  # V goes there while this goes on
    share = 1 - exp(-dt/tau_v) : 1                     # of the way, in one step
    du = V - V_before : 1                              # what this step's spikes add, and the leak
"""

_CONDUCTANCES = """
    dv/dt = (pull + kick_rate - leak*v)/tau_v : 1 (unless refractory)             # soma
    dV/dt = (pull - leak*V)/tau_v : 1                  # dendrite, without reset
    pull = g_e*E_e + g_i*E_i + tonic + bias_weight*bias : 1
    leak = 1 + g_e + g_i : 1
    kick_rate = (kick + common)*tau_v/dt : 1           # a kick is what it moves v by in a step
    old_e : 1                                          # what is left of earlier conductances
    old_i : 1
    g_e = old_e + opening*clip(I, 0, inf)/(E_e - threshold/2) : 1
    g_i = old_i + opening*clip(-I, 0, inf)/(threshold/2 - E_i) : 1
    opening = share*tau_v/dt : 1                       # so that w moves v by about w in all
    share = 1 - exp(-dt/tau_s) : 1                     # what is gone after a step
    du = (V - V_before)/share : 1                      # what this step's spikes add, and the leak
"""

_INJECTED = """
    noise = df*kick : 1                                # what the kick adds, to first order
    sig = df*kicks : 1
"""


def lif(
    *,
    tau_ms: float = 10.0,
    threshold: float = 1.0,
    reset: float = 0.0,
    refractory_ms: float = 3.0,
    tonic: float = 0.06,
    bias_weight: float = 0.1,
    kick: float = 0.2,
    width: float = 1.0,
    noise: str = "discontinuity",
    homeostasis: float = 0.0,
    target: float = 0.1,
    **fit: Any,
) -> Neuron:
    """Return a leaky integrate-and-fire neuron with a current for a synapse.

    Parameters
    ----------
    tau_ms
        Time constant of soma and dendrite.
    threshold, reset
        Where the soma spikes, and where it is put then.
    refractory_ms
        Time after a spike at which it may spike again.
    tonic
        What is added to the potential in each step, as by a bias that does not learn.
    bias_weight
        What a bias of 1 adds. With 0.1 biases learn at a tenth of the rate of weights.
    kick
        Standard deviation of the soma's own noise.
    width
        Of the sigmoid whose slope is ``df``.
    noise
        One of `NOISES`.
    homeostasis, target
        While synapses learn, each step changes the bias by ``homeostasis (target - h)``.
    **fit
        ``window``, ``memory`` and ``warm_up`` of `with_discontinuity`, or ``memory`` of
        `with_spikes_as_noise`.

    Raises
    ------
    InputError
        If a number is out of its range, or the window reaches the reset.
    """
    soma = Neuron(
        _INPUT + _CURRENTS,
        constants={"tau_v": tau_ms * b2.ms, "tonic": tonic, "bias_weight": bias_weight},
    )
    return _finished(
        soma, tau_ms=tau_ms, threshold=threshold, reset=reset, refractory_ms=refractory_ms,
        tonic=tonic, bias_weight=bias_weight, kick=kick, width=width, noise=noise,
        homeostasis=homeostasis, target=target, fit=fit,
    )  # fmt: skip


def conductance_lif(
    *,
    tau_ms: float = 10.0,
    tau_syn_ms: float = 2.0,
    excitation: float = 4.0,
    inhibition: float = -1.0,
    threshold: float = 1.0,
    reset: float = 0.0,
    refractory_ms: float = 3.0,
    tonic: float = 0.6,
    bias_weight: float = 0.1,
    kick: float = 0.2,
    width: float = 1.0,
    noise: str = "discontinuity",
    homeostasis: float = 0.0,
    target: float = 0.1,
    **fit: Any,
) -> Neuron:
    """Return an integrate-and-fire neuron whose synapses open conductances that decay.

    ``tau dv/dt = g_e (E_e - v) + g_i (E_i - v) - v + tonic + bias_weight bias``, with ``g`` of the
    time constant ``tau_syn``. Halfway between 0 and the threshold a spike moves the potential by
    about its weight in all, by ``1 - exp(-dt/tau_syn)`` of that in its own step, which ``du`` makes
    up for. How much it moves it elsewhere depends on the potential, so estimates of weights are
    proportional to them on average.

    Deviation: synapses have one sum ``I``, so what comes together in one step is excitation or
    inhibition by the sign of the sum.

    Parameters
    ----------
    tau_syn_ms
        Time constant of the conductances.
    excitation, inhibition
        Reversal potentials E_e, above the threshold, and E_i, below the reset or equal to it.
    tonic
        Potential to which the neuron goes without synapses.
    tau_ms, threshold, reset, refractory_ms, bias_weight, kick, width, noise
        As in `lif`.
    homeostasis, target, **fit
        As in `lif`.

    Raises
    ------
    InputError
        If a number is out of its range, or the window reaches the reset.
    """
    if not inhibition <= reset < threshold < excitation:
        raise InputError(
            "excitation, inhibition: inhibition <= reset < threshold < excitation (got "
            f"{inhibition}, {reset}, {threshold}, {excitation})"
        )
    _positive(tau_syn_ms=tau_syn_ms)
    soma = Neuron(
        _INPUT + _CONDUCTANCES,
        method="exponential_euler",
        constants={
            "tau_v": tau_ms * b2.ms,
            "tau_s": tau_syn_ms * b2.ms,
            "tonic": tonic,
            "E_e": excitation,
            "E_i": inhibition,
            "bias_weight": bias_weight,
        },
        steps=(Step("integrate", "old_e = (1 - share)*g_e\nold_i = (1 - share)*g_i"),),
    )
    return _finished(
        soma, tau_ms=tau_ms, threshold=threshold, reset=reset, refractory_ms=refractory_ms,
        tonic=tonic, bias_weight=bias_weight, kick=kick, width=width, noise=noise,
        homeostasis=homeostasis, target=target, fit=fit,
    )  # fmt: skip


def with_common_noise(circuit: Circuit, size: float = 0.2) -> Circuit:
    """Return the circuit with noise that all neurons of a layer share.

    One number for each layer whose neurons declare ``common``, normal, of standard deviation
    ``size``, and drawn in each step by a population of one neuron. (A shared variable would be
    drawn anew by every thread of a GPU.)

    Raises
    ------
    InputError
        If the size is not above 0, or no neuron has ``common``.
    """
    _positive(size=size)
    names = [p.name for p in circuit.populations if "common" in b2.Equations(p.equations)]
    if not names:
        raise InputError("circuit: neurons with 'common', such as lif's (got none)")
    sources = tuple(
        Population(
            f"{name}_common", 1, "kick : 1", steps=(Step("start", f"kick = {size!r}*randn()"),)
        )
        for name in names
    )
    code = "common_post += kick_pre"
    projections = tuple(
        Projection(
            f"{name}_common_to_{name}",
            f"{name}_common",
            name,
            "",
            (Pathway("common", f"{name}_synapses", code, on="step"),),
        )
        for name in names
    )
    return replace(
        circuit,
        populations=(*circuit.populations, *sources),
        projections=(*circuit.projections, *projections),
    )


def _finished(
    soma: Neuron,
    *,
    threshold: float,
    reset: float,
    refractory_ms: float,
    kick: float,
    width: float,
    noise: str,
    homeostasis: float,
    target: float,
    fit: Mapping[str, Any],
    **others: float,
) -> Neuron:
    """Return the neuron with its threshold, its kicks, and what rules read."""
    _positive(kick=kick, width=width, refractory_ms=refractory_ms, tau_ms=others["tau_ms"])
    if not (isfinite(threshold) and reset < threshold):
        raise InputError(f"reset: below the threshold, {threshold} (got {reset})")
    if noise not in NOISES:
        raise InputError(f"noise: {one_of(noise, NOISES)} (got {noise!r})")
    if not 0 <= homeostasis < 1:
        raise InputError(f"homeostasis: from 0 to below 1 (got {homeostasis})")
    if not 0 < target < 1:
        raise InputError(f"target: a rate between 0 and 1 (got {target})")
    steps = [Step("start", f"kick = {kick!r}*randn()\nV_before = V"), *soma.steps]
    if homeostasis:
        more = f"bias += {homeostasis!r}*({target!r} - h)*learn_at(t - t0)"
        steps.append(Step("end", more))
    neuron = replace(
        soma,
        threshold=f"v >= {threshold!r}",
        reset=f"v = {reset!r}",
        refractory=f"{refractory_ms!r}*ms",
        constants={**soma.constants, "threshold": threshold, "width": width},
        cleared=(*soma.cleared, "common"),
        steps=tuple(steps),
        initial={"v": reset},
        exact=("bias",),
    )
    if noise == "spikes":
        return with_spikes_as_noise(neuron, **fit)
    if noise == "injected":
        if fit:
            raise InputError(f"{next(iter(fit))}: a setting of noise that is estimated (got it)")
        lines = f"{neuron.equations.rstrip()}\n{_INJECTED}"
        return replace(neuron, equations=lines, constants={**neuron.constants, "kicks": kick})
    window = fit.get("window", 0.4)
    if window >= threshold - reset:
        raise InputError(f"window: below {threshold - reset}, the way to the reset (got {window})")
    return with_discontinuity(neuron, threshold=threshold, **fit)


def _positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 < number < float("inf"):
            raise InputError(f"{name}: a number above 0 (got {number})")
