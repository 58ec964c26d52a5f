"""Rules that learn in spiking networks against numpy references, fed the same random numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from rules_reference import Reference, Setting

from snn_credit.models import pepita_spiking
from snn_credit.models.lillicrap_spiking import Anatomy, network
from snn_credit.models.neurons import (
    critic,
    graded_error,
    injected_noise,
    spiking_error,
    spiking_feedback,
)
from snn_credit.rules import RULES
from snn_credit.rules.node_perturbation_feedback import NP_FEEDBACK_WEIGHTED
from snn_credit.spiking import Simulation, Stream, Watch

SIZES, CLASSES, TAU = (9, 8, 7, 6), 2, 0.7
NAMES = ("input", "hidden1", "hidden2", "output")
STEPS = 60
KNOWN = {**RULES, "NP feedback weighted": NP_FEEDBACK_WEIGHTED}


@dataclass(frozen=True)
class Case:
    """A rule and what is told both sides: settings of the reference, arguments of the network."""

    rule: str
    rates: dict[str, Any]
    setting: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    anatomy: Anatomy | None = None
    windows: tuple[int, ...] | None = None
    chunk: int = 25


ETA = {"eta": 0.4, "lam": 1e-3}
CHAIN = {"eta": 2.0, "lam": 1e-3}
LATE = {"critic_delay": 2, "critic_tau": 3.0, "critic_baseline": 6.0, "eligibility": 4.0}
HEARD_LATE = {
    "critic": critic(delay_ms=2, tau_ms=3, baseline_ms=6),
    "eligibility_ms": 4.0,
}
KICKED = {"forward": injected_noise(0.5)}
SPARSE = Anatomy(density=0.6, delay_ms=(0, 3), reliability=0.7)
DALE = Anatomy(inhibitory=0.4)
WE = {"eta": 2.0, "lam": 1e-3, "etab": 0.2}
WE_SA = {"eta": 2.0, "etaw": 0.2, "etab": 0.05, "c_self": 0.9, "c_decay": 0.8}
WM = {"eta": 2.0, "lam": 1e-3, "etab": 0.02, "c_amp": 1.5, "c_decay": 0.5}
NP_B = {"eta": 2.0, "lam": 1e-3, "etab": 0.1}
CASES = {
    "BP": Case("BP", CHAIN),
    "Shallow": Case("Shallow", ETA),
    "FA": Case("FA", {"eta": (0.3, 0.4, 0.5), "lam": 1e-3}),
    "FA chain": Case("FA chain", CHAIN),
    "DFA": Case("DFA", CHAIN),
    "DenseFA": Case("DenseFA", CHAIN),
    "uSF Init": Case("uSF Init", CHAIN),
    "uSF SN": Case("uSF SN", CHAIN, chunk=1),
    "uSF SN, rarely": Case("uSF SN", CHAIN, chunk=20),
    "KP": Case("KP", {"eta": 2.0, "lam": 0.02}),
    "KP, sparse": Case("KP", {"eta": 2.0, "lam": 0.02}, anatomy=SPARSE),
    "NP": Case("NP", ETA),
    "NP, late": Case("NP", {"eta": 0.2}, LATE, HEARD_LATE),
    "NP, late, chunks of 7": Case("NP", {"eta": 0.2}, LATE, HEARD_LATE, chunk=7),
    "NP, late, each step": Case("NP", {"eta": 0.2}, LATE, HEARD_LATE, chunk=1),
    "NP, late, sparse": Case("NP", {"eta": 0.2}, LATE, HEARD_LATE, SPARSE, chunk=60),
    "NP, late, sparse, chunks of 11": Case("NP", {"eta": 0.2}, LATE, HEARD_LATE, SPARSE, chunk=11),
    "NP, late, Dale": Case("NP", {"eta": 0.4}, LATE, HEARD_LATE, DALE),
    "NP, late, Dale, chunks of 60": Case("NP", {"eta": 0.4}, LATE, HEARD_LATE, DALE, chunk=60),
    "NP, injected": Case("NP", {"eta": 0.05}, {"injected": 0.5, **LATE}, KICKED | HEARD_LATE),
    "NP feedback": Case("NP feedback", NP_B),
    "NP feedback, late": Case("NP feedback", NP_B, LATE, HEARD_LATE),
    "NP feedback, injected": Case(
        "NP feedback", {**NP_B, "etab": 0.02}, {"injected": 0.5}, KICKED
    ),
    "NP feedback DFA": Case("NP feedback DFA", NP_B),
    "NP feedback weighted": Case(
        "NP feedback weighted", NP_B, {"graded_error": True}, {"error": graded_error()}, SPARSE
    ),
    "WE": Case("WE", WE),
    "WE, sparse": Case("WE", WE, anatomy=Anatomy(density=0.6)),
    "WE SA": Case("WE SA", WE_SA),
    "WM": Case("WM", WM, windows=(4, 3)),
    "PEPITA": Case("PEPITA", {"eta": 0.3, "lam": 1e-3}, windows=(4, 4)),
    "PEPITA, no feedback": Case(
        "PEPITA", {"eta": 0.3}, arguments={"b_scale": 0.0}, windows=(3, 5)
    ),
    "FA, all spikes": Case(
        "FA",
        ETA,
        {"tonic_feedback": 0.4, "tonic_error": 0.3},
        {"feedback": spiking_feedback(0.4), "error": spiking_error(0.3)},
    ),
    "FA, Dale": Case("FA", {"eta": 1.0, "lam": 1e-3}, anatomy=DALE),
    "FA, sparse": Case("FA", ETA, anatomy=SPARSE),
    "FA, delays": Case("FA", ETA, anatomy=Anatomy(delay_ms=3.0)),
}  # fmt: skip


def stream(case: Case) -> Stream:
    """Presentations of several lengths, learning and frozen by turns."""
    rng = np.random.default_rng(5)
    n = 40
    steps, labels = rng.integers(3, 9, n), rng.integers(0, CLASSES, n)
    plastic = np.arange(n) % 3 > 0
    shown = Stream.of(np.arange(n), labels, steps, plastic=plastic, seen=True)
    if case.windows is not None:
        shown = shown.in_windows(case.windows)
    kept = int(np.searchsorted(np.cumsum(shown.steps), STEPS)) + 1
    return shown[:kept]


class Numbers:
    """Random numbers of a name for every step, the same however the run is cut."""

    def __init__(self, total: int) -> None:
        self.total, self.made = total, {}

    def __call__(self, name: str, start: int, shape: tuple[int, int]) -> np.ndarray:
        if name not in self.made:
            rng = np.random.default_rng((3, *map(ord, name)))
            draw = rng.normal if name.endswith(".randn") else rng.uniform
            self.made[name] = draw(size=(self.total, shape[1]))
        return self.made[name][start : start + shape[0]]

    def at(self, step: int) -> dict[str, np.ndarray]:
        return {name: made[step] for name, made in self.made.items()}


def circuit_of(case: Case) -> Any:
    settings: dict[str, Any] = {
        "classes": CLASSES, "tau": TAU, "w_scale": 1.2, "b_scale": 0.9, "rates": case.rates,
        "seed": 2,
    }  # fmt: skip
    settings |= case.arguments | ({"anatomy": case.anatomy} if case.anatomy else {})
    make = pepita_spiking.network if case.rule == "PEPITA" else network
    return make(SIZES, KNOWN[case.rule], **settings)


def reference(case: Case, simulation: Simulation) -> Reference:
    """The reference with the simulation's first weights, connections, axons and signs."""
    circuit, matrix = simulation.circuit, simulation.matrix
    forward = [f"{below}_to_{above}" for below, above in pairwise(NAMES)]
    w = [None, *(matrix(name, "w") for name in forward)]
    b = {
        at: matrix(name, "b")
        for at, name in enumerate(forward, 1)
        if f"{name}.b" in simulation.state
    }
    direct = {
        (here, there): matrix(f"{NAMES[here]}_from_{NAMES[there]}", "b")
        for here in range(3)
        for there in range(here + 1, 4)
        if f"{NAMES[here]}_from_{NAMES[there]}.b" in simulation.state
    }
    setting = Setting(case.rule, CLASSES, TAU, {**KNOWN[case.rule].rates, **case.rates})
    setting = replace(setting, chunk=case.chunk, **case.setting)
    anatomy = case.anatomy or Anatomy()
    if anatomy.density < 1:
        setting.masks = [None, *(np.zeros(each.shape) for each in w[1:])]
        for mask, name in zip(setting.masks[1:], forward, strict=True):
            mask[circuit.projection(name).post, circuit.projection(name).pre] = 1
    if anatomy.delay_ms:
        far = [circuit.population(name).initial["far"] for name in NAMES[:-1]]
        setting.delays = [np.rint(np.log2(each)).astype(int) for each in far]
        assert max(each.max() for each in setting.delays) == 3
    if anatomy.inhibitory is not None:
        setting.signs = [np.sign(each[0]) for each in w[1:]]
        assert all(set(each) == {-1.0, 1.0} for each in setting.signs)
    setting.reliability = anatomy.reliability
    return Reference(setting, w, b, direct)


