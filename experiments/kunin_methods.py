"""The rules of Kunin et al. 2020 with their metaparameters: rows of Tables 2 to 5.

`METHODS` has what the paper gives: Table 5 for the local rules, B.2 for SA and AA. Where it is
open, or printed otherwise than it was run:

- SA's and AA's weights are those of the authors' code, alpha = beta = 2e-3 in the normalisation of
  Table 1, with which B goes to W'. B.2 prints beta = 2 alpha, with which it would go to W'/2.
- KP's B has an optimiser like that of W, which is what makes them meet, and the decay of the
  authors' code, 1e-3.
- WM is the searched one, R_WM^TPE. Metaparameters of Akrout et al. 2019 for ImageNet are not given.
- The first layer has no feedback weights, since nothing learns from what would come down there.
- Where B is delayed its learning rate has no warm-up, and that of W has begun before W learns.

`SMALL` has what is used on small networks: chosen on validation images with seed 100, on ResNet-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

PAPER = "Kunin et al. 2020"


@dataclass(frozen=True)
class Method:
    """A row: what B descends, how, and which operations stand around it (Table 5).

    Attributes
    ----------
    primitives : mapping of str to float
        Weights of the primitives (Table 1); none for a rule that has a name of its own.
    rule : str
        That name.
    operations : tuple of str
        Of `snn_credit.rate.Operations`, those that are done (B.1).
    noise : float
        Standard deviation of what takes the place of activity, 0 for activity itself.
    optimiser : str
        Of B: 'SGD', 'Adam', 'as W' (one that is like that of W); none where B does not learn.
    lr : float
        Of B.
    delay : float
        Epochs in which B alone learns.
    alternate : bool
        Whether W and B take turns at each step.
    warm : bool
        Whether the learning rate of B rises with that of W at first.
    batch, forward_lr, decay : optional
        Batch, learning rate and weight decay of W, where they are not those of the settings.
    """

    primitives: Mapping[str, float] = field(default_factory=dict)
    rule: str = ""
    operations: tuple[str, ...] = ()
    noise: float = 0.0
    optimiser: str = ""
    lr: float = 1e-3
    delay: float = 0.0
    alternate: bool = False
    warm: bool = False
    batch: int | None = None
    forward_lr: float | None = None
    decay: float | None = None


_SUMS = ("fo_bias", "bo_bias")
CENTRED = ("fo_bias", "fo_relu", "fo_bwmc", "bi_bwmc")
_NORMED = (*CENTRED, "fo_fwmc", "bo_relu", "bo_fwl2n")
_INFORMED = ("fo_bias", "fo_relu", "fo_bwmc", "fo_fwmc", "bo_bias", "bo_fwmc", "bo_fwl2n")
_SEARCHED = {"optimiser": "Adam", "alternate": True, "forward_lr": 0.125}


def _mirror(ratio: float, decay: float, **more: float) -> dict[str, float]:
    """Return the weights of amp and decay, given alpha/beta and beta."""
    return {"amp": ratio * decay, "decay": decay, **more}


#: The paper's, by the names of its Tables 2 and 3.
METHODS: Mapping[str, Method] = {
    "BP": Method(rule="BP"),
    "FA": Method(rule="FA chain"),
    "SA": Method({"self": 2e-3, "decay": 2e-3}, optimiser="Adam"),
    "AA": Method({"amp": 2e-3, "sparse": 2e-3}, operations=_SUMS, optimiser="Adam"),
    "KP": Method(rule="KP", optimiser="as W", warm=True, decay=1e-3),
    "WM": Method(
        _mirror(15.6607, 0.0283),
        operations=CENTRED, noise=0.6905,
        optimiser="SGD", lr=1.0, delay=2, alternate=True, batch=2048, forward_lr=1.0,
    ),
    "WM+AD": Method(
        _mirror(13.9040, 2.8109e-8), operations=CENTRED, noise=0.9500, lr=0.0053,
        warm=True, **_SEARCHED,
    ),
    "WM+AD+OPS": Method(
        _mirror(0.1344, 232.7856), operations=_NORMED, noise=0.6402, lr=0.0025,
        warm=True, **_SEARCHED,
    ),
    "IA": Method(
        _mirror(129.1123, 7.9990, null=3.1610e-6), operations=_INFORMED, noise=0.8176,
        lr=0.0098, delay=1, **_SEARCHED,
    ),
}  # fmt: skip
ALL = tuple(METHODS)
#: BP with B = W' + noise: SA whose B goes all the way at each step.
CONTROL = "BP + noise in W'"
METHODS = {
    **METHODS,
    CONTROL: Method({"self": 1.0, "decay": 1.0}, optimiser="SGD", lr=1.0),
}
_APART: dict[str, Any] = {
    "delay": 0.0, "alternate": False, "warm": False, "batch": None, "forward_lr": None,
}  # fmt: skip
#: Those of small networks: what is said here, and the rest as above. Each batch is shown once, for
#: twice would double the time, and nothing is delayed. WM and WM+AD+OPS have other weights.
SMALL: Mapping[str, Method] = {
    **{name: replace(method, **_APART) for name, method in METHODS.items()},
    "SA": replace(METHODS["SA"], lr=1e-2),
    "AA": replace(METHODS["AA"], lr=2e-2),
    "KP": replace(METHODS["KP"], decay=1.5e-3),
    "WM": replace(METHODS["WM"], primitives=_mirror(0.3, 0.0283), **_APART),
    "WM+AD+OPS": replace(METHODS["WM+AD+OPS"], primitives=_mirror(100.0, 1.0), **_APART),
}


def learner(method: Method, network: nn.Module, name: str, seed: int) -> nn.Module:
    """Return a network that learns by a method."""
    from snn_credit.rate import Operations, convert
    from snn_credit.rules.primitives import aligned

    if not method.primitives:
        return convert(network, method.rule, seed=seed)
    rule = aligned(name, PAPER, **method.primitives)
    operations = None
    if method.operations or method.noise:
        done = dict.fromkeys(method.operations, True)
        operations = Operations(noise=method.noise or None, **done)
    return convert(network, rule, operations=operations, seed=seed)
