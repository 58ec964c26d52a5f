"""Networks whose neurons find out about weights by chance, and estimates of weights that stay.

What `spiking_weight_estimation` measures with W fixed: the rule WE runs, with eta = 0, through
blocks of steps, each from B = 0. In a block a synapse comes the way ``1 - exp(-etab sum noise^2)``
to its estimate, by which B is divided: so the blocks' estimates are regressions of their own, and
repeats of one measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from snn_credit.data import Dataset
    from snn_credit.harness import Context
    from snn_credit.spiking import Circuit, Neuron

#: The matrices that are estimated, by the layer that they lead to.
MATRICES = {"W2": "hidden1_to_hidden2", "W3": "hidden2_to_output"}
#: Kinds of neuron.
BERNOULLI, LIF = "Bernoulli", "LIF"


class Neurons(TypedDict):
    """Arguments of `snn_credit.models.lillicrap_spiking.network`."""

    forward: Neuron
    output: Neuron
    stimulus: Neuron | None


def neurons(
    kind: str, noise: str = "own", window: float = 0.8, homeostasis: float = 2e-4
) -> Neurons:
    """Return the neurons of a network.

    ``noise`` is 'own' for what the estimate should use, 'spikes' for a spike minus its mean, and
    'random sign' for a control: the own noise, with a sign that is drawn in each step.
    """
    from snn_credit.models.discontinuity import with_spikes_as_noise
    from snn_credit.models.lif import lif
    from snn_credit.models.lillicrap_spiking import FORWARD, INPUT
    from snn_credit.spiking import Step

    flipped = "*(1 - 2*int(rand() < 0.5))"
    if kind == BERNOULLI:
        forward = FORWARD
        if noise == "spikes":
            forward = with_spikes_as_noise(FORWARD)
        elif noise == "random sign":
            equations = f"{FORWARD.equations.rstrip()}\nnoise : 1\n"
            step = Step("local", f"noise = (h - p){flipped}")
            forward = replace(FORWARD, equations=equations, steps=(step,))
        return {"forward": forward, "output": FORWARD, "stimulus": None}
    fit: dict[str, Any] = {"noise": "spikes"} if noise == "spikes" else {"window": window}
    forward = lif(tau_ms=5.0, tonic=0.11, homeostasis=homeostasis, **fit)
    if noise == "random sign":
        step = Step("local", f"noise = noise{flipped}")
        forward = replace(forward, steps=(*forward.steps, step))
    # Fewer spikes of the input: these neurons add them up for five steps.
    stimulus = replace(INPUT, threshold="rand() < 0.6*clip(x, 0, 0.95)")
    return {"forward": forward, "output": FORWARD, "stimulus": stimulus}


def estimate(
    circuit: Circuit, data: Dataset, context: Context, *, steps: int, blocks: int, shown: int
) -> dict[str, NDArray[Any]]:
    """Return W and its estimates: matrix -> (1 + blocks, n_post, n_pre), W first.

    As many blocks again as a quarter of them come before, in which neurons settle. A block in which
    a neuron has had no noise says nothing about its synapses, and has 0 there.
    """
    from snn_credit.spiking import Simulation, Step, Stream

    sources = {name: circuit.projection(at).source for name, at in MATRICES.items()}
    for name in sources.values():
        population = circuit.population(name)
        circuit = circuit.with_population(
            replace(
                population,
                equations=f"{population.equations}\npower : 1",
                steps=(*population.steps, Step("end", "power += noise**2")),
            )
        )
    before = -(-blocks // 4)
    images = (before + blocks) * steps // shown
    order = np.random.default_rng((context.seed, 1)).integers(len(data.train_x), size=images)
    simulation = Simulation(
        circuit,
        {"stimulus": data.train_x, "target": np.eye(data.classes)},
        Stream.of(order, data.train_y[order], steps=shown),
        device=context.device,
        chunk_steps=steps,
        seed=context.seed,
    )
    found = {name: [simulation.matrix(at).copy()] for name, at in MATRICES.items()}
    context.progress.start(before + blocks, "blocks", circuit.name)
    for number, _ in enumerate(simulation.run()):
        context.progress.update(number + 1)
        for name, at in MATRICES.items():
            power = simulation.state[f"{sources[name]}.power"]
            etab = simulation.state[f"{circuit.projection(at).target}.etab"]
            way = -np.expm1(-etab * power.astype(np.float64))
            b = simulation.matrix(at, "b").astype(np.float64)
            if number >= before:
                found[name].append(np.divide(b, way, out=np.zeros_like(b), where=way > 0))
            simulation.set_matrix(at, "b", np.zeros_like(b))
            power[:] = 0
    return {name: np.array(matrices, np.float64) for name, matrices in found.items()}


def describe(found: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return how the mean of the blocks' estimates compares with W.

    ``z`` of a synapse is how far that mean is from W, in standard errors over the blocks; without
    bias its mean over synapses is about 0, and its standard deviation about that of Student's t.
    """
    from snn_credit.analysis import correlation, sign_congruence

    row: dict[str, float] = {}
    for name, (w, *blocks) in found.items():
        mean, error = np.mean(blocks, axis=0), np.std(blocks, axis=0, ddof=1) / len(blocks) ** 0.5
        row[f"r {name}"] = correlation(w, mean)
        row[f"signs right {name}, %"] = 100 * sign_congruence(w, mean)
        row[f"slope {name}"] = float(np.sum(w * mean) / np.sum(w * w))
        known = error > 0  # not of a neuron that was silent throughout
        z = (mean - w)[known] / error[known]
        row[f"mean z {name}"] = float(np.mean(z)) if z.size else float("nan")
        row[f"sd of z {name}"] = float(np.std(z)) if z.size else float("nan")
    return row