def learned(simulation: Simulation) -> dict[str, np.ndarray]:
    """Every matrix and every bias of the simulation."""
    found = {f"{name}.bias": simulation.state[f"{name}.bias"] for name in NAMES[1:]}
    for projection in simulation.circuit.projections:
        for variable in ("w", "b", "west"):
            if f"{projection.name}.{variable}" in simulation.state:
                found[f"{projection.name}.{variable}"] = simulation.matrix(
                    projection.name, variable
                )
    return found


def expected(net: Reference) -> dict[str, np.ndarray]:
    """The same of the reference."""
    found = {f"{NAMES[at]}.bias": net.bias[at] for at in (1, 2, 3)}
    for variable, matrices in (("w", dict(enumerate(net.w))), ("b", net.b), ("west", net.west)):
        for at, matrix in matrices.items():
            found[f"{NAMES[at - 1]}_to_{NAMES[at]}.{variable}"] = matrix
    for (here, there), matrix in net.direct.items():
        found[f"{NAMES[here]}_from_{NAMES[there]}.b"] = matrix
    return found


#: What stays as it is in some rules.
FIXED = {"BP", "Shallow", "FA", "FA chain", "DFA", "DenseFA", "uSF Init", "PEPITA"}


def compare(case: Case, device: str) -> None:
    shown = stream(case)
    circuit = circuit_of(case)
    numbers = Numbers(shown.total_steps + case.chunk)
    images = np.random.default_rng(7).random((40, SIZES[0]))
    watch = {p.name: Watch(np.arange(p.size)) for p in circuit.populations if p.spiking}
    simulation = Simulation(
        circuit, {"stimulus": images, "target": np.eye(CLASSES)}, shown, device=device,
        dtype="float64", chunk_steps=case.chunk, watch=watch, uniforms=numbers,
    )  # fmt: skip
    net, before = reference(case, simulation), learned(simulation)
    sizes = {name: circuit.population(name).size for name in watch}
    rasters = {name: np.zeros((shown.total_steps, size)) for name, size in sizes.items()}
    for advance in simulation.run():
        for name, raster in rasters.items():
            times, nodes = advance.spikes(name)
            raster[np.rint(times).astype(int), nodes] = 1
    want = {name: np.zeros_like(raster) for name, raster in rasters.items()}
    row = np.repeat(np.arange(len(shown)), shown.steps)
    inside = len(row)
    # The last chunk goes on after the stream's end, frozen.
    row = np.append(row, np.full(-inside % case.chunk, row[-1]))
    for t, k in enumerate(row):
        spikes = net.step(
            images[shown.stimulus[k]], shown.target[k], numbers.at(t),
            plastic=bool(shown.plastic[k]) and t < inside,
            first=t < inside and (t == 0 or k != row[t - 1]), window=int(shown.phase[k]),
        )  # fmt: skip
        for name, each in spikes.items() if t < inside else ():
            want[name][t] = each
    after = learned(simulation)
    for name, raster in want.items():
        assert 0 < raster.mean() < 1, name
        np.testing.assert_array_equal(rasters[name], raster, err_msg=name)
    values = expected(net)
    for name, found in after.items():
        moved = np.abs(found - before[name]).max()
        still = name.endswith(".b") and case.rule in FIXED
        still |= case.rule == "Shallow" and not name.startswith(("hidden2_to_output.w", "output"))
        assert moved < 1e-12 if still else moved > 1e-3, f"{name} moved by {moved}"
        np.testing.assert_allclose(found, values[name], rtol=0, atol=1e-6, err_msg=name)


#: One of every mechanism.
ON_RUNTIME = [
    *("FA, all spikes", "FA, Dale", "DenseFA", "uSF SN, rarely", "KP, sparse", "WE, sparse"),
    *("WE SA", "WM", "PEPITA", "NP, late, sparse", "NP, injected", "NP feedback, late"),
]


@pytest.mark.parametrize("name", CASES)
def test_dense_equals_the_reference(name: str) -> None:
    compare(CASES[name], "dense")


@pytest.mark.parametrize("name", ON_RUNTIME)
def test_runtime_equals_the_reference(name: str) -> None:
    compare(CASES[name], "runtime")


@pytest.mark.parametrize("name", ["NP, late, sparse", "WE SA", "FA, all spikes"])
def test_tensors_equal_the_reference(name: str) -> None:
    compare(CASES[name], "dense:torch")


@pytest.mark.cpp
def test_a_compiled_program_equals_the_reference() -> None:
    compare(CASES["NP, late, sparse, chunks of 11"], "cpp_standalone")
