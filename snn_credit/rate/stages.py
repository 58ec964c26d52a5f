"""A ``nn.Sequential`` read as a chain of layers of neurons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import nn

from snn_credit.errors import InputError
from snn_credit.rate.neurons import ACTIVATIONS, DROPOUTS, Noise
from snn_credit.rate.structure import STRUCTURES
from snn_credit.rate.wiring import LAYERS


@dataclass
class Stage:
    """A layer of neurons, with the synapses onto it.

    Attributes
    ----------
    name : str
        That of the module with the synapses.
    layer : nn.Module
        That module, one of `snn_credit.rate.wiring.LAYERS`.
    before : list of nn.Module
        What activity passes through on its way to the synapses.
    after : list of nn.Module
        What their sums pass through on the way to the activation.
    activation : nn.Module or None
        The function f of h = f(u).
    dropout : nn.Module or None
        What silences some of the neurons.
    noise : Noise or None
        What is added to their activity.
    onwards : list of nn.Module
        Of the last layer: what its activity passes through on its way out, such as a pool.
    """

    name: str
    layer: nn.Module
    before: list[nn.Module]
    after: list[nn.Module] = field(default_factory=list)
    activation: nn.Module | None = None
    dropout: nn.Module | None = None
    noise: Noise | None = None
    onwards: list[nn.Module] = field(default_factory=list)


def stages_of(module: nn.Module) -> list[Stage]:
    """Read a chain of layers off a module.

    Raises
    ------
    InputError
        If the module is no ``nn.Sequential``, or holds something that is neither synapses, an
        activation, dropout, noise, a pool nor a change of shape; the message names it.
    """
    if not isinstance(module, nn.Sequential):
        raise InputError(f"module: an nn.Sequential (got {type(module).__name__})")
    stages: list[Stage] = []
    between: list[nn.Module] = []
    met: dict[int, str] = {}
    for name, part in _parts(module):
        if met.setdefault(id(part), name) != name:
            raise InputError(f"module: each layer once ({name!r} is {met[id(part)]!r} again)")
        if isinstance(part, LAYERS):
            stages.append(Stage(name, part, between))
            between = []
        elif isinstance(part, ACTIVATIONS):
            _activate(stages, between, name, part)
            between = []
        elif isinstance(part, DROPOUTS) and _at_rest(stages, between):
            stages[-1].dropout = part
        elif isinstance(part, Noise):
            _disturb(stages, between, name, part)
        elif isinstance(part, (*STRUCTURES, *DROPOUTS)):
            between.append(part)
        else:
            raise InputError(_unknown(name, part))
    if not stages:
        raise InputError("module: at least one layer with synapses (got none)")
    stages[-1].onwards = between
    return stages


def _parts(module: nn.Sequential, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    # named_children leaves out what it has met: a layer that stands twice would pass as one.
    for name, part in module._modules.items():
        if isinstance(part, nn.Sequential):
            yield from _parts(part, f"{prefix}{name}.")
        elif part is not None and not isinstance(part, nn.Identity):
            yield f"{prefix}{name}", part


def _activate(
    stages: list[Stage], between: list[nn.Module], name: str, activation: nn.Module
) -> None:
    kind = type(activation).__name__
    if not stages:
        raise InputError(f"module: synapses before an activation (got {kind} {name!r} first)")
    if stages[-1].activation is not None:
        raise InputError(f"module: one activation for each layer (got {kind} {name!r} besides)")
    if stages[-1].noise is not None:
        raise InputError(f"module: noise behind the activation (got {kind} {name!r} after it)")
    stages[-1].after, stages[-1].activation = between, activation


def _disturb(stages: list[Stage], between: list[nn.Module], name: str, noise: Noise) -> None:
    if not stages or between or stages[-1].noise is not None:
        raise InputError(f"module: noise straight behind a layer's activation (got Noise {name!r})")
    stages[-1].noise = noise


def _at_rest(stages: list[Stage], between: list[nn.Module]) -> bool:
    """Whether dropout that comes now silences the last layer's own neurons."""
    return (
        bool(stages)
        and not between
        and stages[-1].activation is not None
        and stages[-1].dropout is None
        and stages[-1].noise is None
    )


def _unknown(name: str, part: nn.Module) -> str:
    return (
        "module: layers with synapses (Linear, Conv1d, Conv2d, LocallyConnected2d), elementwise "
        "activations, dropout, noise, pools and changes of shape "
        f"(got {type(part).__name__} {name!r})"
    )
