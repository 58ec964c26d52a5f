"""What a raster says: the spikes of a network before and after it has learned."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from snn_credit.analysis import spikes
from snn_credit.data import load
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream, Watch

digits = load("digits")
sizes = {"hidden1": 60, "hidden2": 60, "output": 50}
circuit = network((64, *sizes.values()), "FA", b_scale=1.0, w_scale=0.3, rates={"eta": 0.1})
order = np.random.default_rng(0).integers(len(digits.train_y), size=6000)
lessons = Stream.of(order, digits.train_y[order], steps=5)
learner = Simulation(
    circuit,
    {"stimulus": digits.train_x, "target": np.eye(10)},
    lessons,
    device="dense",
    chunk_steps=5000,
)

onset_ms = 50.0 * np.arange(180)
stimuli = spikes.Stimuli(onset_ms, onset_ms + 50, digits.validation_y)


def recorded(learner):
    """Return the spikes of each layer while 180 digits are shown for 50 ms, and nothing learns."""
    shown = Stream.of(np.arange(180), digits.validation_y, steps=50, plastic=False, seen=True)
    looking = Simulation(
        circuit,
        {"stimulus": digits.validation_x, "target": np.eye(10)},
        shown,
        device="dense",
        chunk_steps=9000,
        watch={layer: Watch(np.arange(size)) for layer, size in sizes.items()},
    )
    looking.state.update(learner.state)
    (chunk,) = looking.run()
    return {
        layer: spikes.spikes_of(
            chunk.spikes(layer), layer, start_ms=0, stop_ms=9000, size=size, stimuli=stimuli
        )
        for layer, size in sizes.items()
    }


stages = {"naive": recorded(learner)}
for _ in learner.run():
    pass
stages["trained"] = recorded(learner)

reads = {}
print("                  Hz   Fano    CV   dim.  selective  class from 50 ms")
for stage, layers in stages.items():
    for layer, found in layers.items():
        tuned = spikes.tuning(found)
        read = spikes.decoding(found, 10.0, decoder=KNeighborsClassifier(5))
        reads[stage, layer] = read
        print(
            f"{stage:8s}{layer:8s}{spikes.mean_rate(found).mean_hz:4.0f}"
            f"{spikes.fano_factor(found).mean:7.2f}{np.nanmean(spikes.cv(found).value):6.2f}"
            f"{spikes.dimensionality(found).participation_ratio:7.1f}"
            f"{np.nanmean(tuned.selectivity):11.2f}{read.cumulative_percent[-1]:13.0f} %"
        )

figure, rows = plt.subplots(2, 3, figsize=(9, 5), layout="constrained")
for (raster, tuned_to, in_time), (stage, layers) in zip(rows, stages.items(), strict=True):
    tuned = spikes.tuning(layers["hidden2"])
    rank = np.argsort(tuned.order)  # neuron -> its place when sorted by the class that it prefers
    times_ms, neurons = map(np.concatenate, zip(*layers["hidden2"].blocks(), strict=True))
    early = times_ms < 500
    raster.plot(
        times_ms[early], rank[neurons[early]], "|", markersize=1.5, color="black", alpha=0.5
    )
    raster.set(xlabel="ms", ylabel="neurons, sorted by class", xlim=(0, 500), ylim=(-1, 68))
    raster.set_title(f"hidden2, {stage}")
    for k in range(10):
        raster.text(50 * k + 18, 62, str(digits.validation_y[k]))
    tuned.draw(tuned_to)
    for layer in layers:
        read = reads[stage, layer]
        in_time.plot(read.start_ms + 10, read.cumulative_percent, "o-", label=layer)
    in_time.set(xlabel="ms", ylabel="class read rightly, %", ylim=(0, 100))
rows[1, 2].legend(frameon=False, loc="lower right")
figure.savefig("rasters.png", dpi=100)
