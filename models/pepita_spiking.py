"""Dellaferrera & Kreiman 2022 in continuous time: two windows, and two compartments to compare.

Dellaferrera, G. & Kreiman, G. Error-driven input modulation: solving the credit assignment problem
without a backward pass. ICML 2022, arXiv 2201.11665.

The neurons are those of Lillicrap et al. 2016, Fig 4 (`snn_credit.models.lillicrap_spiking`). Each
stimulus is shown in a standard window, and then in a modulated one, in which the input fires with
the rate x + F e. No phase is without dynamics: spikes, potentials and traces go on throughout.

In the paper's discussion the two activities are kept apart by two compartments. Here the dendrite
keeps a running trace of the neuron's spikes (``rate``), always; at the end of the standard window
the soma takes it over (``h1``), and the difference between what the soma has kept and what the
dendrite comes to have in the modulated window is what teaches the synapses, spike by spike:

    dW_ij = -eta (h1_i - rate_i) s_j        at each presynaptic spike of the modulated window

The dendrite's trace is read before the spike of the same step is added: a spike and the presynaptic
spikes that led to it go together by chance, and would let the weights grow by themselves.

The error is that of the output's trace when the standard window ends, e = rate - target. An input
cannot fire less than never, so it fires with the probability ``tonic`` where the stimulus is 0:
there is room for what the error takes away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from snn_credit.errors import InputError
from snn_credit.models import lillicrap_spiking
from snn_credit.models.lillicrap_spiking import FORWARD
from snn_credit.models.neurons import equipped
from snn_credit.rules import Rule
from snn_credit.spiking import Circuit, Neuron, Step

INPUT = Neuron(
    """
    x = stimulus_at(row_at(t - t0)*second, i) : 1      # the image, pixel values from 0 to 1
    drive : 1                                          # x, and x + F e in the modulated window
    p = clip(tonic + (1 - 2*tonic)*drive, 0, 1) : 1    # probability of a spike
    """,
    threshold="rand() < p",
    cleared=(),
)

ERROR = Neuron(
    """
    rate : 1 (linked)                                  # trace of the output neuron's spikes
    ystar : 1                                          # 1 if the neuron's class is shown
    group : integer (constant)                         # the neuron's class
    err = rate - ystar : 1                             # e, output minus target
    """,
    cleared=(),
    steps=(Step("start", "ystar = target_at(row_at(t - t0)*second, group)"),),
)


def network(
    sizes: Sequence[int] = (64, 100, 100),
    rule: Rule | str = "PEPITA",
    *,
    rate_ms: float = 5.0,
    tonic: float = 0.1,
    forward: Neuron = FORWARD,
    output: Neuron | None = None,
    dt_ms: float = 1.0,
    **settings: Any,
) -> Circuit:
    """Build a network that compares two windows, learning by PEPITA or a variant of it.

    Parameters
    ----------
    sizes
        Neurons per layer, input to output.
    rule
        PEPITA, or a rule whose windows are alike.
    rate_ms
        Time constant of the dendrite's trace; a window should be some of them long.
    tonic
        Probability of an input spike where the stimulus is 0, and of none where it is 1.
    forward
        The neuron of hidden and output layers, which is given a trace if it has none.
    output
        That of the output layer, if it is another.
    dt_ms
        Length of a step in ms.
    **settings
        Those of `snn_credit.models.lillicrap_spiking.network`. ``b_scale`` is that of F, which is
        uniform in +-b_scale; 0 is the control without feedback.

    Raises
    ------
    InputError
        If the tonic probability is not from 0 to below 1/2, or a setting is out of its range.
    """
    if not 0 <= tonic < 0.5:
        raise InputError(f"tonic: a probability from 0 to below 0.5 (got {tonic})")
    traced = partial(equipped, names=["rate"], rate_ms=rate_ms, dt_ms=dt_ms)
    return lillicrap_spiking.network(
        sizes,
        rule,
        stimulus=replace(INPUT, constants={"tonic": tonic}),
        forward=traced(forward),
        output=None if output is None else traced(output),
        error=ERROR,
        dt_ms=dt_ms,
        **settings,
    )
