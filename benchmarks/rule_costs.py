"""What each rule costs a step, and how many numbers a plastic synapse keeps, relative to FA.

The networks are those of `runners.Package`, all on one device in one process; chunks of all rules
are run in turns and the median counts, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from cost import Net
from machine import machine
from tables import Table, number
from task import B_SCALE, CLASSES, ETA, IMAGE_STEPS, IMAGES, W_SCALE, images_and_labels

from snn_credit.errors import InputError

#: What is measured where no rules are named; FA is what the others are compared with.
REFERENCE = "FA"
RULES = (
    *(REFERENCE, "BP", "FA chain", "DFA", "DenseFA", "uSF Init", "uSF SN", "Shallow", "KP", "SA"),
    *("NP", "NP, late", "NP feedback", "NP feedback, late", "WM", "WE", "WE SA", "PEPITA"),
)


@dataclass(frozen=True)
class Cost:
    """A rule's row: medians of chunks, and what the synapses own."""

    rule: str
    ms_per_step: float
    relative: float
    spread: tuple[float, float]
    numbers: float


def measure(
    names: Sequence[str], net: Net, device: str, dtype: str, steps: int, repeats: int, say: Any
) -> list[Cost]:
    """Run chunks of every rule's network in turns."""
    running: dict[str, Callable[[], float]] = {}
    kept: dict[str, float] = {}
    for name in dict.fromkeys([REFERENCE, *names]):
        say(f"{net}: building {name} on {device}")
        running[name], kept[name] = _network(name, net, device, dtype, steps, repeats + 1)
        running[name]()  # what the first run takes longer is not the rule's
    seconds: dict[str, list[float]] = {name: [] for name in running}
    for repeat in range(repeats):
        say(f"{net}: repeat {repeat + 1} of {repeats}")
        for name, run in running.items():
            seconds[name].append(run())
    base = seconds[REFERENCE]
    found = []
    for name, taken in seconds.items():
        ratios = [a / b for a, b in zip(taken, base, strict=True)]
        ms = statistics.median(taken) / steps * 1e3
        ends = (min(ratios), max(ratios))
        found.append(Cost(name, ms, statistics.median(ratios), ends, kept[name]))
    return found


def cells(costs: Sequence[Cost]) -> Table:
    """Return the table, heads first."""
    table = [["rule", "ms/step", "x FA", "least to most", "numbers a plastic synapse"]]
    for one in costs:
        ends = " to ".join(number(end) for end in one.spread)
        kept = number(one.numbers)
        table.append([one.rule, number(one.ms_per_step), number(one.relative), ends, kept])
    return table


def as_json(costs: Sequence[Cost], **settings: Any) -> dict[str, Any]:
    """Return everything that was measured, with the machine."""
    return {"machine": machine(), **settings, "rules": [asdict(one) for one in costs]}


def _network(
    name: str, net: Net, device: str, dtype: str, steps: int, runs: int
) -> tuple[Callable[[], float], float]:
    """Return what runs a chunk of a rule's network, and the numbers per plastic synapse."""
    from snn_credit.models import lillicrap_spiking, neurons, pepita_spiking
    from snn_credit.rules import RULES as DECLARED
    from snn_credit.spiking import Simulation, Stream

    bare = name.removesuffix(", late")
    if bare not in DECLARED:
        raise InputError(f"rules: some of {', '.join(RULES)} (got {name!r})")
    late: dict[str, Any] = {}
    if bare != name:
        late = {"critic": neurons.critic(delay_ms=2, tau_ms=2), "eligibility_ms": 5.0}
    model = pepita_spiking.network if bare == "PEPITA" else lillicrap_spiking.network
    circuit = model(net.sizes, bare, rates={"eta": ETA}, w_scale=W_SCALE, b_scale=B_SCALE, **late)
    windows = max(1, len(circuit.windows))
    shown = -(-steps * runs // (IMAGE_STEPS * windows))
    images, labels = images_and_labels(net.sizes[0], min(shown, IMAGES))
    index = np.arange(shown) % len(images)
    stream = Stream.of(index, labels[index]).in_windows((IMAGE_STEPS,) * windows)
    simulation = Simulation(
        circuit,
        {"stimulus": images, "target": np.eye(CLASSES)},
        stream,
        device=device,
        dtype=dtype,
        chunk_steps=steps,
    )
    chunks: Iterator[Any] = simulation.run()

    def run() -> float:
        start = time.perf_counter()
        next(chunks)
        return time.perf_counter() - start

    owned = [key for key in simulation.state if key.partition(".")[0] in _matrices(circuit)]
    numbers = sum(simulation.state[key].size for key in owned)
    return run, numbers / net.plastic


def _matrices(circuit: Any) -> set[str]:
    return {p.name for p in circuit.projections if p.initial}
