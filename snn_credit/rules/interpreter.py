"""A declared rule on plain arrays: numpy's or torch's, found out from the arrays themselves.

The batch comes first: a neuron's variable has shape (batch, n), a synapse's (n_post, n_pre), or
those of a convolution: the net knows each layer's wiring. Expressions are compiled once; a step
costs one product for each message and each update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from snn_credit.errors import InputError
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.names import active, names_of, phase_index, reads
from snn_credit.rules.net import ALL_TO_ALL, Array, Changes, Net, Values, accumulate
from snn_credit.rules.vocabulary import Local, Message, Rule, Update


class Interpreter:
    """Runs one rule on nets.

    Parameters
    ----------
    rule : Rule
        The declaration.

    Attributes
    ----------
    later : frozenset of str
        The names that windows after the first read.
    """

    later: frozenset[str]

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        names = names_of(rule)
        windows: list[str | None] = [phase.name for phase in rule.phases] or [None]
        self._updates = {w: [u for u in rule.updates if active(rule, u, w)] for w in windows}
        wanted = [_wanted(rule, w) for w in windows]
        self._steps = {
            w: [
                s
                for s in rule.steps
                if s.name in wanted[at] and all(names.since.get(n, 0) <= at for n in reads(s))
            ]
            for at, w in enumerate(windows)
        }
        self.later = frozenset().union(*wanted[1:])
        self._from_all = any(
            isinstance(step, Message) and step.frm == "all_above" for step in rule.steps
        )

    def sweep(self, net: Net, phase: str | None = None) -> Values:
        """Evaluate messages and locals, output layer first; return every layer's names.

        Raises
        ------
        InputError
            If the net lacks a name that the rule reads.
        """
        values = [dict(layer) for layer in net.layers]
        shared, functions = self._shared(net), functions_for(net.layers[-1]["h"])
        steps = [s for s in self._window(phase) if not (isinstance(s, Message) and s.to == "input")]
        top = len(values) - 1
        for here in range(top, 0, -1):
            for step in steps:
                try:
                    self._do(step, net, values, here, shared, functions)
                except (NameError, KeyError) as missing:
                    raise self._lacks(f"layers[{here}]", step.name, missing) from None
        return values

    def modulators(
        self, net: Net, values: Values, phase: str | None = None, own_slope: bool = True
    ) -> dict[int, Array]:
        """Return what teaches each hidden layer's synapses: their ``post`` in the change of w.

        Parameters
        ----------
        values
            What `sweep` returned for the window.
        own_slope : bool
            Whether the slope of the layer's own neurons is a part of it. Without it their ``df`` is
            taken as 1, and what is left is what reaches the neurons from elsewhere.

        Returns
        -------
        dict
            Hidden layer -> (batch, n); without the layers whose w does not change in the window.
        """
        shared, functions = self._shared(net), functions_for(net.layers[-1]["h"])
        locals_ = [step for step in self._window(phase) if isinstance(step, Local) and step.hidden]
        updates = [u for u in self._updates[phase] if u.of == "w" and u.on != "output"]
        found: dict[int, Array] = {}
        for layer in range(1, len(values) - 1):
            known = dict(values[layer])
            if not own_slope:
                known["df"] = 1.0 + 0.0 * known["h"]
                for step in locals_:
                    known[step.name] = _value(str(step.hidden), shared, known, functions)
            for update in updates:
                accumulate(found, layer, _value(update.post, shared, known, functions))
        return found

    def changes(
        self, net: Net, values: Values, phase: str | None = None, times: float = 1.0
    ) -> Changes:
        """Return the changes of a window's updates: the mean over the batch, less the leak.

        All of it ``times`` a number: -1 makes a gradient of it, for an optimiser that descends.
        """
        changes, shared = Changes(), self._shared(net)
        functions, top = functions_for(net.layers[-1]["h"]), len(net.layers) - 1
        self._window(phase)
        for update in self._updates[phase]:
            owners, into = net.across(update.across), changes.across(update.across)
            for where, variables in owners.items():
                pre_layer, layer = _ends(where, update.across)
                wrong = update.on != "all" and (update.on == "output") != (layer == top)
                if update.across == "direct":
                    # Nothing learns from what would reach the input.
                    wrong = pre_layer == 0 or not (layer == top or self._from_all)
                if update.of not in variables or wrong:
                    continue
                try:
                    ends = values[layer], values[pre_layer]
                    post, pre = self._factors(update, *ends, shared, functions, times)
                    wiring = net.onto(layer) if update.across == "forward" else ALL_TO_ALL
                    if update.across == "direct" and post is not None:
                        post, pre = _flat(post), _flat(pre)
                    change = None if post is None else wiring.outer(post, pre)
                    leak = self._leak(update, variables, shared, functions, times)
                    if leak is not None and update.leak_pre is not None:
                        used = _value(update.leak_pre, shared, ends[1], functions)
                        leak = leak * _spread(used, values[layer]["h"], wiring)
                    accumulate(into.setdefault(where, {}), update.of, _minus(change, leak))
                    if update.of == "w" and update.pre.strip() == "h" and layer in net.bias:
                        bias = {"w": net.bias[layer]}
                        own_leak = self._bias_leak(update, bias, shared, functions, times)
                        total = None if post is None else wiring.total(post)
                        accumulate(changes.bias, layer, _minus(total, own_leak))
                except (NameError, KeyError) as missing:
                    raise self._lacks(f"layers[{layer}]", update.of, missing) from None
        return changes

    def keep(self, net: Net, values: Values, phase: str) -> None:
        """Store a window's snapshots in the net, in every layer that has all their names."""
        functions = functions_for(net.layers[-1]["h"])
        for name, text in self.rule.phases[phase_index(self.rule, phase)].keep.items():
            snapshot = expression(text)
            for layer, known in zip(net.layers, values, strict=True):
                if all(read in known for read in snapshot.names):
                    layer[name] = _like(snapshot(known, functions), known["h"]) + 0.0

    def drive(self, net: Net, x: Array, phase: str | None = None) -> Array:
        """Return what the input layer is given in a window: of ``x`` and messages to the input."""
        if not self.rule.phases:
            return x
        wanted = expression(self.rule.phases[phase_index(self.rule, phase)].drive)
        known = {**self._shared(net), "x": x}
        for step in self._window(phase):
            if isinstance(step, Message) and step.name in wanted.names:
                known[step.name] = _message(step, net, net.layers, 0, functions_for(x))
        return _like(wanted(known, functions_for(x)), x)

    def run_hosts(self, net: Net, every: Literal["start", "step"] = "step") -> None:
        """Run the functions of whole matrices; at the start all of them, in their order."""
        for host in self.rule.host:
            if every == "step" and host.every == "start":
                continue
            matrices = [*net.forward.items(), *((m, v) for (_, m), v in net.direct.items())]
            for layer, variables in matrices:
                arguments = {**net.own.get(layer, {}), **variables}
                if all(name in arguments for name in host.reads):
                    variables[host.of] = host.fn(*(arguments[name] for name in host.reads))

    def step(
        self,
        net: Net,
        x: Array | None = None,
        forward: Callable[[Array], None] | None = None,
        times: float = 1.0,
    ) -> Changes:
        """Present one batch in all windows and return the summed changes; nothing is applied.

        Parameters
        ----------
        net : Net
            Its layers' ``h``, ``df``, ``err`` and ``needs`` are current, or ``forward`` makes them.
        x : array, optional
            The stimulus (batch, n_0); without it ``net.layers[0]['x']``.
        forward : callable, optional
            Given the input's drive, refreshes the layers' ``h``, ``df`` and ``err`` in place. A
            rule with phases needs one.
        times : float
            What all changes are multiplied by.

        Raises
        ------
        InputError
            If a rule with phases is given no ``forward``, or the net lacks a name.
        """
        total = Changes()
        if self.rule.phases and forward is None:
            raise InputError(f"forward: {self.rule.name} has phases and needs one (got None)")
        if x is not None:
            net.layers[0]["x"] = x
        for phase in self._steps:
            if forward is not None:
                driven = self.drive(net, net.layers[0]["x"], phase)
                net.layers[0]["h"] = driven
                forward(driven)
            values = self.sweep(net, phase)
            total.add(self.changes(net, values, phase, times))
            if phase is not None:
                self.keep(net, values, phase)
        return total

    def _window(self, phase: str | None) -> list[Message | Local]:
        if phase not in self._steps:
            windows = ", ".join(str(window) for window in self._steps)
            raise InputError(f"phase: a window of {self.rule.name}: {windows} (got {phase!r})")
        return self._steps[phase]

    def _shared(self, net: Net) -> dict[str, Any]:
        return {**self.rule.rates, **net.shared}

    def _lacks(self, where: str, what: str, missing: Exception) -> InputError:
        name = missing.name if isinstance(missing, NameError) else missing.args[0]
        return InputError(f"net.{where}: {self.rule.name}'s {what!r} reads {name!r} (got none)")

    def _do(
        self, step: Message | Local, net: Net, values: Values, here: int, shared: Any, fns: Any
    ) -> None:
        top, known = len(values) - 1, values[here]
        if isinstance(step, Local):
            text = step.output if here == top else step.hidden
            if text is not None:
                known[step.name] = _value(text, shared, known, fns)
        elif step.frm == "below" and here == 1 and not _received_first(step, net):
            known[step.name] = 0.0 * known["h"]
        elif step.frm == "below" or here < top:
            known[step.name] = _message(step, net, values, here, fns)

    def _factors(
        self, update: Update, here: Any, there: Any, shared: Any, fns: Any, times: float
    ) -> tuple[Array, Array] | tuple[None, None]:
        """Return times * factor * post / batch, and pre; None where the factor is nought."""
        if expression(update.factor).text.strip() == "0":
            return None, None
        factor = expression(update.factor)(shared, fns)
        post = _value(update.post, shared, here, fns)
        pre = _value(update.pre, shared, there, fns)
        return post * (times * factor / post.shape[0]), pre

    def _leak(
        self, update: Update, variables: Any, shared: Any, fns: Any, times: float
    ) -> Array | None:
        if update.leak is None:
            return None
        leak = expression(update.leak)
        # With a rate of exactly 0 there is no leak, and no matrix is made for it.
        if any(_is_nought(shared.get(name)) for name in leak.factors):
            return None
        value = leak({**shared, **variables}, fns)
        return value if times == 1 else times * value

    def _bias_leak(
        self, update: Update, bias: Any, shared: Any, fns: Any, times: float
    ) -> Array | None:
        # A leak towards another variable of the synapse says nothing about a bias, which has none.
        if update.leak is None or any(
            name != "w" and name not in shared for name in expression(update.leak).names
        ):
            return None
        return self._leak(update, bias, shared, fns, times)


