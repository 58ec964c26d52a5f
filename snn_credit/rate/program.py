"""What a chain does with batches of one shape, as straight lines of torch's operations.

The interpreter of a declaration asks at every step which names a rule has and where they go. The
answers are the same for all batches of one shape, so it is asked once, with torch looking on: what
it did to tensors then is what is done from there on. No rule is written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, functionalize
from torch.fx import Graph, GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx

from snn_credit.rate.neurons import ACTIVATIONS, DROPOUTS, Noise
from snn_credit.rate.simplify import product, simplify
from snn_credit.rate.structure import STRUCTURES
from snn_credit.rate.wiring import LAYERS

if TYPE_CHECKING:
    from snn_credit.rate.stack import Stack


@dataclass(frozen=True, slots=True)
class Outer:
    """A gradient that is a product, left to whoever adds it to something: ``times * post pre``.

    Attributes
    ----------
    post, pre : Tensor
        (n_post, batch) and (batch, n_pre).
    times : float
    """

    post: Tensor
    pre: Tensor
    times: float

    def matrix(self) -> Tensor:
        """Return the gradient, (n_post, n_pre)."""
        post = self.post if self.times == 1 else self.post * self.times
        return post @ self.pre


Gradient = Tensor | Outer
#: Shapes of batches for which a chain has programs; further ones are interpreted.
MOST_PROGRAMS = 16
#: Modules of which it is known that they do the same each time.
_KNOWN = {*LAYERS, *ACTIVATIONS, *DROPOUTS, Noise, *STRUCTURES, nn.Sequential, nn.Identity}
#: Tracing puts a chain's tensors aside for a while: one at a time.
_LOOKING_ON = Lock()
#: Operations that are called sooner by torch's functions of the same name.
_PLAIN = ("addmm", "mm", "t", "permute", "relu", "mul", "add", "sub", "sum")
_DIRECT: dict[Any, Any] = {getattr(torch.ops.aten, name): getattr(torch, name) for name in _PLAIN}
# What lay in one piece when torch looked on need not do so the next time.
_DIRECT |= {torch.ops.aten.view: torch.reshape, torch.ops.aten._unsafe_view: torch.reshape}


class Program:
    """A forward pass and a rule's changes, for batches of one shape.

    Parameters
    ----------
    stack
        The chain. Its tensors are arguments of the program, all else is as it is now.
    x
        A batch.
    told
        The output's target values, if the rule reads them, or nothing.
    """

    def __init__(self, stack: Stack, x: Tensor, *told: Tensor) -> None:
        tensors = stack.tensors()
        names, found = stack.names(), {}

        def both(err: Tensor, x: Tensor, *more: Tensor) -> list[Tensor]:
            own = zip(names, more[len(told) :], strict=True)
            replaced = {f"stack.{name}": tensor for name, tensor in own}
            result = functional_call(_Both(stack), replaced, (err, x, more[: len(told)]))
            output, gradients = result
            found.update(dict.fromkeys(gradients))
            return [output, *gradients.values()]

        # What looking on draws is not the run's: a run that goes on looks again.
        devices = [x.device] if x.is_cuda else []
        with torch.no_grad(), torch.random.fork_rng(devices):
            err = torch.zeros_like(stack.present(x).output)
            whole = _traced(both, err, x, *told, *(tensor.detach() for tensor in tensors))
        simplify(whole.graph)
        self._split(whole, [names.index(name) for name in found], len(names))

    def present(self, x: Tensor, *arguments: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the output, and what `credit` needs besides the error.

        Parameters
        ----------
        x
            A batch.
        *arguments
            What was told of it, and the tensors of the chain, in the order of `Stack.tensors`.
        """
        known = (x, *arguments)
        output, *computed = self._present(list(known))
        return output, [known[at] for at in self._reread] + computed

    def credit(self, err: Tensor, kept: list[Tensor]) -> list[Gradient | None]:
        """Return the gradient of each of the chain's tensors, None where the rule has none.

        Parameters
        ----------
        err
            The derivative of a batch's mean loss by the output, (batch, n_L).
        kept
            What `present` returned; it is emptied, so that memory is free as soon as it can be.
        """
        kept.append(err)
        values = self._credit(kept)
        gradients: list[Gradient | None] = [None] * self._tensors
        for which, make in self._makers:
            gradients[which] = make(values)
        return gradients

    def _split(self, whole: GraphModule, taught: Sequence[int], tensors: int) -> None:
        """Make two programs of one, with the error as an argument of the second."""
        err, *arguments = whole.graph.find_nodes(op="placeholder")
        (results,) = whole.graph.find_nodes(op="output")
        output, *gradients = results.args[0]
        late = {err}
        for node in whole.graph.nodes:
            if node.op == "call_function" and late.intersection(node.all_input_nodes):
                late.add(node)
        wanted: list[Node] = []
        self._tensors, self._makers = tensors, []
        for which, gradient in zip(taught, gradients, strict=True):
            parts = product(gradient)
            self._makers.append((which, _maker(len(wanted), parts)))
            wanted += [gradient] if parts is None else parts[:2]
        within = _before(wanted, late)
        known = [n for n in arguments if n in within]
        computed = [n for n in whole.graph.nodes if n in within - late and n.op == "call_function"]
        self._reread = [arguments.index(node) for node in known]
        self._present = _function(whole, arguments, [output, *computed])
        self._credit = _function(whole, [*known, *computed, err], wanted)


