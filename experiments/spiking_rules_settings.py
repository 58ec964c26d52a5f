"""The rules of ``spiking-rules``: how fast each learns, and the control that each must beat.

A control is the rule with one thing taken from it, declared like any other:

=============== ==================================================================================
rule            its control
=============== ==================================================================================
BP              -W' in place of W'
FA, DFA ...     B drawn anew all the time (another B that stays is none: the network aligns with it)
uSF             B with the signs opposite to W's
KP, SA          B drawn to -W' in place of W'
NP, NP feedback a critic that is one image late: what it tells has nothing to do with the noise
WE, WM          noise that is not the neurons' own, though of the same size: nothing follows from it
PEPITA          F = 0
=============== ==================================================================================

The shallow network, in which the output alone learns, is under all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from snn_credit.rules import RULES, Host, Rule
from snn_credit.rules.node_perturbation_feedback import NP_FEEDBACK_WEIGHTED
from snn_credit.rules.sign_concordant_feedback import strict_normalisation
from snn_credit.rules.vocabulary import Message, Update


def drawn_anew(b: Any) -> Any:
    """Return the elements of ``b`` in another order and with other signs, which it decides."""
    values = np.asarray(b.detach() if hasattr(b, "detach") else b)
    # Its bits are the seed: a run that is stopped goes on with the same numbers.
    random = np.random.default_rng(np.ascontiguousarray(values).view(np.uint32).ravel())
    drawn = random.permuted(values.ravel()).reshape(values.shape)
    drawn = (drawn * random.choice((-1, 1), values.shape)).astype(values.dtype)
    return b.new_tensor(drawn) if hasattr(b, "new_tensor") else drawn


def opposite_signs(b: Any, w: Any) -> Any:
    """Return minus the feedback of uSF SN."""
    return -1 * strict_normalisation(b, w)


def _received(rule: Rule, **change: Any) -> Rule:
    """Return a rule with another first message, as its control."""
    first, *others = rule.steps
    assert isinstance(first, Message)
    return replace(rule, name=f"{rule.name} control", steps=(replace(first, **change), *others))


def _anew(rule: Rule) -> Rule:
    host = Host("b", fn=drawn_anew, reads=("b",))
    return replace(rule, name=f"{rule.name} control", host=(host,))


def _updated(rule: Rule, **change: Any) -> Rule:
    """Return a rule with another change of b, as its control."""
    updates: list[Update] = [
        replace(update, **change) if update.of == "b" else update for update in rule.updates
    ]
    return replace(rule, name=f"{rule.name} control", updates=tuple(updates))


def _other_noise(rule: Rule) -> Rule:
    """Return a rule that estimates weights from noise that reaches no synapse."""
    updates = tuple(
        replace(update, pre="other", leak_pre="other**2") if update.of == "b" else update
        for update in rule.updates
    )
    rates = {name: value for name, value in rule.rates.items() if name != "sig"}
    return replace(
        rule, name=f"{rule.name} control", updates=updates, needs=("du", "other"), rates=rates
    )


def _other_response(rule: Rule) -> Rule:
    """Return a mirror that takes the response to other noise for that to the neurons' own."""
    steps = tuple(
        replace(step, of="other") if isinstance(step, Message) and step.of == "noise" else step
        for step in rule.steps
    )
    return replace(rule, name=f"{rule.name} control", steps=steps, needs=(*rule.needs, "other"))