def _ends(where: Any, across: str) -> tuple[int, int]:
    """Return the layers at the ends of synapses: that of ``pre``, and that of ``post``."""
    if across == "direct":
        return where  # the receiver and the sender of feedback that skips layers
    return (where if across == "self" else where - 1), where


def _spread(used: Array, above: Array, wiring: Any) -> Array:
    """Return a presynaptic quantity's mean over the batch and a synapse's copies, for each one."""
    return wiring.outer(1.0 + 0.0 * above, used) / above.shape[0]


def _wanted(rule: Rule, window: str | None) -> set[str]:
    """Return the names that a window's updates, snapshots and drive need, with all they need."""
    updates = [update for update in rule.updates if active(rule, update, window)]
    texts = [t for u in updates for t in (u.post, u.pre, u.leak_pre) if t is not None]
    for phase in rule.phases:
        if phase.name == window:
            texts += [phase.drive, *phase.keep.values()]
    wanted: set[str] = set()
    found = {name for text in texts for name in expression(text).names}
    while found - wanted:
        wanted |= found
        found = {name for step in rule.steps if step.name in wanted for name in reads(step)}
    return wanted


def _received_first(step: Message, net: Net) -> bool:
    """Whether the first hidden layer gets a message from the input, which has no noise and no b."""
    owned = net.forward[1]
    return step.of in net.layers[0] and all(n in owned for n in expression(step.via).names)


