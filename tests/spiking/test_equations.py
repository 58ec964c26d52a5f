"""What is wrong with equations is said in one line, where they are given or where they are run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import FORWARD, network
from snn_credit.models.neurons import graded_error
from snn_credit.spiking import Circuit, Neuron, Population, Simulation, Stream, train

CELL = Neuron(
    "dV/dt = (gain*I + bias - V)/tau : 1\nI : 1\nbias : 1\ndf = 1.0 : 1",
    threshold="V > 1",
    reset="V = 0",
    constants={"tau": 10 * b2.ms, "gain": 10.0},
)


def simulate(
    neuron: Neuron, device: str = "runtime", initial: dict[str, float] | None = None
) -> np.ndarray[Any, Any]:
    """Return V of one neuron after 10 steps of 1 ms."""
    cell = Population(
        "cell",
        1,
        neuron.equations,
        integrate="integrate",
        spike="spike" if neuron.threshold else None,
        threshold=neuron.threshold,
        reset=neuron.reset,
        method=neuron.method,
        constants=neuron.constants,
        initial=initial or {},
    )
    order = ("start", "integrate", "spike", "end")
    circuit = Circuit("one", 1 * b2.ms, order, (cell,), ())
    stream = Stream.of([0], [0], steps=10)
    simulation = Simulation(circuit, {}, stream, device=device, dtype="float64", chunk_steps=10)
    for _ in simulation.run():
        pass
    return simulation.state["cell.V"]


@pytest.mark.parametrize("name", ["E", "S", "trace", "gamma", "beta", "zeta"])
def test_a_variable_that_the_exact_integrator_misreads(name: str) -> None:
    equations = f"dV/dt = ({name} - V)/tau : 1\nd{name}/dt = -{name}/tau : 1"
    with pytest.raises(InputError, match=rf"another name for '{name}', .* \(got d{name}/dt\)"):
        Neuron(equations)
    cell = Population("cell", 1, equations, integrate="go")
    with pytest.raises(InputError, match=rf"population cell\.equations: another name for '{name}'"):
        Circuit("one", 1 * b2.ms, ("start", "go", "end"), (cell,), ())
    Neuron(equations, method="exponential_euler")  # which reads it as it is


@pytest.mark.parametrize("name", ["I", "u", "theta", "a", "recent"])
def test_a_variable_that_it_reads_is_solved_exactly(name: str) -> None:
    """V follows what decays half as fast: V(t) = 2 (exp(-t/2 tau) - exp(-t/tau))."""
    neuron = Neuron(
        f"dV/dt = ({name} - V)/tau : 1\nd{name}/dt = -{name}/(2*tau) : 1",
        constants={"tau": 10 * b2.ms},
    )
    expected = 2 * (np.exp(-0.5) - np.exp(-1.0))  # at t = tau
    np.testing.assert_allclose(simulate(neuron, initial={name: 1.0}), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "equations",
    ["dV/dt = ", "I = 1", "dV/dt = -V/tau : 1\nI = 1\nbias : 1", "dV/dt = -V/tau : vlt"],
)
def test_what_is_no_equation(equations: str) -> None:
    with pytest.raises(InputError, match=r"^Neuron\.equations: lines of Brian equations, .* \(got"):
        Neuron(equations)


@pytest.mark.parametrize("device", ["runtime", "dense"])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"threshold": "V > limit"}, r'cell_spike_thresholder: .* \(got The identifier "limit"'),
        ({"reset": "V = 0; theta += 1"}, r"cell_spike_resetter: .*the unknown name 'theta'"),
        ({"constants": {"gain": 10.0}}, r'cell: .* \(got The identifier "tau" could not'),
        ({"constants": {"tau": 10.0, "gain": 10.0}}, r"cell: .* \(got Inconsistent units .*'V'"),
        (
            {"equations": CELL.equations + "\ndq/dt = -q**2/tau : 1"},
            r"updater: .*; method='euler' or .*\(got .*-q\*\*2/tau",
        ),
    ],
)
def test_what_brian_finds_is_one_line(device: str, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        simulate(replace(CELL, **changed), device)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, b2.BrianObjectException)


def test_a_neuron_that_nothing_reaches() -> None:
    deaf = replace(CELL, equations=CELL.equations.replace("\nI : 1", "").replace("gain*I", "0"))
    with pytest.raises(InputError, match="layer hidden1: a neuron with 'I', the sum over its"):
        network((64, 5, 10), "FA", forward=deaf, output=FORWARD)
    on_purpose = network((64, 5, 10), "FA", forward=replace(deaf, cleared=()), output=FORWARD)
    assert "I_post" not in str(on_purpose.projection("input_to_hidden1"))


def test_an_error_neuron_linked_to_what_the_output_lacks() -> None:
    with pytest.raises(InputError, match="population error: output with 'p', to which its 'p' is"):
        network((64, 5, 10), "FA", forward=CELL, error=graded_error())


def test_data_of_another_kind(tmp_path) -> None:
    circuit = network((64, 5, 10), "FA")
    with pytest.raises(InputError, match=r"data: a Dataset, .*load gives \(got str\)"):
        train(circuit, "digits", tmp_path / "run.h5", images=10)  # type: ignore[arg-type]