@dataclass(frozen=True)
class Learner:
    """A row of the table.

    Attributes
    ----------
    rule, control
        Declarations; a control of None is the rule itself in circumstances that the header names.
    eta, eta_output
        Learning rates of the hidden layers and of the output.
    lr
        Learning rate of the rate-coded network, None for a row that is of spikes only.
    b_scale, b_rate
        B is uniform in +-b_scale, and in +-b_rate in the rate-coded network.
    w
        W is uniform in +-w[0] in the hidden layers and +-w[1] in the output; None: as in all rows.
    rates
        Other shared scalars of the rule.
    windows
        Length of each window of the rule, in presentations' lengths.
    times
        How many times the images of the other rows it is shown.
    spikes, anatomy
        Whether feedback and error neurons spike; what connects the layers (arguments of Anatomy).
    """

    rule: Rule
    control: Rule | None
    eta: float = 0.1
    eta_output: float = 0.01
    lr: float | None = None
    b_scale: float = 1.0
    b_rate: float = 1.0
    w: tuple[float, float] | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    windows: tuple[float, ...] = (1.0,)
    times: int = 1
    spikes: bool = False
    anatomy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pepita(self) -> bool:
        """Whether it compares two windows, in a model of its own."""
        return self.rule.name == "PEPITA"

    @property
    def has_control(self) -> bool:
        """Whether there is something to take from it."""
        return self.control is not None or "dL" in self.rule.needs or self.pepita


def _of(name: str) -> Rule:
    return RULES[name]


# FA in other networks; its control is in the first row.
_OTHERS = Learner(_of("FA"), None, eta=0.03)
_FA = Learner(_of("FA"), _anew(_of("FA")), eta=0.03)

LEARNERS: dict[str, Learner] = {
    "Shallow": Learner(_of("Shallow"), None, lr=1.0, w=(4.0, 0.1), eta_output=0.01),
    "BP": Learner(_of("BP"), _received(_of("BP"), via="-w"), lr=3.0),
    "FA": replace(_FA, lr=1.0),
    "FA chain": Learner(_of("FA chain"), _anew(_of("FA chain")), b_scale=2.0, lr=3.0),
    "DFA": Learner(_of("DFA"), _anew(_of("DFA")), lr=1.0),
    "DenseFA": Learner(_of("DenseFA"), _anew(_of("DenseFA")), lr=1.0),
    "uSF Init": Learner(
        _of("uSF Init"), _received(_of("uSF Init"), via="-abs(b)*sign(w)"), lr=3.0
    ),
    "uSF SN": Learner(
        _of("uSF SN"),
        replace(
            _of("uSF SN"),
            name="uSF SN control",
            host=(Host("b", fn=opposite_signs, reads=("b", "w")),),
        ),
        lr=3.0,
    ),
    "NP": Learner(_of("NP"), None, lr=0.3),
    "NP feedback": Learner(
        NP_FEEDBACK_WEIGHTED, None, lr=3.0, b_scale=0.5, rates={"etab": 0.1}
    ),
    "WE": Learner(
        _of("WE"), _other_noise(_of("WE")), lr=3.0, b_scale=0.3, rates={"etab": 1e-3}
    ),
    "WM": Learner(
        _of("WM"), _other_response(_of("WM")), lr=1.0, b_scale=0.3, rates={"etab": 1e-3},
        windows=(1.0, 0.5),
    ),
    "KP": Learner(
        _of("KP"), _updated(_of("KP"), factor="eta"), lr=1.0, b_scale=0.3, rates={"lam": 1e-6}
    ),
    "SA": Learner(
        _of("SA"), _updated(_of("SA"), leak="etab*(c_decay*b + c_self*w)"), lr=3.0,
        b_scale=0.3, rates={"etab": 1e-3},
    ),
    "PEPITA": Learner(
        _of("PEPITA"), None, eta=5e-4, eta_output=0.01, lr=0.3, b_scale=0.2, b_rate=0.1,
        windows=(1.0, 1.0),
    ),
    "FA, spiking feedback": replace(_OTHERS, eta=0.01, times=2, spikes=True),
    "FA, half of the synapses": replace(_OTHERS, anatomy={"density": 0.5}),
    "FA, axons of 0 to 3 ms": replace(_OTHERS, anatomy={"delay_ms": (0.0, 3.0)}),
    "FA, Dale's law": replace(_OTHERS, anatomy={"inhibitory": 0.4}),
    "FA, all of these": replace(
        _OTHERS, eta=0.01, times=4, spikes=True,
        anatomy={"density": 0.5, "delay_ms": (0.0, 3.0), "inhibitory": 0.4},
    ),
}  # fmt: skip
