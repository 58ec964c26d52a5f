"""The networks of Dellaferrera & Kreiman 2022: one hidden layer, fully connected or convolutional.

    fully connected   x -> FC 1024 -> f -> dropout 10% -> FC classes
    convolutional     x -> 32 maps of 5 x 5, stride 1 -> f -> max pool 2 x 2 -> FC classes

f is ReLU and the output softmax with cross-entropy, except under DRTP, where f is tanh and the
output a sigmoid. Both outputs are linear here, and the loss holds the rest, so that err = softmax
(or sigmoid) less target and the slope of the output is 1. There are no biases; W is uniform in
+-sqrt(6 / n_in) (He et al. 2015).

The paper prints neither the padding of its convolution nor the size of its pool: none, and 2 x 2.
It prints F's *standard deviation* as 0.05 x 2 sqrt(6 / n_0); its published code has F uniform in
+-0.05 sqrt(6 / n_0), whose standard deviation is 3.5 times smaller. `F_SPREADS` has both, and the
control F = 0.

Source: Dellaferrera & Kreiman 2022, ICML, section 4.1 and appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt

import torch
from torch import nn
from torch.optim import SGD

from snn_credit.errors import InputError, one_of
from snn_credit.models.perceptron import ACTIVATIONS, perceptron, uniform
from snn_credit.rate import Stack, convert
from snn_credit.rules import Rule, get_rule

KINDS = ("FC", "conv")
F_SPREADS = {"code": 0.05, "printed": 0.1 * sqrt(3), "zero": 0.0}
MAPS, FIELD, POOL = 32, 5, 2


def network(
    kind: str,
    shape: Sequence[int],
    classes: int,
    *,
    hidden: int = 1024,
    activation: str = "relu",
    dropout: float = 0.1,
    normal: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """Make one of the two networks, for flattened stimuli (batch, n_0).

    Parameters
    ----------
    kind : str
        'FC' or 'conv'.
    shape : sequence of int
        (channels, height, width) of one stimulus.
    classes : int
        Outputs.
    hidden : int
        Neurons of the fully connected hidden layer.
    activation : str
        f, one of `snn_credit.models.perceptron.ACTIVATIONS`.
    dropout : float
        Of the fully connected hidden layer; the convolutional network has none.
    normal : bool
        Draw W normal, with the same standard deviation sqrt(2 / n_in): section 4.4 does.
    seed : int
        Of W.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    if kind not in KINDS:
        raise InputError(f"kind: {one_of(kind, KINDS)} (got {kind!r})")
    if kind == "FC":
        sizes = (prod(shape), hidden, classes)
        net = perceptron(
            sizes, hidden=activation, output="linear", bias=False, dropout=dropout, seed=seed
        )
    else:
        net = _convolutional(shape, classes, activation, seed)
    if normal:
        random = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for w in net.parameters():
                w.normal_(0, sqrt(2 / w[0].numel()), generator=random)
    return net


def _convolutional(shape: Sequence[int], classes: int, activation: str, seed: int) -> nn.Sequential:
    function = ACTIVATIONS.get(activation)
    if function is None:
        raise InputError(f"activation: {one_of(activation, ACTIVATIONS)} (got {activation!r})")
    if len(shape) != 3 or min(shape[1:]) < FIELD + POOL - 1:
        raise InputError(
            f"shape: channels, and a height and width of at least {FIELD + POOL - 1} "
            f"(got {tuple(shape)})"
        )
    pooled = [(side - FIELD + 1) // POOL for side in shape[1:]]
    conv = nn.Conv2d(shape[0], MAPS, FIELD, bias=False)
    out = nn.Linear(MAPS * prod(pooled), classes, bias=False)
    for number, layer in enumerate((conv, out), start=1):
        uniform(layer.weight, sqrt(6 / layer.weight[0].numel()), number, seed)
    return nn.Sequential(
        nn.Unflatten(1, tuple(shape)), conv, function(), nn.MaxPool2d(POOL), nn.Flatten(), out
    )


def f_bound(n_in: int, spread: str = "code") -> float:
    """Return the bound of F's uniform distribution, a multiple of sqrt(1 / n_in).

    ``spread`` is that of the published ``code``, as ``printed``, or ``zero``.

    Raises
    ------
    InputError
        If there is no such spread.
    """
    if spread not in F_SPREADS:
        raise InputError(f"spread: {one_of(spread, F_SPREADS)} (got {spread!r})")
    return F_SPREADS[spread] * sqrt(6 / n_in)


def learner(
    net: nn.Sequential,
    rule: Rule | str,
    shape: Sequence[int],
    *,
    spread: str = "code",
    k: float | None = None,
    seed: int = 0,
) -> Stack:
    """Return a copy of a network that learns by a rule, with the paper's feedback.

    F is `f_bound`'s. FA's B has the standard deviation of the W beside it. DRTP's is uniform in
    +-sqrt(6 / n_1), n_1 neurons in the hidden layer, by He's formula with the hidden layer as its
    fan-in, which is how torch reads the shape of Frenkel et al.'s matrix.

    Parameters
    ----------
    net : nn.Sequential
        Of `network`.
    rule : Rule or str
        A declaration, or its name.
    shape : sequence of int
        (channels, height, width) of one stimulus.
    spread : str
        Of F: 'code', 'printed' or 'zero'.
    k : float, optional
        Of the random projection (`snn_credit.rules.pepita.PEPITA_RANDOM`): r is uniform in [-k, k),
        as in the text of the paper's Fig 5; its appendix D says [0, 1) for r / k.
    seed : int
        Of the feedback.
    """
    rule, bound, given = get_rule(rule), None, None
    if any(getattr(step, "to", "") == "input" for step in rule.steps):
        bound = f_bound(prod(shape), spread)
    elif rule.name == "DRTP":
        # Feedback to a convolution is divided by the root of its positions by `convert`.
        bound = sqrt(6 / next(net.parameters()).shape[0])
    if k is not None:
        size = k
        given = {"r": lambda h: torch.empty_like(h).uniform_(-size, size)}
    made = convert(net, rule, b_scale=bound, shape=(prod(shape),), given=given, seed=seed)
    assert isinstance(made, Stack)  # convert makes one of every nn.Sequential
    return made


def sgd(net: nn.Sequential | Stack, shape: Sequence[int], lr: float, momentum: float = 0.9) -> SGD:
    """Return the paper's optimiser for PEPITA: a kernel's change is a mean over positions.

    Section 3.3: the products of the change of activity at each position with the input under it
    are summed and *divided by their number*. A gradient is their sum, so here the kernels' learning
    rate is divided by the number of positions.
    """
    positions = prod(side - FIELD + 1 for side in shape[1:])
    groups = [
        {"params": [w], "lr": lr / (positions if w.ndim == 4 else 1)} for w in net.parameters()
    ]
    return SGD(groups, lr=lr, momentum=momentum)