def _message(step: Message, net: Net, values: Values, here: int, fns: Any) -> Array:
    """Sum over synapses of via * of."""
    via, top = expression(step.via), len(values) - 1
    if step.frm == "below":
        return net.onto(here).up(values[here - 1][step.of], via(net.forward[here], fns))
    if step.frm == "above":
        return net.onto(here + 1).down(values[here + 1][step.of], via(net.forward[here + 1], fns))
    senders = [top] if step.frm == "output" else range(here + 1, top + 1)
    parts = [_flat(values[m][step.of]) @ via(_direct(net, here, m), fns) for m in senders]
    received: Any = sum(parts[1:], start=parts[0])
    return received.reshape(values[here]["h"].shape)


def _direct(net: Net, receiver: int, sender: int) -> dict[str, Array]:
    if (receiver, sender) not in net.direct:
        raise InputError(
            f"net.direct: synapses from layer {sender} to layer {receiver} "
            f"(got {sorted(net.direct) or 'none'})"
        )
    return net.direct[receiver, sender]


def _value(text: str, shared: Mapping[str, Any], known: Mapping[str, Array], fns: Any) -> Array:
    """Evaluate an expression of a layer's neurons, which may read shared scalars."""
    layer = known["h"]
    spread = {name: _for_layer(value, layer) for name, value in shared.items()}
    return _like(expression(text)({**spread, **known}, fns), layer)


def _for_layer(value: Any, layer: Array) -> Any:
    """Give a number of each stimulus, (batch, 1), as many axes as the layer has."""
    if getattr(value, "ndim", 0) != 2 or layer.ndim == 2:
        return value
    return value.reshape(value.shape + (1,) * (layer.ndim - 2))


def _flat(layer: Array) -> Array:
    """Return a layer's neurons in one row for each stimulus, (batch, n)."""
    return layer if layer.ndim == 2 else layer.reshape(len(layer), -1)


def _like(value: Any, layer: Array) -> Array:
    """Spread a number, or one a stimulus, over a layer's neurons."""
    return value if getattr(value, "shape", None) == layer.shape else value + 0.0 * layer


def _minus(change: Array | None, leak: Array | None) -> Array:
    if change is None:
        return 0.0 if leak is None else -leak
    return change if leak is None else change - leak


def _is_nought(value: Any) -> bool:
    return isinstance(value, int | float) and value == 0
