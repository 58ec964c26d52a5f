"""One small net as plain arrays and as a circuit of graded neurons, moved in step.

Their activity is given, so that what is compared is the rule alone: the numpy interpreter on one
side, Brian's statements and synapses on the other.
"""

from __future__ import annotations

import brian2 as b2
import numpy as np

from snn_credit.rules import Rule
from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.names import forward_variables
from snn_credit.rules.net import Net, Values, apply
from snn_credit.spiking import Circuit, Layer, Neuron, Simulation, Stream, learning_circuit

# Of any rule, in their order; two steps of the second, which is the decay, fold a scale.
RATES = (0.3, 0.35, 0.15, 0.45, 0.6, 0.25, 0.5)


class StaticNets:
    """A rule on both paths.

    ``noisy_input``: the input has ``noise`` too.
    """

    def __init__(self, rule: Rule, sizes: tuple[int, ...], *, noisy_input: bool = False) -> None:
        self.rule, self.sizes, self.top = rule, sizes, len(sizes) - 1
        self.random = np.random.default_rng(5)
        self.names = ["input", *(f"hidden{at}" for at in range(1, self.top)), "output"]
        self.windows: list[str | None] = [phase.name for phase in rule.phases] or [None]
        self.net = self._net(noisy_input)
        self.interpreter = Interpreter(rule)
        self.circuit = self._circuit()

    def _net(self, noisy_input: bool) -> Net:
        random, sizes, top = self.random, self.sizes, self.top
        layers = [{"h": np.zeros((1, n))} for n in sizes]
        layers[0]["x"] = np.zeros((1, sizes[0]))
        for layer in layers[0 if noisy_input else 1 :]:
            layer["noise"] = random.normal(size=layer["h"].shape)
        for layer in layers[1:]:
            layer["df"] = np.zeros_like(layer["h"])
            layer["du"] = random.normal(size=layer["h"].shape)
        layers[-1] |= {"err": np.zeros((1, sizes[-1])), "ystar": random.random((1, sizes[-1]))}
        forward = {1: {"w": random.normal(size=sizes[1::-1])}}
        for at in range(2, top + 1):
            shape = (sizes[at], sizes[at - 1])
            forward[at] = {"w": random.normal(size=shape), "b": random.normal(size=shape)}
            forward[at]["mask"] = (random.random(shape) < 0.5).astype(float)
            added = {u.of for u in self.rule.updates if u.across == "forward"} - {"w", "b", "mask"}
            forward[at] |= {name: np.zeros(shape) for name in added}
        skipping = {u.of for u in self.rule.updates if u.across == "direct"} - {"b"}
        return Net(
            layers=layers,
            forward=forward,
            bias={at: random.normal(size=sizes[at]) for at in range(1, top + 1)},
            direct={
                (here, there): {
                    "b": random.normal(size=(sizes[there], sizes[here])),
                    **{name: np.zeros((sizes[there], sizes[here])) for name in skipping if here},
                }
                for here in range(top)
                for there in range(here + 1, top + 1)
            },
            own={
                at: {
                    u.of: np.zeros((sizes[at], sizes[at]))
                    for u in self.rule.updates
                    if u.across == "self" and u.on in ("all", "output" if at == top else "hidden")
                }
                for at in range(2, top + 1)
            },
            shared={"dL": 0.7, **dict(zip(self.rule.rates, RATES, strict=False))},
        )

    def _circuit(self) -> Circuit:
        def initial(variable: str, ends: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
            pre, post = ends
            forward = variable in forward_variables(self.rule) and post == pre + 1
            matrix = (self.net.forward[post] if forward else self.net.direct[ends])[variable]
            assert matrix.shape == shape
            return matrix

        return learning_circuit(
            "static",
            self.rule,
            [Layer(*each) for each in zip(self.names, self.sizes, self._neurons(), strict=True)],
            dt=1 * b2.ms,
            initial=initial,
            rates={rate: self.net.shared[rate] for rate in self.rule.rates},
        )

    def _neurons(self) -> list[Neuron]:
        neurons = []
        for at, layer in enumerate(self.net.layers):
            lines = [f"{name} : 1" for name in (*layer, "bias" if at else "drive")]
            first = {name: values[0] for name, values in layer.items()} | {"dL": 0.7}
            if at:
                first["bias"] = self.net.bias[at]
            equations = "\n".join([*lines, "dL : 1 (shared)"])
            neurons.append(Neuron(equations, cleared=(), initial=first))
        return neurons

    def simulation(
        self, presentations: int, plastic: bool = True, device: str = "runtime"
    ) -> Simulation:
        """The circuit on a device, one step for each window of each presentation."""
        windows = np.tile(np.arange(len(self.windows)), presentations)
        stream = Stream.of(np.zeros(len(windows)), 0, steps=1, phase=windows, plastic=plastic)
        return Simulation(self.circuit, {}, stream, device=device, dtype="float64", chunk_steps=1)

    def present(self, window: str | None, x: np.ndarray) -> Values:
        """Move the plain arrays through one window; return every layer's names."""
        net, plan = self.net, self.interpreter
        net.layers[0]["x"] = x
        net.layers[0]["h"] = plan.drive(net, x, window)
        for at in range(1, self.top + 1):
            below, layer = net.layers[at - 1]["h"], net.layers[at]
            layer["h"] = np.tanh(below @ net.forward[at]["w"].T + net.bias[at])
            layer["df"] = 1 - layer["h"] ** 2
        net.layers[-1]["err"] = net.layers[-1]["h"] - net.layers[-1]["ystar"]
        values = plan.sweep(net, window)
        apply(net, plan.changes(net, values, window))
        if window is not None:
            plan.keep(net, values, window)
        plan.run_hosts(net)
        return values

    def give_activity(self, simulation: Simulation) -> None:
        """Hand what the plain arrays know of each neuron to the simulation."""
        for name, layer in zip(self.names, self.net.layers, strict=True):
            for variable in ("x", "h", "df", "err"):
                if variable in layer:
                    simulation.state[f"{name}.{variable}"] = layer[variable][0].copy()

    def matrices(self) -> dict[tuple[str, str], np.ndarray]:
        """Every matrix of the plain arrays, by the projection and variable that are its twin."""
        names = self.names
        found = {
            (f"{names[at - 1]}_to_{names[at]}", variable): matrix
            for at, variables in self.net.forward.items()
            for variable, matrix in variables.items()
        }
        for (here, there), variables in self.net.direct.items():
            name = f"{names[here]}_from_{names[there]}"
            found |= {(name, variable): matrix for variable, matrix in variables.items()}
        for at, variables in self.net.own.items():
            found |= {(f"{names[at]}_to_itself", name): m for name, m in variables.items()}
        return found
