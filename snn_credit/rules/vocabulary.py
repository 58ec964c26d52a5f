"""The words in which a learning rule is declared, once, for both paths.

A network is a chain of layers 0 (input) to L (output). Every forward synapse, from neuron ``i`` of
layer ``l-1`` (``pre``) to neuron ``k`` of layer ``l`` (``post``), owns variables: its weight ``w``,
its feedback weight ``b`` (the paper's B transposed: it is stored where w is), a ``mask``, and
whatever a rule's updates add. All of them have w's shape ``(n_post, n_pre)``. Feedback that skips
layers has synapses of its own, one matrix ``b`` of shape ``(n_sender, n_receiver)`` per pair.

A neuron owns names too: its activity ``h``, the slope ``df`` of its activation, and, in the output
layer, the error ``err`` = dLoss/dh and the target ``ystar``; in the input layer the stimulus ``x``.
Whatever else a rule reads of a neuron, it lists in ``needs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Source = Literal["above", "below", "output", "all_above"]
Layers = Literal["all", "hidden", "output"]


@dataclass(frozen=True)
class Message:
    """A sum over synapses: ``name_here = sum over there of via * of_there``.

    ``frm`` 'above': over the neurons of the next layer, through the forward synapses that lead
    there (received by hidden layers). 'below': over the previous layer, through the forward
    synapses that come from there (received by every layer whose lower synapses own the variables
    of ``via``; where ``via`` reads ``b``, layers 2 to L; the first layer, where it has no such
    synapses or the input has no such name, receives 0). 'output', 'all_above': through synapses
    of their own, which own only ``b``.
    """

    name: str
    of: str
    frm: Source
    via: str
    to: Literal["hidden", "input"] = "hidden"


@dataclass(frozen=True)
class Local:
    """A pointwise assignment in a neuron: ``name = hidden`` or, in the output layer, ``= output``.

    ``None``: the name does not exist there.
    """

    name: str
    hidden: str | None
    output: str | None


@dataclass(frozen=True)
class Update:
    """A change of a synapse's variable: ``of += factor * post * pre - leak * leak_pre``.

    ``post`` and ``pre`` are expressions of the two neurons' own names, kept apart (an outer
    product); ``factor`` of the rule's rates; ``leak`` of the synapse's own variables and rates;
    ``leak_pre``, 1 if it is not given, of the presynaptic neuron's names: what it has used, fades.
    ``on`` 'hidden' or 'output' restricts it to synapses onto those layers, ``phase`` to a window of
    the stimulus (without one it takes place in every window). A change of ``w`` by ``pre='h'`` also
    changes the biases, which are synapses from a neuron that is always active. ``factor`` '0' makes
    a pure leak. Variables that a rule adds start at 0.

    ``across`` 'self' is a matrix that connects a layer with itself, shape ``(n, n)``, in layers 2
    to L. 'direct' are the synapses of feedback that skips layers: ``post`` is then of the layer
    that sends it, ``pre`` of the hidden layer that receives it, ``of`` ``(n_sender, n_receiver)``.
    """

    of: str
    post: str
    pre: str
    factor: str
    leak: str | None = None
    phase: str | None = None
    on: Layers = "all"
    across: Literal["forward", "self", "direct"] = "forward"
    leak_pre: str | None = None


@dataclass(frozen=True)
class Host:
    """A function of whole matrices, run between steps (rate path) or chunks (spiking path).

    ``of = fn(*reads)`` on every forward or direct matrix that has all of ``reads``; each an array
    ``(n_post, n_pre)``, except a 'self' matrix, which is that of the layer to which a forward
    matrix leads, or that sends a direct one, ``(n_post, n_post)``. At the start of a run all of
    them are applied once.
    """

    of: str
    fn: Callable[..., Any]
    reads: tuple[str, ...]
    every: Literal["start", "step"] = "step"


@dataclass(frozen=True)
class Phase:
    """A window of the stimulus. ``drive``: what the input layer is given, of ``x`` and messages.

    ``keep``: name -> expression, snapshots taken at the end of the window for later ones.
    """

    name: str
    drive: str = "x"
    keep: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A learning rule: what is sent, what each neuron makes of it, and what each synapse changes.

    ``rates`` are the shared scalars with their default values; ``needs`` the names beyond
    ``h df err ystar x`` that the rule reads of a neuron or of the whole network (``dL``).

    Raises
    ------
    InputError
        If the declaration is not consistent (see `snn_credit.rules.checks`).
    """

    name: str
    citation: str
    updates: tuple[Update, ...]
    steps: tuple[Message | Local, ...] = ()
    phases: tuple[Phase, ...] = ()
    host: tuple[Host, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # The checks are written in these words, so they can only be imported once these exist.
        from snn_credit.rules.checks import check_rule

        check_rule(self)

    @property
    def weight_transport(self) -> tuple[str, ...]:
        """The reasons why the rule needs weight transport, in plain language; empty for none."""
        from snn_credit.rules.locality import weight_transport

        return weight_transport(self)

    @property
    def is_local(self) -> bool:
        """Whether synapses learn from what reaches them alone.

        There is no weight transport, and no function of a whole matrix.
        """
        from snn_credit.rules.locality import weight_transport, whole_matrix

        return not weight_transport(self) and not whole_matrix(self)
