"""A net with one hidden layer on numpy arrays, which learns by a declared rule.

    h = f(A x + c),  y = W h + b,  err = y - y*

f is the identity or tanh, the output is linear. Shapes are those of the papers' theory: A (n_h,
n_i), W (n_o, n_h), B (n_h, n_o), F (n_i, n_o); inputs and targets have the batch first.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from snn_credit.errors import InputError
from snn_credit.rules import Rule
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.net import Changes, Net, apply
from snn_credit.theory.integrate import Matrix, State

Activation = Literal["linear", "tanh"]


class TwoLayer:
    """The net, and the rule by which it learns.

    Parameters
    ----------
    rule : Rule
        Any declared rule that reads W, B and F alone.
    start : State
        A and W; they are copied.
    b : (n_h, n_o), optional
        Feedback weights, for rules that have them.
    to_input : (n_i, n_o), optional
        PEPITA's F.
    activation : 'linear' or 'tanh'
        Of the hidden layer.
    bias : bool
        Whether there are biases; they start at 0.

    Raises
    ------
    InputError
        If shapes do not fit, or the activation is none of the two.
    """

    interpreter: Interpreter
    net: Net

    def __init__(
        self,
        rule: Rule,
        start: State,
        b: Matrix | None = None,
        *,
        to_input: Matrix | None = None,
        activation: Activation = "linear",
        bias: bool = False,
    ) -> None:
        a, w = (np.array(matrix, dtype=np.float64) for matrix in start)
        _check(a, w, b, to_input, activation)
        self.rule = rule
        self.activation: Activation = activation
        self.interpreter = Interpreter(rule)
        self._b, self._to_input = b, to_input
        # A rule may write to its b, so each net has its own.
        feedback = np.zeros_like(w) if b is None else np.array(b.T)
        self.net = Net(layers=[{}, {}, {}], forward={1: {"w": a}, 2: {"w": w, "b": feedback}})
        if bias:
            self.net.bias = {1: np.zeros(len(a)), 2: np.zeros(len(w))}
        if to_input is not None:
            self.net.direct = {(0, 2): {"b": np.array(to_input.T)}}

    def under(self, rule: Rule) -> TwoLayer:
        """Return the same net under another rule: forward weights and biases are shared."""
        other = self.copy(rule)
        for at in (1, 2):
            other.net.forward[at]["w"] = self.net.forward[at]["w"]
        other.net.bias = self.net.bias
        return other

    def copy(self, rule: Rule) -> TwoLayer:
        """Return a net of its own with the same weights and biases, under a rule."""
        other = TwoLayer(
            rule, self.state, self._b, to_input=self._to_input, activation=self.activation,
        )  # fmt: skip
        other.net.bias = {at: bias.copy() for at, bias in self.net.bias.items()}
        return other

    @property
    def state(self) -> State:
        """A and W as they are, not copied."""
        return State(self.net.forward[1]["w"], self.net.forward[2]["w"])

    def output(self, x: Matrix) -> Matrix:
        """Return y (batch, n_o) for inputs (batch, n_i); nothing is kept."""
        return self._value(2, self._hidden(x))

    def modulator(self, x: Matrix, target: Matrix) -> Matrix:
        """Return what the rule tells the hidden layer to do: delta = D e, (batch, n_h).

        The rules declare delta with err = -e, so the sign is turned here.
        """
        self._present(x, target)
        self.interpreter.run_hosts(self.net, "start")
        return -self.interpreter.sweep(self.net)[1]["delta"]

    def change(self, x: Matrix, target: Matrix, **rates: float) -> Changes:
        """Return the rule's mean change over a batch; ``rates`` replace its own, such as eta."""
        self.net.shared = dict(rates)
        self.interpreter.run_hosts(self.net, "start")

        def forward(drive: Matrix) -> None:
            self._present(drive, target)

        return self.interpreter.step(self.net, x, forward)

    def learn(self, x: Matrix, target: Matrix, **rates: float) -> None:
        """Apply the rule's mean change over a batch."""
        apply(self.net, self.change(x, target, **rates))

    def _present(self, x: Matrix, target: Matrix) -> None:
        h = self._hidden(x)
        slope = 1 - h * h if self.activation == "tanh" else np.ones_like(h)
        y = self._value(2, h)
        self.net.layers[0]["h"] = x
        self.net.layers[1] |= {"h": h, "df": slope}
        self.net.layers[2] |= {"h": y, "df": np.ones_like(y), "err": y - target}

    def _hidden(self, x: Matrix) -> Matrix:
        u = self._value(1, x)
        return np.tanh(u) if self.activation == "tanh" else u

    def _value(self, layer: int, below: Matrix) -> Matrix:
        # (batch, n_pre) x (n_post, n_pre)' -> (batch, n_post)
        u = below @ self.net.forward[layer]["w"].T
        return u + self.net.bias[layer] if self.net.bias else u


def white_inputs(n: int) -> Matrix:
    """Return n inputs (n, n) whose mean of x x' is the identity exactly: sqrt(n) e_k."""
    return np.sqrt(n) * np.eye(n)


def _check(
    a: Matrix, w: Matrix, b: Matrix | None, to_input: Matrix | None, activation: str
) -> None:
    if a.ndim != 2 or w.ndim != 2 or w.shape[1] != a.shape[0]:
        raise InputError(f"start: A (n_h, n_i) and W (n_o, n_h) (got {a.shape} and {w.shape})")
    if b is not None and b.shape != (len(a), len(w)):
        raise InputError(f"b: expected (n_h, n_o) {(len(a), len(w))} (got {b.shape})")
    if to_input is not None and to_input.shape != (a.shape[1], len(w)):
        expected = (a.shape[1], len(w))
        raise InputError(f"to_input: expected (n_i, n_o) {expected} (got {to_input.shape})")
    if activation not in ("linear", "tanh"):
        raise InputError(f"activation: one of linear, tanh (got {activation!r})")
