"""The settings of ``spiking-node-perturbation``, and its circuits by the names of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from snn_credit.experiments.spiking_teacher import Lessons
from snn_credit.harness import require

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.rules import Rule
    from snn_credit.spiking import Circuit, Neuron

NP, INJECTED, LATE, SLOW = "NP", "NP, injected noise", "NP, 1 ms late", "NP, late and slow"
UNRELATED, SHALLOW, OWN = "NP, unrelated number", "Shallow", "Shallow, own W"
BP, FA = "BP", "FA chain"
TAUGHT, DIRECT = "NP feedback weighted", "NP feedback DFA weighted"
FIXED, AUTO = ", W fixed", ", W fixed, autoencoder"
RATE_RULES = ("NP", "BP", "Shallow", "FA chain", "NP feedback")


@dataclass(frozen=True)
class Config:
    """Settings of one run.

    ``eta_*`` and ``etab`` are those of hidden layers, and a step is 1 ms. NP's mean update is
    probed with ``probe_rounds`` of ``probe_images``.
    """

    data: str = "digits"
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int | None = None
    hidden: tuple[int, ...] = (50, 50)
    output: int = 10
    encoder: tuple[int, ...] = (30, 20)
    images: int = 30_000
    fixed_images: int = 20_000
    steps: int = 20
    eta_np: float = 0.03
    eta_injected: float = 0.006
    eta_late: float = 0.03
    eta_bp: float = 0.3
    eta_fa: float = 0.3
    eta_output: float = 0.003
    etab: float = 0.3
    etab_output: float = 0.1
    etab_unweighted: float = 0.03
    fall: float = 0.1
    baseline_ms: float = 5.0
    delay_ms: float = 1.0
    tau_ms: float = 1.0
    eligibility_ms: float = 1.5
    injected: float = 1.0
    w_scale: float = 0.3
    b_scale: float = 0.5
    w_shallow: float = 8.0
    w_shallow_output: float = 0.1
    evaluations: int = 8
    probe_images: int = 500
    probe_rounds: int = 10
    window_steps: int = 20
    rate_images: int = 50_000
    rate_batch: int = 10
    rate_etas: tuple[float, ...] = (0.3, 1.0, 1.0, 1.0, 1.0)
    rate_etab: float = 0.5

    def __post_init__(self) -> None:
        require(self, _COUNTS, lambda count: count >= 1, "at least 1")
        require(self, _SIZES, lambda size: 0 <= size < inf, "a finite number of at least 0")
        require(self, ("w_shallow",), lambda size: size > 0, "above 0")
        require(self, ("fall",), lambda fall: 0 < fall <= 1, "above 0 and at most 1")
        wanted = len(RATE_RULES)
        fits = len(self.rate_etas) == wanted
        require(self, ("rate_etas",), lambda _: fits, f"{wanted}, one for each rule")


_COUNTS = (
    *("train_images", "test_images", "validation_images", "hidden", "output", "encoder", "images"),
    *("fixed_images", "steps", "evaluations", "probe_images", "probe_rounds"),
    *("window_steps", "rate_images", "rate_batch"),
)
_SIZES = ("w_scale", "b_scale", "w_shallow", "w_shallow_output", "etab", "etab_output",
          "etab_unweighted", "rate_etas", "rate_etab")  # fmt: skip


def learners(config: Config, data: Dataset, seed: int) -> dict[str, Circuit]:
    """Return the circuits in which W learns."""
    from snn_credit.models import neurons
    from snn_credit.models.lillicrap_spiking import FORWARD
    from snn_credit.rules.node_perturbation_feedback import NP_FEEDBACK_WEIGHTED

    sizes = (data.features, *config.hidden, config.output)
    net = partial(_network, config, sizes, data.classes, seed)
    told = _critic(config)
    etab = _per_layer(config.hidden, config.etab, config.etab_output)
    told_all = partial(net, "NP", config.eta_np)
    late = partial(net, "NP", config.eta_late, eligibility_ms=config.eligibility_ms)
    random = net("Shallow", 0.0, w_scale=config.w_shallow)
    return {
        NP: told_all(critic=told()),
        INJECTED: net(
            "NP", config.eta_injected, critic=told(), output=FORWARD,
            forward=neurons.injected_noise(config.injected),
        ),
        LATE: late(critic=told(delay_ms=config.delay_ms)),
        SLOW: late(critic=told(delay_ms=config.delay_ms, tau_ms=config.tau_ms)),
        UNRELATED: told_all(critic=told(delay_ms=float(config.steps))),
        BP: net("BP", config.eta_bp),
        SHALLOW: net("Shallow", 0.0),
        OWN: _output_scaled(random, config.w_shallow_output / config.w_shallow),
        FA: net("FA chain", config.eta_fa),
        TAUGHT: net(NP_FEEDBACK_WEIGHTED, config.eta_fa, critic=told(), etab=etab),
    }  # fmt: skip


def transported(config: Config, data: Dataset, seed: int) -> Circuit:
    """Return the circuit of BP to which mean updates are compared, which learns everywhere."""
    sizes = (data.features, *config.hidden, config.output)
    return _network(config, sizes, data.classes, seed, "BP", 1.0)


def lectures(config: Config, data: Dataset, seed: int) -> dict[str, tuple[Circuit, Lessons]]:
    """Return the circuits in which W is fixed and B learns, and what they are shown."""
    from snn_credit.rules import node_perturbation_feedback as rules

    told = _critic(config)
    lessons = Lessons(config.fixed_images, config.steps, fall=config.fall, seed=seed)
    encoding = replace(lessons, autoencoder=True)
    sizes = (data.features, *config.hidden, config.output)
    encoder = (data.features, *config.encoder, data.features)

    def net(rule: Rule, etab: Sequence[float], critic: Neuron, encodes: bool = False) -> Circuit:
        used, classes = (encoder, data.features) if encodes else (sizes, data.classes)
        return _network(
            config, used, classes, seed, rule, 0.0, 0.0, critic=critic, etab=etab, b_scale=0.0
        )

    chain = _per_layer(config.hidden, config.etab, config.etab_output)
    direct = _per_layer(config.hidden, 0.0, config.etab_output)
    plain = _per_layer(config.hidden, config.etab_unweighted, config.etab_unweighted)
    coded = _per_layer(config.encoder, config.etab, config.etab)
    unrelated = told(delay_ms=float(config.steps))
    weighted, dfa = rules.NP_FEEDBACK_WEIGHTED, rules.NP_FEEDBACK_DFA_WEIGHTED
    return {
        TAUGHT + FIXED: (net(weighted, chain, told()), lessons),
        f"NP feedback{FIXED}": (net(rules.NP_FEEDBACK, plain, told()), lessons),
        DIRECT + FIXED: (net(dfa, direct, told()), lessons),
        UNRELATED + FIXED: (net(weighted, chain, unrelated), lessons),
        TAUGHT + AUTO: (net(weighted, coded, told(), encodes=True), encoding),
        UNRELATED + AUTO: (net(weighted, coded, unrelated, encodes=True), encoding),
    }


def _network(
    config: Config,
    sizes: Sequence[int],
    classes: int,
    seed: int,
    rule: Rule | str,
    eta: float,
    eta_output: float | None = None,
    *,
    etab: Sequence[float] | None = None,
    **settings: Any,
) -> Circuit:
    from snn_credit.models import neurons
    from snn_credit.models.lillicrap_spiking import network

    last = config.eta_output if eta_output is None else eta_output
    rates: dict[str, Sequence[float]] = {"eta": _per_layer(sizes[1:-1], eta, last)}
    if etab is not None:
        rates["etab"] = etab
    shared = {"w_scale": config.w_scale, "b_scale": config.b_scale}
    return network(
        sizes, rule, classes=classes, rates=rates, seed=seed, error=neurons.graded_error(),
        **{**shared, **settings},
    )  # fmt: skip


def _critic(config: Config) -> Callable[..., Neuron]:
    from snn_credit.models import neurons

    return partial(neurons.critic, baseline_ms=config.baseline_ms)


def _per_layer(hidden: Sequence[int], eta: float, last: float) -> tuple[float, ...]:
    return (*(eta,) * len(hidden), last)


def _output_scaled(circuit: Circuit, factor: float) -> Circuit:
    """Return a circuit with the output's first weights multiplied by a number."""

    def scaled(initial: Mapping[str, Any]) -> dict[str, Any]:
        return {**initial, "w": factor * initial["w"]}

    return replace(
        circuit,
        projections=tuple(
            replace(each, initial=scaled(each.initial))
            if each.target == "output" and "w" in each.initial
            else each
            for each in circuit.projections
        ),
    )