class Programs:
    """The programs of a chain, one for each shape of batch, made when they are first wanted.

    They are not copied or pickled with it.

    Parameters
    ----------
    modules
        What activity passes through. A layer of the user's own may do another thing each time: a
        chain that has one has no programs.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self._modules = modules
        self._known = all(type(module) in _KNOWN for module in modules)
        self._made: dict[Any, tuple[list[Any], Program]] = {}

    def __len__(self) -> int:
        return len(self._made)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is copied and pickled."""
        return self.__dict__ | {"_made": {}}

    def of(self, stack: Stack, x: Tensor, told: Sequence[Tensor]) -> Program | None:
        """Return the program for batches such as x; None where it might differ from step to step.

        That is where there are hooks, weights that several layers share, or ever new shapes.
        """
        if not self._known:
            return None
        settings: list[Any] = []  # a slope, a stride, whether dropout is on, how much of it
        for module in self._modules:
            if module._forward_hooks or module._forward_pre_hooks:
                return None
            settings += [value for name, value in vars(module).items() if name[0] != "_"]
        tensors = stack.tensors()
        key = x.shape, x.dtype, tensors[0].dtype, tensors[0].device, *(t.shape for t in told)
        with _LOOKING_ON:
            then, program = self._made.get(key, (None, None))
            if program is not None and then == settings:
                return program
            tied = len(set(map(id, tensors))) < len(tensors)
            if tied or (program is None and len(self._made) == MOST_PROGRAMS):
                return None
            self._made[key] = settings, (made := Program(stack, x, *told))
        return made


def _traced(function: Callable[..., Any], *arguments: Tensor) -> GraphModule:
    """Return what a function does to tensors, as operations of which none changes a tensor."""
    traced = make_fx(function)(*arguments)
    schemas = [getattr(node.target, "_schema", None) for node in traced.graph.nodes]
    if any(schema is not None and schema.is_mutable for schema in schemas):
        return make_fx(functionalize(traced))(*arguments)
    return traced


class _Both(nn.Module):
    """A forward pass, and the changes by an error that is known before."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack = stack

    def forward(
        self, err: Tensor, x: Tensor, told: Sequence[Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        presentation = self.stack.present(x)
        self.stack.inform(presentation, *told)
        return presentation.output, self.stack.credit(presentation, err)


def _maker(
    at: int, parts: tuple[Node, Node, float] | None
) -> Callable[[Sequence[Tensor]], Gradient]:
    if parts is None:
        return lambda values: values[at]
    return lambda values, times=parts[2]: Outer(values[at], values[at + 1], times)


def _before(nodes: Sequence[Node], within: set[Node]) -> set[Node]:
    """Return nodes, with what they are computed from: back to the first that are not ``within``."""
    found: set[Node] = set()
    left = list(nodes)
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += node.all_input_nodes if node in within else []
    return found


def _function(
    whole: GraphModule, arguments: Sequence[Node], results: Sequence[Node]
) -> Callable[[list[Tensor]], Sequence[Tensor]]:
    """Return what computes some nodes of a list of others, which it empties."""
    graph = Graph()
    given = graph.placeholder("given")
    copies = {node: graph.call_method("pop", (given,)) for node in reversed(arguments)}
    needed = _before(results, set(whole.graph.nodes) - set(arguments))
    for node in whole.graph.nodes:
        if node in needed and node not in copies:
            copies[node] = graph.node_copy(node, copies.__getitem__)
            packet = getattr(node.target, "overloadpacket", None)
            copies[node].target = _DIRECT.get(packet, node.target)
    graph.output([copies[node] for node in results])
    return GraphModule(whole, graph).forward  # type: ignore[no-any-return]
