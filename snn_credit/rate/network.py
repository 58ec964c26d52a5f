"""A dense network of rate neurons, held as the arrays that a rule's interpreter works on.

    u_l = W_l h_{l-1} + bias_l,   h_l = f(u_l)
    loss = |h_L - y*|^2 / 2,      err = dloss/dh_L = h_L - y*

The output is logistic, f(u) = 1/(1 + exp(-u)), and so are the hidden layers unless they are tanh:
the units of Lillicrap et al. 2016, Fig 3, and the probability of a spike in their Fig 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from snn_credit.errors import InputError
from snn_credit.rate.support import is_count, learnable_rule
from snn_credit.rules import Message, Rule
from snn_credit.rules.expressions import expression
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.names import names_of
from snn_credit.rules.net import Net


@dataclass(frozen=True)
class Activation:
    """A neuron's activity ``value(u)``, and its ``slope(h)`` as a function of that activity."""

    value: Callable[[torch.Tensor], torch.Tensor]
    slope: Callable[[torch.Tensor], torch.Tensor]


ACTIVATIONS = {
    "logistic": Activation(torch.sigmoid, lambda h: h * (1 - h)),
    "tanh": Activation(torch.tanh, lambda h: 1 - h * h),
}


class Dense:
    """Fully connected layers, with whatever synapses a rule's declaration asks for.

    Each class owns an equal group of output neurons, which have the same target; the guess is the
    class whose neurons have the largest sum.

    Parameters
    ----------
    rule : Rule or str
        Says which synapses there are besides W; this class knows none by its name.
    sizes : sequence of int
        Neurons per layer, input to output.
    w_scale, b_scale : float
        W is uniform in +-w_scale, every feedback matrix in +-b_scale. Biases start at 0, and so do
        the variables that a rule's updates add. Half of the elements of a mask are 1.
    classes : int
        A divisor of the output's size.
    activation : str
        One of `ACTIVATIONS`, for the hidden layers.
    seed : int
        Of all draws. Each matrix has a stream of its own, so every rule starts from the same W, and
        so does the spiking network of the same sizes, scales and seed.
    dtype : torch.dtype
        Of every array.

    Attributes
    ----------
    net : Net
        Layers' names (batch, n), synapses (n_post, n_pre), biases (n,).
    interpreter : Interpreter
        The rule, ready to step this net.

    Raises
    ------
    InputError
        If the rule does not learn on this path, or an argument is out of its range.
    """

    def __init__(
        self,
        rule: Rule | str,
        sizes: Sequence[int],
        *,
        w_scale: float,
        b_scale: float,
        classes: int = 10,
        activation: str = "logistic",
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.rule = learnable_rule(rule)
        _check(sizes, {"w_scale": w_scale, "b_scale": b_scale}, classes, activation, seed)
        self.sizes, self.classes, self.dtype = tuple(sizes), classes, dtype
        hidden = [ACTIVATIONS[activation]] * (len(sizes) - 2)
        self.activations = [*hidden, ACTIVATIONS["logistic"]]
        self.interpreter = Interpreter(self.rule)
        self.net = _synapses(self.rule, self.sizes, _Draw(seed, w_scale, b_scale, dtype))
        self.interpreter.run_hosts(self.net, "start")

    def activity(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output (batch, n_L) for stimuli (batch, n_0); nothing is kept."""
        for layer, activation in enumerate(self.activations, start=1):
            x = activation.value(self._potential(layer, x))
        return x

    def forward(self, x: torch.Tensor) -> None:
        """Put every layer's ``h`` and ``df`` for stimuli (batch, n_0) into the net."""
        self.net.layers[0] |= {"x": x, "h": x}
        for layer, activation in enumerate(self.activations, start=1):
            x = activation.value(self._potential(layer, x))
            self.net.layers[layer] |= {"h": x, "df": activation.slope(x)}

    def compare(self, labels: torch.Tensor) -> torch.Tensor:
        """Put the output's ``ystar`` and ``err`` for labels (batch,) into the net.

        Returns the loss, the mean over the batch.
        """
        output = self.net.layers[-1]
        one_hot = torch.nn.functional.one_hot(labels, self.classes).to(self.dtype)
        output["ystar"] = one_hot.repeat_interleave(self.sizes[-1] // self.classes, dim=1)
        output["err"] = output["h"] - output["ystar"]
        return output["err"].square().sum() / (2 * len(labels))

    def votes(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum of each class's output neurons, (batch, classes)."""
        # (batch, n_L) -> (batch, classes, n_L / classes) -> (batch, classes)
        return self.activity(x).unflatten(1, (self.classes, -1)).sum(2)

    def _potential(self, layer: int, below: torch.Tensor) -> torch.Tensor:
        # (batch, n_pre) x (n_post, n_pre)' -> (batch, n_post)
        return torch.addmm(self.net.bias[layer], below, self.net.forward[layer]["w"].T)


@dataclass(frozen=True)
class _Draw:
    """The first values of synapses."""

    seed: int
    w_scale: float
    b_scale: float
    dtype: torch.dtype

    def __call__(
        self, variable: str, layers: tuple[int, int], shape: tuple[int, int]
    ) -> torch.Tensor:
        # The key is that of the spiking model, for the same first values there.
        random = np.random.default_rng((self.seed, *map(ord, variable), *layers))
        if variable == "mask":
            values = random.random(shape) < 0.5
        elif variable in ("w", "b"):
            scale = self.w_scale if variable == "w" else self.b_scale
            values = random.uniform(-scale, scale, shape)
        else:
            values = np.zeros(shape)
        return torch.as_tensor(values).to(self.dtype)


def _synapses(rule: Rule, sizes: tuple[int, ...], draw: _Draw) -> Net:
    """Make the net with the synapses that a declaration asks for."""
    own, feedback = names_of(rule).own, _feedback_variables(rule)
    net = Net(layers=[{} for _ in sizes], forward={})
    for layer in range(1, len(sizes)):
        pre, post = sizes[layer - 1], sizes[layer]
        # Nothing learns from what would reach the input, so the first layer owns W alone.
        variables = ("w", *feedback) if layer > 1 else ("w",)
        net.forward[layer] = {v: draw(v, (layer - 1, layer), (post, pre)) for v in variables}
        net.bias[layer] = torch.zeros(post, dtype=draw.dtype)
        if layer > 1 and own:
            net.own[layer] = {v: draw(v, (layer, layer), (post, post)) for v in own}
    for receiver, sender in _skips(rule, len(sizes) - 1):
        shape = (sizes[sender], sizes[receiver])
        net.direct[receiver, sender] = {"b": draw("b", (receiver, sender), shape)}
    return net


def _feedback_variables(rule: Rule) -> list[str]:
    """Return the variables besides w that forward synapses own, of those the rule mentions."""
    texts = [step.via for step in rule.steps if isinstance(step, Message) and not _skipping(step)]
    texts += [update.leak for update in rule.updates if update.leak is not None]
    mentioned = {name for text in texts for name in expression(text).names}
    mentioned |= {update.of for update in rule.updates}
    mentioned |= {name for host in rule.host for name in (host.of, *host.reads)}
    return [v for v in names_of(rule).forward if v in mentioned and v != "w"]


def _skips(rule: Rule, top: int) -> set[tuple[int, int]]:
    """Return (receiver, sender) of the feedback that skips layers."""
    pairs = set()
    for step in rule.steps:
        if isinstance(step, Message) and _skipping(step):
            for here in range(1, top):
                senders = [top] if step.frm == "output" else range(here + 1, top + 1)
                pairs |= {(here, there) for there in senders}
    return pairs


def _skipping(message: Message) -> bool:
    return message.frm in ("output", "all_above")


def _check(
    sizes: Sequence[int], scales: dict[str, float], classes: int, activation: str, seed: int
) -> None:
    if len(sizes) < 2 or any(not is_count(size) for size in sizes):
        raise InputError(f"sizes: two or more layers of at least 1 neuron (got {tuple(sizes)})")
    if not is_count(classes) or sizes[-1] % classes:
        raise InputError(
            f"sizes: an output layer that {classes} classes share equally (got {sizes[-1]} neurons)"
        )
    for name, scale in scales.items():
        if not (math.isfinite(scale) and scale >= 0):
            raise InputError(f"{name}: a number >= 0 (got {scale})")
    if activation not in ACTIVATIONS:
        raise InputError(f"activation: one of {', '.join(ACTIVATIONS)} (got {activation!r})")
    if not is_count(seed, least=0):
        raise InputError(f"seed: an integer >= 0 (got {seed!r})")
